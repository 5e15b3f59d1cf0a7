"""One sign-in serves every process."""

from datetime import timedelta

from service.background import worker_name
from service.delivery.context import DatabaseTokenStore
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login, Tokens
from service.simulator.server import Simulator
from service.store import Store
from tests.builders import NOON

TOKENS = Tokens("access", "refresh", NOON + timedelta(days=7), "fingerprint")


def test_what_one_process_saves_another_reads(store: Store, database_url: str) -> None:
    other = Store(database_url)
    assert DatabaseTokenStore(store, "default", "one").read() is None

    DatabaseTokenStore(store, "default", "one").save(TOKENS)

    assert DatabaseTokenStore(other, "default", "two").read() == TOKENS
    other.close()


def test_accounts_have_each_their_own_tokens(store: Store) -> None:
    DatabaseTokenStore(store, "default", "one").save(TOKENS)

    assert DatabaseTokenStore(store, "harbour", "one").read() is None


def test_the_lock_is_held_by_one_and_given_back(store: Store) -> None:
    one, two = DatabaseTokenStore(store, "default", "one"), DatabaseTokenStore(store, "default", "two")

    assert one.try_lock(60)
    assert not two.try_lock(60)
    one.unlock()
    assert two.try_lock(60)


def test_a_process_that_was_killed_while_it_signed_in_holds_no_other_up(store: Store) -> None:
    *where, pid, started = worker_name().split("/")
    killed = DatabaseTokenStore(store, "default", "/".join((*where, pid, str(int(started) - 1))))
    assert killed.try_lock(60)

    assert DatabaseTokenStore(store, "default", worker_name()).try_lock(60)


def test_two_processes_sign_in_once(store: Store, nexudus: Simulator) -> None:
    login = Login("simulator@leadcapture.example", "simulator")

    for holder in ("one", "two"):
        Nexudus(nexudus.url, login, DatabaseTokenStore(store, "default", holder), "tests").get("/api/auth/me")

    assert len(nexudus.calls("POST", "/api/token")) == 1
