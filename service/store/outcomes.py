"""Sales outcomes of a period's leads, by origin.

Whole blocks of leads are added up in the background (outcome_blocks.py); the rest of the period, the newest leads and
blocks that changed since are read when a report is opened. So a report is exact at any moment, and fast however many
leads there are.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import select

from service.store.block_cover import BlockCover, CountedBlock
from service.store.database.outcome_tables import outcome_packs
from service.store.outcome_folding import OutcomePeriod, fold
from service.store.outcome_packs import ALL_FORMS, Tally, add, unpack

TalliesByForm = Mapping[str, Tally]
"""The tally of each form; under ALL_FORMS, that of all forms together."""


class Outcomes(BlockCover):
    """Reading outcomes. Use it first in a transaction: all figures of a report are of one moment."""

    def tallies(
        self, kinds: Sequence[str], period: OutcomePeriod, *, knows_form: bool = False
    ) -> Mapping[str, TalliesByForm]:
        """Return the tallies of a period by kind and form. kinds: of EVERY_KIND.

        knows_form: False joins the tallies of all forms, unless the period is of one form.
        """
        knows_form = knows_form or bool(period.form)
        levels, rest = self._cover(period.since, period.until)
        tallies: Mapping[str, defaultdict[str, Tally]] = {kind: defaultdict(dict) for kind in kinds}
        for blocks in levels.values():
            for kind, by_form in self._of_blocks(blocks, kinds, period, knows_form=knows_form):
                for form, tally in by_form.items():
                    add(tallies[kind][form], tally)
        for stretch in rest:
            for (_, form), by_kind in fold(self._connection, stretch, kinds, period).items():
                for kind, tally in by_kind.items():
                    add(tallies[kind][form if knows_form else ALL_FORMS], tally)
        return tallies

    def _of_blocks(
        self, blocks: Sequence[CountedBlock], kinds: Sequence[str], period: OutcomePeriod, *, knows_form: bool
    ) -> Iterator[tuple[str, TalliesByForm]]:
        """Yield each kind with its tallies of some blocks of one level; the process caches them as JSON."""
        keys = {kind: self._key_of(blocks, kind, period.account, period.form, knows_form) for kind in kinds}
        kept = {kind: self._database.sums.find(key) for kind, key in keys.items()}
        yield from ((kind, json.loads(written)) for kind, written in kept.items() if written is not None)
        missing = [kind for kind, written in kept.items() if written is None]
        if not missing:
            return
        of = outcome_packs.c
        inside = (of.level == blocks[0].level, of.block.in_([block.since for block in blocks]))
        query = select(of.kind, of.form, of.contents).where(*inside, of.kind.in_(missing))
        if period.form:
            query = query.where(of.form == period.form)
        else:
            query = query.where(of.form != ALL_FORMS if knows_form else of.form == ALL_FORMS)
        query = query.where(of.account == period.account) if period.account else query
        added: dict[str, defaultdict[str, Tally]] = {kind: defaultdict(dict) for kind in missing}
        for kind, form, contents in self._execute(query):
            add(added[kind][form], unpack(contents))
        for kind, by_form in added.items():
            written = json.dumps(by_form, separators=(",", ":")).encode("ascii")
            self._database.sums.keep(keys[kind], written, len(written))
            yield kind, by_form
