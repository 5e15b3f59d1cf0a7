"""Acts found by who did them, to what, when and where; nobody finds one of an account that they do not see."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest

from service.actors import Actor, Role
from service.store import Act, ActQuery, RecordedAct, Store, Subject, SubjectKind
from tests.builders import NOON

WHO = ("ann@example.com", "bob@example.com", "key Zapier")
ACCOUNTS: tuple[str | Collection[str] | None, ...] = ("default", "harbour", None, ("default", "harbour"))


@pytest.fixture
def store(store: Store) -> Store:
    """Twelve acts, one a minute: every person in every account."""

    def fill(tx: Any) -> None:
        for number in range(12):
            actor = Actor(WHO[number % 3], Role.OWNER.scopes, origin="10.0.0.1")
            subject = Subject(SubjectKind.LEAD if number % 2 else SubjectKind.FORM, f"thing{number}")
            account, at = ACCOUNTS[number % 4], NOON + timedelta(minutes=number)
            after = {"title": f"Tour {number}", "city": "Málaga"}
            tx.acts.record(actor, Act.CHANGE, subject, account, None, after, at, personal=["city"])

    store.write(fill)
    return store


def numbers_of(store: Store, size: int = 50, **filters: Any) -> list[int]:
    """The numbers of the acts that a query finds, all pages of them."""
    numbers: list[int] = []
    before = 0
    with store.read() as tx:
        while True:
            page = tx.acts.page(ActQuery(before=before, **filters), size)
            numbers += [act.id for act in page.acts]
            before = page.next
            if not before:
                return numbers


def act(store: Store, number: int) -> RecordedAct:
    """One of them."""
    with store.read() as tx:
        return tx.acts.page(ActQuery(subject=f"thing{number - 1}"), 1).acts[0]


CASES: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
    ({"who": "bob@example.com"}, [11, 8, 5, 2]),
    ({"lead": "thing1"}, [2]),
    ({"lead": "thing2"}, []),  # a form
    ({"kind": "form"}, [11, 9, 7, 5, 3, 1]),
    ({"subject": "thing2"}, [3]),
    ({"act": "release"}, []),
    ({"since": NOON + timedelta(minutes=9)}, [12, 11, 10]),
    ({"until": NOON + timedelta(minutes=2)}, [2, 1]),
    ({"account": "harbour"}, [12, 10, 8, 6, 4, 2]),
    ({"text": "MÁLAGA tour"}, [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
    ({"text": "zapier 11"}, [12]),
    ({"accounts": frozenset({"default"})}, [9, 5, 1]),
    ({"accounts": frozenset({"default", "harbour"})}, [12, 10, 9, 8, 6, 5, 4, 2, 1]),
    ({"accounts": frozenset({"default"}), "account": "harbour"}, []),
    ({"accounts": frozenset({"default"}), "who": "bob@example.com"}, [5]),
    ({"accounts": frozenset()}, []),
]
"""Filters, and the numbers of the acts that they match."""


@pytest.mark.parametrize("size", [50, 2])
def test_acts_are_found_newest_first_page_by_page(store: Store, size: int) -> None:
    results = [(filters, numbers_of(store, size, **filters)) for filters, _ in CASES]

    assert results == CASES


def test_an_act_is_found_as_it_was_recorded(store: Store) -> None:
    newest = act(store, 12)

    assert (newest.at, newest.who, newest.act, newest.origin) == (
        NOON + timedelta(minutes=11),
        "key Zapier",
        "change",
        "10.0.0.1",
    )
    assert (newest.before, newest.after) == ({}, {"title": "Tour 11", "city": "Málaga"})
    assert newest.accounts == frozenset({"default", "harbour"})
    assert act(store, 3).accounts is None


def test_a_search_that_reads_very_many_stops_on_the_way_and_goes_on(store: Store) -> None:
    with store.read() as tx:
        first = tx.acts.page(ActQuery(text="thing0"), 10, patience=8)
        rest = tx.acts.page(ActQuery(text="thing0", before=first.next), 10, patience=8)

    assert (first.acts, first.is_cut, first.next) == ([], True, 5)
    assert [act.id for act in rest.acts] == [1]


def test_what_was_erased_is_no_longer_found(store: Store) -> None:
    store.write(lambda tx: tx.acts.erase_words(SubjectKind.LEAD, ["thing11"]))

    assert numbers_of(store, text="Málaga")[0] == 11
    assert act(store, 12).is_erased
    assert act(store, 12).after == {"title": "Tour 11"}
