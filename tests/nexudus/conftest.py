"""One simulator for all tests here, emptied before each, and a client signed in to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from service.simulator.server import Simulator

USERNAME, PASSWORD = "simulator@leadcapture.example", "simulator"

Connect = Callable[..., Nexudus]


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def crm(running: Simulator) -> Simulator:
    running.reset()
    return running


@pytest.fixture
def connect(crm: Simulator) -> Connect:
    """Makes clients: `connect(password=..., totp_secret=..., token=..., token_store=..., timeout_s=...)`."""

    def new(**options: Any) -> Nexudus:
        words = {"username": USERNAME, "password": PASSWORD}
        words |= {
            name: options.pop(name) for name in ("username", "password", "totp_secret", "token") if name in options
        }
        return Nexudus(
            options.pop("base_url", crm.url), Login(**words), **{"timeout_s": 2, "client_id": "one", **options}
        )

    return new


@pytest.fixture
def nexudus(connect: Connect) -> Nexudus:
    return connect()
