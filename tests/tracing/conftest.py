"""A stand-in for the receivers of spans and reports."""

from collections.abc import Iterator

import pytest

from tests.tracing.collector import Collector


@pytest.fixture
def collector() -> Iterator[Collector]:
    """The stand-in that receives spans and reports."""
    collector = Collector()
    yield collector
    collector.close()
