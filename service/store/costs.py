"""Costs of campaigns by day, as imported from the exports of ad platforms."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, func, insert, select, true

from service.store.database.outcome_tables import costs
from service.store.database.repository import Repository


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of a campaign on one day. source: the platform; account: its account there, "" unknown.

    amount: in ten-thousandths of `currency` (ISO 4217, "" unknown).
    """

    day: date
    source: str
    account: str
    campaign: str
    campaign_id: str
    currency: str
    amount: int


CostDays = Mapping[tuple[str, str], Collection[date]]
"""Source and account -> days."""


class CampaignCost(NamedTuple):
    """Cost of a campaign in a period."""

    source: str
    campaign: str
    campaign_id: str
    currency: str
    amount: int


class Costs(Repository):
    """Costs of campaigns."""

    def costs_between(self, first: date, last: date, operator: str = "") -> list[CampaignCost]:
        """Return the costs of a range of days, both ends included, by campaign and currency. operator: "" for all."""
        of = costs.c
        keys = (of.source, of.campaign, of.campaign_id, of.currency)
        query = select(*keys, func.sum(of.amount)).where(of.day >= first.isoformat(), of.day <= last.isoformat())
        if operator:
            query = query.where(of.operator == operator)
        rows = self._execute(query.group_by(*keys).order_by(*keys))
        return [CampaignCost(*row[:4], int(row[4])) for row in rows]

    def replace_costs(self, new: Sequence[Cost], days: CostDays, now: datetime, operator: str = "") -> int:
        """Replace all costs known for these days; returns how many amounts were replaced.

        operator: the Nexudus account that bears the costs, "" for no one in particular, whose costs are also replaced.
        """
        own = costs.c.operator.in_((operator, ""))
        replaced = sum(self._execute(delete(costs).where(own, *of_days)).rowcount for of_days in _of_days(days))
        more = {"imported_at": now, "operator": operator}
        rows = [{**asdict(cost), "day": cost.day.isoformat(), **more} for cost in new]
        if rows:
            self._execute(insert(costs), rows)
        return replaced

    def count_costs(self, days: CostDays, operator: str = "") -> int:
        """Return how many amounts `replace_costs` would replace."""
        own = costs.c.operator.in_((operator, ""))
        counting = (select(func.count()).select_from(costs).where(own, *of_days) for of_days in _of_days(days))
        return sum(int(self._execute(query).scalar_one()) for query in counting)

    def remove_costs(self, account: str) -> int:
        """Delete all costs of an account at the platforms; returns how many amounts."""
        return self._execute(delete(costs).where(costs.c.account == account)).rowcount


def _of_days(days: CostDays) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """Yield conditions that match the costs of these days, some hundred days in each.

    Costs without an account match those of any account of the same source: two files, only one of which names it.
    """
    for (source, account), own in sorted(days.items()):
        ordered = sorted(day.isoformat() for day in own)
        of_account = costs.c.account.in_((account, "")) if account else true()
        for start in range(0, len(ordered), 500):
            batch = costs.c.day.in_(ordered[start : start + 500])
            yield costs.c.source == source, of_account, batch
