"""The files of a SQLite database belong to their owner alone, whatever the umask."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store import Store

FILES = ("leads.db", "leads.db-wal", "leads.db-shm", "leads.db-turn", ".leads.db-bell")


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


def test_only_its_owner_can_read_a_new_database(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'leads.db'}")
    bell = store.bell()

    store.migrate()
    store.write(lambda tx: tx.flags.swap("name", None, "value"))

    assert modes(tmp_path) == dict.fromkeys(FILES, 0o600)
    bell.close()
    store.close()


def test_a_database_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    first = Store(f"sqlite:///{tmp_path / 'leads.db'}")
    bell = first.bell()
    first.migrate()
    for file in tmp_path.iterdir():
        file.chmod(0o644)

    second = Store(f"sqlite:///{tmp_path / 'leads.db'}")

    assert modes(tmp_path) == dict.fromkeys(FILES, 0o600)
    bell.close()
    first.close()
    second.close()


def test_a_command_makes_private_files_too(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{tmp_path / 'leads.db'}"}

    subprocess.run([sys.executable, "-m", "service.cli", "migrate"], env=environ, check=True, capture_output=True)

    assert set(modes(tmp_path).values()) == {0o600}
