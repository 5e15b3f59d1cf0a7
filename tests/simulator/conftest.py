"""One simulator for all tests here, emptied before each."""

from collections.abc import Iterator

import pytest

from service.simulator.server import Simulator
from tests.simulator.client import Client


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def sim(running: Simulator) -> Simulator:
    running.reset()
    return running


@pytest.fixture
def client(sim: Simulator) -> Iterator[Client]:
    speaking = Client(sim)
    yield speaking
    speaking.session.close()
