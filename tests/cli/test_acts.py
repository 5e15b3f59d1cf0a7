"""`lead-capture acts`, and what the commands leave on record."""

import csv
import getpass
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.cli.commands import COMMANDS
from service.lead import Status
from service.store import Act, ActQuery, RecordedAct, Store, Subject, SubjectKind
from tests.admin.stored_leads import keep, keep_as
from tests.builders import NOON, SOMEONE, a_lead
from tests.cli.conftest import Terminal

LOOKS = "only looks"

NO_ACT = {
    **dict.fromkeys(("boards", "preview", "fields", "report", "acts", "completion"), LOOKS),
    **dict.fromkeys(("up", "web", "worker", "simulator"), "serves; what people do there is on record"),
    "migrate": "changes the schema, not what is in it",
    "copy-to": "reads; the copy has the same record",
    "doctor": "only looks; --live needs a Nexudus: tests/delivery/test_live.py",
    "alerts": "only looks; --test is in tests/cli/test_alerts.py",
    "pull": "needs an ad platform: tests/cli/test_pull.py",
    "reconcile": "needs a Nexudus: tests/cli/test_reconcile.py",
    "secrets": "lists names; `set` is in tests/cli/test_secrets.py",
    "conversions": "in tests/cli/test_conversions.py",
}
"""Command -> why it is not tried here."""


def a_parked(store: Store) -> str:
    """The id of a lead that is to be acted on."""
    return keep_as(store, Status.PARKED).id


def a_file(folder: Path, text: str) -> str:
    """A file to be imported."""
    path = folder / "file.csv"
    path.write_text(text)
    return str(path)


Words = Callable[[Store, Path], list[str]]

COSTS = "day,source,campaign,amount,currency\n2026-11-01,google,spring,10.50,GBP\n"

TRIED: dict[str, tuple[Act, Words]] = {
    "leads retry": (Act.RETRY, lambda store, _: [a_parked(store)]),
    "leads discard": (Act.DISCARD, lambda store, _: [a_parked(store)]),
    "leads release": (Act.RELEASE, lambda store, _: [keep_as(store, Status.QUARANTINED).id]),
    "leads restore": (Act.RESTORE, lambda store, _: [keep_as(store, Status.DISCARDED).id]),
    "leads correct": (Act.CORRECT, lambda store, _: [a_parked(store), "--field", "message=Hello"]),
    "leads export": (Act.EXPORT, lambda *_: ["--form", "contact"]),
    "leads person": (Act.EXPORT, lambda store, _: [keep(store, a_lead()).submission.contact.email]),
    "forget": (Act.ERASE, lambda store, _: [keep(store, a_lead()).submission.contact.email]),
    "import": (Act.IMPORT, lambda _, folder: [a_file(folder, "email\nann@example.com\n"), "--form", "contact"]),
    "costs import": (Act.IMPORT, lambda _, folder: [a_file(folder, COSTS)]),
    "reattribute": (Act.REATTRIBUTE, lambda store, _: ["--form", keep(store, a_lead()).submission.form]),
    "rotate-keys": (Act.ROTATE, lambda *_: []),
    "backup": (Act.EXPORT, lambda _, folder: [str(folder / "backup.db")]),
    "demo-data": (Act.CREATE, lambda *_: ["--leads", "3", "--days", "2"]),
    "people add": (Act.INVITE, lambda *_: ["ann@example.com", "--role", "agent"]),
    "forms apply": (Act.PUBLISH, lambda _, folder: [a_file(folder, "[forms.contact]\nstage_id = 1001\n")]),
    "tokens create": (Act.CREATE, lambda *_: ["Zapier", "--scope", "read"]),
}
"""Command -> the act that it leaves, and its arguments."""


def acts(store: Store, **filters: Any) -> list[RecordedAct]:
    """What is on record."""
    with store.read() as tx:
        return list(tx.acts.page(ActQuery(**filters), 100).acts)


def test_every_command_is_tried_or_changes_nothing() -> None:
    tried = {name.split()[0] for name in TRIED}

    assert COMMANDS.keys() - tried - NO_ACT.keys() - {"restore"} == set()


@pytest.mark.parametrize("name", TRIED)
def test_a_command_leaves_an_act_of_whoever_uses_the_terminal(
    run: Terminal, sqlite: Store, folder: Path, name: str
) -> None:
    expected, words = TRIED[name]

    result = run(*name.split(), *words(sqlite, folder))

    assert result.code == 0, result.err
    newest = acts(sqlite)[0]
    assert (newest.act, newest.who) == (expected, "terminal")
    assert newest.origin.startswith(f"{getpass.getuser()}@")


def test_a_restored_database_says_that_it_was_restored(run: Terminal, sqlite: Store, folder: Path) -> None:
    keep(sqlite, a_lead())
    run("backup", str(folder / "backup.db"))
    sqlite.close()

    run("restore", str(folder / "backup.db"))

    restored = Store(f"sqlite:///{folder / 'leads.db'}")
    assert (acts(restored)[0].act, acts(restored)[0].after) == (Act.RESTORE, {"file": "backup.db", "leads": 1})
    restored.close()


# -- the command


def record(store: Store, number: int = 3) -> None:
    """Some acts."""
    for each in range(number):
        subject = Subject(SubjectKind.LEAD, f"{each:032}")
        store.write(
            lambda tx, subject=subject: tx.acts.record(  # type: ignore[misc]
                SOMEONE, Act.DISCARD, subject, "default", {"status": "parked"}, {"status": "discarded"}, NOON
            )
        )


def test_acts_are_listed_newest_first(run: Terminal, sqlite: Store) -> None:
    record(sqlite)

    lines = run("acts", "--limit", "2").out.splitlines()

    assert lines[0] == (
        f"3  2026-11-24 12:00:00 UTC  admin from 10.0.0.1: discard lead {2:032}  (status: parked -> discarded)"
    )
    assert len(lines) == 2
    assert run("acts", "--lead", f"{0:032}").out.startswith("1  ")
    assert run("acts", "--who", "nobody").out == "no act matches\n"
    assert json.loads(run("acts", "--json").out)[0]["before"] == {"status": "parked"}


def test_the_whole_record_is_a_csv_that_is_safe_in_a_spreadsheet(run: Terminal, sqlite: Store) -> None:
    sqlite.write(
        lambda tx: tx.acts.record(
            SOMEONE, Act.CREATE, Subject(SubjectKind.FORM, "=1+1"), None, None, {"title": "Tour"}, NOON
        )
    )

    rows = list(csv.DictReader(io.StringIO(run("acts", "--csv").out.lstrip("\ufeff"))))

    assert [row["act"] for row in rows] == ["export", "create"]
    assert (rows[1]["subject"], rows[1]["after"], rows[1]["accounts"]) == ("'=1+1", '{"title": "Tour"}', "all")


def test_a_whole_record_is_verified_against_what_was_noted(run: Terminal, sqlite: Store) -> None:
    record(sqlite)
    noted = json.loads(run("acts", "--verify", "--json").out)["newest"]

    assert run("acts", "--verify").out.startswith("the record is intact: 3 acts\nnote the newest outside")
    assert run("acts", "--verify", f"3:{noted['hash']}").code == 0
    assert "was rewritten" in run("acts", "--verify", f"2:{noted['hash']}").err
    assert run("acts", "--verify", "wrong").code == 2


def test_a_changed_record_is_found_by_the_command_and_the_doctor(run: Terminal, sqlite: Store) -> None:
    record(sqlite)
    with sqlite._database.turn, sqlite._database.writing.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER acts_stay")
        connection.exec_driver_sql("UPDATE acts SET who = 'somebody else' WHERE id = 2")

    verified, doctor = run("acts", "--verify"), run("doctor")

    assert verified.code == 1
    assert "act 2 was changed" in verified.err
    assert "the record of acts: act 2 was changed" in doctor.out
