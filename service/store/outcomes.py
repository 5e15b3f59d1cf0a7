"""What became of the leads of a period, by where they came from.

Leads that agree in everything that a report distinguishes are one cell. Whole blocks of leads have been folded into
cells in the background (outcome_blocks.py); what is left of the period, the newest leads and blocks that changed since
are folded when a report is opened. So a report is exact at any moment, and fast however many leads there are.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, literal_column, select

from service.lead import first_lead_id
from service.store.block_cover import BlockCover, Stretch
from service.store.database.outcome_tables import outcome_cells
from service.store.outcome_folding import MEASURES, OutcomePeriod, folded, kind_of


class OutcomeCell(NamedTuple):
    """Leads that agree in everything that a report distinguishes, and what became of them.

    left_out: the status for which they are left out, "" for none. stages: those that they have entered, joined by
    JOINT. amount: of the won ones, in ten-thousandths of `currency`. timed, to_win_ms: those won at a known time, and
    the time from arrival that it took them all together.
    """

    value: str
    form: str
    left_out: str
    stages: str
    currency: str
    leads: int
    delivered: int
    won: int
    lost: int
    amount: int
    timed: int
    to_win_ms: int


class Outcomes(BlockCover):
    """Reading outcomes. To be used first in its transaction: all figures of a report are of one moment."""

    def outcome_cells(
        self, by: str, touch: str, period: OutcomePeriod, *, knows_form: bool = True
    ) -> list[OutcomeCell]:
        """Return the cells of a period. by: one of BY_TOUCH or OF_LEAD; touch: LAST or FIRST.

        knows_form: without it, those of several forms are one cell, of the form "": there are much fewer then.
        """
        levels, rest = self._cover_of(period)
        rows: list[Any] = []
        for level, blocks in levels.items():
            rows += self._kept(level, blocks, kind_of(by, touch), period, knows_form=knows_form)
        for stretch in rest:
            rows += self._execute(*folded(by, touch, stretch, period))
        return [OutcomeCell(*row[:5], *map(int, row[5:])) for row in rows]

    def campaign_origins(self, touch: str, period: OutcomePeriod, *, include_left_out: bool) -> Counter[str]:
        """Count the leads of each campaign_origin in a period, of every form."""
        levels, rest = self._cover_of(period)
        of, counts = outcome_cells.c, Counter[str]()
        for level, blocks in levels.items():
            query = select(of.value, func.sum(of.leads).label("number")).group_by(of.value)
            query = query.where(of.level == level, of.block.in_(blocks), of.kind == kind_of("campaign_origin", touch))
            query = query if include_left_out else query.where(of.left_out == "")
            query = query.where(of.account == period.account) if period.account else query
            for value, number in self._execute(query):
                counts[value] += int(number)
        for stretch in rest:
            for row in self._execute(*folded("campaign_origin", touch, stretch, period)):
                if include_left_out or not row.left_out:
                    counts[row.value] += int(row.leads)
        return counts

    def _cover_of(self, period: OutcomePeriod) -> tuple[dict[int, list[str]], list[Stretch]]:
        inside = Stretch(_next_id(period.since), first_lead_id(period.until))
        return self._cover(inside, Stretch(first_lead_id(period.since), _next_id(period.until)))

    def _kept(
        self, level: int, blocks: Sequence[str], kind: str, period: OutcomePeriod, *, knows_form: bool
    ) -> Iterable[Any]:
        of = outcome_cells.c
        keys = [of.value, of.form, of.left_out, of.stages, of.currency]
        shown: list[Any] = [*keys]
        if not knows_form:
            keys.remove(of.form)
            shown[1] = literal_column("''")
        query = select(*shown, *(func.sum(of[name]) for name in MEASURES))
        query = query.where(of.level == level, of.block.in_(blocks), of.kind == kind)
        if period.account:
            query = query.where(of.account == period.account)
        if period.form:
            query = query.where(of.form == period.form)
        return self._execute(query.group_by(*keys))


def _next_id(instant: datetime) -> str:
    """Return the smallest id of which no lead has arrived before an instant, which is finer than ids."""
    return f"{int(first_lead_id(instant)[:12], 16) + bool(instant.microsecond):012x}{'0' * 20}"
