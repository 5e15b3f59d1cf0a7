"""Fixtures of the dashboard's and the API's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store import Store
from tests.front import Front, sqlite_store


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite: where the engine makes no difference, the quicker one."""
    with sqlite_store(tmp_path) as store:
        yield store


@pytest.fixture
def front(sqlite: Store) -> Front:
    """An application with the form `contact`; ask its API with `ask`."""
    return Front(sqlite)
