"""New leads are told to those whom their form names (`notify`), beside the alerts and whether or not there are any."""

import threading
from collections.abc import Mapping
from datetime import datetime

import structlog

from service import clock
from service.alerts import channels
from service.alerts.recipients import Recipients, audiences_of
from service.forms import Form
from service.store import Store, StoreUnavailable, Transaction

log = structlog.get_logger()

FINISH_S = 4.0
"""How long a message under way may take to end when the worker stops."""


class Arrivals:
    """A thread of the worker that watches: told to look, it tells of new leads. One that hangs delays no alert."""

    def __init__(
        self, store: Store, forms: Mapping[str, Form], public_url: str = "", send_s: float = channels.SEND_S
    ) -> None:
        self._store = store
        self._stop, self._give_up, self._nudged = threading.Event(), threading.Event(), threading.Event()
        audiences = [audience for form in forms.values() for audience in audiences_of(form)]
        self._forms = list(dict.fromkeys(audience.form.name for audience in audiences))
        self._recipients = [Recipients(store, each, public_url, send_s, self._give_up) for each in audiences]
        self._thread = threading.Thread(target=self._run, name="arrivals", daemon=True)
        self._has_begun = False

    def start(self) -> None:
        """Wait for nudges."""
        self._thread.start()

    def nudge(self) -> None:
        """Look now: it is this worker's turn."""
        self._nudged.set()

    def finish(self) -> None:
        """Let what is under way end, then give it up."""
        self._stop.set()
        self._nudged.set()
        self._thread.join(FINISH_S)
        self._give_up.set()
        self._thread.join(1.0)

    def tell(self, now: datetime) -> None:
        """Look once, at every form that tells somebody.

        Raises: StoreUnavailable.
        """
        if not self._has_begun:
            self._store.write(lambda tx: self._begin(tx, now))
            self._has_begun = True
        for those in self._recipients:
            if not self._stop.is_set():
                _tell(those, now)

    def _begin(self, tx: Transaction, now: datetime) -> None:
        """Forget what the forms file has nobody for any more."""
        tx.leads.keep_notifications_of(self._forms)
        causes = {those.cause for those in self._recipients}
        for concern in tx.alerts.open():
            if concern.kind == "notify" and concern.cause not in causes:
                tx.alerts.resolve(concern.cause, now)

    def _run(self) -> None:
        while self._nudged.wait() and not self._stop.is_set():
            self._nudged.clear()
            try:
                self.tell(clock.now())
            except StoreUnavailable as error:
                log.error("store_unavailable", error=str(error))


def _tell(those: Recipients, now: datetime) -> None:
    try:
        those.tell(now)
    except StoreUnavailable:
        raise
    except Exception:  # a mistake of ours must not leave those of other forms untold
        log.exception("arrivals_stumbled", cause=those.cause)
