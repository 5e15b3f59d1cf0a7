"""`lead-capture completion`: what a shell offers is what the commands understand."""

import shlex
import subprocess

import pytest

from service.cli.commands import COMMANDS
from service.cli.completion import SCRIPTS, places_of
from service.cli.main import parser_for
from service.lead import Status
from tests.cli.conftest import Terminal


def offered(run: Terminal, *words: str) -> list[str]:
    """What bash offers for the last of these words."""
    script = run("completion", "bash").out
    asking = (
        f"COMP_WORDS=(lead-capture {shlex.join(words)}); COMP_CWORD={len(words)}; "
        '_lead_capture; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    asked = subprocess.run(["bash", "-c", f"{script}\n{asking}"], capture_output=True, text=True, check=True)
    assert asked.stderr == ""
    return asked.stdout.split()


def test_all_commands_are_offered(run: Terminal) -> None:
    assert set(offered(run, "")) >= set(COMMANDS)


def test_a_word_that_was_begun_is_finished(run: Terminal) -> None:
    assert offered(run, "reat") == ["reattribute"]


def test_actions_and_options_are_those_of_the_command(run: Terminal) -> None:
    assert "export" in offered(run, "leads", "")
    assert offered(run, "leads", "list", "--li") == ["--limit"]
    assert offered(run, "leads", "show", "--li") == []


def test_choices_are_offered_after_their_option(run: Terminal) -> None:
    assert offered(run, "leads", "list", "--form", "tour", "--status", "") == [status.value for status in Status]


def test_where_nothing_of_ours_fits_files_are_left_to_the_shell(run: Terminal) -> None:
    assert offered(run, "import", "leads.csv") == []
    assert "complete -o default" in run("completion", "bash").out


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_told_of_every_option(run: Terminal, shell: str) -> None:
    script = run("completion", shell).out

    told = {word.lstrip("-") for place in places_of(parser_for(COMMANDS)) for word in (*place.path, *place.words)}
    assert {word for word in told if word not in script} == set()


def test_an_unknown_shell_is_wrong_usage(run: Terminal) -> None:
    said = run("completion", "csh")

    assert said.code == 2
    assert all(shell in said.err for shell in SCRIPTS)
