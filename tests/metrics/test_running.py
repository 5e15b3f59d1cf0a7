"""The metrics of a running service: of all its processes, beyond the end of one, as they are documented."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from service.metrics.folder import IN_MEMORY, PREFIX
from tests.metrics.conftest import documented
from tests.processes import Process, bare_environ, free_port
from tests.tracing.collector import Collector, SentSpan

pytestmark = [pytest.mark.long, pytest.mark.journey]

TOKEN = "the-token-of-prometheus"


class RunningService:
    """`lead-capture up` with a token for its metrics, and with spans."""

    def __init__(self, folder: Path) -> None:
        self.collector = Collector()
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        collecting = {"OTEL_EXPORTER_OTLP_ENDPOINT": self.collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        environ = bare_environ(LOG_FORMAT="json", METRICS_TOKEN=TOKEN, WEB_PROCESSES="2", **collecting)
        arguments = ["up", "--port", str(port), "--simulator-port", str(free_port())]
        self.process = Process(arguments, environ, folder)
        self.process.wait_until(lambda: "Ctrl-C stops everything" in self.process.output, 30, "the banner")

    def post(self, number: int) -> str:
        """Post one enquiry of a person of its own, on a connection of its own; the id of the request."""
        answers = {"email": f"ann{number}@example.com", "message": f"Enquiry {number}"}
        response = requests.post(f"{self.url}/f/contact", answers, allow_redirects=False, timeout=10)
        assert response.status_code == 303
        return response.headers["X-Request-Id"]

    def metrics(self) -> str:
        """The text of /metrics, with all labels."""
        return requests.get(f"{self.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10).text

    def samples(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """Every sample of /metrics: its name and labels -> value."""
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(self.metrics())
            for sample in family.samples
        }

    def total(self, name: str, **labels: str) -> float:
        """The sum of the samples of a metric that have these labels."""
        return sum(
            value for (each, has), value in self.samples().items() if each == name and labels.items() <= set(has)
        )

    def log_lines(self) -> list[dict[str, Any]]:
        """What it has logged, line by line."""
        return [json.loads(line) for line in self.process.output.splitlines() if line.startswith("{")]

    def web_processes(self) -> list[int]:
        """gunicorn's processes that answer requests."""
        parent = self.process.children()["web"]
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """One service for the tests of this file, with twelve leads delivered."""
    running = RunningService(tmp_path_factory.mktemp("metrics"))
    for number in range(12):
        running.post(number)
    delivered = ("lead_capture_opportunity_seconds_count", 12)
    running.process.wait_until(lambda: running.total(delivered[0]) == delivered[1], 30, "12 leads are delivered")
    yield running
    running.process.kill()
    running.collector.close()


def test_all_processes_count_together(service: RunningService) -> None:
    expected = {"form": "contact", "sender": "browser", "outcome": "pending"}
    service.process.wait_until(
        lambda: service.total("lead_capture_leads_taken_total", **expected) == 12, 10, "both processes have counted"
    )

    assert len(service.web_processes()) == 2
    assert service.total("lead_capture_requests_total", method="POST", route="/f/<name>", status="303") == 12
    assert service.total("lead_capture_request_seconds_count", method="POST", route="/f/<name>") == 12
    assert service.total("lead_capture_nexudus_calls_total", step="create_opportunity", outcome="done") == 12
    assert service.total("lead_capture_workers") == 1
    assert service.total("process_resident_memory_bytes") > 50_000_000
    assert service.total("lead_capture_worker_memory_bytes") > 20_000_000


def test_one_id_joins_the_log_lines_of_both_processes(service: RunningService) -> None:
    request_id = service.post(50)

    def events() -> list[str]:
        return [line["event"] for line in service.log_lines() if line.get("request_id") == request_id]

    service.process.wait_until(lambda: "delivered" in events(), 10, "the lead is delivered")
    assert events()[0] == "lead_kept"
    assert events().count("attempt_settled") == 3


def test_one_trace_joins_the_spans_of_both_processes(service: RunningService) -> None:
    request_id = service.post(51)

    def spans() -> list[SentSpan]:
        every = service.collector.spans()
        traces = {each.trace for each in every if each.attributes.get("lead_capture.request_id") == request_id}
        return [each for each in every if each.trace in traces]

    service.process.wait_until(lambda: len(spans()) == 5, 10, "all spans")
    names = ["POST /f/<name>", "create_coworker", "create_opportunity", "deliver", "find_coworker"]
    assert sorted(each.name for each in spans()) == names
    assert {each.service for each in spans()} == {"lead-capture-web", "lead-capture-worker"}
    assert not any(b"ann" in body or b"example.com" in body for body in service.collector.bodies)


def test_every_metric_is_documented_with_its_type_and_labels(service: RunningService) -> None:
    types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", service.metrics(), re.MULTILINE))
    labels: dict[str, set[str]] = {}
    for name, own in service.samples():
        labels.setdefault(re.sub("_(bucket|sum|count)$", "", name), set()).update(dict(own).keys() - {"le"})
    documentation = documented()

    assert {name: kind for name, (kind, _) in documentation.items()} == types
    assert {name: documentation[name][1] for name in labels} == labels


def test_promtool_accepts_the_metrics(service: RunningService, promtool: str) -> None:
    check = [promtool, "check", "metrics"]

    result = subprocess.run(check, input=service.metrics(), capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_what_a_killed_process_has_counted_is_kept(service: RunningService) -> None:
    before = service.total("lead_capture_requests_total", route="/f/<name>")
    cpu_s = service.total("process_cpu_seconds_total")
    killed = service.web_processes()

    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    service.process.wait_until(lambda: set(service.web_processes()).isdisjoint(killed), 10, "others in their place")
    service.process.wait_until(lambda: len(service.web_processes()) == 2, 10, "both")
    service.post(99)

    service.process.wait_until(
        lambda: service.total("lead_capture_requests_total", route="/f/<name>") == before + 1, 10, "the next is counted"
    )
    assert service.total("process_cpu_seconds_total") >= cpu_s


def test_the_lines_of_the_web_server_are_json_too(service: RunningService) -> None:
    lines = service.log_lines()

    started = next(line for line in lines if line["event"] == "web_started")
    assert started["address"] == service.url.removeprefix("http://")
    assert started.keys() >= {"version", "processes", "threads"}
    assert not re.search(r"^\[", service.process.output, re.MULTILINE)  # as gunicorn writes itself
    assert "SIGKILL" in next(line for line in lines if line["event"] == "gunicorn")["message"]


def test_its_folder_is_removed_at_the_end(service: RunningService) -> None:
    mapped = "".join(
        Path(f"/proc/{each}/maps").read_text() for each in service.web_processes()
    )  # by those that counted
    (folder,) = set(re.findall(rf"{IN_MEMORY}/{PREFIX}\w+", mapped))
    assert Path(folder).is_dir()

    service.process.send(signal.SIGTERM)
    service.process.wait(20)

    assert not Path(folder).exists()
    assert "web_stopped" in service.process.output
