"""Fixtures for the tests of the commands: an operator's folder, and the command line in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.cli import main
from service.settings import SETTINGS
from service.store import Store
from tests.front import sqlite_store


@dataclass(frozen=True)
class CommandResult:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    """Runs commands in this process."""

    _capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str) -> CommandResult:
        """Run `lead-capture` with these words."""
        self._capture.readouterr()
        try:
            code = main(words)
        except SystemExit as ended:  # argparse: help and wrong usage
            code = int(ended.code or 0)
        result = self._capture.readouterr()
        return CommandResult(code, result.out, result.err)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_of_the_test: None) -> Path:
    """An empty working directory, without any variable of this project in the environment."""
    for setting in SETTINGS:
        for name in (setting.name, f"{setting.name}_FILE"):
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'leads.db'}")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The command line in that folder."""
    return Terminal(capsys)


@pytest.fixture
def sqlite(folder: Path) -> Iterator[Store]:
    """The store of that folder, migrated."""
    with sqlite_store(folder) as store:
        yield store
