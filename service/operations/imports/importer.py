"""Stores the rows of a file, some hundred at a time, or only examines them.

A row may be a lead that is already stored, without an id to prove it: a webhook brought the lead, and then comes the
platform's export without ids.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from service import clock
from service.actors import Actor
from service.capture.accept import arrival_of, status_of
from service.capture.dedup import id_key, keys_of
from service.capture.fields.names import fold
from service.capture.parsing.texts import clean
from service.capture.sheets.cells import NoSheet, SheetRow
from service.capture.sheets.columns import Ids, meanings_of, plan_of
from service.capture.sheets.opening import ImportSheet, open_sheet
from service.capture.sheets.rows import ReadRow, SheetReader, Span
from service.forms import Form
from service.lead import Status
from service.operations.imports.outcome import FATE_NAMES, KNOWN, LEFT_OUT, UNREAD, ImportOutcome
from service.platforms.registry import title_of
from service.store import LATER, Act, Arrival, DedupKey, PlatformLead, Store, Subject, SubjectKind

TOLERANCE_S = 120.0
"""Maximum seconds between the times of a row and its lead: spreadsheets drop seconds, platforms count differently."""

MAX_ARRIVAL_DELAY_S = 3 * 86_400.0
"""Maximum seconds until a webhook brings a lead without a time: platforms repeat calls for a day and a half."""

MAX_CLOCK_LEAD_S = 300.0
"""Maximum seconds that a platform's clock may be ahead of ours."""


class PlatformDuplicates:
    """The leads that a platform has brought so far; each can be the duplicate of one row only."""

    def __init__(self, store: Store, platform: str, form: Form, now: datetime) -> None:
        self._store, self._platform, self._form, self._now = store, platform, form, now
        self._used: set[str] = set()
        self._by_row: dict[str, PlatformLead] = {}

    def lead_of(self, row: ReadRow) -> PlatformLead | None:
        """Return the lead that a row duplicates, although no id says so. Identical rows are the same lead."""
        if row.row in self._by_row:
            return self._by_row[row.row]
        lead = next((lead for lead in self._of_person(row) if self._is_same(row, lead)), None)
        if lead:  # such a row is stored, and known by its cells from then on
            self._used.add(lead.lead_id)
            self._by_row[row.row] = lead
        return lead

    @property
    def announced(self) -> int:
        """Number of leads that the platform announced and that are not fetched yet."""
        with self._store.read() as tx:
            return sum(tx.leads.count_announced(self._platform, account) for account in self._form.accounts)

    def _of_person(self, row: ReadRow) -> Iterator[PlatformLead]:
        """Yield leads with the same address, or with the same phone if one of the two has no address."""
        people = self._without_id if row.submission.external_id else self._all
        contact = row.submission.contact
        email, phone = contact.email.casefold(), contact.phone
        if email:
            yield from people.get(email, ())
        if phone.startswith("+"):
            yield from (lead for lead in people.get(phone, ()) if not (email and lead.email))

    def _is_same(self, row: ReadRow, lead: PlatformLead) -> bool:
        if lead.lead_id in self._used:
            return False
        span = _submission_span(lead)
        if row.submitted and span:
            return any(first <= span[1] and span[0] <= last for first, last in row.submitted)
        names = {fold(name) for name in (row.submission.form_name, lead.form_name) if name}
        return lead.form == self._form.name and len(names) < 2  # noqa: PLR2004 (two forms at the platform)

    @cached_property
    def _all(self) -> dict[str, list[PlatformLead]]:
        return self._brought(nameless=False)

    @cached_property
    def _without_id(self) -> dict[str, list[PlatformLead]]:
        return self._brought(nameless=True)

    def _brought(self, *, nameless: bool) -> dict[str, list[PlatformLead]]:
        keys = f"{id_key(self._platform, '', self._form).value.rpartition(':')[0]}:"
        with self._store.read() as tx:
            leads = (
                tx.leads.brought_by(self._platform, account, keys, self._now, nameless=nameless)
                for account in self._form.accounts  # a route may have another account than the form
            )
            return _by_person(chain.from_iterable(leads))


def _by_person(leads: Iterable[PlatformLead]) -> dict[str, list[PlatformLead]]:
    people: dict[str, list[PlatformLead]] = defaultdict(list)
    for lead in leads:
        for name in filter(None, (lead.email.casefold(), lead.phone if lead.phone.startswith("+") else "")):
            people[name].append(lead)
    return people


def _submission_span(lead: PlatformLead) -> Span | None:
    """Return when a lead was submitted; None if unknown, because it came in a file some time afterwards."""
    if lead.submitted_at is not None:
        return lead.submitted_at - TOLERANCE_S, lead.submitted_at + TOLERANCE_S
    if not lead.external_id:
        return None
    received = lead.received_at.timestamp()
    return received - MAX_ARRIVAL_DELAY_S, received + MAX_CLOCK_LEAD_S


# -- the rows


BATCH_SIZE = 200
"""Rows read, looked up and stored together."""

SAMPLE_SIZE = 1000
"""Rows from which the meaning of the columns is determined."""

_UNREADABLE = "it cannot be read: usually because of a quotation mark that is not closed here or above"
_ANNOUNCED = (
    "Leads announced by {} but not fetched yet: {}. Any row may be one of them, so import once all are fetched."
)
_ERASED = "the person was erased: the row holds no personal data"
_NOT_UNDERSTOOD = (
    'has no column that is understood ({}): name its columns in [forms.{}.fields] of the set-up, such as email = "Mail"'
)


class _Row(NamedTuple):
    line: int
    lead: ReadRow


ShowProgress = Callable[[float, int], object]
"""Called after some rows: the share of the file done, 0 to 1, and the number of rows."""


def import_file(
    store: Store,
    actor: Actor,
    form: Form,
    file: Path,
    platform: str = "",
    sheet_name: str = "",
    *,
    is_dry: bool = False,
    show: ShowProgress = lambda _done, _rows: None,
) -> ImportOutcome:
    """Import all rows of a file, or only determine what would happen to them.

    platform: the operator's name for it, or NOBODY. sheet_name: of a workbook; "" for the only one with leads.
    Raises: NoSheet, also if no column is understood or the operator must name the platform; StoreUnavailable; OSError.
    Rows stored by then are known when the file is imported again.
    """
    with closing(open_sheet(file, meanings_of(form), sheet_name)) as sheet:
        importing = _prepared(store, form, sheet, platform, is_dry=is_dry)
        if is_dry:
            return _take_all(importing, show)
        record_import(store, actor, importing.outcome, is_done=False)
        outcome = _take_all(importing, show)
        record_import(store, actor, outcome, is_done=True)
        return outcome


def record_import(store: Store, actor: Actor, outcome: ImportOutcome, *, is_done: bool) -> None:
    """Record that an import has begun, or its result; one that is cut off remains recorded as begun.

    Raises: StoreUnavailable.
    """
    form, values = outcome.form, outcome.as_json()
    after = {"file": outcome.sheet.source.path.name, "state": "done" if is_done else "begun"}
    counts = {"rows": values["rows"], **{name: values[name] for name in FATE_NAMES if values[name]}} if is_done else {}
    subject, now = Subject(SubjectKind.LEADS, form.name), clock.now()
    store.write(lambda tx: tx.acts.record(actor, Act.IMPORT, subject, form.accounts, None, after | counts, now))


def _prepared(store: Store, form: Form, sheet: ImportSheet, platform: str, *, is_dry: bool) -> "_Importer":
    file = sheet.source.path
    sample = [row.cells for row in islice(sheet.rows(), SAMPLE_SIZE) if row.cells is not None]
    plan = plan_of(sheet.header, sample, platform)
    if not plan.is_ours and not any(map(meanings_of(form), plan.header)):
        names = ", ".join(clean(name)[:40] for name in plan.header[:5])
        raise NoSheet(f"{file} {_NOT_UNDERSTOOD.format(names, form.name)}")
    if plan.lacks and not is_dry:
        raise NoSheet(f"{file} {plan.lacks}")
    outcome = ImportOutcome(sheet, plan, form, is_dry, warnings=[*sheet.warnings])
    return _DryImporter(store, outcome) if is_dry else _Importer(store, outcome)


def _take_all(importer: "_Importer", show: ShowProgress) -> ImportOutcome:
    outcome = importer.outcome
    sheet = outcome.sheet
    rows = sheet.rows()
    while batch := list(islice(rows, BATCH_SIZE)):
        importer.take(batch, clock.now())
        show(batch[-1].done / max(1, sheet.source.size), outcome.rows)
    return outcome


class _Importer:
    """Stores the leads of the rows."""

    def __init__(self, store: Store, outcome: ImportOutcome) -> None:
        self._store, self.outcome, self._form = store, outcome, outcome.form
        self._reader = SheetReader(outcome.plan, outcome.form)
        platform = outcome.plan.platform
        self._duplicates = PlatformDuplicates(store, platform, outcome.form, clock.now()) if platform else None
        if self._duplicates and outcome.plan.ids is not Ids.GOOD and (number := self._duplicates.announced):
            outcome.warnings.append(_ANNOUNCED.format(title_of(platform), number))

    def take(self, rows: Sequence[SheetRow], now: datetime) -> None:
        """Import some rows; each is counted once it is on disk."""
        batch = list(self._read(rows))
        known_ids = self._known_ids([row.lead for row in batch])
        for row in batch:
            if row.lead.lead_id in known_ids:
                self.outcome.count(KNOWN, row.line)
        self._keep([row for row in batch if row.lead.lead_id not in known_ids], now)

    def _read(self, rows: Sequence[SheetRow]) -> Iterator[_Row]:
        for row in rows:
            if row.cells is None:
                self.outcome.count(UNREAD, row.line, _UNREADABLE)
                continue
            reason = self.outcome.sheet.heading.why_no_lead(row.cells)
            lead = None if reason else self._reader.read(row.cells)
            if lead is None:
                self.outcome.count(LEFT_OUT, row.line, reason or _ERASED)
                continue
            self.outcome.note_columns(row.cells)
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
        for row in batch:  # a stored lead is left alone: storing it again would count as a repeat
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
        # No notification for a lead that is not new, and no answer is overdue.
        unmarked = replace(arrival.lead, notify_pending=False)
        return replace(arrival, lead=unmarked, keys=self._keys(lead, now), starts_clock=False)

    def _keys(self, lead: ReadRow, now: datetime) -> list[DedupKey]:
        """Return the keys by which the row is known next time; test leads get one, too, unlike those of a webhook.

        The row's own key never expires and decides alone, because it is made of all cells.
        """
        keys = [
            DedupKey(key.value) if key.value.startswith("key:") else key
            for key in keys_of(lead.submission, self._form, now)
        ]
        return keys or [DedupKey(f"test:{self._form.name}:{lead.row.removeprefix('import ')}")]

    def _is_stored(self, row: _Row, known_keys: Collection[str], now: datetime) -> bool:
        """Return whether the row's lead is stored, judged by its cells or by an id that belongs to the same person."""
        known = [key for key in self._keys(row.lead, now) if key.value in known_keys]
        if not known or not all(key.otherwise for key in known):
            return bool(known)
        with self._store.read() as tx:
            return tx.leads.match(self._arrival(row.lead, now), now) is not None

    def _is_duplicate(self, row: _Row) -> bool:
        """Return whether the platform brought the row's lead, judged by person and time; if so, count it as known."""
        is_test = row.lead.submission.is_test
        lead = self._duplicates.lead_of(row.lead) if self._duplicates and not is_test else None
        if lead:
            self.outcome.count(KNOWN, row.line, f"by person and time, as lead {lead.lead_id}")
        return lead is not None

    def _settle(self, row: _Row, *, is_known: bool) -> None:
        submission = row.lead.submission
        status = status_of(submission, row.lead.suspicion)
        reason = submission.problem if status is Status.PARKED and not is_known else ""
        self.outcome.count(KNOWN if is_known else status, row.line, reason)


class _DryImporter(_Importer):
    """Stores nothing; determines from the store and the rows above whether each row is known."""

    def __init__(self, store: Store, outcome: ImportOutcome) -> None:
        super().__init__(store, outcome)
        self._seen: set[int] = set()  # hashes: for a million rows, some dozen megabytes

    def _keep(self, batch: Sequence[_Row], now: datetime) -> None:
        known_keys = self._known_keys(batch, now, also_announced=True)
        for row in batch:
            hashes = {hash(key.otherwise or key.value) for key in self._keys(row.lead, now)}
            is_known = self._is_stored(row, known_keys, now) or not self._seen.isdisjoint(hashes)
            if is_known or not self._is_duplicate(row):
                self._settle(row, is_known=is_known)
                self._seen |= hashes
