"""What follows the fetch of one announced lead, for it and for its connection: its answers, another try, or a person.

When to fetch again is a pure decision over plain values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from service import clock
from service.background import jitter
from service.capture.dedup import id_key
from service.capture.fields.enquiries import Enquiry, LeadNotice
from service.fetching.connection import PlatformConnection
from service.lead import Outcome
from service.platforms.reader import Disconnected, Gone, NotNow, PlatformError, Unusable
from service.store import Arrival, ConnectionKey, Fetch, FetchResult, Store, Transaction

_HOUR = 3600.0

RETRY_SCHEDULE_S = (
    *(5.0, 30.0, 120.0, 600.0, 1800.0, _HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR, 12 * _HOUR),
    *(24 * _HOUR,) * 5,
)
"""Waits in seconds after each try without an answer, about a week in all. Platforms keep leads for months."""

GONE_SCHEDULE_S = (60.0, 600.0, _HOUR, 6 * _HOUR)
"""Waits in seconds after each try for a lead that the platform does not know: it may only be late."""

MAX_WAIT_S = 24 * _HOUR
"""Upper limit of a wait that a platform demands."""

MIN_PAUSE_S, MAX_PAUSE_S = 15.0, 900.0
"""Pause of a broken connection before one lead probes it; it doubles each time."""

OUTAGE_FAILURES = 5
"""Calls in a row without an answer, for different leads, after which the platform counts as down."""

MIN_OUTAGE_S, MAX_OUTAGE_S = 5.0, 300.0
"""Pause of a connection while its platform is down; it doubles with each further failure."""


@dataclass(frozen=True, slots=True)
class FetchAgain:
    """Fetch again at `due`; `tries` places of the schedule are used up by then."""

    due: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class StopFetching:
    """Fetch no more: a person must look at it."""


def next_step(error: PlatformError, tries: int, jitter: float, now: datetime) -> FetchAgain | StopFetching:
    """Decide what follows one failed fetch.

    tries: places of the schedule used up before it (>= 0). jitter: factor 0.8-1.2 on our own waits. A demanded wait
    and a broken connection use up none: the lead stays due while its connection pauses.
    Raises: nothing.
    """
    if isinstance(error, Disconnected):
        return FetchAgain(now, tries)
    if isinstance(error, NotNow) and error.wait_s is not None:
        return FetchAgain(now + timedelta(seconds=min(error.wait_s, MAX_WAIT_S)), tries)
    if not isinstance(error, NotNow | Gone):
        return StopFetching()
    schedule_s = GONE_SCHEDULE_S if isinstance(error, Gone) else RETRY_SCHEDULE_S
    if tries >= len(schedule_s):
        return StopFetching()
    return FetchAgain(now + timedelta(seconds=schedule_s[tries] * jitter), tries + 1)


def pause_s(pauses: int, jitter: float) -> float:
    """Return the pause of a broken connection in seconds. pauses: those in a row before it."""
    return min(MIN_PAUSE_S * 2.0 ** min(pauses, 10), MAX_PAUSE_S) * jitter


def outage_s(failures: int, jitter: float) -> float:
    """Return the pause in seconds after so many failures in a row; 0 while they do not show an outage."""
    if failures < OUTAGE_FAILURES:
        return 0.0
    return min(MIN_OUTAGE_S * 2.0 ** min(failures - OUTAGE_FAILURES, 10), MAX_OUTAGE_S) * jitter


# -- saved for the lead and for its connection


log = structlog.get_logger()

_OUTCOMES: Mapping[type[PlatformError], Outcome] = {
    NotNow: Outcome.UNAVAILABLE,
    Disconnected: Outcome.REFUSED,
    Gone: Outcome.MISSING,
    Unusable: Outcome.REJECTED,
}


def fetch_lead(fetch: Fetch, connection: PlatformConnection, store: Store) -> None:
    """Read one announced lead and save the result.

    Raises: LeaseLost if another worker has it by now; StoreUnavailable if nothing can be saved.
    """
    started = clock.monotonic()
    notice = fetch.notice
    try:
        enquiry = connection.reader.fetch(LeadNotice(notice.external_id, notice.place, notice.details))
        arrival = _announced_arrival(enquiry, connection, fetch)
    except PlatformError as error:
        _settle_failure(fetch, connection, store, error, _elapsed_ms(started))
        return
    now, result = clock.now(), FetchResult(Outcome.DONE, _elapsed_ms(started), 200)
    store.write(lambda tx: tx.platforms.complete_fetch(fetch, arrival, result, now))
    log.info(
        "lead_fetched",
        lead=arrival.lead.id,
        sender=connection.sender,
        form=connection.form.name,
        duration_ms=result.duration_ms,
    )


def settle_bug(fetch: Fetch, connection: PlatformConnection, store: Store) -> None:
    """Postpone a lead whose fetch raised an unexpected exception, as a bug must not end the worker."""
    error = NotNow("an error in this service, see the worker's log")
    step = next_step(error, fetch.notice.tries, jitter(), clock.now())
    result = FetchResult(Outcome.UNAVAILABLE, 0, None, error.message)
    store.write(lambda tx: _follow(tx, fetch, step, _problem(error, step, connection), result))


def _announced_arrival(enquiry: Enquiry, connection: PlatformConnection, fetch: Fetch) -> Arrival:
    """Return the announced lead with its answers, under the id and time of its announcement."""
    notice = fetch.notice
    enquiry = replace(enquiry, place=enquiry.place or notice.place, external_id=notice.external_id)
    arrival = read_arrival(enquiry, connection)
    return replace(arrival, lead=replace(arrival.lead, id=notice.lead_id, received_at=notice.announced_at))


def read_arrival(enquiry: Enquiry, connection: PlatformConnection) -> Arrival:
    """Return the lead of an enquiry that was read, identified by its id alone: a person may enquire twice.

    Platforms report no visitor's address, so none is kept; the enquiry is proven, as the platform itself returned it.
    """
    # Loaded here, because they take 4 MB, and most workers fetch from no platform.
    from service.capture.accept import arrival_of  # noqa: PLC0415
    from service.capture.fields.submissions import reading_form, submit  # noqa: PLC0415

    submission = submit(enquiry, reading_form(connection.form, connection.config), connection.sender, connection.config)
    arrival = arrival_of(replace(submission, ip="", is_proven=True), connection.form, clock.now())
    own = [key for key in arrival.keys if key.otherwise]
    # A test lead has no key of its own.
    return replace(arrival, keys=own or [id_key(connection.sender, enquiry.external_id, connection.form)])


# -- failures


def _settle_failure(
    fetch: Fetch, connection: PlatformConnection, store: Store, error: PlatformError, duration_ms: int
) -> None:
    now, factor, tries = clock.now(), jitter(), fetch.notice.tries
    step = next_step(error, tries, factor, now)
    is_throttled = isinstance(error, NotNow) and error.wait_s is not None
    outcome = Outcome.THROTTLED if is_throttled else _OUTCOMES[type(error)]
    result = FetchResult(outcome, duration_ms, error.status, error.message)

    def settle(tx: Transaction) -> None:
        tx.platforms.lock_lead(fetch)
        settle_connection(tx, fetch.link, error, connection, now, factor)
        _follow(tx, fetch, step, _problem(error, step, connection, tries), result)

    store.write(settle)
    log.warning(
        "lead_not_fetched",
        lead=fetch.notice.lead_id,
        sender=connection.sender,
        form=connection.form.name,
        outcome=outcome.value,
        status=error.status,
        tries=tries,
    )


def _follow(tx: Transaction, fetch: Fetch, step: FetchAgain | StopFetching, problem: str, result: FetchResult) -> None:
    if isinstance(step, FetchAgain):
        tx.platforms.postpone_fetch(fetch, step.due, step.tries, problem, result)
    else:
        tx.platforms.park_fetch(fetch, problem, result)


def settle_connection(
    tx: Transaction,
    link: ConnectionKey,
    error: PlatformError,
    connection: PlatformConnection,
    now: datetime,
    factor: float = 1.0,
) -> None:
    """Save what an error means for the connection: nothing, a short pause, or that a person must fix it.

    factor: jitter on pauses.
    """
    if isinstance(error, Disconnected):
        _mark_broken(tx, link._replace(place=error.place), error, connection, now, factor)
    elif isinstance(error, NotNow) and error.wait_s is not None:
        tx.platforms.pause(link, now + timedelta(seconds=error.wait_s))
    elif isinstance(error, NotNow):
        wait_s = outage_s(tx.platforms.record_failure(link.whole), factor)
        if wait_s:
            tx.platforms.pause(link.whole, now + timedelta(seconds=wait_s))
    # A probe of a broken connection that proved nothing: pause again before the next one.
    for broken in {link, link.whole}:
        health = tx.platforms.health(broken)
        if health.reason and (health.paused_until is None or health.paused_until <= now):
            tx.platforms.pause(broken, now + timedelta(seconds=pause_s(health.pause_streak, factor)))


def _mark_broken(
    tx: Transaction,
    link: ConnectionKey,
    error: Disconnected,
    connection: PlatformConnection,
    now: datetime,
    factor: float,
) -> None:
    health = tx.platforms.health(link)
    if health.reason and health.paused_until is not None and health.paused_until > now:
        return  # several fetches were in progress when it broke: that is one break
    affected = f" of {link.place}" if link.place else ""
    reason = (
        f"{connection.platform.title} does not allow the leads{affected} to be read for the form "
        f'"{connection.form.name}": {_sentence(error.message)} {error.remedy} Waiting leads are then read '
        "automatically."
    )
    tx.platforms.mark_broken(link, reason, now, now + timedelta(seconds=pause_s(health.pause_streak, factor)))


def _problem(
    error: PlatformError, step: FetchAgain | StopFetching, connection: PlatformConnection, tries: int = 0
) -> str:
    title, message = connection.platform.title, _sentence(error.message)
    if isinstance(error, Disconnected):
        return f"{title} does not allow it to be read: {message} {error.remedy}"
    if isinstance(error, Unusable):
        return f"{title} could not be queried for it: {message} Retry after an update of this service."
    if isinstance(step, FetchAgain):
        doubt = "does not know or does not show it" if isinstance(error, Gone) else "could not be queried for it"
        return f"{title} {doubt} ({error.message}): it is tried again automatically."
    if isinstance(error, Gone):
        return (
            f"{title} does not know or does not show it: {message} It may be deleted, belong to another Page or "
            "account, or be a test. If it exists, check the token's permissions and send it again; else discard it."
        )
    return f"Given up after {tries + 1} tries: {message} Send it again once {title} is available."


def _sentence(message: str) -> str:
    return message if message.endswith((".", "!", "?")) else f"{message}."


def _elapsed_ms(started: float) -> int:
    return round((clock.monotonic() - started) * 1000)
