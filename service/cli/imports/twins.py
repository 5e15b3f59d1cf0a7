"""Rows that do not say which lead they are, and the leads of their platform that they are all the same.

A webhook has brought a lead, and then comes the platform's export without the leads' ids: what both say of the person
and the time decides. Where both have an id, the ids have decided.
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
"""Seconds between the time of a row and of its lead: spreadsheets drop them, platforms count from other moments."""

LATEST_ARRIVAL_S = 3 * 86_400.0
"""Seconds until a webhook has brought a lead whose time it did not say: platforms repeat for a day and a half."""

EARLIEST_ARRIVAL_S = 300.0
"""Seconds that a platform's clock may be ahead of ours."""


class Twins:
    """The leads that a platform has brought until now, each for at most one row of a file."""

    def __init__(self, store: Store, platform: str, form: Form, now: datetime) -> None:
        self._store, self._platform, self._form, self._now = store, platform, form, now
        self._used: set[str] = set()
        self._by_row: dict[str, PlatformLead | None] = {}

    def twin_of(self, taken: ReadRow) -> PlatformLead | None:
        """The lead that a row is, though no id says so. The same row again has the same."""
        if taken.row not in self._by_row:
            found = next((lead for lead in self._of_person(taken) if self._is_same(taken, lead)), None)
            if found is None:
                return None  # and nothing to remember: a row that is kept is known by its cells
            self._used.add(found.lead_id)
            self._by_row[taken.row] = found
        return self._by_row[taken.row]

    @property
    def unread(self) -> int:
        """Leads that the platform announced and that are still to be read: any row may be one of them."""
        with self._store.read() as tx:
            return sum(tx.leads.count_announced(self._platform, account) for account in self._form.accounts)

    def _of_person(self, taken: ReadRow) -> Iterator[PlatformLead]:
        """Leads of the same address; of the same phone where one of both has no address."""
        people = self._all if not taken.submission.external_id else self._nameless
        contact = taken.submission.contact
        email, phone = contact.email.casefold(), contact.phone
        if email:
            yield from people.get(email, ())
        if phone.startswith("+"):
            yield from (lead for lead in people.get(phone, ()) if not (email and lead.email))

    def _is_same(self, taken: ReadRow, lead: PlatformLead) -> bool:
        if lead.lead_id in self._used:
            return False
        arrived = _arrival_of(lead)
        if taken.submitted and arrived:
            return any(first <= arrived[1] and arrived[0] <= last for first, last in taken.submitted)
        names = {fold(name) for name in (taken.submission.form_name, lead.form_name) if name}
        return lead.form == self._form.name and len(names) < 2  # noqa: PLR2004 (two forms of the platform's)

    @cached_property
    def _all(self) -> dict[str, list[PlatformLead]]:
        return self._brought(nameless=False)

    @cached_property
    def _nameless(self) -> dict[str, list[PlatformLead]]:
        return self._brought(nameless=True)

    def _brought(self, *, nameless: bool) -> dict[str, list[PlatformLead]]:
        keys = f"{id_key(self._platform, '', self._form).value.rpartition(':')[0]}:"
        with self._store.read() as tx:
            brought = (
                tx.leads.brought_by(self._platform, account, keys, self._now, nameless=nameless)
                for account in self._form.accounts  # a route may have led to another than the form's
            )
            return _by_person(chain.from_iterable(brought))


def _by_person(leads: Iterable[PlatformLead]) -> dict[str, list[PlatformLead]]:
    people: dict[str, list[PlatformLead]] = defaultdict(list)
    for lead in leads:
        for name in filter(None, (lead.email.casefold(), lead.phone if lead.phone.startswith("+") else "")):
            people[name].append(lead)
    return people


def _arrival_of(lead: PlatformLead) -> Span | None:
    """When a lead was submitted; None where nothing tells: it came in a file, some time afterwards."""
    if lead.submitted_at is not None:
        return lead.submitted_at - TOLERANCE_S, lead.submitted_at + TOLERANCE_S
    if not lead.external_id:
        return None
    received = lead.received_at.timestamp()
    return received - LATEST_ARRIVAL_S, received + EARLIEST_ARRIVAL_S
