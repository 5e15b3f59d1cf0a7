"""`lead-capture completion`: a shell offers what the commands understand."""

import shlex
import subprocess
from pathlib import Path

import pytest
import shtab

from service.cli.commands import COMMANDS
from service.cli.main import SHELLS, parser_for
from service.lead import Status
from tests.cli.conftest import Terminal


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script for bash, as a file."""
    path = tmp_path_factory.mktemp("completion") / "lead-capture"
    path.write_text(shtab.complete(parser_for(COMMANDS), "bash"))
    return path


def offered(script: Path, *words: str) -> list[str]:
    """What bash offers for the last of these words."""
    completing = (
        f"COMP_WORDS=(lead-capture {shlex.join(words)}); COMP_CWORD={len(words)}; "
        '_shtab_lead_capture 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    command = ["bash", "-c", f". {script}\n{completing}"]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=script.parent).stdout.split()


def test_all_commands_are_offered(script: Path) -> None:
    assert set(offered(script, "")) == set(COMMANDS)


def test_a_word_that_was_begun_is_finished(script: Path) -> None:
    assert offered(script, "reat") == ["reattribute"]


def test_actions_and_options_are_those_of_the_command(script: Path) -> None:
    assert "export" in offered(script, "leads", "")
    assert offered(script, "leads", "list", "--li") == ["--limit"]
    assert offered(script, "leads", "show", "--li") == []


def test_choices_are_offered_after_their_option(script: Path) -> None:
    assert offered(script, "leads", "list", "--form", "tour", "--status", "") == [status.value for status in Status]


@pytest.mark.parametrize("words", [["import", "my-"], ["conversions", "google", "--out", "my-"]])
def test_files_are_offered_where_a_file_belongs(script: Path, words: list[str]) -> None:
    (script.parent / "my-leads.csv").touch()

    assert offered(script, *words) == ["my-leads.csv"]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_is_told_of_every_command(run: Terminal, shell: str) -> None:
    text = run("completion", shell).out

    assert [name for name in COMMANDS if name not in text] == []


def test_all_shells_of_the_library_are_offered() -> None:
    assert set(SHELLS) == set(shtab.SUPPORTED_SHELLS)


def test_an_unknown_shell_is_wrong_usage(run: Terminal) -> None:
    result = run("completion", "csh")

    assert result.code == 2
    assert all(shell in result.err for shell in SHELLS)
