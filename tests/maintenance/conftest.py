"""What the tests of the chores share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store import Store
from tests.front import sqlite_store


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite: where the engine makes no difference, the quicker one."""
    with sqlite_store(tmp_path) as store:
        yield store
