"""A lead's trace, from the post to the opportunity, as a collector receives it."""

import threading
from dataclasses import dataclass, replace

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from service.delivery.loop import Worker, WorkerConfig
from service.edge import EDGE
from service.forms import Setup
from service.nexudus_accounts import account_contexts
from service.settings import read_settings
from service.simulator.server import Simulator
from service.store import Store
from service.tracing.spans import Tracer
from service.web import create_app
from tests.builders import a_form, in_force
from tests.front import ANN
from tests.test_worker import at_work
from tests.tracing.collector import Collector, SentSpan

OTHER_TRACE, OTHER_SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
LOGIN = {"NEXUDUS_USERNAME": "simulator@leadcapture.example", "NEXUDUS_PASSWORD": "simulator"}


@dataclass
class Installation:
    """A web application and a worker, wired as in their processes, with spans."""

    store: Store
    nexudus: Simulator
    collector: Collector

    def client(self, **settings: str) -> FlaskClient:
        """A browser, which sends `ANN` and the like."""
        self.web = Tracer(self.collector.url, "web")
        environ = {"FORMS_FILE": "none.toml", "SUBMIT_LIMIT": "off", **settings}
        app = create_app(read_settings(environ), in_force(a_form()), store=self.store)
        app.extensions[EDGE].trace(self.web)
        return app.test_client()

    def deliver(self, spans: int, **settings: str) -> None:
        """Let a worker deliver until it has made so many spans."""
        tracer, stop = Tracer(self.collector.url, "worker"), threading.Event()
        limits = {"NEXUDUS_BASE_URL": self.nexudus.url, "NEXUDUS_LIMITS": "1000/s"}
        contexts = account_contexts(
            read_settings({**LOGIN, **limits, **settings}),
            Setup({"contact": a_form()}),
            self.store,
            stop,
            tracer=tracer,
        )
        with at_work(Worker(self.store, contexts, WorkerConfig(2, 90, "1"), stop)):
            self.web.flush()
            self.wait(tracer, spans)

    def wait(self, tracer: Tracer, spans: int) -> None:
        """Until so many have arrived from workers."""
        for _ in range(500):
            tracer.flush()
            if len([each for each in self.collector.spans() if each.service == "lead-capture-worker"]) >= spans:
                return
            threading.Event().wait(0.01)
        raise AssertionError(self.collector.spans())

    def spans(self, name: str) -> list[SentSpan]:
        """Those of that name."""
        return [each for each in self.collector.spans() if each.name == name]


@pytest.fixture
def installation(sqlite: Store, nexudus: Simulator, collector: Collector) -> Installation:
    """One with the form `contact`."""
    return Installation(sqlite, nexudus, collector)


def test_one_trace_leads_from_the_post_to_the_opportunity(installation: Installation) -> None:
    response = installation.client().post("/f/contact", data=ANN)

    installation.deliver(4)

    (post,), (delivery,) = installation.spans("POST /f/<name>"), installation.spans("deliver")
    calls = [
        each for name in ("find_coworker", "create_coworker", "create_opportunity") for each in installation.spans(name)
    ]
    assert {each.trace for each in installation.collector.spans()} == {post.trace}
    assert (post.parent, delivery.parent, {each.parent for each in calls}) == ("", post.id, {delivery.id})
    assert [(each.service, each.kind) for each in (post, delivery, *calls)] == [
        ("lead-capture-web", "SERVER"),
        ("lead-capture-worker", "CONSUMER"),
        *[("lead-capture-worker", "CLIENT")] * 3,
    ]
    request_id = {"lead_capture.request_id": response.headers["X-Request-Id"]}
    assert post.attributes == request_id | {
        "http.request.method": "POST",
        "http.route": "/f/<name>",
        "http.response.status_code": 303,
        "lead_capture.outcome": "pending",
    }
    with installation.store.read() as tx:
        lead_id = tx.leads.newest_id()
    assert delivery.attributes == request_id | {"lead_capture.lead": lead_id, "lead_capture.tries": 0}
    assert [each.attributes["lead_capture.outcome"] for each in calls] == ["missing", "done", "done"]
    assert [each for each in installation.collector.spans() if each.is_error or each.duration_ms < 0] == []


def test_a_retry_belongs_to_the_same_trace(installation: Installation) -> None:
    installation.nexudus.faults([{"method": "POST", "path": "/api/spaces/coworkers", "status": 429, "times": 1}])
    installation.client().post("/f/contact", data=ANN)

    installation.deliver(7)

    (post,), deliveries = installation.spans("POST /f/<name>"), installation.spans("deliver")
    assert [each.parent for each in deliveries] == [post.id] * 2
    calls = installation.spans("create_coworker")
    assert [(each.attributes["lead_capture.outcome"], each.is_error) for each in calls] == [
        ("throttled", True),
        ("done", False),
    ]
    assert calls[0].attributes["http.response.status_code"] == 429


def test_spans_hold_nothing_personal(installation: Installation) -> None:
    client = installation.client()
    person = {"User-Agent": "Ann's browser", "Referer": "https://example.com/?email=ann@example.com", "Cookie": "ann=1"}
    client.post("/f/contact?email=ann@example.com", data=ANN, headers=person, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    client.post("/f/ann@example.com", data=ANN)
    client.post("/f/contact", data={"message": "Two desks"})
    client.post("/webhooks/ann/contact", json=ANN)
    away = replace(installation, store=Store("postgresql://127.0.0.1:1/x"))
    away.client().post("/f/contact", data=ANN)
    away.web.flush()

    installation.deliver(4)

    sent = b"".join(installation.collector.bodies).lower()
    assert [word for word in (b"ann", b"lee", b"desks", b"example.com", b"192.0.2") if word in sent] == []
    posts = [each for each in installation.collector.spans() if each.kind == "SERVER"]
    assert [each.attributes["lead_capture.outcome"] for each in posts] == [
        *("unavailable", "pending", "form_not_found", "invalid", "not_found")
    ]
    assert [each.is_error for each in posts] == [True, False, False, False, False]
    away.store.close()


def test_only_requests_that_bring_leads_make_spans(installation: Installation) -> None:
    client = installation.client()
    for path in ("/healthz", "/f/contact", "/metrics", "/admin/"):
        client.get(path)
    client.post("/admin/sign-in", data={"user": "admin", "password": "x"})
    client.post("/f/contact", data=ANN)
    installation.web.flush()

    assert [each.name for each in installation.collector.spans()] == ["POST /f/<name>"]


@pytest.mark.parametrize(
    ("proxies", "given", "trace", "parent"),
    [
        ("1", f"00-{OTHER_TRACE}-{OTHER_SPAN}-01", OTHER_TRACE, OTHER_SPAN),
        ("0", f"00-{OTHER_TRACE}-{OTHER_SPAN}-01", None, ""),
        ("1", "ann@example.com", None, ""),
    ],
    ids=["a proxy's", "a stranger's", "unreadable"],
)
def test_a_request_goes_on_with_the_trace_of_the_proxy(
    installation: Installation, proxies: str, given: str, trace: str | None, parent: str
) -> None:
    installation.client(TRUSTED_PROXIES=proxies).post("/f/contact", data=ANN, headers={"traceparent": given})
    installation.web.flush()

    (post,) = installation.collector.spans()
    assert post.parent == parent
    assert (post.trace == OTHER_TRACE) is (trace is not None)


def test_a_collector_that_takes_nothing_is_logged_once_and_costs_no_lead(installation: Installation) -> None:
    installation.collector.status = 400
    client = installation.client()

    with capture_logs() as lines:
        for _ in range(3):
            assert client.post("/f/contact", data=ANN).status_code == 303
            installation.web.flush()

    assert [line["event"] for line in lines if line["log_level"] == "warning"] == ["spans_not_sent"]
    assert not any("ann" in str(value) for line in lines for value in line.values())
