"""/healthz, /readyz and /metrics, with nothing personal."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service import clock
from service.lead import Status
from service.store import NO_CREDENTIALS, SeenWorker, Store
from service.version import VERSION
from tests.admin.stored_leads import keep, keep_as
from tests.builders import NOON, a_lead
from tests.front import ANN, Front


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


def figures(front: Front) -> dict[str, float]:
    """Every sample of /metrics: its name with the values of its labels -> value."""
    response = front.client.get("/metrics")
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
        "delivery": {"waiting": 0, "oldest_waiting_s": None, "paused": {}},
        "worker_seen_at": None,
        "worker_seen_s": None,
        "concerns": [],
    }


def test_it_is_not_ready_before_the_migration_and_ready_after_it(unmigrated: Store) -> None:
    front = Front(unmigrated)

    before = front.client.get("/readyz")
    unmigrated.migrate()

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
    assert delivery["paused"] == {"default": {"until": until.isoformat(), "reason": "the login was refused"}}


def test_readiness_tells_what_is_wrong_and_since_when(store: Store) -> None:
    store.write(lambda tx: tx.alerts.report("login:default", "The password is refused: correct it.", NOON))

    response = Front(store).client.get("/readyz")

    assert response.status_code == 200
    assert response.get_json()["concerns"] == [{"cause": "login:default", "since": NOON.isoformat()}]


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

    assert delivery["paused"] == {"default": {"until": None, "reason": "no credentials are set"}}


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
    assert figures(Front(gone)) == {f"lead_capture_build_info {VERSION}": 1, "lead_capture_store_up": 0}


def test_figures_hold_nothing_personal(front: Front, sqlite: Store) -> None:
    keep_as(sqlite, Status.PARKED)
    keep_as(sqlite, Status.DELIVERED)

    text = front.client.get("/metrics").text + front.client.get("/readyz").text

    assert [word for word in ("ada", "Lovelace", "example.com", "7946", "desks") if word in text] == []
