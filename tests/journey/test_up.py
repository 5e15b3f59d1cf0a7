"""`lead-capture up`: one command, everything running, nothing left behind."""

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.journey.conftest import Demo
from tests.journey.installation import START_S, Installation, status
from tests.processes import SLOWEST_MACHINE, Process, free_port, is_running, wait_until

pytestmark = pytest.mark.journey

GOOGLE_SEARCH = 19  # eCrmOpportunitySource


def start_up(installation: Installation) -> Process:
    """`lead-capture up` on free ports, once it has printed all addresses."""
    up = installation.start("up", "--port", str(free_port()), "--simulator-port", str(free_port()))
    up.wait_until(lambda: "Ctrl-C stops everything" in up.output, START_S, "the banner")
    return up


def seconds_to_start(installation: Installation, stop: signal.Signals) -> float:
    """How long it took; the signal then ends all of its processes, which is no failure."""
    began = time.monotonic()
    up = start_up(installation)
    took_s = time.monotonic() - began
    pids = up.family()

    up.send(stop)

    assert up.wait(15) == 0
    assert [pid for pid in pids if is_running(pid)] == []
    return took_s


class TestDemo:
    """Nothing is set: a demo that cannot be mistaken for the real thing."""

    def test_the_banner_tells_that_nothing_is_real_and_where_to_look(self, demo: Demo) -> None:
        banner = demo.up.output

        assert "DEMO" in banner
        assert "SIMULATED" in banner
        for address in (f"{demo.url}/sample", f"{demo.nexudus.url}/", f"{demo.url}/f/contact", f"{demo.url}/docs"):
            assert address in banner
            assert status(address) == requests.codes.ok

    def test_the_password_that_it_shows_opens_the_dashboard(self, demo: Demo) -> None:
        shown = re.search(r"as admin with +(\S+)", demo.up.output)
        assert shown is not None

        with requests.Session() as browser:
            entered = browser.post(
                f"{demo.url}/admin/sign-in", data={"user": "admin", "password": shown[1]}, timeout=10
            )

        assert f"{demo.url}/admin/" in demo.up.output
        assert "Needs attention" in entered.text

    def test_everything_it_keeps_is_in_the_folder(self, demo: Demo) -> None:
        files = [file.name for file in demo.folder.iterdir() if file.suffix != ".log"]

        assert [name for name in files if not name.lstrip(".").startswith(("lead-capture.db", "venv"))] == []

    def test_an_enquiry_of_the_sample_page_is_on_the_board_soon(self, demo: Demo) -> None:
        answer = send_sample_form(demo, "ada@journey.example")
        wait_until(lambda: demo.nexudus.opportunities_of("ada@journey.example"), 10, "the opportunity")
        took_s = [seconds_to_board(demo, f"{name}@journey.example") for name in ("bo", "cy", "di")]

        opportunity = demo.nexudus.opportunities_of("ada@journey.example")[0]
        card = card_of(demo, "ada@journey.example")
        assert answer.status_code == requests.codes.ok
        assert min(took_s) < SLOWEST_MACHINE
        assert [opportunity[name] for name in ("UtmSource", "UtmMedium", "UtmCampaign", "LeadSource")] == [
            "google",
            "cpc",
            "spring",
            GOOGLE_SEARCH,
        ]
        assert (card["utm"], card["source"]) == (
            {"source": "google", "medium": "cpc", "campaign": "spring"},
            "GoogleSearch",
        )

    @pytest.mark.parametrize(
        ("command", "doing", "shown"),
        [("doctor", "checking", "no problems found"), ("boards", "showing", "stage_id = 1001  # Sales / New enquiry")],
    )
    def test_the_set_up_is_checked_against_its_simulator_without_any_option(
        self, demo: Demo, command: str, doing: str, shown: str
    ) -> None:
        ran = Installation(demo.folder, NEXUDUS_LIMITS="1000/s").run(command)

        assert ran.exit_code == 0, ran.output
        address = demo.nexudus.url.replace("localhost", "127.0.0.1")
        assert f"{doing} the simulator of the demo at {address}, not Nexudus\n" in ran.output
        assert shown in ran.output.splitlines()


def send_sample_form(demo: Demo, email: str) -> requests.Response:
    """What a browser sends from the sample page, after a click on an ad."""
    landing_url = f"{demo.url}/sample?utm_source=google&utm_medium=cpc&utm_campaign=spring"
    action = re.search(r'<form action="([^"]+)"', requests.get(landing_url, timeout=10).text)
    assert action
    return requests.post(
        demo.url + action[1],
        data={"name": "Ada Lovelace", "email": email, "location": "London", "consent": "yes", "_gotcha": ""},
        headers={"Referer": landing_url, "Accept": "text/html"},
        timeout=10,
    )


def seconds_to_board(demo: Demo, email: str) -> float:
    """From the answer to the visitor to the opportunity."""
    send_sample_form(demo, email)
    answered_at = time.monotonic()
    wait_until(lambda: demo.nexudus.opportunities_of(email), 10, "the opportunity")
    return time.monotonic() - answered_at


def card_of(demo: Demo, email: str) -> dict[str, Any]:
    """The card that the board shows."""
    board = requests.get(f"{demo.nexudus.url}/_sim/board", timeout=10).json()
    cards = [card for each in board["boards"] for column in each["columns"] for card in column["cards"]]
    return next(card for card in cards if card["email"] == email)


def test_a_stop_ends_every_process_and_is_no_failure_and_the_second_start_is_quick(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with Installation(tmp_path) as installation:
        seconds_to_start(installation, stop=signal.SIGINT)

        took_s = seconds_to_start(installation, stop=signal.SIGTERM)

    request.node.user_properties.append(("second start, s", round(took_s, 2)))  # told by --junitxml
    assert took_s < 10 * SLOWEST_MACHINE  # nothing is fetched or installed again


@pytest.mark.parametrize("name", ["web", "worker", "simulator"])
def test_when_one_process_dies_all_stop_and_the_exit_code_tells(tmp_path: Path, name: str) -> None:
    with Installation(tmp_path) as installation:
        up = start_up(installation)
        pids = up.family()

        os.kill(up.children()[name], signal.SIGKILL)

        assert up.wait(15) == 1
        assert f"the {name} process ended unexpectedly" in up.output
        wait_until(lambda: not any(map(is_running, pids)), 5, "the children of the dead process end too")


def test_killed_itself_it_leaves_no_process_behind(tmp_path: Path) -> None:
    with Installation(tmp_path) as installation:
        up = start_up(installation)
        pids = up.family()

        up.send(signal.SIGKILL)

        wait_until(lambda: not any(map(is_running, pids)), 15, "all end")


def test_with_credentials_it_delivers_to_nexudus_and_simulates_nothing_on_ipv6_too(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    settings = {"HOST": "::1", "NEXUDUS_TOKEN": "a-ready-token", "NEXUDUS_BASE_URL": nowhere}
    with Installation(tmp_path, **settings) as installation:
        up = start_up(installation)

        address = re.search(r"POST (http://\[::1\]:\d+/f/contact)", up.output)
        assert address is not None
        assert requests.post(address[1], json={"email": "ada@journey.example"}, timeout=10).json()["ok"] is True
        assert "Delivering to Nexudus" in up.output
        assert "SIMULATED" not in up.output
        assert sorted(up.children()) == ["web", "worker"]


def test_what_is_wrong_with_the_settings_is_told_at_once_and_nothing_starts(tmp_path: Path) -> None:
    with Installation(tmp_path, WEB_THREADS="many", LEASE_S="soon") as installation:
        up = installation.run("up")

    assert up.exit_code == 1
    assert [line.split(":")[1].strip() for line in up.output.splitlines()] == ["WEB_THREADS", "LEASE_S"]
    assert not (tmp_path / "lead-capture.db").exists()


@pytest.mark.parametrize("option", ["--port", "--simulator-port"])
def test_a_taken_port_is_told_at_once_and_nothing_starts(tmp_path: Path, demo: Demo, option: str) -> None:
    ports = {"--port": str(free_port()), "--simulator-port": str(free_port()), option: demo.url.rpartition(":")[2]}
    with Installation(tmp_path) as installation:
        up = installation.run("up", *(word for pair in ports.items() for word in pair))

    assert up.exit_code == 1
    assert up.output == (
        f"lead-capture: port {ports[option]} cannot be used (Address already in use): choose another with {option}\n"
    )


def test_a_simulator_whose_port_is_taken_says_so(tmp_path: Path, demo: Demo) -> None:
    port = demo.url.rpartition(":")[2]
    with Installation(tmp_path) as installation:
        simulator = installation.run("simulator", "--port", port)

    assert simulator.exit_code == 1
    assert simulator.output.startswith(f"lead-capture: port {port} cannot be used")
