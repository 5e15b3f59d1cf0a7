"""Fixtures of the dashboard's and the API's tests."""

import pytest

from service.store import Store
from tests.front import Front


@pytest.fixture
def front(sqlite: Store) -> Front:
    """An application with the form `contact`; call its API with `ask`."""
    return Front(sqlite)
