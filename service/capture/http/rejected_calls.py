"""Rejected calls are recorded for the operator, who looks at the dashboard and not at the sender's log.

Web processes share the records through the store and reread them every few seconds, so that each of the many accepted
calls costs one look-up in a set.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

import structlog

from service import clock
from service.capture.tools.registry import SENDERS
from service.forms import Form
from service.forms.senders import can_read, table_name
from service.platforms.registry import PLATFORMS
from service.store import Rejection, Store, StoreUnavailable

MIN_NOTE_INTERVAL_S = 60.0
"""Minimum seconds between two recorded rejections of one address, per process: strangers must not load the database."""

REREAD_INTERVAL_S = 2.0
"""Seconds after which a process reads again which addresses have open rejections."""

Address = tuple[str, str]
"""Form and sender."""

log = structlog.get_logger()


class RejectedCalls:
    """Records the rejected calls of each address, and the first accepted one that ends them."""

    def __init__(self, store: Store, forms: Callable[[], Mapping[str, Form]], public_url: str = "") -> None:
        """forms: returns those of the present request.

        Calls to unknown forms are not recorded, so that strangers cannot invent addresses.
        """
        self._store = store
        self._forms = forms
        self._public_url = public_url.rstrip("/")
        self._lock = threading.Lock()
        self._unwritten: Counter[Address] = Counter()
        self._written_at: dict[Address, float] = {}
        self._open: frozenset[Address] = frozenset()
        self._read_at = float("-inf")

    def note(self, form: str, sender: str, why: str, status: int = HTTPStatus.UNAUTHORIZED) -> None:
        """Record a rejected call: the first of an address at once, later ones counted and together.

        status: of the response. Raises: nothing; while the database is away nothing is recorded.
        """
        forms = self._forms()
        if form not in forms or sender not in SENDERS:
            return
        try:
            calls = self._calls_to_write((form, sender))
            if calls:
                self._write(forms[form], sender, why, status, calls)
        except StoreUnavailable as error:
            log.warning("refusal_not_noted", form=form, sender=sender, error=str(error))

    def accepted(self, form: str, sender: str) -> None:
        """Record that a call was accepted, which ends the rejections of its address. Raises: nothing."""
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
        """The number of calls of the address to record now; 0: they are counted and recorded later."""
        is_open = address in self._open_addresses()
        at = clock.monotonic()
        with self._lock:
            self._unwritten[address] += 1
            if is_open and at - self._written_at.get(address, float("-inf")) < MIN_NOTE_INTERVAL_S:
                return 0
            self._written_at[address] = at
            self._open |= {address}
            return self._unwritten.pop(address)

    def _open_addresses(self) -> frozenset[Address]:
        at = clock.monotonic()
        if at - self._read_at >= REREAD_INTERVAL_S:
            self._read_at = at  # set first: one thread reads, the others go on with the old set
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
        rejection = Rejection(form.name, sender, now, why, status=status, calls=calls, has_worked=has_worked)
        since = rejection.after(before).began_at
        address = f"{self._public_url}/webhooks/{sender}/{form.name}"
        rejection = replace(rejection, remedy=remedy(form, sender, status, address, since))
        self._store.write(lambda tx: tx.platforms.record_rejection(rejection))


TOOL_RETRIES = "Look for failed calls in the tool and send them again: many tools do not retry."


def remedy(form: Form, sender: str, status: int, address: str, since: datetime) -> str:
    """Return what to do. status: of the rejection. address: the right one. since: when the first call was rejected."""
    parts = [_correction(form, sender, status, address), _recovery(form, sender, since)]
    if status == HTTPStatus.UNAUTHORIZED and sender in form.webhooks:
        parts.append("If nothing has changed there, a stranger may be trying this address.")
    return " ".join(parts)


def _correction(form: Form, sender: str, status: int, address: str) -> str:
    table = table_name(form.name, sender)
    if sender not in form.webhooks:
        return f"Put {table} back into the set-up, or remove this address from the sender."
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return (
            f"Enter exactly {address} there, and use POST: an address that redirects, as from http to https or to "
            "www, turns a POST into a GET and loses its body. A monitor belongs on /healthz."
        )
    if status != HTTPStatus.UNAUTHORIZED:
        return f"Check what is sent to {address}, and whether anything on the way changes it."
    if sender in PLATFORMS:
        return PLATFORMS[sender].proof_remedy.format(table=table)
    proofs = " and ".join(name for name in ("secret", "token") if form.webhooks[sender].get(name))
    return f"Check that {proofs or 'token'} in {table} and in the tool are the same."


def _recovery(form: Form, sender: str, since: datetime) -> str:
    if sender not in PLATFORMS:
        return TOOL_RETRIES
    platform = PLATFORMS[sender]
    if platform.download:
        return f"{platform.after_refusal} {platform.download.format(form=form.name)}"
    pull = f"`lead-capture pull {form.name} --since {since:%Y-%m-%d}` fetches the missing ones"
    needs = "" if can_read(form.webhooks.get(sender, {})) else ", once the table has an access_token"
    return f"{platform.after_refusal} {pull}{needs}."
