"""Real programs post: curl, Node's fetch, PHP as Elementor does, and the Node-RED flow of docs/senders.md."""

import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from service.store import Store
from tests.builders import a_form
from tests.front import Front

pytestmark = pytest.mark.clients

CLIENTS = Path(__file__).parent / "clients"
PAGE = Path(__file__).parents[3] / "docs" / "senders.md"
TOKEN = "a-long-random-text"


class Town:
    """An application that real programs can reach."""

    def __init__(self, front: Front, url: str) -> None:
        self.front, self.url = front, url

    def run(self, program: str, *words: str) -> str:
        """What a program says that is installed here."""
        path = shutil.which(program)
        if path is None:
            pytest.skip(f"{program} is not installed")
        return subprocess.run([path, *words], capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture
def town(kept: Store) -> Iterator[Town]:
    """One with a form for all of them."""
    front = Front(kept, a_form("tour", webhooks={"elementor": {}, "json": {"token": TOKEN}}))
    server = make_server("127.0.0.1", 0, front.app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield Town(front, f"http://127.0.0.1:{server.port}")
    server.shutdown()
    serving.join()
    server.server_close()


def test_curl_posts_json(town: Town) -> None:
    lead = json.dumps({"lead": {"first_name": "Ingrid", "email": "ingrid@solberg.example"}, "message": "Kontor for 2"})
    sent = ("-H", "Content-Type: application/json", "-H", f"Authorization: Bearer {TOKEN}", "-d", lead)

    said = town.run("curl", "-sS", f"{town.url}/webhooks/json/tour", *sent)

    assert json.loads(said) == {"ok": True, "id": town.front.lead().id, "repeat": False}
    assert town.front.lead().submission.fields["message"] == "Kontor for 2"


def test_curl_posts_a_form_and_a_file(town: Town) -> None:
    sent = ("-F", "email=ann@example.com", "-F", "full_name=Ann Lee", "-F", f"plan=@{CLIENTS / 'fetch.mjs'}")

    town.run("curl", "-sS", f"{town.url}/webhooks/json/tour?token={TOKEN}", *sent)

    assert town.front.lead().submission.contact.full_name == "Ann Lee"
    assert str(town.front.lead().submission.extras["plan"]).startswith("file: fetch.mjs")


def test_fetch_of_node_posts_form_data_to_the_form(town: Town) -> None:
    said = town.run("node", str(CLIENTS / "fetch.mjs"), f"{town.url}/f/tour")

    assert said.startswith('200 {"ok"')
    assert town.front.lead().submission.contact.full_name == "Jürgen Groß"
    assert town.front.lead().attribution.utm_source == "newsletter"


def test_fetch_of_node_posts_two_leads_at_once(town: Town) -> None:
    said = town.run("node", str(CLIENTS / "posts.mjs"), f"{town.url}/webhooks/json/tour", TOKEN)

    assert said.startswith("200 ")
    assert {lead.submission.contact.email for lead in town.front.leads()} == {"ann@example.com", "bob@example.com"}


@pytest.mark.parametrize("mode", ["simple", "advanced"])
def test_php_posts_as_elementor_does(town: Town, mode: str) -> None:
    said = town.run("php", str(CLIENTS / "elementor.php"), f"{town.url}/webhooks/elementor/tour", mode)

    lead = town.front.lead()
    assert said.startswith("200 ")
    assert (lead.submission.contact.email, lead.submission.fields["message"]) == (
        "oskar@lindbygg.example",
        "Vier Plätze,\nbitte.",
    )
    assert (lead.attribution.utm_source, lead.submission.extras) == ("google", {"form_id": "7c2f3a1"})


def flow() -> list[dict[str, object]]:
    """The flow that the page gives."""
    found: list[dict[str, object]] = json.loads(re.findall(r"```json\n(\[.*?\])\n```", PAGE.read_text(), re.DOTALL)[0])
    return found


def test_what_the_flow_of_the_page_sends_is_understood(town: Town) -> None:
    body = next(str(node["payload"]) for node in flow() if node["type"] == "inject")

    headers = {"Authorization": f"Bearer {TOKEN}"}
    town.front.client.post("/webhooks/json/tour", data=body, content_type="application/json", headers=headers)

    submission = town.front.lead().submission
    assert (submission.contact.full_name, submission.external_id) == ("Nora Rød", "crm-90017")


def test_node_red_runs_the_flow_of_the_page(town: Town, tmp_path: Path) -> None:
    program = shutil.which("node-red")
    if program is None:
        pytest.skip("node-red is not installed")
    (tmp_path / "flow.json").write_text(json.dumps(flow()))
    told = {"AUTOMATION_TOKEN": TOKEN, "LEAD_CAPTURE_URL": f"{town.url}/webhooks/json/tour"}
    words = [program, "--userDir", str(tmp_path), "--port", "0", str(tmp_path / "flow.json")]

    with subprocess.Popen(words, env=os.environ | told, stdout=subprocess.DEVNULL) as running:
        until = time.monotonic() + 60
        while not town.front.leads() and time.monotonic() < until:
            time.sleep(0.2)
        running.terminate()

    assert town.front.lead().submission.contact.email == "nora@example.no"
