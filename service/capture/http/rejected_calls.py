"""What is refused is noted for whoever sets a sender up: they look at the dashboard, not at the sender's log.

Web processes share what they noted by the store, and each asks it again only now and then: accepted calls, of which
there are many, pay for a look into a set.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

import structlog

from service import clock
from service.capture.http.remedies import remedy
from service.capture.tools.registry import SENDERS
from service.forms import Form
from service.store import Rejection, Store, StoreUnavailable

NOTE_INTERVAL_S = 60.0
"""Least seconds between two notes of one address by one process: strangers must not keep the database busy."""

REREAD_INTERVAL_S = 2.0
"""Seconds after which a process asks the store anew which addresses had calls refused."""

Address = tuple[str, str]
"""Form and sender."""

log = structlog.get_logger()


class RejectedCalls:
    """Notes the refused calls of each address, and that one of its calls was accepted again."""

    def __init__(self, store: Store, forms: Mapping[str, Form], public_url: str = "") -> None:
        """forms: only of these, so that nobody can make up addresses."""
        self._store = store
        self._forms = forms
        self._public_url = public_url.rstrip("/")
        self._lock = threading.Lock()
        self._unwritten: Counter[Address] = Counter()
        self._written_at: dict[Address, float] = {}
        self._open: frozenset[Address] = frozenset()
        self._read_at = float("-inf")

    def note(self, form: str, sender: str, why: str, status: int = HTTPStatus.UNAUTHORIZED) -> None:
        """Keep that a call was refused; while the database is away, nobody waits for this.

        Of one address the first call is kept at once, later ones are counted and kept together. status: of the answer.
        """
        if form not in self._forms or sender not in SENDERS:
            return
        try:
            calls = self._calls_to_write((form, sender))
            if calls:
                self._write(self._forms[form], sender, why, status, calls)
        except StoreUnavailable as error:
            log.warning("refusal_not_noted", form=form, sender=sender, error=str(error))

    def accepted(self, form: str, sender: str) -> None:
        """A call was accepted: what was refused before is over."""
        address = (form, sender)
        try:
            if address not in self._open_addresses():
                return
            now = clock.now()
            self._store.write(lambda tx: tx.platforms.record_acceptance(form, sender, now))
        except StoreUnavailable as error:
            log.warning("refusal_not_ended", form=form, sender=sender, error=str(error))
            return
        with self._lock:
            self._open -= {address}
            self._unwritten.pop(address, None)
        log.info("webhook_accepted_again", form=form, sender=sender)

    def _calls_to_write(self, address: Address) -> int:
        """How many calls of the address are to be kept now; 0: they are counted and kept later."""
        is_open = address in self._open_addresses()
        at = clock.monotonic()
        with self._lock:
            self._unwritten[address] += 1
            if is_open and at - self._written_at.get(address, float("-inf")) < NOTE_INTERVAL_S:
                return 0
            self._written_at[address] = at
            self._open |= {address}
            return self._unwritten.pop(address)

    def _open_addresses(self) -> frozenset[Address]:
        at = clock.monotonic()
        if at - self._read_at >= REREAD_INTERVAL_S:
            self._read_at = at  # first: one thread asks, the others go on with what is known
            with self._store.read() as tx:
                self._open = frozenset((each.form, each.sender) for each in tx.platforms.open_rejections())
        return self._open

    def _write(self, form: Form, sender: str, why: str, status: int, calls: int) -> None:
        now = clock.now()
        with self._store.read() as tx:
            before = tx.platforms.last_rejection(form.name, sender)
            has_worked = (
                bool(before and before.has_worked) or tx.statistics.last_lead_from(form.name, sender) is not None
            )
        refusal = Rejection(form.name, sender, now, why, status=status, calls=calls, has_worked=has_worked)
        since = refusal.after(before).began_at
        address = f"{self._public_url}/webhooks/{sender}/{form.name}"
        refusal = replace(refusal, remedy=remedy(form, sender, status, address, since))
        self._store.write(lambda tx: tx.platforms.record_rejection(refusal))
