"""/healthz, /readyz and /metrics, with nothing personal."""

import inspect
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from service import clock
from service.capture.http import form_posts, responses, webhooks
from service.capture.parsing import InvalidBody
from service.capture.spam.guards import CaptchaError
from service.delivery.counts import DeliveryCounts, save_counts
from service.edge import CALL_REFUSALS, POST_REFUSALS
from service.lead import Outcome, Status, Step
from service.store import NO_CREDENTIALS, SeenWorker, Store
from service.version import VERSION
from tests.admin.stored_leads import keep, keep_as
from tests.builders import NOON, a_form, a_lead
from tests.front import ANN, SCRIPT, Front


@pytest.fixture
def unmigrated(tmp_path: Path) -> Iterator[Store]:
    """A store on a database without a table."""
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")
    yield store
    store.close()


@pytest.fixture(params=["a directory", "a closed port"])
def gone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store whose database does not answer."""
    (tmp_path / "leads.db").mkdir()
    store = Store(
        {"a directory": f"sqlite:///{tmp_path / 'leads.db'}"}.get(request.param, "postgresql://127.0.0.1:1/x")
    )
    yield store
    store.close()


OF_HOST = re.compile(r"lead_capture_(requests|request_seconds|leads_taken|refused)_|process_")
"""The names of metrics that the web processes count themselves."""

TOKEN_SET = {"METRICS_TOKEN": "the-token-of-the-metrics"}
BEARER = {"Authorization": "Bearer the-token-of-the-metrics"}


def figures(front: Front, **headers: str) -> dict[str, float]:
    """Every sample of /metrics: its name with the values of its labels -> value."""
    response = front.client.get("/metrics", headers=headers)
    assert response.content_type.startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(response.text)
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


# -- alive and ready


def test_a_process_is_alive_whatever_becomes_of_its_database(gone: Store) -> None:
    response = Front(gone).client.get("/healthz")

    assert (response.status_code, response.text) == (200, f"ok {VERSION}\n")
    assert response.content_type == "text/plain; charset=utf-8"


def test_it_is_ready_when_leads_can_be_kept(store: Store) -> None:
    response = Front(store).client.get("/readyz")

    assert response.status_code == 200
    assert response.get_json() == {
        "status": "ready",
        "delivery": {"waiting": 0, "oldest_waiting_s": None, "paused": []},
        "worker_seen_at": None,
        "worker_seen_s": None,
        "concerns": [],
    }


def test_it_is_not_ready_before_the_migration_and_ready_after_it(unmigrated: Store) -> None:
    front = Front(unmigrated)

    before, shown_before = front.client.get("/readyz"), figures(front)["lead_capture_ready"]
    unmigrated.migrate()

    assert (shown_before, figures(front)["lead_capture_ready"]) == (0, 1)
    assert (before.status_code, before.headers["Retry-After"]) == (503, "5")
    assert "lead-capture migrate" in before.get_json()["problem"]
    assert front.client.get("/readyz").status_code == 200


def test_it_is_not_ready_when_the_database_is_gone(gone: Store) -> None:
    response = Front(gone).client.get("/readyz")

    assert response.status_code == 503
    assert response.get_json()["problem"].startswith(
        ("the database does not answer", "the database file cannot be open")
    )


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_goes_away_is_noticed_and_so_is_its_return(
    database_url: str, store: Store, postgresql: str
) -> None:
    front = Front(store)
    name = database_url.partition("?")[0].rpartition("/")[2]
    before = front.client.get("/readyz")

    with psycopg.connect(postgresql, autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        responses = [before, front.client.get("/readyz"), front.post(ANN)]
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
    responses += [front.client.get("/readyz"), front.post(ANN)]

    assert [response.status_code for response in responses] == [200, 503, 503, 200, 303]


def test_readiness_and_a_metric_tell_when_a_worker_was_last_seen(front: Front, sqlite: Store) -> None:
    assert "lead_capture_worker_seen_seconds" not in figures(front)
    seen_at = clock.now() - timedelta(minutes=5)
    sqlite.write(lambda tx: tx.workers.record(SeenWorker("host/1", "1", seen_at, seen_at)))

    response = front.client.get("/readyz")

    assert response.status_code == 200  # leads can be kept
    assert response.get_json()["worker_seen_at"] == seen_at.isoformat()
    assert 300 <= response.get_json()["worker_seen_s"] < 330
    assert 300 <= figures(front)["lead_capture_worker_seen_seconds"] < 330


def test_readiness_tells_how_delivery_stands(front: Front, sqlite: Store) -> None:
    keep(sqlite, a_lead(received_at=clock.now() - timedelta(minutes=5)))
    until = clock.now() + timedelta(hours=1)
    sqlite.write(lambda tx: tx.accounts.pause("default", until, "the login was refused"))

    delivery = front.client.get("/readyz").get_json()["delivery"]

    assert delivery["waiting"] == 1
    assert 300 <= delivery["oldest_waiting_s"] < 330
    assert delivery["paused"] == [{"until": until.isoformat(), "reason": "the login was refused"}]


def test_readiness_tells_what_is_wrong_and_since_when(store: Store) -> None:
    store.write(lambda tx: tx.alerts.report("login:default", "The password is refused: correct it.", NOON))

    response = Front(store).client.get("/readyz")

    assert response.status_code == 200
    assert response.get_json()["concerns"] == [{"kind": "login", "since": NOON.isoformat()}]


# -- figures


def test_leads_are_counted_by_status(store: Store) -> None:
    for status in (Status.PENDING, Status.PENDING, Status.PARKED):
        keep_as(store, status)

    metrics = figures(Front(store))

    counts = {status: metrics[f"lead_capture_leads {status}"] for status in Status}
    assert counts == {**dict.fromkeys(Status, 0), Status.PENDING: 2, Status.PARKED: 1}
    assert (metrics["lead_capture_store_up"], metrics["lead_capture_deliveries_waiting"]) == (1, 2)
    assert metrics[f"lead_capture_build_info {VERSION}"] == 1
    assert abs(metrics["lead_capture_oldest_waiting_seconds"] - (clock.now() - NOON).total_seconds()) < 60


def test_an_account_without_credentials_is_shown_as_paused(front: Front, sqlite: Store) -> None:
    now = clock.now()
    sqlite.write(
        lambda tx: tx.accounts.pause_call("default", NO_CREDENTIALS, now, now, "no Nexudus credentials are set")
    )

    delivery = front.client.get("/readyz").get_json()["delivery"]

    assert delivery["paused"] == [{"until": None, "reason": "no credentials are set"}]


def test_paused_accounts_are_counted(front: Front, sqlite: Store) -> None:
    until = clock.now() + timedelta(hours=1)
    sqlite.write(lambda tx: tx.accounts.pause("default", until, "x"))
    sqlite.write(lambda tx: tx.accounts.pause("harbour", until, "y"))

    assert figures(front)["lead_capture_accounts_paused"] == 2


def test_concerns_are_counted_by_kind(store: Store) -> None:
    for cause in ("stage:default:1001", "stage:default:1002", "login:default"):
        store.write(lambda tx, cause=cause: tx.alerts.report(cause, "Wrong: put it right.", NOON))  # type: ignore[misc]

    metrics = figures(Front(store))

    assert (metrics["lead_capture_concerns stage"], metrics["lead_capture_concerns login"]) == (2, 1)


def test_figures_tell_that_the_store_is_down(gone: Store) -> None:
    of_store = {name: value for name, value in figures(Front(gone)).items() if not OF_HOST.match(name)}

    assert of_store == {f"lead_capture_build_info {VERSION}": 1, "lead_capture_ready": 0, "lead_capture_store_up": 0}


def test_figures_hold_nothing_personal(front: Front, sqlite: Store) -> None:
    keep_as(sqlite, Status.PARKED)
    keep_as(sqlite, Status.DELIVERED)

    text = front.client.get("/metrics").text + front.client.get("/readyz").text

    words = (r"\bada\b", "lovelace", "example.com", "7946", "desks")  # "unreadable" names no Ada
    assert [word for word in words if re.search(word, text, re.IGNORECASE)] == []


# -- what is counted of requests


def test_leads_are_counted_by_what_became_of_them(sqlite: Store) -> None:
    front = Front(sqlite, a_form(webhooks={"json": {"token": "t"}}))
    for fields in (ANN, ANN, {**ANN, "email": "bob@example.com", "_gotcha": "x"}):
        front.post(fields)
    front.client.post("/webhooks/json/contact", json={"email": "cy@example.com"}, headers={"X-Webhook-Token": "t"})
    front.client.post("/webhooks/json/contact", data=b"{", headers={"X-Webhook-Token": "t"})

    metrics = figures(front)

    names = ("pending", "repeat", "quarantined", "parked")
    assert [metrics[f"lead_capture_leads_taken_total {name}"] for name in names] == [2, 1, 1, 1]


def test_refusals_are_counted_by_reason(front: Front, gone: Store) -> None:
    front.post({"name": "Ann"}, headers=SCRIPT)
    front.post(ANN, form="nosuch")
    front.client.post("/webhooks/meta/contact", json={})
    front.client.post("/webhooks/nosuch/contact", json={})
    away = Front(gone, a_form(webhooks={"json": {"token": "t"}}))
    away.post(ANN)
    away.client.post("/webhooks/json/contact", json=ANN, headers={"X-Webhook-Token": "t"})

    refusals = {name: value for name, value in figures(front).items() if name.startswith("lead_capture_refused_total")}

    assert {name: value for name, value in refusals.items() if value} == {
        "lead_capture_refused_total invalid": 1,
        "lead_capture_refused_total form_not_found": 1,
        "lead_capture_refused_total unauthorized": 1,
        "lead_capture_refused_total not_found": 1,
    }
    assert figures(away)["lead_capture_refused_total unavailable"] == 2


def test_counters_by_outcome_and_reason_begin_at_zero(sqlite: Store) -> None:
    form = a_form(webhooks={"json": {"token": "t"}})

    public, named = figures(Front(sqlite, form)), figures(Front(sqlite, form, **TOKEN_SET), **BEARER)

    reasons = {name.split()[1] for name in public if name.startswith("lead_capture_refused_total")}
    assert reasons == {*POST_REFUSALS, *CALL_REFUSALS}
    counters = ("lead_capture_refused_total", "lead_capture_leads_taken_total", "lead_capture_nexudus")
    assert {value for name, value in (public | named).items() if name.startswith(counters)} == {0}
    assert {
        "lead_capture_leads_taken_total contact pending browser",
        "lead_capture_refused_total contact too_many browser",
        "lead_capture_refused_total contact unauthorized json",
        "lead_capture_nexudus_calls_total default unknown create_opportunity",
        "lead_capture_nexudus_throttled_total default",
    } <= named.keys()
    assert "lead_capture_refused_total contact unauthorized browser" not in named


def test_every_refusal_in_the_code_has_a_counter_that_begins_at_zero() -> None:
    kinds: list[type[InvalidBody]] = [InvalidBody, *InvalidBody.__subclasses__()]
    of_bodies = {kind.code for kind in kinds}
    of_captchas = {error.name for error in CaptchaError}
    constructed = set(re.findall(r'HTTPStatus\.\w+, "([A-Z_]+)"', inspect.getsource(responses)))
    rejections = re.findall(r"RejectedCall\((?s:.)*?\n", inspect.getsource(webhooks))
    statuses = {name for line in rejections for name in re.findall(r"HTTPStatus\.([A-Z_]+)", line)}
    named = {reason for line in rejections for reason in re.findall(r'reason="(\w+)"', line)}

    posts = {code.lower() for code in of_bodies | of_captchas | constructed}
    assert posts | {"method_not_allowed"} == set(POST_REFUSALS)
    assert {status.lower() for status in statuses} - {"service_unavailable"} | named == set(CALL_REFUSALS)


def test_requests_are_counted_by_route_and_status_whatever_strangers_make_up(front: Front) -> None:
    front.post(ANN)
    for number in range(20):
        front.client.get(f"/{number}.php")
        front.client.open("/healthz", method=f"MADE{number}")
        front.client.get(f"/f/form-{number}")

    metrics = figures(front)

    counted = {name.split(maxsplit=1)[1]: value for name, value in metrics.items() if "_requests_total" in name}
    assert counted == {
        "POST /f/<name> 303": 1,
        "GET unmatched 404": 20,
        "other unmatched 405": 20,
        "GET /f/<name> 404": 20,
    }
    assert metrics["lead_capture_request_seconds_count POST /f/<name>"] == 1


# -- who sees names


def test_forms_senders_and_accounts_are_named_to_holders_of_the_token_only(sqlite: Store) -> None:
    sqlite.write(lambda tx: tx.accounts.pause("harbour", clock.now() + timedelta(hours=1), "x"))
    sqlite.write(lambda tx: tx.alerts.report("stage:harbour:1001", "Wrong: put it right.", NOON))
    counts = DeliveryCounts("harbour")
    counts.add_call(Step.CREATE_OPPORTUNITY, Outcome.DONE)
    counts.add_throttled()
    counts.add_delivered("tour", 4)
    save_counts([counts], sqlite)
    closed, open_to_all = (Front(sqlite, a_form(name="tour"), **settings) for settings in (TOKEN_SET, {}))
    for front in (closed, open_to_all):
        front.post(ANN, form="tour")
        front.post(ANN, form="nosuch")

    public = open_to_all.client.get("/metrics").text + open_to_all.client.get("/readyz").text
    refused = closed.client.get("/metrics", headers={"Authorization": "Bearer other"})
    metrics = figures(closed, **BEARER)

    assert [word for word in ("tour", "harbour", "browser", "account=") if word in public] == []
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert closed.client.get("/metrics").status_code == 401
    assert metrics["lead_capture_leads_taken_total tour pending browser"] == 1
    assert metrics["lead_capture_refused_total other form_not_found browser"] == 1
    assert metrics["lead_capture_nexudus_calls_total harbour done create_opportunity"] == 1
    assert closed.client.get("/readyz", headers=BEARER).get_json()["delivery"]["paused"][0]["account"] == "harbour"
    assert "stage:harbour:1001" in closed.client.get("/readyz", headers=BEARER).text
    assert "harbour" not in closed.client.get("/readyz").text


def test_without_the_token_the_sums_over_forms_and_accounts_are_shown(front: Front, sqlite: Store) -> None:
    for account, form, seconds in (("default", "tour", 1.5), ("default", "desk", 70), ("harbour", "tour", 1e6)):
        counts = DeliveryCounts(account)
        counts.add_throttled()
        counts.add_delivered(form, seconds)
        save_counts([counts], sqlite)

    metrics = figures(front)

    assert metrics["lead_capture_nexudus_throttled_total"] == 3
    buckets = [metrics[f"lead_capture_opportunity_seconds_bucket {bound}"] for bound in ("1", "2", "60", "300", "+Inf")]
    assert buckets == [0, 1, 1, 2, 3]
    assert metrics["lead_capture_opportunity_seconds_sum"] == 1e6 + 71.5


# -- workers


def figures_of_workers(front: Front, **headers: str) -> dict[str, float]:
    """The samples about workers."""
    return {name: value for name, value in figures(front, **headers).items() if "_worker_" in name}


def test_workers_at_work_are_shown_with_what_they_use(sqlite: Store) -> None:
    now = clock.now()
    worker = SeenWorker("host/boot/pid/77/5", "1", now, now, cpu_s=2.5, memory_bytes=1000, open_files=9)
    sqlite.write(lambda tx: tx.workers.record(worker))
    gone = SeenWorker("host/boot/pid/66/5", "1", now, now - timedelta(hours=1), 9, 9, 9)
    sqlite.write(lambda tx: tx.workers.record(gone))
    front = Front(sqlite, **TOKEN_SET)

    of_workers = figures_of_workers(front, **BEARER)

    assert figures(front, **BEARER)["lead_capture_workers"] == 1
    assert of_workers == {
        "lead_capture_worker_seen_seconds": of_workers["lead_capture_worker_seen_seconds"],
        "lead_capture_worker_cpu_seconds_total host/77": 2.5,
        "lead_capture_worker_memory_bytes host/77": 1000,
        "lead_capture_worker_open_fds host/77": 9,
        "lead_capture_worker_start_time_seconds host/77": now.timestamp(),
    }


def test_without_the_token_workers_have_no_names(front: Front, sqlite: Store) -> None:
    now = clock.now()
    for number in (1, 2):
        started_at = now - timedelta(hours=number)
        worker = SeenWorker(f"host/boot/pid/7{number}/5", "1", started_at, now, number, 1000 * number, 10 * number)
        sqlite.write(lambda tx, worker=worker: tx.workers.record(worker))  # type: ignore[misc]

    of_workers = figures_of_workers(front)

    assert of_workers == {
        "lead_capture_worker_seen_seconds": of_workers["lead_capture_worker_seen_seconds"],
        "lead_capture_worker_cpu_seconds_total": 3,
        "lead_capture_worker_memory_bytes": 3000,
        "lead_capture_worker_open_fds": 20,
        "lead_capture_worker_start_time_seconds": (now - timedelta(hours=2)).timestamp(),
    }


# -- the id of a request


@pytest.mark.parametrize(
    ("proxies", "given", "is_kept"),
    [
        ("1", "0f3e-from.the_proxy", True),
        ("0", "0f3e-from.the_proxy", False),
        ("1", "short", False),
        ("1", "ann@example.com", False),
        ("1", "x" * 65, False),
        ("1", "two words", False),
    ],
)
def test_the_id_of_a_request_is_the_proxy_s_or_new(sqlite: Store, proxies: str, given: str, is_kept: bool) -> None:
    front = Front(sqlite, TRUSTED_PROXIES=proxies)

    ids = [front.client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"] for _ in range(2)]

    assert (ids == [given, given]) is is_kept
    assert is_kept or (len(set(ids)) == 2 and all(re.fullmatch("[0-9a-f]{16}", each) for each in ids))


@pytest.mark.usefixtures("log_of_the_test")
def test_the_log_line_of_a_lead_has_the_id_of_its_request(
    sqlite: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        form_posts, "log", structlog.get_logger()
    )  # one that was used keeps the stream of its first test
    front = Front(sqlite, LOG_FORMAT="json")

    response = front.post(ANN)

    line = next(line for line in map(json.loads, capsys.readouterr().err.splitlines()) if line["event"] == "lead_kept")
    assert (line["request_id"], line["lead"]) == (response.headers["X-Request-Id"], front.lead().id)
