"""Finds the lead that a row of a platform's export already is, where the row has no id.

A webhook brought the lead, and then comes the platform's export without ids: the person and the time decide. Where
both have an id, the ids have decided.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from itertools import chain

from service.capture.dedup import id_key
from service.capture.fields.names import fold
from service.capture.sheets.rows import ReadRow, Span
from service.forms import Form
from service.store import PlatformLead, Store

TOLERANCE_S = 120.0
"""Seconds between the times of a row and its lead: spreadsheets drop the seconds, and platforms count differently."""

MAX_ARRIVAL_DELAY_S = 3 * 86_400.0
"""Seconds until a webhook has brought a lead without a time: platforms repeat their calls for a day and a half."""

MAX_CLOCK_LEAD_S = 300.0
"""Seconds that a platform's clock may be ahead of ours."""


class PlatformDuplicates:
    """The leads that a platform has brought so far; each can be the duplicate of one row only."""

    def __init__(self, store: Store, platform: str, form: Form, now: datetime) -> None:
        self._store, self._platform, self._form, self._now = store, platform, form, now
        self._used: set[str] = set()
        self._by_row: dict[str, PlatformLead] = {}

    def lead_of(self, row: ReadRow) -> PlatformLead | None:
        """The lead that a row is, although no id says so. Identical rows are the same lead."""
        if row.row in self._by_row:
            return self._by_row[row.row]
        lead = next((lead for lead in self._of_person(row) if self._is_same(row, lead)), None)
        if lead:  # a row without one is stored, and known by its cells from then on
            self._used.add(lead.lead_id)
            self._by_row[row.row] = lead
        return lead

    @property
    def announced(self) -> int:
        """The number of leads that the platform announced and that are not fetched yet."""
        with self._store.read() as tx:
            return sum(tx.leads.count_announced(self._platform, account) for account in self._form.accounts)

    def _of_person(self, row: ReadRow) -> Iterator[PlatformLead]:
        """Leads with the same address, or with the same phone where one of the two has no address."""
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
    """When a lead was submitted; None where that is unknown, because it came in a file some time afterwards."""
    if lead.submitted_at is not None:
        return lead.submitted_at - TOLERANCE_S, lead.submitted_at + TOLERANCE_S
    if not lead.external_id:
        return None
    received = lead.received_at.timestamp()
    return received - MAX_ARRIVAL_DELAY_S, received + MAX_CLOCK_LEAD_S
