"""Looks at Nexudus that pages ask for: the worker takes them, the store keeps what can be chosen."""

import threading
from datetime import timedelta

from service.delivery.setup_check.looks import LookJob
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from service.simulator.server import Simulator
from service.store import CrmLook, Store
from service.store.account_facts import LOOK_LIFETIME
from tests.builders import NOON

LOGIN = Login("simulator@leadcapture.example", "simulator")


def a_job(store: Store, address: str) -> LookJob:
    return LookJob(Nexudus(address, LOGIN), store, "default", threading.Event())


def look(store: Store) -> CrmLook:
    with store.read() as tx:
        return tx.crm.last_look("default")


def test_a_look_that_was_asked_for_is_taken_and_kept(sqlite: Store, nexudus: Simulator) -> None:
    sqlite.write(lambda tx: tx.crm.request_look("default", NOON))

    a_job(sqlite, nexudus.url).step(NOON)

    seen = look(sqlite)
    stages = [stage for place in seen.contents["locations"] for board in place["boards"] for stage in board["stages"]]
    assert (seen.base_url, seen.requested_at, seen.problem) == (nexudus.url, None, "")
    assert {stage["id"]: stage["refused"] for stage in stages}[1001] is False
    assert any(stage["dangers"] for stage in stages)


def test_nobody_looks_where_nobody_asked(sqlite: Store) -> None:
    a_job(sqlite, "http://127.0.0.1:9").step(NOON)

    assert look(sqlite) == CrmLook("default")


def test_a_look_at_another_nexudus_is_replaced(sqlite: Store, nexudus: Simulator) -> None:
    sqlite.write(lambda tx: tx.crm.save_look("default", "https://crm.example", {"locations": []}, NOON))

    a_job(sqlite, nexudus.url).step(NOON)

    assert look(sqlite).base_url == nexudus.url
    assert look(sqlite).contents["locations"]


def test_a_look_that_fails_says_why_and_keeps_what_was_seen(sqlite: Store) -> None:
    sqlite.write(lambda tx: tx.crm.save_look("default", "http://127.0.0.1:9", {"locations": []}, NOON))
    sqlite.write(lambda tx: tx.crm.request_look("default", NOON))

    a_job(sqlite, "http://127.0.0.1:9").step(NOON)

    assert look(sqlite).problem
    assert (look(sqlite).looked_at, look(sqlite).contents, look(sqlite).requested_at) == (NOON, {"locations": []}, None)


def test_a_look_is_taken_by_one_process_until_that_is_dead(store: Store) -> None:
    store.write(lambda tx: tx.crm.request_look("default", NOON))

    def claims(after: timedelta) -> bool:
        return store.write(lambda tx: tx.crm.claim_look("default", NOON + after))

    expired = LOOK_LIFETIME + timedelta(seconds=1)
    assert [claims(timedelta(0)), claims(timedelta(seconds=1)), claims(expired)] == [True, False, True]
