"""What campaigns cost, by day, as imported from the exports of ad platforms."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select

from service.store.database.outcome_tables import costs
from service.store.database.repository import Repository


@dataclass(frozen=True, slots=True)
class Cost:
    """What a campaign cost on one day. source: the platform. amount: in ten-thousandths of `currency` (ISO 4217)."""

    day: date
    source: str
    campaign: str
    campaign_id: str
    currency: str
    amount: int


class CampaignCost(NamedTuple):
    """What a campaign cost in a period."""

    source: str
    campaign: str
    campaign_id: str
    currency: str
    amount: int


class Costs(Repository):
    """Costs of campaigns."""

    def costs_between(self, first: date, last: date) -> list[CampaignCost]:
        """Return the costs of a range of days, both included, by campaign and currency."""
        of = costs.c
        keys = (of.source, of.campaign, of.campaign_id, of.currency)
        query = select(*keys, func.sum(of.amount)).where(of.day >= first.isoformat(), of.day <= last.isoformat())
        rows = self._execute(query.group_by(*keys).order_by(*keys))
        return [CampaignCost(*row[:4], int(row[4])) for row in rows]

    def has_costs(self) -> bool:
        """Return whether any cost is known."""
        return self._execute(select(costs.c.id).limit(1)).first() is not None

    def replace_costs(self, new: Sequence[Cost], now: datetime) -> int:
        """Store costs in place of those of the same sources and days; returns how many were replaced."""
        replaced = 0
        for source in sorted({cost.source for cost in new}):
            days = sorted({cost.day.isoformat() for cost in new if cost.source == source})
            for start in range(0, len(days), 500):
                own = (costs.c.source == source, costs.c.day.in_(days[start : start + 500]))
                replaced += self._execute(delete(costs).where(*own)).rowcount
        self._keep(new, now)
        return replaced

    def _keep(self, new: Iterable[Cost], now: datetime) -> None:
        rows = [{**asdict(cost), "day": cost.day.isoformat(), "imported_at": now} for cost in new]
        if rows:
            self._execute(insert(costs), rows)

    def count_costs(self, new: Iterable[Cost]) -> int:
        """Return how many stored costs replace_costs would replace."""
        keys = {(cost.source, cost.day.isoformat()) for cost in new}
        sources = {source for source, _ in keys}
        stored = self._execute(select(costs.c.source, costs.c.day).where(costs.c.source.in_(sources)))
        return sum((row.source, row.day) in keys for row in stored)

    def remove_costs(self, source: str) -> int:
        """Delete all costs of a source; returns how many."""
        return self._execute(delete(costs).where(costs.c.source == source)).rowcount
