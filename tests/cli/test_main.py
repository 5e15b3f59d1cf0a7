"""The command line itself: exit codes, help, and how failures are reported."""

import argparse
import ast
import fcntl
import gc
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from service.cli.commands import COMMANDS
from service.cli.main import loading, parser_for
from service.store import Store
from tests.admin.stored_leads import keep_many
from tests.cli.conftest import Terminal
from tests.processes import CHECKOUT, lead_capture, wait_until
from tests.tables import each_row

LEADS = [f"leads {action}" for action in ("list", "show", "retry", "release", "discard")]


# -- exit codes


def test_done_is_0(run: Terminal, sqlite: Store) -> None:
    assert run("leads").code == 0


def test_what_cannot_be_done_is_1_and_one_line(run: Terminal, sqlite: Store) -> None:
    result = run("leads", "show", "0" * 32)

    assert (result.code, result.out) == (1, "")
    assert result.err == f"lead-capture: there is no lead {'0' * 32}\n"


@each_row(
    "words",
    ["dance", "dance web", "web --colour red", "web --port many", "web --port 0", "simulator --port 65536",
     "up --simulator-port -1", "preview", "leads dance", "leads show", "leads release", "leads list --status lost",
     "leads list --since yesterday", "leads list --limit 0"],
)  # fmt: skip
def test_wrong_usage_is_2_and_says_how(run: Terminal, words: str) -> None:
    result = run(*words.split())

    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("usage: lead-capture")
    assert re.search(r"lead-capture.*: error: ", result.err)


def test_without_a_command_the_help_is_printed_and_the_code_is_2(run: Terminal) -> None:
    result = run()

    assert (result.code, result.out) == (2, "")
    assert result.err == run("--help").out


def test_the_version_is_that_of_the_package(run: Terminal) -> None:
    result = run("--version")

    assert (result.code, result.out, result.err) == (0, f"lead-capture {version('nexudus-lead-capture')}\n", "")


def test_an_unknown_command_is_told_every_known_one(run: Terminal) -> None:
    result = run("dance", "web")

    assert all(name in result.err for name in COMMANDS)


# -- help


@each_row("words", [*COMMANDS, *LEADS])
def test_every_command_has_help_with_an_example(run: Terminal, words: str) -> None:
    result = run(*words.split(), "--help")

    assert (result.code, result.err) == (0, "")
    assert re.search(rf"example:\s+lead-capture {words}\b", result.out)


@each_row("name", COMMANDS)
def test_the_help_lists_every_command_with_its_meaning(run: Terminal, name: str) -> None:
    assert re.search(rf"^    {name}\s+\S+", run("--help").out, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "code"), [(["--help"], 0), (["dance"], 2), ([], 2)], ids=["help", "no such command", "nothing"]
)
def test_the_whole_s_help_waits_for_no_command(folder: Path, words: list[str], code: int) -> None:
    result = loaded_by(words)

    assert result.returncode == code
    assert result.stderr.splitlines()[-1] == "set()"


def test_a_commands_own_help_waits_for_no_other_command(folder: Path) -> None:
    loaded = ast.literal_eval(loaded_by(["backup", "--help"]).stderr.splitlines()[-1])

    ours = {name.removeprefix("service.") for name in loaded if name.startswith("service.cli")}
    assert ours == {"cli.database", "cli.terminal"}
    assert loaded.isdisjoint({"service.store", "sqlalchemy", "service.forms"})


def test_a_web_process_is_not_made_larger_by_what_prints_tables(folder: Path) -> None:
    result = loaded_by(["web", "--help"])

    loaded = ast.literal_eval(result.stderr.splitlines()[-1])
    assert {"structlog", "gunicorn", "rich"} & loaded == {"structlog"}


@pytest.mark.parametrize(
    ("process", "spared"),
    [
        ("web", {"requests", "segno", "python_calamine", "sqlalchemy.dialects.postgresql"}),
        ("worker", {"flask", "werkzeug", "jinja2", "requests", "sqlalchemy.dialects.postgresql"}),
    ],
)
def test_a_process_loads_later_what_few_of_its_kind_need(process: str, spared: set[str]) -> None:
    script = f"import service.{process}, sys; print({spared!r} & sys.modules.keys())"

    result = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True)

    assert result.stdout == "set()\n"


def loaded_by(words: list[str]) -> subprocess.CompletedProcess[str]:
    """The modules that a command line loads: our own beside the list of commands, and those of packages."""
    script = f"""
import atexit, sys
bare = set(sys.modules)
ours = {{"service", "service.cli", "service.cli.main", "service.cli.commands"}}
foreign = lambda name: name.partition(".")[0] not in sys.stdlib_module_names
atexit.register(lambda: print({{*filter(foreign, sys.modules)}} - bare - ours or "set()", file=sys.stderr))
from service.cli import main
sys.exit(main({words!r}))
"""
    return subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_what_a_command_loaded_is_not_searched_for_garbage() -> None:
    script = """
import atexit, gc, sys
atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > len(sys.modules), file=sys.stderr))
from service.cli import main
sys.exit(main(["completion", "bash"]))
"""
    result = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True)

    assert result.stderr == "True True\n"


def test_where_nothing_is_loaded_garbage_stays_garbage() -> None:
    frozen = gc.get_freeze_count()

    with loading():
        assert not gc.isenabled()

    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen


# -- failures


def test_all_problems_of_the_settings_are_told_at_once_a_line_each(
    run: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_PROCESSES", "none")
    monkeypatch.setenv("LEASE_S", "-1")
    monkeypatch.setenv("NEXUDUS_USERNAME", "anna")

    result = run("migrate")

    assert result.code == 1
    lines = result.err.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["lead-capture", "WEB_PROCESSES"],
        ["lead-capture", "LEASE_S"],
        ["lead-capture", "NEXUDUS_PASSWORD"],
    ]


def test_all_problems_of_the_forms_file_are_told_at_once_a_line_each(run: Terminal, folder: Path) -> None:
    (folder / "forms.toml").write_text("[forms.tour]\nstage = 7.5\nredirekt = 'x'\n[forms.call]\ntouch = 'middle'\n")

    result = run("preview", "tour")

    assert result.code == 1
    assert len(result.err.splitlines()) == 3
    assert all(line.startswith("lead-capture: forms.toml: ") for line in result.err.splitlines())


def test_problems_of_settings_and_forms_file_are_told_together(
    run: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEASE_S", "-1")
    (folder / "forms.toml").write_text("[forms.tour]\nredirekt = 'x'\n")

    result = run("migrate")

    assert result.code == 1
    assert [line.split(": ")[1] for line in result.err.splitlines()] == ["LEASE_S", "forms.toml"]


def test_a_name_that_looks_misspelt_is_told_and_does_no_harm(run: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUDUS_USER", "anna")

    result = run("preview", "contact", "--field", "email=ann@example.com")

    assert result.code == 0
    assert "did you mean NEXUDUS_USERNAME?" in result.err


def test_a_database_that_was_never_migrated_is_told_with_its_remedy(run: Terminal) -> None:
    result = run("leads")

    assert result.code == 1
    assert result.err == "lead-capture: the database is not on the newest schema: run `lead-capture migrate`\n"


@pytest.mark.parametrize("command", ["leads", "migrate", "worker"])
@pytest.mark.parametrize("database", ["directory", "file in a file", "closed port"])
def test_a_database_that_does_not_answer_is_told_in_one_line(
    run: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, database: str
) -> None:
    (folder / "file").touch()
    urls = {"directory": f"sqlite:///{folder}", "file in a file": f"sqlite:///{folder}/file/leads.db"}
    monkeypatch.setenv("DATABASE_URL", urls.get(database, "postgresql://anna:geheim@127.0.0.1:1/leads"))

    result = run(command)

    assert result.code == 1
    assert re.fullmatch(
        r"lead-capture: the database (does not answer \(.+\)|file cannot be opened): check DATABASE_URL.*\n", result.err
    )
    assert "geheim" not in result.err


def test_a_database_that_goes_away_meanwhile_is_told_in_one_line(
    run: Terminal, sqlite: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_many(sqlite, 1)
    sqlite.write(lambda tx: tx.leads._connection.exec_driver_sql("ALTER TABLE attempts RENAME TO gone"))

    result = run("leads", "list", "--json")

    assert result.code == 1
    assert "the database does not answer (no such table: attempts)" in result.err


def test_a_port_that_is_taken_is_told(run: Terminal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("simulator", "--port", str(taken.getsockname()[1]))

    assert result.code == 1
    assert "choose another with --port" in result.err


def test_ctrl_c_is_quiet(folder: Path) -> None:
    with (folder / "leads.db-turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # another process is migrating
        with subprocess.Popen(
            lead_capture("migrate"),
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=hear_ctrl_c,  # noqa: PLW1509 (no other thread here touches what it needs)
        ) as process:
            wait_until(lambda: is_queueing(process.pid), 20, "it waits for its turn")
            process.send_signal(signal.SIGINT)
            result = process.communicate(timeout=20)

    assert (process.returncode, result) == (1, (b"", b""))


def hear_ctrl_c() -> None:
    """Tests that run in the background are deaf to it, and their children with them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def is_queueing(pid: int) -> bool:
    """Whether the kernel lets a process wait for a lock."""
    return any(
        fields[1] == "->" and str(pid) in fields
        for fields in map(str.split, Path("/proc/locks").read_text().splitlines())
    )


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["lines", "json"])
def test_a_reader_that_goes_away_hears_nothing_more(sqlite: Store, more: tuple[str, ...]) -> None:
    keep_many(sqlite, 800)  # more than a pipe holds
    words = lead_capture("leads", "list", "--limit", "800", *more)

    with subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


# -- for programs


def actions_of(parser: argparse.ArgumentParser, path: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command that acts on its own, and its options."""
    options = {option for action in parser._actions for option in action.option_strings}
    subparsers = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not subparsers:
        yield path.strip(), options
    for action in subparsers:
        for name, subparser in action.choices.items():
            yield from actions_of(subparser, f"{path} {name}")


@each_row(("command", "options"), [*actions_of(parser_for(COMMANDS))])
def test_what_prints_anything_prints_it_as_json_too(command: str, options: set[str]) -> None:
    runs_on = command in ("up", "web", "worker", "simulator", "completion")

    assert runs_on or {"--json", "--format"} & options
