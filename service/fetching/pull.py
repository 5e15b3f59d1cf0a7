"""Leads that a platform has and the store lacks: listed, and kept as if the webhook had brought them."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from service import clock
from service.background import Intervals, start_periodic_job
from service.capture.fields.enquiries import Enquiry
from service.fetching.connection import PlatformConnection
from service.fetching.settlement import read_arrival, settle_connection
from service.forms.senders import can_read
from service.platforms.reader import PlatformError, PulledItem, UnreadableLead
from service.store import Arrival, Store, StoreUnavailable

log = structlog.get_logger()

OVERLAP = timedelta(hours=2)
"""Overlap of a periodic pull with the one before: platforms list a lead some time after it was submitted."""

CHECK_INTERVAL_S = 24 * 3600.0
"""Interval of checks of a connection over which no lead arrives."""

POLL_INTERVAL_S = 20.0


@dataclass(slots=True)
class PullResult:
    """The result of one pull. unreadable: leads that could not be read or stored, with the reason.

    errors: why the pull is incomplete.
    """

    listed: int = 0
    new: int = 0
    known: int = 0
    unreadable: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def summary(self, title: str) -> str:
        """Return one line for people. title: the platform's."""
        text = f"{title}: found {self.listed}, new {self.new}, known {self.known}"
        return text + (f", not readable {len(self.unreadable)}" if self.unreadable else "")


def pull(connection: PlatformConnection, store: Store, since: datetime, until: datetime) -> PullResult:
    """List all leads of a period at one platform and store the missing ones; announced ones get their answers.

    A lead that cannot be read or stored does not stop the others. An error of the platform ends the pull and is saved
    as after a failed fetch; leads stored by then stay.
    Raises: StoreUnavailable.
    """
    result = PullResult()
    try:
        for item in connection.reader.pull(since, until):
            _take(item, connection, store, result)
    except PlatformError as error:
        _record_error(error, connection, store, result)
    if not result.errors:
        now = clock.now()
        store.write(lambda tx: tx.platforms.record_success_everywhere(connection.link, now))
    log.info(
        "pulled",
        sender=connection.sender,
        form=connection.form.name,
        listed=result.listed,
        new=result.new,
        known=result.known,
        odd=len(result.unreadable),
        is_whole=not result.errors,
    )
    return result


def _record_error(error: PlatformError, connection: PlatformConnection, store: Store, result: PullResult) -> None:
    result.errors.append(" ".join(part for part in (error.message, getattr(error, "remedy", "")) if part))
    now = clock.now()
    store.write(lambda tx: settle_connection(tx, connection.link, error, connection, now))


def _take(item: PulledItem, connection: PlatformConnection, store: Store, result: PullResult) -> None:
    if isinstance(item, PlatformError):
        _record_error(item, connection, store, result)
        return
    result.listed += 1
    if isinstance(item, UnreadableLead):
        result.unreadable.append(f"{item.lead}: {item.reason}")
    else:
        _keep(item, connection, store, result)


def _keep(enquiry: Enquiry, connection: PlatformConnection, store: Store, result: PullResult) -> None:
    try:
        arrival = read_arrival(enquiry, connection)
        if _is_known(arrival, store):  # keeping it again would count as a repeat by its person
            result.known += 1
            return
        [receipt] = store.keep_and_enqueue([arrival])
    except StoreUnavailable:
        raise
    except Exception:  # a bug of this service must cost one lead, not all that follow
        log.exception("pull_failed", sender=connection.sender, form=connection.form.name)
        result.unreadable.append(f"{enquiry.external_id}: it could not be saved, see the log")
        return
    result.new += 1
    log.info(
        "lead_kept", lead=receipt.lead_id, form=connection.form.name, sender=connection.sender, repeat=receipt.repeat
    )


def _is_known(arrival: Arrival, store: Store) -> bool:
    """Return whether the lead arrived before; a lead that was only announced still waits for these answers."""
    with store.read() as tx:
        match = tx.leads.match(arrival, clock.now())
        return match is not None and not tx.platforms.has_notice(match[0].id)


class PullJob:
    """Checks connections and pulls missed leads when they are due; the store shares the work among workers."""

    def __init__(self, store: Store, connections: Sequence[PlatformConnection], stop: threading.Event) -> None:
        self._store = store
        self._connections = connections
        self._stop = stop

    def follow(self, connections: Sequence[PlatformConnection]) -> None:
        """Use other connections from now on."""
        self._connections = connections

    def start(self, poll_interval_s: float = POLL_INTERVAL_S) -> threading.Thread:
        """Start the thread that looks for due work until stopped."""
        intervals = Intervals(poll_interval_s, first_s=poll_interval_s)
        return start_periodic_job("pull", self._step, intervals, self._stop)

    def _step(self, _now: datetime) -> None:
        for connection in self._connections:
            if self._stop.is_set() or not can_read(connection.config):
                continue  # without a token nothing is read; an announced lead that needs one will raise an alert
            try:
                self.serve(connection, clock.now())
            except StoreUnavailable:
                raise
            except Exception:  # a bug of this service must not hold up the other connections
                log.exception("pull_failed", sender=connection.sender, form=connection.form.name)

    def serve(self, connection: PlatformConnection, now: datetime) -> None:
        """Do the due work of one connection.

        Raises: StoreUnavailable.
        """
        is_due = self._store.write(lambda tx: tx.platforms.claim_check(connection.link, now, CHECK_INTERVAL_S))
        if is_due or self._needs_probe(connection, now):
            self._check(connection, now)
        interval_s = connection.platform.pull_interval_s
        if interval_s and self._store.write(lambda tx: tx.platforms.claim_pull(connection.link, now, interval_s)):
            with self._store.read() as tx:
                since = tx.platforms.health(connection.link).pulled_until or now
            if not pull(connection, self._store, since - OVERLAP, now).errors:
                self._store.write(lambda tx: tx.platforms.set_pulled_until(connection.link, now))

    def _needs_probe(self, connection: PlatformConnection, now: datetime) -> bool:
        """Return whether it is broken, its pause is over, and no announced lead is waiting to probe it."""
        with self._store.read() as tx:
            health = tx.platforms.health(connection.link)
            has_waiting = any(link.whole == connection.link for link, _, _ in tx.platforms.fetch_backlog())
        return health.reason != "" and not has_waiting and (health.paused_until is None or health.paused_until <= now)

    def _check(self, connection: PlatformConnection, now: datetime) -> None:
        try:
            ends_at = connection.reader.check(now)
        except PlatformError as error:
            log.warning(
                "connection_check_failed", sender=connection.sender, form=connection.form.name, status=error.status
            )
            failure = error
            self._store.write(lambda tx: settle_connection(tx, connection.link, failure, connection, now))
            return
        self._store.write(lambda tx: tx.platforms.set_expiry(connection.link, ends_at))
        self._store.write(lambda tx: tx.platforms.record_success(connection.link, now))
