"""A stand-in for the receivers."""

from collections.abc import Iterator

import pytest

from tests.tracing.collector import Collector


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Where spans and reports arrive."""
    collector = Collector()
    yield collector
    collector.close()
