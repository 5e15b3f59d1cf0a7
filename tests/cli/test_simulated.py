"""Commands in the folder of a running demo: they find its simulator, and say that it is not Nexudus."""

import json
import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from service.cli.installation import record_simulator
from service.simulator.server import Simulator
from service.store import Store
from tests.cli.conftest import Terminal
from tests.cli.test_doctor import connect


@pytest.fixture
def demo(run: Terminal, sqlite: Store, folder: Path, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The command line where `up` runs with its simulator and nothing is set."""
    monkeypatch.setenv("NEXUDUS_LIMITS", "1000/s")
    record_simulator(f"sqlite:///{folder / 'leads.db'}", nexudus.url)
    return run


def test_the_doctor_checks_the_simulator_and_says_so(demo: Terminal, nexudus: Simulator) -> None:
    result = demo("doctor")

    assert (result.code, result.out) == (0, "no problems found\n")
    assert result.err == f"lead-capture: checking the simulator of the demo at {nexudus.url}, not Nexudus\n"


def test_the_boards_of_the_simulator_are_shown(demo: Terminal, nexudus: Simulator) -> None:
    result = demo("boards", "--json")

    assert (result.code, json.loads(result.out)[0]["locations"][0]["id"]) == (0, 55)
    assert result.err == f"lead-capture: showing the simulator of the demo at {nexudus.url}, not Nexudus\n"


def test_where_credentials_are_set_the_simulator_is_never_asked(
    demo: Terminal, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulator() as real:
        connect(monkeypatch, real)

        result = demo("doctor")

    assert (result.code, result.err) == (0, "")
    assert nexudus.calls() == []


@pytest.mark.parametrize("command", ["doctor", "boards"])
@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1"], ids=["it was stopped", "it was killed"])
def test_a_demo_that_is_over_leaves_no_credentials(demo: Terminal, folder: Path, command: str, url: str) -> None:
    record_simulator(f"sqlite:///{folder / 'leads.db'}", url)

    result = demo(command)

    assert result.code == 1
    assert "no Nexudus credentials are set" in result.out + result.err


def test_another_program_at_its_port_is_not_taken_for_it(demo: Terminal, folder: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, args=(0.02,), daemon=True).start()
        record_simulator(f"sqlite:///{folder / 'leads.db'}", f"http://127.0.0.1:{other.server_port}")

        result = demo("doctor")
        other.shutdown()

    assert (result.code, "no Nexudus credentials are set" in result.out) == (1, True)
