"""Rows kept, a few hundred at a time; or only looked at."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from service import clock
from service.capture.accept import arrival_of, status_of
from service.capture.dedup import keys_of
from service.capture.sheets.cells import NoSheet, SheetRow
from service.capture.sheets.columns import Ids, meanings_of, plan_of
from service.capture.sheets.opening import open_sheet
from service.capture.sheets.rows import ReadRow, SheetReader
from service.cli.imports.tally import KNOWN, LEFT_OUT, UNREAD, Tally
from service.cli.imports.twins import Twins
from service.cli.output import progress_bar
from service.forms import Form
from service.lead import Status
from service.platforms.registry import title_of
from service.store import LATER, Arrival, DedupKey, Store

TOGETHER = 200
"""Rows in memory, and asked for, at a time."""

SAMPLE = 1000
"""Rows by which the columns are judged."""

_UNREADABLE = "it cannot be read: mostly a quotation mark that is not closed here or above"
_UNREAD = (
    "Leads that {} announced and nobody has read yet: {}. Any row may be one of them, so import when all are read."
)
_ERASED = "its person was erased: there is nothing in it"


class _Read(NamedTuple):
    line: int
    taken: ReadRow


def go_through(
    store: Store, form: Form, file: Path, platform: str = "", page: str = "", *, is_dry: bool = False
) -> Tally:
    """Take all rows of a file, or only tell what would come of them.

    platform: as the operator says, or NOBODY. page: the sheet of a workbook, "" for that with the leads.
    Raises: NoSheet, also where the operator must say whose export it is; StoreUnavailable; OSError. What was taken
    until then is known when it is taken again.
    """
    sheet = open_sheet(file, meanings_of(form), page)
    sample = [row.cells for row in islice(sheet.rows(), SAMPLE) if row.cells is not None]
    plan = plan_of(sheet.header, sample, platform)
    if plan.lacks and not is_dry:
        raise NoSheet(f"{file} {plan.lacks}")
    tally = Tally(sheet, plan, form, is_dry, warnings=[*sheet.warnings])
    taking = _Looking(store, tally) if is_dry else _Taking(store, tally)
    with progress_bar("rows", sheet.source.size) as show:
        rows = sheet.rows()
        while some := list(islice(rows, TOGETHER)):
            taking.take(some, clock.now())
            show(some[-1].done, f"{tally.rows:,} rows")
    return tally


class _Taking:
    """Keeps what the rows hold."""

    def __init__(self, store: Store, tally: Tally) -> None:
        self._store, self._tally, self._form = store, tally, tally.form
        self._reader = SheetReader(tally.plan, tally.form)
        platform = tally.plan.platform
        self._twins = Twins(store, platform, tally.form, clock.now()) if platform else None
        if self._twins and tally.plan.ids is not Ids.GOOD and (unread := self._twins.unread):
            tally.warnings.append(_UNREAD.format(title_of(platform), unread))

    def take(self, rows: Sequence[SheetRow], now: datetime) -> None:
        """Some rows: counted when they are on disk."""
        found = list(self._read(rows))
        here = self._ids_here([each.taken for each in found])
        new = [each for each in found if each.taken.lead_id not in here]
        self._count(found, KNOWN, here)
        self._keep(new, now)

    def _read(self, rows: Sequence[SheetRow]) -> Iterator[_Read]:
        for row in rows:
            if row.cells is None:
                self._tally.count(UNREAD, row.line, _UNREADABLE)
                continue
            why = self._tally.sheet.heading.why_no_lead(row.cells)
            taken = None if why else self._reader.read(row.cells)
            if taken is None:
                self._tally.count(LEFT_OUT, row.line, why or _ERASED)
                continue
            self._tally.look_at(row.cells)
            # The operator's own file: what it says is as good as a sender's that proved itself.
            yield _Read(row.line, replace(taken, submission=replace(taken.submission, is_proven=True)))

    def _ids_here(self, found: Sequence[ReadRow]) -> set[str]:
        ids = [taken.lead_id for taken in found if taken.lead_id]
        if not ids:
            return set()
        with self._store.read() as tx:
            return tx.leads.known_ids(ids)

    def _count(self, found: Sequence[_Read], fate: str, ids: set[str]) -> None:
        for each in found:
            if each.taken.lead_id in ids:
                self._tally.count(fate, each.line)

    def _keep(self, found: Sequence[_Read], now: datetime) -> None:
        here = self._keys_here(found, now, also_announced=False)
        new = []
        for each in found:  # what is here is left alone: keeping it again would count it as repeated
            if self._is_here(each, here, now):
                self._settle(each, is_known=True)
            elif not self._is_twin(each):
                new.append(each)
        receipts = self._store.keep_and_enqueue([self._arrival(each.taken, now) for each in new], LATER)
        for each, receipt in zip(new, receipts, strict=True):
            self._settle(each, is_known=receipt.repeat)

    def _keys_here(self, found: Sequence[_Read], now: datetime, *, also_announced: bool) -> set[str]:
        keys = [key.value for each in found for key in self._keys(each.taken, now)]
        with self._store.read() as tx:
            return tx.leads.known_keys(keys, now, also_announced=also_announced)

    def _arrival(self, taken: ReadRow, now: datetime) -> Arrival:
        arrival = arrival_of(taken.submission, self._form, now, taken.suspicion)
        lead = replace(arrival.lead, notify_pending=False)  # nobody is told of what came long ago
        return replace(arrival, lead=lead, keys=self._keys(taken, now))

    def _keys(self, taken: ReadRow, now: datetime) -> list[DedupKey]:
        """What makes the row known the next time: tests, too, which have no keys where they come one by one.

        The row's own key never expires and decides alone: it is made of all that the row says.
        """
        keys = keys_of(taken.submission, self._form, now)
        found = [DedupKey(key.value) if key.value.startswith("key:") else key for key in keys]
        return found or [DedupKey(f"test:{self._form.name}:{taken.row.removeprefix('import ')}")]

    def _is_here(self, each: _Read, here: Collection[str], now: datetime) -> bool:
        """Whether a row's lead is stored: by its own words, or by an id that belongs to the same person."""
        known = [key for key in self._keys(each.taken, now) if key.value in here]
        if not known or not all(key.otherwise for key in known):
            return bool(known)
        with self._store.read() as tx:
            return tx.leads.match(self._arrival(each.taken, now), now) is not None

    def _is_twin(self, each: _Read) -> bool:
        """Whether a row is a lead that its platform has brought, by its person and time; then it is counted as one."""
        twin = self._twins.twin_of(each.taken) if self._twins and not each.taken.submission.is_test else None
        if twin:
            self._tally.count(KNOWN, each.line, f"by person and time, as lead {twin.lead_id}")
        return twin is not None

    def _settle(self, each: _Read, *, is_known: bool) -> None:
        taken = each.taken
        status = status_of(taken.submission, taken.suspicion)
        why = taken.submission.problem if status is Status.PARKED else ""
        self._tally.count(KNOWN if is_known else status, each.line, "" if is_known else why)


class _Looking(_Taking):
    """Keeps nothing: tells of each row whether it is known, from the store or from the rows above."""

    def __init__(self, store: Store, tally: Tally) -> None:
        super().__init__(store, tally)
        self._seen: set[int] = set()  # hashes: of a million rows, some dozen megabytes

    def _keep(self, found: Sequence[_Read], now: datetime) -> None:
        here = self._keys_here(found, now, also_announced=True)
        for each in found:
            hashes = {hash(key.otherwise or key.value) for key in self._keys(each.taken, now)}
            is_known = self._is_here(each, here, now) or not self._seen.isdisjoint(hashes)
            if is_known or not self._is_twin(each):
                self._settle(each, is_known=is_known)
                self._seen |= hashes
