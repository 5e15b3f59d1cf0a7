"""What became of the leads of a period, by where they came from.

Whole blocks of leads have been added up in the background (outcome_blocks.py); what is left of the period, the newest
leads and blocks that changed since are read when a report is opened. So a report is exact at any moment, and fast
however many leads there are.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from service.store.block_cover import BlockCover
from service.store.database.outcome_tables import outcome_packs
from service.store.outcome_folding import OutcomePeriod, fold
from service.store.outcome_packs import ALL_FORMS, Tally, add, unpack

TalliesByForm = Mapping[str, Tally]
"""The tally of each form; that of all forms together under ALL_FORMS."""


class Outcomes(BlockCover):
    """Reading outcomes. To be used first in its transaction: all figures of a report are of one moment."""

    def tallies(
        self, kinds: Sequence[str], period: OutcomePeriod, *, knows_form: bool = False
    ) -> Mapping[str, TalliesByForm]:
        """Return the tallies of a period by kind and form. kinds: of EVERY_KIND.

        knows_form: without it, and where the period is not of one form, those of all forms are one.
        """
        knows_form = knows_form or bool(period.form)
        levels, rest = self._cover(period.since, period.until)
        tallies: Mapping[str, defaultdict[str, Tally]] = {kind: defaultdict(dict) for kind in kinds}
        of = outcome_packs.c
        for level, blocks in levels.items():
            query = select(of.kind, of.form, of.contents)
            query = query.where(of.level == level, of.block.in_(blocks), of.kind.in_(kinds))
            if period.form:
                query = query.where(of.form == period.form)
            else:
                query = query.where(of.form != ALL_FORMS if knows_form else of.form == ALL_FORMS)
            query = query.where(of.account == period.account) if period.account else query
            for kind, form, contents in self._execute(query):
                add(tallies[kind][form], unpack(contents))
        for stretch in rest:
            for (_, form), by_kind in fold(self._connection, stretch, kinds, period).items():
                for kind, tally in by_kind.items():
                    add(tallies[kind][form if knows_form else ALL_FORMS], tally)
        return tallies
