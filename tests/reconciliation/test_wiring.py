"""The wiring of the ledger: its calls leave room for deliveries, and platforms are asked what they have."""

import threading
from collections.abc import Callable, Iterator

import pytest

from service import clock
from service.forms import Canary
from service.reconciliation.rounds import Rhythm, Stopped
from service.reconciliation.wiring import asking, book_of, compare, keep_books
from service.simulator.server import Simulator
from service.store import Pace, Store
from tests.builders import a_form, a_lead
from tests.delivery.conftest import Env, a_context
from tests.fetching.conftest import Env as Office
from tests.fetching.platforms import Platforms, meta_error, meta_lead
from tests.fetching.test_pulling import NOW, WEEK, a_page
from tests.processes import wait_until


def sleeping(slept: list[float], most: int) -> Callable[[float], None]:
    """Sleeps by noting it, and stops after so many times."""

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) > most:
            raise Stopped

    return sleep


def test_the_ledger_waits_for_turns_that_deliveries_leave(store: Store, nexudus: Simulator) -> None:
    context = a_context(store, nexudus, {}, pace=Pace(4, 60))
    slept: list[float] = []
    book = book_of("default", context, store, sleeping(slept, 3), tempo_s=0)

    book.wait()
    book.wait()
    with pytest.raises(Stopped):
        book.wait()

    assert slept == [0, 0, 0, 5.0]
    for _ in range(2):
        context.pacer.pass_one(is_write=False)  # at once, or OutOfPace


def test_the_opportunities_of_test_leads_may_be_cleared_away(store: Store, nexudus: Simulator) -> None:
    forms = {"contact": a_form(), "canary": a_form("canary", canary=Canary(3600, "canary@example.com"))}

    book = book_of("default", a_context(store, nexudus, forms), store, clock.sleep)

    assert book.passing == {"canary"}


def test_each_account_is_read_while_the_service_runs(store: Store, nexudus: Simulator) -> None:
    context = a_context(store, nexudus, {"contact": a_form()})
    env, stop = Env(store, nexudus, context), threading.Event()
    lead = env.owes(a_lead())
    env.deliver_until_quiet()

    def is_seen() -> bool:
        with store.read() as tx:
            return lead.id in tx.crm.sales_of([lead.id])

    keep_books({"default": context}, [], store, stop, Rhythm(look_s=0.05))

    wait_until(is_seen, 10, "the sale")
    stop.set()
    wait_until(lambda: all(each.name != "ledger-default" for each in threading.enumerate()), 5, "the thread's end")


@pytest.fixture
def office(store: Store) -> Iterator[Office]:
    """An installation with a stand-in for the platforms."""
    with Platforms() as platforms:
        yield Office(store, platforms)


def test_what_a_platform_has_and_we_have_not_is_listed_and_not_fetched(office: Office) -> None:
    office.sets("meta", lead_forms=["900"])
    office.platforms.says("/v26.0/900/leads", a_page(meta_lead("1"), meta_lead("2")))
    office.hears("1")

    told = compare(office.line("meta"), office.store, NOW - WEEK, NOW)

    assert (told.listed, told.missing, told.problem) == (2, ("2",), "")
    assert len(office.leads()) == 1


def test_people_who_were_forgotten_are_not_missed(office: Office) -> None:
    office.sets("meta", lead_forms=["900"])
    office.platforms.says("/v26.0/900/leads", a_page(meta_lead("1")))
    ids = office.hears("1")
    office.store.erase(ids, clock.now())

    told = compare(office.line("meta"), office.store, NOW - WEEK, clock.now())

    assert (told.listed, told.missing) == (1, ())


def test_a_platform_that_refuses_is_told_as_it_is(office: Office) -> None:
    office.sets("meta", lead_forms=["900"])
    office.platforms.says("/v26.0/900/leads", meta_error(190))

    told = compare(office.line("meta"), office.store, NOW - WEEK, NOW)

    assert (told.listed, told.missing) == (0, ())
    assert told.problem


def test_only_the_platforms_of_the_accounts_own_forms_are_asked(office: Office) -> None:
    office.sets("meta", lead_forms=["900"])
    office.platforms.says("/v26.0/900/leads", a_page(meta_lead("1")))
    office.platforms.says("/rest/leadFormResponses", {"elements": []})

    mine = list(asking("default", office.lines(), office.store)(clock.now() - WEEK))

    assert [one.sender for one in mine] == ["meta", "linkedin"]
    assert list(asking("harbour", office.lines(), office.store)(None)) == []
