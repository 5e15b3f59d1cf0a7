"""Walls in the store: what a transaction of somebody who sees some accounts reads, counts and changes."""

from datetime import timedelta

import pytest
from sqlalchemy import Column, MetaData, Table, Text, delete, func, select, text, update

from service.lead import Lead, Status
from service.store import DateRange, Query, SortOrder, Store, Transaction, Walls
from service.store.alert_log import is_within
from service.store.database.tables import attempts, deliveries, leads
from service.store.database.walls import NotWalled, beyond_walls, walled
from tests.builders import NOON, a_lead
from tests.front import count_days
from tests.store.actions import enqueue, stored_lead

OWN, FOREIGN = "harbour", "default"

WALLS = Walls(frozenset({OWN}), frozenset({"tour"}))


def within(store: Store, walls: Walls = WALLS) -> Store:
    """The store as somebody of the account `harbour` has it."""
    return store.within(lambda: walls)


def two_leads(store: Store) -> tuple[Lead, Lead]:
    """A lead of one's own and a younger foreign one, of the same person."""
    own = enqueue(store, a_lead(account=OWN), person="own")
    return own, enqueue(store, a_lead(account=FOREIGN, received_at=NOON + timedelta(minutes=1)), person="foreign")


def test_a_foreign_lead_is_read_as_none(store: Store) -> None:
    own, foreign = two_leads(store)

    with within(store).read() as tx:
        assert [tx.leads.get(each.id) is not None for each in (own, foreign)] == [True, False]


@pytest.mark.parametrize("order", ["", "name"])
@pytest.mark.parametrize("accounts", [{OWN}, {OWN, "marina"}, set()], ids=["one", "several", "none"])
def test_lists_searches_and_counts_leave_foreign_leads_out(store: Store, accounts: set[str], order: str) -> None:
    own, _ = two_leads(store)
    walls = Walls(frozenset(accounts))

    with within(store, walls).read() as tx:
        for query in (Query(), Query(text="ada"), Query(status="pending"), Query(sender="browser", text="lovelace")):
            shown = tx.search.sorted_page(query, SortOrder(order), 10).leads if order else tx.search.leads(query, 10)
            assert [lead.id for lead in shown] == ([own.id] if OWN in accounts else [])
            assert tx.search.count(query).number == len(accounts & {OWN})
            assert tx.search.count_by_status(query) == ({Status.PENDING: 1} if OWN in accounts else {})


def test_an_account_that_is_not_seen_cannot_be_asked_for(store: Store) -> None:
    two_leads(store)

    with within(store).read() as tx:
        assert tx.search.leads(Query(account=FOREIGN), 10) == []


def test_foreign_leads_are_not_changed(store: Store) -> None:
    own, foreign = two_leads(store)
    before = stored_lead(store, foreign)

    def discard(tx: Transaction) -> None:
        tx.queue.withdraw([own.id, foreign.id])
        tx.leads.set_status([own.id, foreign.id], Status.DISCARDED)

    within(store).write(discard)

    assert stored_lead(store, own).status is Status.DISCARDED
    assert stored_lead(store, foreign) == before


def test_days_are_counted_by_account(store: Store) -> None:
    two_leads(store)
    count_days(store)

    with within(store).read() as tx:
        assert tx.statistics.by_value("status", DateRange("2026-11-01", "2026-11-30")) == [("pending", 1, 0)]


def test_every_part_of_a_statement_is_limited(store: Store) -> None:
    own, _ = two_leads(store)
    inner = select(leads.c.id).order_by(leads.c.id.desc()).limit(1)
    statements = (
        select(leads.c.id),
        select(leads.c.id).where(leads.c.id.in_(inner)),
        select(func.max(leads.c.id)),
        select(deliveries.c.lead_id).outerjoin(attempts, attempts.c.lead_id == deliveries.c.lead_id),
        select(inner.subquery().c.id),
        select(leads.alias("other").c.id),
        select(leads.c.id).union(select(deliveries.c.lead_id)),
    )

    with within(store).read() as tx:
        for statement in statements:
            assert set(tx._execute(statement).scalars()) == {own.id}, statement


UNLISTED = Table("unlisted", MetaData(), Column("id", Text))


@pytest.mark.parametrize(
    "statement",
    [text("SELECT 1"), select(UNLISTED.c.id), update(UNLISTED).values(id=""), delete(UNLISTED)],
    ids=["text", "a table without an owner", "its change", "its deletion"],
)
def test_what_may_be_foreign_is_refused(statement: object) -> None:
    with pytest.raises(NotWalled):
        walled(statement, WALLS)  # type: ignore[arg-type]


def test_a_statement_beyond_the_walls_is_left_as_it_is() -> None:
    statement = beyond_walls(select(leads.c.id))

    assert walled(statement, WALLS) is statement


def test_the_walls_are_asked_for_with_every_transaction(sqlite: Store) -> None:
    own, foreign = two_leads(sqlite)
    answers = iter([WALLS, None, Walls(frozenset({FOREIGN}))])
    limited = sqlite.within(lambda: next(answers))

    shown = []
    for _ in range(3):
        with limited.read() as tx:
            shown.append({lead.id for lead in tx.search.leads(Query(), 10)})

    assert shown == [{own.id}, {own.id, foreign.id}, {foreign.id}]


@pytest.mark.parametrize(
    ("cause", "is_seen"),
    [
        ("login:harbour", True),
        ("login:default", False),
        ("setup:harbour:tour:stage", True),
        ("setup:default:tour:stage", False),
        ("silence:tour", True),
        ("silence:harbour", False),
        ("stuck:harbour", True),
        ("stuck:tour:meta", True),
        ("stuck:harbour:meta", False),
        ("erasure:parked", False),
        ("worker", False),
        ("disk:leads", False),
        ("something-new:tour", False),
    ],
)
def test_an_alert_is_seen_by_whom_it_concerns(cause: str, *, is_seen: bool) -> None:
    assert is_within(cause, WALLS) is is_seen
