"""Stores the rows of a file, some hundred at a time, or only examines them."""

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
from service.cli.imports.duplicates import PlatformDuplicates
from service.cli.imports.outcome import KNOWN, LEFT_OUT, UNREAD, ImportOutcome
from service.cli.output import printable, progress_bar
from service.forms import Form
from service.lead import Status
from service.platforms.registry import title_of
from service.store import LATER, Arrival, DedupKey, Store

BATCH_SIZE = 200
"""Rows that are in memory, looked up and stored together."""

SAMPLE_SIZE = 1000
"""Rows from which the meaning of the columns is determined."""

_UNREADABLE = "it cannot be read: usually because of a quotation mark that is not closed here or above"
_ANNOUNCED = (
    "Leads announced by {} but not fetched yet: {}. Any row may be one of them, so import once all are fetched."
)
_ERASED = "the person was erased: the row holds no personal data"
_NOT_UNDERSTOOD = (
    "has no column that is understood ({}): name its columns in [forms.{}.fields] of the forms file, such as "
    'email = "Mail"'
)


class _Row(NamedTuple):
    line: int
    lead: ReadRow


def import_file(
    store: Store, form: Form, file: Path, platform: str = "", sheet_name: str = "", *, is_dry: bool = False
) -> ImportOutcome:
    """Take all rows of a file, or only determine what would become of them.

    platform: the operator's word for it, or NOBODY. sheet_name: of a workbook; "" for the only one with leads.
    Raises: NoSheet, also where no column is understood or the operator must name the platform; StoreUnavailable;
    OSError. Rows that were taken by then are known when the file is imported again.
    """
    meaning = meanings_of(form)
    sheet = open_sheet(file, meaning, sheet_name)
    sample = [row.cells for row in islice(sheet.rows(), SAMPLE_SIZE) if row.cells is not None]
    plan = plan_of(sheet.header, sample, platform)
    if not plan.is_ours and not any(map(meaning, plan.header)):
        names = ", ".join(printable(name)[:40] for name in plan.header[:5])
        raise NoSheet(f"{file} {_NOT_UNDERSTOOD.format(names, form.name)}")
    if plan.lacks and not is_dry:
        raise NoSheet(f"{file} {plan.lacks}")
    outcome = ImportOutcome(sheet, plan, form, is_dry, warnings=[*sheet.warnings])
    importer = _DryImporter(store, outcome) if is_dry else _Importer(store, outcome)
    with progress_bar("rows", sheet.source.size) as show:
        rows = sheet.rows()
        while batch := list(islice(rows, BATCH_SIZE)):
            importer.take(batch, clock.now())
            show(batch[-1].done, f"{outcome.rows:,} rows")
    return outcome


class _Importer:
    """Stores the leads of the rows."""

    def __init__(self, store: Store, outcome: ImportOutcome) -> None:
        self._store, self._outcome, self._form = store, outcome, outcome.form
        self._reader = SheetReader(outcome.plan, outcome.form)
        platform = outcome.plan.platform
        self._duplicates = PlatformDuplicates(store, platform, outcome.form, clock.now()) if platform else None
        if self._duplicates and outcome.plan.ids is not Ids.GOOD and (number := self._duplicates.announced):
            outcome.warnings.append(_ANNOUNCED.format(title_of(platform), number))

    def take(self, rows: Sequence[SheetRow], now: datetime) -> None:
        """Take some rows; each is counted once it is on disk."""
        batch = list(self._read(rows))
        known_ids = self._known_ids([row.lead for row in batch])
        for row in batch:
            if row.lead.lead_id in known_ids:
                self._outcome.count(KNOWN, row.line)
        self._keep([row for row in batch if row.lead.lead_id not in known_ids], now)

    def _read(self, rows: Sequence[SheetRow]) -> Iterator[_Row]:
        for row in rows:
            if row.cells is None:
                self._outcome.count(UNREAD, row.line, _UNREADABLE)
                continue
            reason = self._outcome.sheet.heading.why_no_lead(row.cells)
            lead = None if reason else self._reader.read(row.cells)
            if lead is None:
                self._outcome.count(LEFT_OUT, row.line, reason or _ERASED)
                continue
            self._outcome.note_columns(row.cells)
            # The operator's own file is as trustworthy as a sender that proved itself.
            yield _Row(row.line, replace(lead, submission=replace(lead.submission, is_proven=True)))

    def _known_ids(self, leads: Sequence[ReadRow]) -> set[str]:
        ids = [lead.lead_id for lead in leads if lead.lead_id]
        if not ids:
            return set()
        with self._store.read() as tx:
            return tx.leads.known_ids(ids)

    def _keep(self, batch: Sequence[_Row], now: datetime) -> None:
        known_keys = self._known_keys(batch, now, also_announced=False)
        new = []
        for row in batch:  # a stored lead is left alone: keeping it again would count as a repeat
            if self._is_stored(row, known_keys, now):
                self._settle(row, is_known=True)
            elif not self._is_duplicate(row):
                new.append(row)
        receipts = self._store.keep_and_enqueue([self._arrival(row.lead, now) for row in new], LATER)
        for row, receipt in zip(new, receipts, strict=True):
            self._settle(row, is_known=receipt.repeat)

    def _known_keys(self, batch: Sequence[_Row], now: datetime, *, also_announced: bool) -> set[str]:
        keys = [key.value for row in batch for key in self._keys(row.lead, now)]
        with self._store.read() as tx:
            return tx.leads.known_keys(keys, now, also_announced=also_announced)

    def _arrival(self, lead: ReadRow, now: datetime) -> Arrival:
        arrival = arrival_of(lead.submission, self._form, now, lead.suspicion)
        # No notification of a lead that is not new.
        return replace(arrival, lead=replace(arrival.lead, notify_pending=False), keys=self._keys(lead, now))

    def _keys(self, lead: ReadRow, now: datetime) -> list[DedupKey]:
        """The keys by which the row is known next time; test leads get one, too, unlike those of a webhook.

        The row's own key never expires and decides alone, because it is made of all cells.
        """
        keys = [
            DedupKey(key.value) if key.value.startswith("key:") else key
            for key in keys_of(lead.submission, self._form, now)
        ]
        return keys or [DedupKey(f"test:{self._form.name}:{lead.row.removeprefix('import ')}")]

    def _is_stored(self, row: _Row, known_keys: Collection[str], now: datetime) -> bool:
        """Whether the row's lead is stored, judged by its cells or by an id that belongs to the same person."""
        known = [key for key in self._keys(row.lead, now) if key.value in known_keys]
        if not known or not all(key.otherwise for key in known):
            return bool(known)
        with self._store.read() as tx:
            return tx.leads.match(self._arrival(row.lead, now), now) is not None

    def _is_duplicate(self, row: _Row) -> bool:
        """Whether the platform brought the row's lead, judged by person and time; then it is counted as known."""
        is_test = row.lead.submission.is_test
        lead = self._duplicates.lead_of(row.lead) if self._duplicates and not is_test else None
        if lead:
            self._outcome.count(KNOWN, row.line, f"by person and time, as lead {lead.lead_id}")
        return lead is not None

    def _settle(self, row: _Row, *, is_known: bool) -> None:
        submission = row.lead.submission
        status = status_of(submission, row.lead.suspicion)
        reason = submission.problem if status is Status.PARKED and not is_known else ""
        self._outcome.count(KNOWN if is_known else status, row.line, reason)


class _DryImporter(_Importer):
    """Stores nothing; determines whether each row is known from the store or from the rows above."""

    def __init__(self, store: Store, outcome: ImportOutcome) -> None:
        super().__init__(store, outcome)
        self._seen: set[int] = set()  # hashes: of a million rows, some dozen megabytes

    def _keep(self, batch: Sequence[_Row], now: datetime) -> None:
        known_keys = self._known_keys(batch, now, also_announced=True)
        for row in batch:
            hashes = {hash(key.otherwise or key.value) for key in self._keys(row.lead, now)}
            is_known = self._is_stored(row, known_keys, now) or not self._seen.isdisjoint(hashes)
            if is_known or not self._is_duplicate(row):
                self._settle(row, is_known=is_known)
                self._seen |= hashes
