"""People sign in with an e-mail address and a password, and may do what their role says at this moment."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import g

from service.actors import Actor, Role, Scope
from service.admin.pages import passwords
from service.admin.pages.browsers import describe_browser
from service.admin.permissions import requires
from service.store import Store
from tests.admin.colleagues import PASSWORD_OF_ALL, add_person, colleague, forget_everyone
from tests.admin.dashboard import PASSWORD, Operator
from tests.builders import NOON
from tests.front import Front, sqlite_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all of these tests."""
    with sqlite_store(tmp_path_factory.mktemp("people")) as opened:
        yield opened


@pytest.fixture(scope="module")
def front(store: Store) -> Front:
    """One application."""
    return Front(store, ADMIN_PASSWORD=PASSWORD)


@pytest.fixture(autouse=True)
def nobody(store: Store) -> None:
    """No person of another test."""
    forget_everyone(store)


def address_of(operator: Operator) -> str:
    """The address that a browser has."""
    return str(operator.client.environ_base["REMOTE_ADDR"])


def actor_of(operator: Operator) -> Actor:
    """Whoever a request of this browser is made by."""
    actors: list[Actor] = []

    @requires(Scope.READ)
    def note_actor() -> str:
        actors.append(g.actor)
        return ""

    views = operator.front.app.view_functions
    real, views["pages.leads"] = views["pages.leads"], note_actor
    operator.client.get("/admin/leads")
    views["pages.leads"] = real
    return actors[-1]


@pytest.mark.parametrize("user", ["viewer@example.com", " Viewer@Example.COM "])
def test_a_person_signs_in_by_address_however_it_is_written(store: Store, front: Front, user: str) -> None:
    add_person(store)

    assert Operator.at(front).sign_in(PASSWORD_OF_ALL, user).status_code == 303


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("viewer@example.com", "wrong"),
        ("viewer@example.com", ""),
        ("nobody@example.com", PASSWORD_OF_ALL),
        ("viewer@example.com", "nobody's"),
        ("nobody@example.com", "nobody's"),
        ("", PASSWORD_OF_ALL),
        ("admin", PASSWORD_OF_ALL),
        ("\x00viewer@example.com\x00", "\x00"),
        ("invited@example.com", ""),
        ("gone@example.com", PASSWORD_OF_ALL),
    ],
)
def test_nobody_else_does(store: Store, front: Front, user: str, password: str) -> None:
    add_person(store)
    add_person(store, email="invited@example.com", password="")
    gone = add_person(store, email="gone@example.com")
    store.write(lambda tx: tx.people.change(replace(gone, disabled_at=NOON)))

    response = Operator.at(front).sign_in(password, user)

    assert response.status_code == 422
    assert "Set-Cookie" not in response.headers


def test_a_request_is_made_by_the_person_with_role_and_accounts(store: Store, front: Front) -> None:
    operator = colleague(store, Role.AGENT, ["harbour"], front=front)

    assert actor_of(operator) == Actor(
        "agent@example.com", Role.AGENT.scopes, frozenset({"harbour"}), address_of(operator)
    )


def test_another_role_counts_from_the_next_request_on(store: Store, front: Front) -> None:
    operator = colleague(store, Role.AGENT, front=front)
    with store.read() as tx:
        (person,) = tx.people.all()

    store.write(lambda tx: tx.people.change(replace(person, role=Role.VIEWER, accounts=frozenset({"harbour"}))))

    assert actor_of(operator) == replace(person, role=Role.VIEWER, accounts=frozenset({"harbour"})).actor(
        address_of(operator)
    )


def test_a_disabled_and_a_removed_person_are_out_at_once_in_every_process(store: Store, front: Front) -> None:
    first = colleague(store, Role.AGENT, front=front)
    other = colleague(store, Role.VIEWER)  # at another process's application
    with store.read() as tx:
        agent, viewer = tx.people.all()

    store.write(lambda tx: tx.people.change(replace(agent, disabled_at=NOON)))
    store.write(lambda tx: tx.people.remove(viewer.id))

    assert [each.client.get("/admin/").status_code for each in (first, other)] == [401, 401]


def test_another_password_ends_the_sessions_that_were_opened_before(store: Store, front: Front) -> None:
    operator = colleague(store, front=front)
    with store.read() as tx:
        (person,) = tx.people.all()

    store.write(lambda tx: tx.people.set_password(person.id, passwords.hash_password("quite another one")))

    assert operator.client.get("/admin/").status_code == 401


@pytest.mark.parametrize(("hours", "status"), [(11, 200), (13, 401)])
def test_a_persons_session_ends_like_the_administrators(store: Store, front: Front, hours: int, status: int) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        operator = colleague(store, front=front)
        clock.shift(timedelta(hours=hours))

        assert operator.client.get("/admin/leads").status_code == status


def test_a_browser_that_a_person_uses_has_attempts_of_its_own(store: Store, front: Front) -> None:
    operator = colleague(store, front=front)
    stranger = Operator.at(front)
    for _ in range(11):
        stranger.sign_in("wrong", "viewer@example.com")

    assert stranger.sign_in(PASSWORD_OF_ALL, "viewer@example.com").status_code == 429
    assert operator.sign_in(PASSWORD_OF_ALL, "viewer@example.com").status_code == 303


def test_an_unknown_address_takes_as_long_as_a_wrong_password() -> None:
    hashes = {"unknown": "", "known": passwords.hash_password("correct horse battery")}
    least_s: dict[str, float] = {}
    for name in ["unknown", "known"] * 6:  # the least of several: a busy machine makes any of them longer
        start = time.thread_time()
        assert not passwords.matches(hashes[name], "wrong")
        least_s[name] = min(time.thread_time() - start, least_s.get(name, 60))

    assert 0.3 < least_s["unknown"] / least_s["known"] < 3


def test_only_argon2id_is_stored_of_a_password(store: Store, front: Front) -> None:
    add_person(store)

    with store.read() as tx:
        credentials = tx.people.credentials("viewer@example.com")

    assert credentials
    assert credentials.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_accents_may_be_composed_by_another_keyboard() -> None:
    assert passwords.matches(passwords.hash_password("caf\u00e9 cr\u00e8me please"), "cafe\u0301 cre\u0300me please")


@pytest.mark.parametrize(
    ("password", "is_weak"),
    [
        ("elevenchars", True),
        ("twelve chars", False),
        ("x" * 201, True),
        ("aaaaaaaaaaaa", True),
        ("Viewer@Example.com", True),
        ("Pass-viewer-9x-Quite-Long", False),
    ],
)
def test_short_and_guessable_passwords_are_refused(password: str, is_weak: bool) -> None:
    assert bool(passwords.find_weakness(password, "viewer@example.com")) is is_weak


WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "browser"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0", "Firefox, Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0", "Edge, Windows"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) {WEBKIT} Version/18.0 Safari/604", "Safari, iPhone"),
        ("curl/8.9", ""),
    ],
)
def test_a_browser_is_kept_in_two_words(user_agent: str, browser: str) -> None:
    assert describe_browser(user_agent) == browser
