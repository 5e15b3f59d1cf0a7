"""Every figure of a report equals a second computation in plain SQL, whatever changes afterwards."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from service.attribution import attribute
from service.cli.demo import ACCOUNT
from service.cli.demo.history import histories
from service.cli.demo.sales import STAGES, costs_of
from service.forms import AttributionConfig
from service.lead import Attribution, LeadId, OtherTouch
from service.maintenance import OutcomeCounter
from service.operations.leads import DISCARD, act_on_leads
from service.operations.outcomes import BY, TOUCHES, OutcomeQuery, OutcomeRow, outcomes
from service.store import Period, SaleChange, SaleStatus, Store, Walls
from tests.attribution.visits import a_visit
from tests.builders import NOON, SOMEONE, a_form

LEADS, DAYS = 150, 40
SINCE, UNTIL = NOON - timedelta(days=31), NOON - timedelta(hours=7)
BLOCK_SIZE, FAN = 35, 2
MILESTONES = {"toured": "Tour", "proposal sent": "Proposal"}
FORMS = {"tour": a_form("tour", conversions={"received": "Lead", **MILESTONES})}

FROM = """
SELECT {value} AS value,
  count(*) AS leads,
  count(leads.delivered_at) AS delivered,
  sum(CASE WHEN EXISTS (SELECT 1 FROM sale_changes c WHERE c.lead_id = leads.id AND c.kind = 'stage'
    AND c.name = 'Toured') THEN 1 ELSE 0 END) AS tours,
  sum(CASE WHEN EXISTS (SELECT 1 FROM sale_changes c WHERE c.lead_id = leads.id AND c.kind = 'stage'
    AND c.name = 'Proposal sent') THEN 1 ELSE 0 END) AS proposals,
  sum(CASE WHEN sales.status = 'won' THEN 1 ELSE 0 END) AS won,
  sum(CASE WHEN sales.status = 'lost' THEN 1 ELSE 0 END) AS lost,
  sum(CASE WHEN sales.status = 'won' AND sales.currency = 'GBP' THEN sales.value ELSE 0 END) AS pounds,
  sum(CASE WHEN sales.status = 'won' AND sales.currency = 'EUR' THEN sales.value ELSE 0 END) AS euros,
  coalesce(sum(CASE WHEN sales.status = 'won' THEN (sales.won_at - leads.received_at) / 1000 END), 0) AS milliseconds
FROM leads LEFT JOIN sales ON sales.lead_id = leads.id
  LEFT JOIN lead_touches t ON t.lead_id = leads.id AND t.touch = '{touch}'
WHERE leads.received_at >= :since AND leads.received_at < :until {only}
  AND (leads.status IN ('pending', 'parked', 'delivered', 'announced')
    OR (leads.status = 'erased' AND leads.delivered_at IS NOT NULL))
GROUP BY 1
"""

SOURCE, MEDIUM = "coalesce(t.utm_source, leads.utm_source)", "coalesce(t.utm_medium, leads.utm_medium)"
VALUES = {
    "channel": "coalesce(t.channel, leads.channel)",
    "source_medium": f"CASE WHEN {SOURCE} = '' AND {MEDIUM} = '' THEN coalesce(t.origin, leads.origin)"
    f" ELSE {SOURCE} || ' / ' || {MEDIUM} END",
    "campaign": "coalesce(nullif(coalesce(t.utm_campaign, leads.utm_campaign), ''), '(not set)')",
    "form": "leads.form",
    "location": "coalesce(nullif(leads.location, ''), '(not set)')",
    "landing_page": "coalesce(nullif(coalesce(t.landing_page, leads.landing_page), ''), '(not set)')",
    "lead_source": "coalesce(t.lead_source, leads.lead_source)",
}

Figures = tuple[Any, ...]


def micros(at: datetime) -> int:
    """An instant as it is stored."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def by_sql(store: Store, by: str, touch: str, only: str = "") -> dict[str, Figures]:
    """Value -> figures, computed by the database."""
    query = text(FROM.format(value=VALUES[by], touch=touch, only=only))
    bounds = {"since": micros(SINCE), "until": micros(UNTIL)}
    with store._database.reading.connect() as connection:
        rows = connection.execute(query, bounds).all()
    return {
        str(value): (*map(int, (*row, won, lost)), float(pounds), float(euros), _seconds(int(total), int(won)))
        for value, *row, won, lost, pounds, euros, total in rows
    }


def _seconds(milliseconds: int, number: int) -> float | None:
    return round(milliseconds / number / 1000, 3) if number else None


def by_report(store: Store, by: str, touch: str, account: str = "", form: str = "") -> dict[str, Figures]:
    """Value -> the same figures of the report."""
    report = outcomes(store, OutcomeQuery(by, SINCE, UNTIL, touch, account, form), FORMS)
    return {str(row.key[by]): _figures(row) for row in report.rows if row.leads}


def _figures(row: OutcomeRow) -> Figures:
    value = (float(row.value.get(currency, 0)) for currency in ("GBP", "EUR"))
    return (row.leads, row.delivered, *row.milestones.values(), row.won, row.lost, *value, row.time_to_win_s)


def differences(store: Store, kinds: Iterable[tuple[str, str]]) -> list[Any]:
    """What the reports and SQL do not agree on."""
    different: list[Any] = [
        (by, touch) for by, touch in kinds if by_sql(store, by, touch) != by_report(store, by, touch)
    ]
    return different + [name for name in LISTS if origins_by_sql(store, name) != origins_by_report(store, name)]


LISTS = {
    "verdicts": ("channel", "lead_source", "rule"),
    "sources": ("utm_source", "utm_medium"),
    "by_form": ("form", "utm_source"),
    **{f"{name}s": (f"utm_{name}",) for name in ("campaign", "content", "term")},
    "codes": ("codes", "form", "utm_campaign"),
}
"""List of the report of attribution -> its columns."""


def origins_by_sql(store: Store, name: str) -> Counter[tuple[str, ...]]:
    """Leads of each origin, and delivered ones, computed by the database."""
    columns = ", ".join(LISTS[name])
    query = f"SELECT {columns}, count(*), count(delivered_at) {COUNTED} GROUP BY {columns}"
    bounds = {"since": micros(SINCE), "until": micros(UNTIL)}
    counts: Counter[tuple[str, ...]] = Counter()
    with store._database.reading.connect() as connection:
        for *what, leads, delivered in connection.execute(text(query), bounds):
            for code in json.loads(what[0]) if name == "codes" else what[:1]:
                if name in ("verdicts", "sources", "codes") or what[-1]:
                    counts[str(code), *map(str, what[1:])] += leads + 1000 * delivered
    return counts


COUNTED = """
FROM leads WHERE received_at >= :since AND received_at < :until
AND (status IN ('pending', 'parked', 'delivered', 'announced') OR (status = 'erased' AND delivered_at IS NOT NULL))
"""


def origins_by_report(store: Store, name: str) -> Counter[tuple[str, ...]]:
    """The same of the report."""
    with store.read() as tx:
        tx.statistics.fix_moment()
        counts = getattr(tx.statistics.origins(Period(SINCE, UNTIL)), name)
    return Counter({count.values: count.leads + 1000 * count.delivered for count in counts})


ALL = [(by, touch) for by in BY for touch in TOUCHES if touch == "last" or by not in ("form", "location")]
SOME = [("campaign", "last"), ("channel", "first")]


def count(store: Store, minutes: int = 5) -> int:
    """Count all blocks as the worker does, some minutes from now; returns the number of steps."""
    counter, steps = OutcomeCounter(store, BLOCK_SIZE, FAN), 0
    while counter.step(NOON + timedelta(minutes=minutes)) is not None:
        steps += 1
    return steps


@pytest.fixture
def demo(store: Store) -> Store:
    """Demo data of forty days, not counted yet."""
    return fill(store)


def fill(store: Store) -> Store:
    """Write the demo data."""
    past = list(histories(ACCOUNT, LEADS, DAYS, NOON, 3))
    store.write(lambda tx: tx.leads.write_histories(past))
    costs = list(costs_of(ACCOUNT, LEADS, DAYS, NOON, 3))
    days = {(source, ACCOUNT): {cost.day for cost in costs} for source in {cost.source for cost in costs}}
    store.write(lambda tx: tx.statistics.replace_costs(costs, days, NOON))
    return store


def some(store: Store, status: str, number: int) -> list[LeadId]:
    """Ids of the oldest leads of a status within the period."""
    query = text("SELECT id FROM leads WHERE status = :status AND received_at >= :since ORDER BY id LIMIT :number")
    with store._database.reading.connect() as connection:
        rows = connection.execute(query, {"status": status, "since": micros(SINCE), "number": number})
        return [LeadId(lead_id) for lead_id in rows.scalars()]


def blocks(store: Store) -> dict[int, int]:
    """Counted blocks by level."""
    query = text("SELECT level, count(*) FROM outcome_blocks WHERE packs_version = version GROUP BY level")
    with store._database.reading.connect() as connection:
        return {int(level): int(number) for level, number in connection.execute(query)}


def test_every_figure_is_that_of_plain_sql_before_and_after_blocks_are_counted(demo: Store) -> None:
    assert differences(demo, SOME) == []

    count(demo, minutes=0)
    count(demo)

    assert blocks(demo) == {1: 4, 2: 2, 3: 1}
    assert differences(demo, ALL) == []
    row = by_report(demo, "channel", "last")["Paid Search"]
    assert all(row), row


def test_what_happens_to_leads_of_counted_blocks_is_counted_at_once_and_kept(demo: Store) -> None:
    count(demo, minutes=0)
    count(demo)
    won, erased, discarded, moved = (some(demo, *step) for step in STEPS)

    for change in (
        lambda: win(demo, won),
        lambda: demo.erase(erased, NOON),
        lambda: act_on_leads(demo, SOMEONE, DISCARD, discarded, NOON),
        lambda: reattribute(demo, moved),
    ):
        change()
        assert differences(demo, SOME) == []
    assert count(demo, minutes=10) > 0

    assert differences(demo, [*SOME, ("location", "last")]) == []
    assert count(demo, minutes=20) == 0


STEPS = (("delivered", 3), ("delivered", 5), ("parked", 1), ("quarantined", 2))


def win(store: Store, lead_ids: list[LeadId]) -> None:
    """They are won at last, after another tour."""
    with store.read() as tx:
        sales = tx.crm.sales_of(lead_ids)
    won = [replace(each, status=SaleStatus.WON, value=99.5, won_at=NOON) for each in sales.values()]
    changes = [SaleChange(lead_id, "stage", name, NOON, NOON) for lead_id in lead_ids for _, name, *_ in STAGES[3:]]
    store.write(lambda tx: tx.crm.save_sales(won, changes))


def reattribute(store: Store, lead_ids: list[LeadId]) -> None:
    """They came from a campaign that nobody knew before."""
    new = attribute(a_visit("utm_source=partner&utm_medium=referral&utm_campaign=new"), AttributionConfig())
    first = OtherTouch("first", replace(new, channel="Audio"))
    changed = store.write(lambda tx: tx.leads.reattribute(dict.fromkeys(lead_ids, new), dict.fromkeys(lead_ids, first)))
    assert changed == set(lead_ids)


def test_one_account_and_one_form_have_their_own_figures_in_blocks_as_well(sqlite: Store) -> None:
    demo = fill(sqlite)
    with demo._database.writing.begin() as connection:
        connection.execute(text("UPDATE leads SET account = 'other' WHERE form = 'tour' OR id LIKE '%7'"))
    count(demo, minutes=0)
    count(demo)
    theirs = demo.within(lambda: Walls(frozenset({"other"})))

    for by, touch in SOME:
        of_account = by_sql(demo, by, touch, "AND leads.account = 'other'")
        assert by_report(theirs, by, touch) == by_report(demo, by, touch, account="other") == of_account
        assert by_report(demo, by, touch, form="tour") == by_sql(demo, by, touch, "AND leads.form = 'tour'")
    whole, part = (origins_by_report(store, "verdicts").total() for store in (demo, theirs))
    assert 0 < part < whole


def test_a_block_that_a_worker_of_the_last_version_has_counted_is_read_lead_by_lead(sqlite: Store) -> None:
    demo = fill(sqlite)
    count(demo, minutes=0)
    count(demo)

    with demo._database.writing.begin() as connection:  # it saw a change, and knows of no packs
        connection.execute(text("UPDATE sales SET status = 'won', won_at = seen_at WHERE status = 'lost'"))
        connection.execute(text("UPDATE outcome_blocks SET version = version + 2, is_counted = true"))
        connection.execute(text("DELETE FROM outcome_changes"))
    assert differences(demo, SOME) == []

    assert count(demo, minutes=10) > 0
    assert blocks(demo) == {1: 4, 2: 2, 3: 1}
    assert differences(demo, SOME) == []


def test_costs_add_up_to_what_was_imported_and_stand_where_the_leads_are(sqlite: Store) -> None:
    demo = fill(sqlite)
    query = text("SELECT campaign, sum(amount) FROM costs WHERE day >= :since AND day <= :until GROUP BY campaign")
    bounds = {"since": SINCE.date().isoformat(), "until": UNTIL.date().isoformat()}
    with demo._database.reading.connect() as connection:
        known = {name: int(amount) / 10_000 for name, amount in connection.execute(query, bounds)}
    rows = outcomes(demo, OutcomeQuery("campaign", SINCE, UNTIL), FORMS).rows

    costs = {row.key["campaign"]: row.cost["GBP"] for row in rows if row.cost}

    assert costs == {
        "offices-city": known["Offices – City"],
        "brand": known["Brand"],
        "founders": known["Founders"],
        **{name: known[name] for name in known if name not in ("Offices – City", "Brand", "Founders")},
    }
    for by in ("channel", "source_medium", "lead_source"):
        total: defaultdict[str, float] = defaultdict(float)
        for row in outcomes(demo, OutcomeQuery(by, SINCE, UNTIL, "first"), FORMS).rows:
            for currency, amount in row.cost.items():
                total[currency] += amount
        assert total == {"GBP": pytest.approx(sum(known.values()))}


def test_the_demo_has_people_who_came_twice() -> None:
    others = [each.lead.other_touch for each in histories(ACCOUNT, 200, DAYS, NOON, 3)]

    assert sum(other is not None for other in others) > 10
    assert all(isinstance(other.attribution, Attribution) for other in others if other)
