"""Walls in the store: what a transaction of somebody who sees some accounts reads, counts and changes."""

from datetime import timedelta

import pytest
from sqlalchemy import Column, MetaData, Table, Text, delete, func, insert, select, text, update

from service.lead import Lead, Status
from service.store import DateRange, Query, SortOrder, Store, Transaction, Walls
from service.store.alert_log import is_within
from service.store.database.tables import attempts, deliveries, leads
from service.store.database.walls import OWNERS, NotWalled, beyond_walls, walled
from tests.builders import NOON, a_lead
from tests.front import count_days
from tests.store.actions import enqueue, stored_lead
from tests.tables import each_row

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


@pytest.mark.parametrize("accounts", [set(), {OWN}, {OWN, "marina"}], ids=["none", "one", "several"])
def test_each_engine_can_execute_the_condition_of_each_table(store: Store, accounts: set[str]) -> None:
    two_leads(store)

    with within(store, Walls(frozenset(accounts), frozenset({"tour"} if accounts else ()))).read() as tx:
        numbers = {
            name: tx._execute(select(func.count()).select_from(leads.metadata.tables[name])).scalar_one()
            for name in OWNERS
        }

    assert (numbers["leads"], numbers["deliveries"], numbers["setups"]) == (len(accounts & {OWN}),) * 2 + (0,)


UNLISTED = Table("unlisted", MetaData(), Column("id", Text))


@pytest.mark.parametrize(
    "statement",
    [text("SELECT 1"), select(UNLISTED.c.id), update(UNLISTED).values(id=""), delete(UNLISTED)],
    ids=["text", "a table without an owner", "its change", "its deletion"],
)
def test_what_may_be_foreign_is_refused(statement: object) -> None:
    with pytest.raises(NotWalled):
        str(walled(statement, WALLS))  # type: ignore[arg-type]


def test_a_statement_beyond_the_walls_is_left_as_it_is() -> None:
    statement = beyond_walls(select(leads.c.id))

    assert walled(statement, WALLS) is statement


def test_one_compiled_statement_serves_everybody_with_their_own_accounts(store: Store) -> None:
    by_account = {lead.account: lead.id for lead in two_leads(store)}
    own, foreign = by_account[OWN], by_account[FOREIGN]
    query = select(leads.c.id).where(leads.c.received_at > NOON - timedelta(days=1), leads.c.id.in_([own, foreign]))
    change = update(leads).where(leads.c.id.in_([own, foreign])).values(problem="seen").returning(leads.c.id)

    for accounts in ({OWN}, {FOREIGN}, {"marina"}, {OWN, FOREIGN}, {OWN}):
        limited = within(store, Walls(frozenset(accounts)))
        seen = {by_account[account] for account in accounts if account in by_account}
        with limited.read() as tx:
            assert set(tx._execute(query).scalars()) == seen
        assert set(limited.write(lambda tx: tx._execute(change).scalars().all())) == seen


@pytest.mark.parametrize("walls", [WALLS, Walls(frozenset({FOREIGN}), frozenset({"a", "b"}))], ids=["own", "foreign"])
def test_a_subquery_beyond_the_walls_shares_no_compiled_statement_with_one_within(walls: Walls) -> None:
    inner, outer = select(leads.c.id).limit(1), leads.c.id
    statements = [
        [kind(each) for each in (inner, beyond_walls(inner))]
        for kind in (
            lambda part: select(outer).where(outer.in_(part)),
            lambda part: select(part.subquery().c.id),
            lambda part: select(part.scalar_subquery()),
            lambda part: select(outer).where(part.exists()),
            lambda part: select(outer).union(part),
            lambda part: select(part.cte().c.id),
            lambda part: update(leads).where(outer.in_(part)).values(problem=""),
            lambda part: delete(leads).where(outer.in_(part)),
            lambda part: insert(UNLISTED).from_select(["id"], part),
        )
    ]

    for pair in statements:
        within_walls, beyond = (walled(each, walls)._generate_cache_key() for each in pair)  # type: ignore[attr-defined]
        assert within_walls.key != beyond.key
        assert within_walls.key == walled(pair[0], WALLS)._generate_cache_key().key  # type: ignore[attr-defined]


def test_the_walls_are_asked_for_with_every_transaction(sqlite: Store) -> None:
    own, foreign = two_leads(sqlite)
    answers = iter([WALLS, None, Walls(frozenset({FOREIGN}))])
    limited = sqlite.within(lambda: next(answers))

    shown = []
    for _ in range(3):
        with limited.read() as tx:
            shown.append({lead.id for lead in tx.search.leads(Query(), 10)})

    assert shown == [{own.id}, {own.id, foreign.id}, {foreign.id}]


@each_row(
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
