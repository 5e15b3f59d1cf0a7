"""Real programs post: curl, Node's fetch, PHP as Elementor does, and the Node-RED flow of docs/senders.md."""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from service.store import Store
from tests.builders import a_form
from tests.front import Front
from tests.processes import wait_until

pytestmark = pytest.mark.clients

CLIENTS = Path(__file__).parent / "clients"
PAGE = Path(__file__).parents[3] / "docs" / "senders.md"
TOKEN = "a-long-random-text"
Nodes = list[dict[str, object]]


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
def town(sqlite: Store) -> Iterator[Town]:
    """One with a form for all of them."""
    front = Front(sqlite, a_form("tour", webhooks={"elementor": {}, "json": {"token": TOKEN}}))
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

    output = town.run("curl", "-sS", f"{town.url}/webhooks/json/tour", *sent)

    assert json.loads(output) == {"ok": True, "id": town.front.lead().id, "repeat": False}
    assert town.front.lead().submission.fields["message"] == "Kontor for 2"


def test_curl_posts_a_form_and_a_file(town: Town) -> None:
    sent = ("-F", "email=ann@example.com", "-F", "full_name=Ann Lee", "-F", f"plan=@{CLIENTS / 'fetch.mjs'}")

    town.run("curl", "-sS", f"{town.url}/webhooks/json/tour?token={TOKEN}", *sent)

    assert town.front.lead().submission.contact.full_name == "Ann Lee"
    assert str(town.front.lead().submission.extras["plan"]).startswith("file: fetch.mjs")


def test_fetch_of_node_posts_form_data_to_the_form(town: Town) -> None:
    output = town.run("node", str(CLIENTS / "fetch.mjs"), f"{town.url}/f/tour")

    assert output.startswith('200 {"ok"')
    assert town.front.lead().submission.contact.full_name == "Jürgen Groß"
    assert town.front.lead().attribution.utm_source == "newsletter"


def test_fetch_of_node_posts_two_leads_at_once(town: Town) -> None:
    output = town.run("node", str(CLIENTS / "posts.mjs"), f"{town.url}/webhooks/json/tour", TOKEN)

    assert output.startswith("200 ")
    assert {lead.submission.contact.email for lead in town.front.leads()} == {"ann@example.com", "bob@example.com"}


@pytest.mark.parametrize("mode", ["simple", "advanced"])
def test_php_posts_as_elementor_does(town: Town, mode: str) -> None:
    output = town.run("php", str(CLIENTS / "elementor.php"), f"{town.url}/webhooks/elementor/tour", mode)

    lead = town.front.lead()
    assert output.startswith("200 ")
    assert (lead.submission.contact.email, lead.submission.fields["message"]) == (
        "oskar@lindbygg.example",
        "Vier Plätze,\nbitte.",
    )
    assert (lead.attribution.utm_source, lead.submission.extras) == ("google", {"form_id": "7c2f3a1"})


def flow() -> Nodes:
    """The flow that the page gives."""
    nodes: Nodes = json.loads(re.findall(r"```json\n(\[.*?\])\n```", PAGE.read_text(), re.DOTALL)[0])
    return nodes


def test_what_the_flow_of_the_page_sends_is_understood(town: Town) -> None:
    body = next(str(node["payload"]) for node in flow() if node["type"] == "inject")

    headers = {"Authorization": f"Bearer {TOKEN}"}
    town.front.client.post("/webhooks/json/tour", data=body, content_type="application/json", headers=headers)

    submission = town.front.lead().submission
    assert (submission.contact.full_name, submission.external_id) == ("Nora Rød", "crm-90017")


def run_node_red(town: Town, folder: Path, nodes: Nodes, until: Callable[[str], object]) -> str:
    """Run a flow until something has come of it; `until` sees what Node-RED has printed, and that is returned."""
    program = shutil.which("node-red")
    if program is None:
        pytest.skip("node-red is not installed")
    (folder / "flow.json").write_text(json.dumps(nodes))
    environ = {"AUTOMATION_TOKEN": TOKEN, "LEAD_CAPTURE_URL": f"{town.url}/webhooks/json/tour"}
    words = [program, "--userDir", str(folder), "--port", "0", str(folder / "flow.json")]
    log = folder / "node-red.log"
    with log.open("wb") as output, subprocess.Popen(words, env=os.environ | environ, stdout=output) as running:
        try:
            wait_until(lambda: until(log.read_text()), 60, "what Node-RED does")
        finally:
            running.terminate()
    return log.read_text()


def test_node_red_runs_the_flow_of_the_page(town: Town, tmp_path: Path) -> None:
    run_node_red(town, tmp_path, flow(), until=lambda _printed: town.front.leads())

    assert town.front.lead().submission.contact.email == "nora@example.no"


FLAT = {"name": "Nora Rød", "email": "nora@example.no", "message": "Kontor for 2", "external_id": "crm-90017"}


@pytest.fixture
def by_get() -> Nodes:
    """The flow with the node's default method, and with names that are not nested."""
    changes = {"enquiry": {"payload": json.dumps(FLAT)}, "post": {"method": "GET"}}
    return [node | changes.get(str(node["id"]), {}) for node in flow()]


def test_node_red_s_get_brings_a_lead_where_the_message_is_put_into_the_query(
    town: Town, tmp_path: Path, by_get: Nodes
) -> None:
    in_query = [node | ({"paytoqs": "query"} if node["id"] == "post" else {}) for node in by_get]

    run_node_red(town, tmp_path, in_query, until=lambda _printed: town.front.leads())

    submission = town.front.lead().submission
    assert (submission.contact.email, submission.contact.full_name) == ("nora@example.no", "Nora Rød")
    assert (submission.fields["message"], submission.external_id) == ("Kontor for 2", "crm-90017")


def test_node_red_s_get_without_the_message_is_told_to_post(town: Town, tmp_path: Path, by_get: Nodes) -> None:
    printed = run_node_red(town, tmp_path, by_get, until=lambda printed: "[debug:answer]" in printed)

    assert "send POST" in printed
    assert not town.front.leads()
