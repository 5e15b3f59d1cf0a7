"""Fixtures for several journeys: repeatable chance, and a running demo."""

import os
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journey.installation import START_S, Installation, Nexudus
from tests.processes import Process, free_port


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """A random generator, whose seed is printed when the test fails; JOURNEY_SEED repeats it."""
    seed = os.environ.get("JOURNEY_SEED") or uuid.uuid4().hex
    request.node.add_report_section("setup", "chance", f"JOURNEY_SEED={seed}")
    return random.Random(seed)  # noqa: S311 (the choice of victims need not be secret)


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo, as a newcomer has it after `make run`."""

    folder: Path
    up: Process
    url: str
    nexudus: Nexudus


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`lead-capture up` in an empty folder, with nothing set."""
    folder = tmp_path_factory.mktemp("demo")
    port, simulator_port = free_port(), free_port()
    with Installation(folder) as installation:
        up = installation.start("up", "--port", str(port), "--simulator-port", str(simulator_port))
        up.wait_until(lambda: "Ctrl-C stops everything" in up.output, START_S, "the banner")
        yield Demo(folder, up, f"http://localhost:{port}", Nexudus(f"http://localhost:{simulator_port}"))
