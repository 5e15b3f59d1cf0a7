"""Tests of another program: CI has the program, and without it they fail there."""

import re
from pathlib import Path

import pytest

from tests.programs import installed

ROOT = Path(__file__).parents[1]
TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if path != Path(__file__)]
SKIPS = re.compile(r"pytest\.(?:skip(?!\.Exception)|importorskip)\b|mark\.skip")
OWN_SKIPS = {"programs.py", "firefox.py", "test_clients.py", "test_wordpress_clients.py", "wordpress_site.py"}
"""Files that may skip tests by themselves: only those of `make clients`, which runs whatever is installed."""


def test_a_program_that_is_there_has_a_path() -> None:
    assert installed("no-such-program", "sh") == installed("sh")


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_without_it_the_test_is_skipped_and_with_ci_set_it_fails(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)

    with pytest.raises(outcome, match="no-such-program is not installed"):
        installed("no-such-program")


def test_no_test_is_skipped_in_another_way() -> None:
    assert {path.name for path in TESTS if SKIPS.search(path.read_text())} == OWN_SKIPS


def test_ci_installs_every_program() -> None:
    calls = [call for path in TESTS for call in re.findall(r'installed\("([\w-]+)"', path.read_text())]

    assert {"nginx", "caddy", "promtool", "systemd-analyze"} <= set(calls)
    assert [name for name in calls if f"has {name}" not in (ROOT / ".ci/run").read_text()] == []
