"""One thread of a worker that looks every few seconds, tells people, and never gets in the way of deliveries.

Of all workers one watches: the others see whether it still does. What it noticed and told is in the store.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from service import clock
from service.alerts import canary, channels
from service.alerts.alerts import account_of_access
from service.alerts.arrivals import Arrivals
from service.alerts.conditions import LATE_S, find
from service.alerts.digest import Hour
from service.alerts.listening import Listener
from service.alerts.notebook import Changes, Notebook
from service.alerts.refused import find_refused
from service.alerts.telling import Teller
from service.forms import Form
from service.store import Alert, Identity, Store, StoreUnavailable, Transaction

log = structlog.get_logger()

LOOK_S = 2.0
"""Between two looks."""

SHARE = 20
"""Of so many parts of its time one is spent on looking, however much there is to see."""

TURN_S = 60.0
"""How long a worker's turn to watch lasts; it is renewed at half time. Longer than sending may take."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What the operator wants of the watch, as plain values."""

    addresses: Sequence[str] = ()
    digest_at: Hour | None = None
    forms: Mapping[str, Form] = field(default_factory=dict)
    send_s: float = channels.SEND_S
    public_url: str = ""


class Watcher:
    """Looks and tells, one step at a time."""

    def __init__(
        self, store: Store, orders: Orders, identity: Identity, submit: canary.Submit, stop: threading.Event
    ) -> None:
        self._store = store
        self._orders = orders
        self._identity = identity
        self._submit = submit
        self._stop = stop
        self._teller = Teller(store, orders.addresses, orders.digest_at, stop, orders.send_s)
        self._arrivals = Arrivals(store, orders.forms, orders.public_url, orders.send_s)
        self._notebook = Notebook()
        self._listener = Listener()
        self._logged: dict[str, str] = {}
        self._looked_s = 0.0

    def run(self) -> None:
        """Watch until stopped, whatever happens."""
        self._arrivals.start()
        while not self._stop.wait(max(LOOK_S, SHARE * self._looked_s)):
            try:
                self.step(clock.now())
            except StoreUnavailable as error:
                log.error("store_unavailable", error=str(error))
            except Exception:  # a mistake of ours must not leave everybody unwarned
                log.exception("watch_stumbled")
        self._arrivals.finish()
        try:
            self._store.write(lambda tx: tx.alerts.release_monitor(self._identity.name))
        except StoreUnavailable:
            log.warning("watch_not_handed_over")  # its turn runs out

    def step(self, now: datetime) -> bool:
        """Look once and tell what is to be told; False when another watches.

        Raises: StoreUnavailable.
        """
        if not self._is_my_turn(now):
            return False
        self._arrivals.nudge()
        began = clock.monotonic()
        self._look(now)
        self._looked_s = clock.monotonic() - began
        self._teller.tell(now)
        self._teller.tell_late(now)
        self._teller.send_digest(now)
        return True

    def _is_my_turn(self, now: datetime) -> bool:
        me = self._identity
        with self._store.read() as tx:
            turn = tx.alerts.monitor(now)
        if turn is not None:
            holder, seconds = turn
            if holder == me.name and seconds > TURN_S / 2:
                return True
            if holder != me.name and seconds > 0 and not me.is_gone(holder):
                return False
        return self._store.write(lambda tx: tx.alerts.claim_monitor(me.name, now, TURN_S, me.is_gone))

    def _look(self, now: datetime) -> None:
        """Find what is wrong, and write down what of it is news."""
        forms = self._orders.forms.values()
        flights = [canary.fly(form, self._submit, self._store, now) for form in forms]
        with self._store.read() as tx:
            found = [*find(tx.alerts.snapshot(now, LATE_S), now), *self._listener.listen(tx, forms, now)]
            found += [flight for flight in flights if flight]
            found += find_refused(tx.platforms.open_rejections(), self._orders.forms, now)
            changes = self._notebook.compare(found, tx.alerts.open(), lambda concern: _is_mended(tx, concern), now)
        if changes:
            self._store.write(lambda tx: _write_down(tx, changes, now))
        with self._store.read() as tx:
            self._log(tx.alerts.open())

    def _log(self, concerns: Sequence[Alert]) -> None:
        """A line for each concern that began or ended since the last look, whoever noticed it."""
        wrong = {concern.cause: concern.sentence for concern in concerns}
        for cause in wrong.keys() - self._logged.keys():
            log.warning("concern", cause=cause, sentence=wrong[cause])
        for cause in self._logged.keys() - wrong.keys():
            log.warning("concern_over", cause=cause)
        self._logged = wrong


def _write_down(tx: Transaction, changes: Changes, now: datetime) -> None:
    for finding in changes.begun:
        tx.alerts.report(finding.cause, finding.sentence, now)
    for finding in changes.worded:
        tx.alerts.reword(finding.cause, finding.sentence)
    for cause in changes.ended:
        tx.alerts.resolve(cause, now)


def _is_mended(tx: Transaction, concern: Alert) -> bool | None:
    """Whether a refused account works again; None where nothing is owed to it, so that nobody can tell."""
    account = account_of_access(concern.cause) or concern.cause.partition(":")[2]
    if tx.alerts.has_delivered(account, concern.since):
        return True
    return False if tx.alerts.has_queued(account) else None
