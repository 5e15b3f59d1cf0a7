"""README's commands, run as a newcomer runs them: in their folder, beside a running `lead-capture up`."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journey.conftest import Demo
from tests.processes import CHECKOUT, bare_environ, wait_until

pytestmark = pytest.mark.journey

README = (CHECKOUT / "README.md").read_text()
COMMANDS = re.findall(r"<!-- run -->\n```sh\n(.*?)```", README, re.DOTALL)

CURL = f"""curl() {{ '{sys.executable}' -m tests.journey.plain_curl "$@"; }}
"""
"""For machines without curl."""


@pytest.fixture(scope="module")
def shell(demo: Demo) -> "Shell":
    """The second terminal."""
    return Shell(demo)


class Shell:
    """A terminal in the folder where `up` runs."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo

    def run(self, commands: str) -> str:
        """What they print, on the addresses of this demo; the test fails when one of them does."""
        before = "" if shutil.which("curl") else CURL
        done = subprocess.run(
            ["bash", "-e", "-c", before + self._here(commands)],
            cwd=self._demo.folder,
            env=bare_environ() | {"PATH": f"{Path(sys.prefix, 'bin')}:{os.environ['PATH']}"},  # as after `activate`
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _here(self, commands: str) -> str:
        return commands.replace("http://localhost:8000", self._demo.url)


def test_the_readme_has_commands_to_run() -> None:
    assert len(COMMANDS) >= 3


def test_the_first_command_puts_ada_on_the_board_with_her_source(demo: Demo, shell: Shell) -> None:
    output = shell.run(COMMANDS[0])

    assert json.loads(output)["ok"] is True
    wait_until(lambda: demo.nexudus.opportunities_of("ada@example.com"), 10, "Ada's opportunity")
    opportunity = demo.nexudus.opportunities_of("ada@example.com")[0]
    assert [opportunity[name] for name in ("UtmSource", "UtmMedium", "UtmCampaign")] == ["google", "cpc", "spring"]


@pytest.mark.parametrize("commands", COMMANDS[1:], ids=lambda commands: " ".join(commands.split()[1:3]))
def test_its_other_commands_run_and_tell_of_ada(shell: Shell, commands: str) -> None:
    shell.run(COMMANDS[0])

    output = shell.run(commands)

    assert "ada@" in output
