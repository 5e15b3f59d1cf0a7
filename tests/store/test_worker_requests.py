"""What the dashboard asks a worker to do: claimed once, answered once, claimed again when its worker dies."""

from datetime import timedelta

from service.store import Store
from tests.builders import NOON
from tests.store.actions import at_once

KINDS = ("account",)


def ask(store: Store, kind: str = "account") -> str:
    return store.write(lambda tx: tx.worker_requests.add(kind, {"name": "default"}, "ann@example.com", NOON))


def claimed(store: Store, worker: str = "worker", seconds: float = 0, gone: str = "") -> str | None:
    now = NOON + timedelta(seconds=seconds)
    request = store.write(lambda tx: tx.worker_requests.claim(worker, KINDS, now, 30, lambda name: name == gone))
    return request.id if request else None


def test_a_request_is_claimed_by_one_worker_and_answered_once(store: Store) -> None:
    request_id = ask(store)

    assert sorted(filter(None, at_once(lambda: claimed(store, "one"), lambda: claimed(store, "two")))) == [request_id]
    for answer in ("first", "second"):
        store.write(lambda tx, answer=answer: tx.worker_requests.answer(request_id, {"is": answer}, NOON))  # type: ignore[misc]

    with store.read() as tx:
        request = tx.worker_requests.get(request_id)
        assert not tx.worker_requests.has_open()
    assert request is not None
    assert (request.answer, request.answered_at) == ({"is": "first"}, NOON)


def test_only_what_a_worker_understands_is_claimed(sqlite: Store) -> None:
    ask(sqlite, "of a later version")

    assert claimed(sqlite) is None


def test_the_request_of_a_worker_that_died_goes_to_another(sqlite: Store) -> None:
    request_id = ask(sqlite)
    assert claimed(sqlite, "one") == request_id

    assert claimed(sqlite, "two", seconds=29) is None
    assert claimed(sqlite, "two", seconds=29, gone="one") == request_id
    assert claimed(sqlite, "one", seconds=60) == request_id


def test_after_an_hour_a_request_is_forgotten(sqlite: Store) -> None:
    request_id = ask(sqlite)

    assert claimed(sqlite, seconds=3700) is None
    sqlite.write(lambda tx: tx.worker_requests.add("account", {}, "ann", NOON + timedelta(hours=2)))
    with sqlite.read() as tx:
        assert tx.worker_requests.get(request_id) is None
