"""`lead-capture doctor`: one line a problem, 1 where there is an error, and no secret in any of them."""

import json
import re
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service import clock
from service.cli.doctor import LOW_FREE_BYTES, MIN_FREE_BYTES, check_space
from service.setup.stages import UNSAFE_REMEDY
from service.simulator.server import Simulator
from service.store import SeenWorker, Store
from tests import kept_connections
from tests.admin.stored_leads import keep_many
from tests.cli.conftest import CommandResult, Terminal

FORMS = "[forms.tour]\nstage_id = 1001\n"


@pytest.fixture
def ready(run: Terminal, sqlite: Store, folder: Path, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The command line of an installation where all is well."""
    connect(monkeypatch, nexudus)
    (folder / "forms.toml").write_text(FORMS)
    return run


def connect(monkeypatch: pytest.MonkeyPatch, nexudus: Simulator, password: str = "simulator") -> None:  # noqa: S107
    """Set the credentials."""
    for name, value in (("BASE_URL", nexudus.url), ("USERNAME", "simulator@leadcapture.example")):
        monkeypatch.setenv(f"NEXUDUS_{name}", value)
    monkeypatch.setenv("NEXUDUS_PASSWORD", password)
    monkeypatch.setenv("NEXUDUS_LIMITS", "1000/s")
    monkeypatch.setenv("ENCRYPTION_KEY", "the-newest-key-of-this-deployment")


def rows_of(message: CommandResult) -> list[dict[str, Any]]:
    """What --json printed."""
    rows: list[dict[str, Any]] = json.loads(message.out)
    return rows


def test_a_sound_installation_is_0(ready: Terminal) -> None:
    result = ready("doctor")

    assert (result.code, result.out, result.err) == (0, "no problems found\n", "")


def test_nothing_wrong_is_an_empty_list(ready: Terminal) -> None:
    result = ready("doctor", "--json")

    assert (result.code, rows_of(result)) == (0, [])


def test_the_ids_of_a_route_are_looked_up_in_its_own_account(ready: Terminal, folder: Path, nexudus: Simulator) -> None:
    with Simulator() as harbour:
        account = f"[accounts.harbour]\nbase_url = '{harbour.url}'\ntoken = 'simulator'\n"
        route = "[[forms.tour.routes]]\nwhen = { location = 'harbour' }\naccount = 'harbour'\nstage_id = 1002\n"
        (folder / "forms.toml").write_text(f"{account}{FORMS}{route}")
        assert ready("doctor").out == "no problems found\n"
        nexudus.world.tables["CrmBoardColumn"].drop(1002)
        harbour.world.tables["CrmBoardColumn"].drop(1001)
        assert ready("doctor").code == 0
        harbour.world.tables["CrmBoardColumn"].drop(1002)

        assert ready("doctor").out.startswith("error: form tour, route 1: ")


def test_each_problem_is_one_line_with_its_remedy(ready: Terminal, folder: Path) -> None:
    (folder / "forms.toml").write_text("[forms.tour]\nstage_id = 1009\nopportunity_type_id = 99\n")

    result = ready("doctor")

    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines() == [
        f"error: form tour: stage 1009 (Clean up) deletes the customer: {UNSAFE_REMEDY}",
        "error: form tour: Nexudus has no opportunity type 99: correct opportunity_type_id, or leave it out",
    ]


def test_a_warning_alone_is_0(ready: Terminal, folder: Path) -> None:
    (folder / "forms.toml").write_text("[forms.tour]\nstage_id = 1005\n")

    result = ready("doctor")

    assert result.code == 0
    assert result.out.startswith("warning: form tour: stage 1005 (Proposal sent) sends a message to the customer")


def test_a_platform_whose_leads_cannot_be_read_is_a_warning(ready: Terminal, folder: Path) -> None:
    readable = 'app_secret = "s"\naccess_token = "t"\n'
    tables = f'[forms.tour.webhooks.meta]\n{readable}[forms.tour.webhooks.linkedin]\nclient_secret = "s"\n'
    (folder / "forms.toml").write_text(f"[forms.tour]\nstage_id = 1001\n{tables}")

    result = ready("doctor")

    assert (result.code, len(result.out.splitlines())) == (0, 1)
    assert result.out.startswith("warning: forms.tour.webhooks.linkedin: it has no access_token")


def test_a_sender_that_proves_nothing_is_a_warning_with_what_to_write(ready: Terminal, folder: Path) -> None:
    tables = '[forms.tour.webhooks.jotform]\n[forms.tour.webhooks.tally]\nsecret = "s"\n[forms.tour.webhooks.json]\n'
    (folder / "forms.toml").write_text(f"{FORMS}{tables}")

    result = ready("doctor")

    assert result.code == 0
    assert [line.partition(": it has no")[0] for line in result.out.splitlines()] == [
        "warning: forms.tour.webhooks.jotform",
        "warning: forms.tour.webhooks.json",
    ]
    assert "its ids count only together with the same e-mail or phone" in result.out
    assert 'write token = "env:JOTFORM_TOKEN"' in result.out


def test_json_tells_each_problem_in_parts(ready: Terminal, folder: Path) -> None:
    (folder / "forms.toml").write_text("[forms.tour]\nstage_id = 4711\n")

    result = ready("doctor", "--json")

    assert result.code == 1
    assert rows_of(result) == [
        {
            "level": "error",
            "check": "stage",
            "subject": "form tour",
            "problem": "Nexudus shows no stage 4711 on a live board",
            "remedy": "correct stage_id",
        }
    ]


# -- settings and forms file


def test_settings_and_forms_file_are_told_together(
    ready: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEASE_S", "-1")
    (folder / "forms.toml").write_text("[forms.tour]\nredirekt = 'x'\n")

    rows = rows_of(ready("doctor", "--json"))

    assert [(row["check"], row["subject"]) for row in rows if row["level"] == "error"] == [
        ("settings", "LEASE_S"),
        ("forms_file", "forms.toml: forms.tour.redirekt"),
    ]
    assert (rows[1]["problem"], rows[1]["remedy"]) == ("unknown key 'redirekt'", "did you mean 'redirect'?")


def test_a_broken_forms_file_leaves_the_account_to_be_checked(
    ready: Terminal, folder: Path, nexudus: Simulator
) -> None:
    (folder / "forms.toml").write_text("[forms.tour]\nredirekt = 'x'\n")
    nexudus.settings(denied=["Coworker-List"])

    checks = [row["check"] for row in rows_of(ready("doctor", "--json")) if row["level"] == "error"]

    assert checks == ["forms_file", "roles"]


def test_the_set_up_in_the_database_is_checked_where_there_is_no_forms_file(
    ready: Terminal, folder: Path, sqlite: Store
) -> None:
    (folder / "forms.toml").unlink()
    sqlite.write(lambda tx: tx.setups.publish("[forms.fair]\nstage_id = 4711\n", "", "ann", clock.now(), 0))

    (row,) = rows_of(ready("doctor", "--json"))

    assert (row["subject"], row["problem"]) == ("form fair", "Nexudus shows no stage 4711 on a live board")


def test_a_variable_that_the_published_set_up_needs_is_missed(ready: Terminal, folder: Path, sqlite: Store) -> None:
    (folder / "forms.toml").unlink()
    text = '[forms.fair]\nredirect = "env:NOT_SET_ANYWHERE"\n'
    sqlite.write(lambda tx: tx.setups.publish(text, "", "ann", clock.now(), 0))

    errors = [row["problem"] for row in rows_of(ready("doctor", "--json")) if row["level"] == "error"]

    assert errors == ["the environment variable NOT_SET_ANYWHERE is not set"]


def test_a_name_that_looks_misspelt_is_a_warning(ready: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUDUS_USER", "anna")

    result = ready("doctor")

    assert result.code == 0
    assert "did you mean NEXUDUS_USERNAME?" in result.out


# -- the database


def test_a_database_that_is_not_there_is_not_made(
    ready: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}/other.db")

    result = ready("doctor")

    assert result.code == 1
    assert result.out.startswith("error: the database: there is none yet: run `lead-capture migrate`\n")
    assert not (folder / "other.db").exists()


def test_an_old_schema_says_what_to_run(ready: Terminal, folder: Path) -> None:
    connection = sqlite3.connect(folder / "leads.db")
    connection.execute("UPDATE alembic_version SET version_num = '0008'")
    connection.commit()
    connection.close()

    assert "it is not on the newest schema: run `lead-capture migrate`" in ready("doctor").out


def test_a_database_that_does_not_answer_is_an_error_without_its_password(
    ready: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://anna:geheim@127.0.0.1:1/leads")

    result = ready("doctor")

    assert result.code == 1
    assert "error: the database: the database does not answer" in result.out
    assert "geheim" not in result.out


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_may_only_be_read_is_an_error(
    ready: Terminal, database_url: str, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(postgresql, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
    kept_connections.close()  # the setting is for those that are opened from now on
    monkeypatch.setenv("DATABASE_URL", database_url)

    assert "error: the database: the database server accepts no writes: let DATABASE_URL" in ready("doctor").out
    with psycopg.connect(postgresql, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())
    kept_connections.close()


@pytest.mark.parametrize(
    ("free_bytes", "levels"),
    [
        (MIN_FREE_BYTES - 1, ["error"]),
        (MIN_FREE_BYTES, ["warning"]),
        (LOW_FREE_BYTES - 1, ["warning"]),
        (LOW_FREE_BYTES, []),
    ],
)
def test_a_full_disk_is_told_in_time(free_bytes: int, levels: list[str]) -> None:
    assert [finding.level for finding in check_space(free_bytes)] == levels


# -- the worker


def test_a_worker_that_is_gone_while_leads_wait_is_an_error(ready: Terminal, sqlite: Store) -> None:
    seen_at = clock.now() - timedelta(hours=1)
    sqlite.write(lambda tx: tx.workers.record(SeenWorker("host/1", "1", seen_at, seen_at)))

    idle, waiting = ready("doctor"), (keep_many(sqlite, 2), ready("doctor"))[1]

    assert (idle.code, waiting.code) == (0, 1)
    assert f"warning: the worker: none has been seen since {seen_at:%Y-%m-%d %H:%M} UTC: start" in idle.out
    assert "UTC; 2 leads waiting: start `lead-capture worker`" in waiting.out


# -- accounts


def test_no_credentials_is_an_error(run: Terminal, sqlite: Store) -> None:
    result = run("doctor")

    assert result.code == 1
    assert result.out == (
        "error: account default: no Nexudus credentials are set: set NEXUDUS_USERNAME and NEXUDUS_PASSWORD, or "
        "NEXUDUS_TOKEN, or NEXUDUS_APP_KEY and NEXUDUS_APP_SECRET\n"
    )


def test_an_application_is_as_good_as_a_user(
    ready: Terminal, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    nexudus.settings(app_key="k", app_secret="s", app_token="t")
    for name, value in {"USERNAME": "", "PASSWORD": "", "APP_KEY": "k", "APP_SECRET": "s", "APP_TOKEN": "t"}.items():
        monkeypatch.setenv(f"NEXUDUS_{name}", value)

    assert ready("doctor").out == "no problems found\n"


def test_an_application_whose_token_is_wrong_names_it(
    ready: Terminal, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    nexudus.settings(app_key="k", app_secret="s", app_token="t")
    for name, value in {"USERNAME": "", "PASSWORD": "", "APP_KEY": "k", "APP_SECRET": "s"}.items():
        monkeypatch.setenv(f"NEXUDUS_{name}", value)

    result = ready("doctor")

    assert result.code == 1
    assert "Nexudus refuses every call (Access Denied)" in result.out
    assert "NEXUDUS_APP_TOKEN is the `t` of its installation" in result.out


def test_an_account_in_the_clear_is_an_error(ready: Terminal, folder: Path) -> None:
    exposed = '[accounts.harbour]\nbase_url = "http://crm.example.com"\ntoken = "t"\n'
    (folder / "forms.toml").write_text(exposed + FORMS)

    result = ready("doctor")

    assert result.code == 1
    assert result.out.startswith("error: forms.toml: accounts.harbour.base_url: http:// sends credentials and leads")


def test_a_wrong_password_burns_one_sign_in_however_often_the_doctor_is_asked(
    ready: Terminal, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, nexudus, "geheim")

    first, second = ready("doctor"), ready("doctor")

    assert (first.code, second.code) == (1, 1)
    assert "the sign-in is refused" in first.out
    assert "was refused before, and is not tried again" in second.out
    assert len(nexudus.calls("POST", "/api/token")) == 1


def test_each_account_is_checked_by_itself(ready: Terminal, folder: Path, nexudus: Simulator) -> None:
    account = f"[accounts.harbour]\nbase_url = '{nexudus.url}'\ntoken = 'long-dead'\n"
    (folder / "forms.toml").write_text(f"{FORMS}{account}[forms.harbour]\naccount = 'harbour'\nstage_id = 1009\n")

    result = ready("doctor")

    assert result.code == 1
    assert re.findall(r"account (\w+)", result.out) == ["harbour"]


def test_the_accounts_of_the_forms_file_are_enough(
    run: Terminal, sqlite: Store, folder: Path, nexudus: Simulator
) -> None:
    account = f"[accounts.harbour]\nbase_url = '{nexudus.url}'\ntoken = 'simulator'\n"
    (folder / "forms.toml").write_text(f"{account}[forms.tour]\naccount = 'harbour'\nstage_id = 1001\n")

    assert run("doctor").out == "no problems found\n"


def test_no_secret_and_no_person_is_printed(ready: Terminal, folder: Path, nexudus: Simulator) -> None:
    nexudus.world.tables["User"].rows[901]["Active"] = False
    (folder / "forms.toml").write_text(f"{FORMS}responsible_id = 901\n")

    result = ready("doctor", "--json")

    assert "user 901 is not active" in result.out
    assert not any(word in result.out + result.err for word in ("Olive", "@", "keep-me-secret", "simulator"))


def test_the_pace_is_kept(ready: Terminal, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    nexudus.settings(limits="5/s")
    monkeypatch.setenv("NEXUDUS_LIMITS", "5/s")

    ready("doctor")

    assert not [call for call in nexudus.calls() if call.status == 409]


def test_a_key_beside_the_tokens_that_it_encrypts_is_a_warning(
    ready: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENCRYPTION_KEY")

    result = ready("doctor")

    assert result.code == 0
    assert result.out.startswith("warning: ENCRYPTION_KEY: not set, so the key that encrypts tokens is kept in")


def test_tokens_that_cannot_be_decrypted_are_an_error(ready: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ready("doctor").code == 0
    monkeypatch.setenv("ENCRYPTION_KEY", "another-key-of-this-deployment-00")

    result = ready("doctor")

    assert result.code == 1
    assert "put the earlier ENCRYPTION_KEY or SECRET_KEY into ENCRYPTION_KEY" in result.out
