"""What becomes of one announced lead: its answers, another try, or a person's look; and of its connection."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from service import clock
from service.capture.accept import arrival_of, id_key
from service.capture.fields.enquiries import Enquiry
from service.capture.fields.submissions import reading_form, submit
from service.fetching.connection import PlatformConnection
from service.fetching.retry import FetchAgain, next_step, outage_s, rest_s
from service.lead import Outcome
from service.platforms.errors import Disconnected, Gone, NotNow, PlatformError, Unusable
from service.platforms.registry import title_of
from service.store import Arrival, ConnectionKey, Fetch, FetchResult, Store, Transaction

log = structlog.get_logger()

_OUTCOMES: Mapping[type[PlatformError], Outcome] = {
    NotNow: Outcome.UNAVAILABLE,
    Disconnected: Outcome.REFUSED,
    Gone: Outcome.MISSING,
    Unusable: Outcome.REJECTED,
}


def collect(fetch: Fetch, line: PlatformConnection, store: Store) -> None:
    """Read one announced lead and settle it, whatever comes of that.

    Raises: LeaseLost when it is not ours any more; StoreUnavailable when nothing can be noted.
    """
    began = clock.monotonic()
    try:
        enquiry = line.reader.fetch(fetch.notice)
        arrival = arrival_for(enquiry, line, fetch)
    except PlatformError as error:
        _settle(fetch, line, store, error, _duration_ms(began))
        return
    now, ended = clock.now(), FetchResult(Outcome.DONE, _duration_ms(began), 200)
    store.write(lambda tx: tx.platforms.complete_fetch(fetch, arrival, ended, now))
    log.info(
        "lead_fetched", lead=arrival.lead.id, sender=line.sender, form=line.form.name, duration_ms=ended.duration_ms
    )


def stumbled(fetch: Fetch, line: PlatformConnection, store: Store) -> None:
    """A mistake of ours must cost one lead a delay, not the worker its life."""
    error = NotNow("a mistake of this service's own: see the worker's log")
    now = clock.now()
    step = next_step(error, fetch.notice.tries, _jitter(), now)
    ended = FetchResult(Outcome.UNAVAILABLE, 0, None, error.said)
    store.write(lambda tx: _follow(tx, fetch, step, _problem(error, line, fetch.notice.tries), ended))


def arrival_for(enquiry: Enquiry, line: PlatformConnection, fetch: Fetch) -> Arrival:
    """The announced lead with its answers, read and credited as any other."""
    notice = fetch.notice
    whole = replace(enquiry, place=enquiry.place or notice.place, external_id=notice.external_id)
    arrival = read_arrival(whole, line)
    return replace(arrival, lead=replace(arrival.lead, id=notice.lead_id, received_at=notice.announced_at))


def read_arrival(enquiry: Enquiry, line: PlatformConnection) -> Arrival:
    """A lead of what was read, known by its id alone: the same person may well have asked twice.

    Platforms tell no visitor's address, so none is kept; what they let be read is proven.
    """
    submission = submit(enquiry, reading_form(line.form, line.table), line.sender, line.table)
    arrival = arrival_of(replace(submission, ip="", is_proven=True), line.form, clock.now())
    own = [key for key in arrival.keys if key.otherwise]
    return replace(arrival, keys=own or [id_key(line.sender, enquiry.external_id, line.form)])  # a test has none


# -- what went wrong


def _settle(fetch: Fetch, line: PlatformConnection, store: Store, error: PlatformError, duration_ms: int) -> None:
    now, jitter = clock.now(), _jitter()
    step = next_step(error, fetch.notice.tries, jitter, now)
    ended = FetchResult(_outcome(error), duration_ms, error.status, error.said)
    problem = _problem(error, line, fetch.notice.tries)

    def settle(tx: Transaction) -> None:
        tx.platforms.lock_lead(fetch)
        judge(tx, fetch.link, error, line, now, jitter)
        _follow(tx, fetch, step, problem, ended)

    store.write(settle)
    log.warning(
        "lead_not_fetched",
        lead=fetch.notice.lead_id,
        sender=line.sender,
        form=line.form.name,
        outcome=ended.outcome.value,
        status=error.status,
        tries=fetch.notice.tries,
    )


def _follow(tx: Transaction, fetch: Fetch, step: object, problem: str, ended: FetchResult) -> None:
    if isinstance(step, FetchAgain):
        tx.platforms.postpone_fetch(fetch, step.due, step.tries, problem, ended)
    else:
        tx.platforms.park_fetch(fetch, problem, ended)


def judge(
    tx: Transaction, link: ConnectionKey, error: PlatformError, line: PlatformConnection, now: datetime, jitter: float
) -> None:
    """What an error says of the connection: nothing, a short rest, or that a person must mend it."""
    if isinstance(error, Disconnected):
        _break(tx, link._replace(place=error.place), error, line, now, jitter)
    elif isinstance(error, NotNow) and error.wait_s is not None:
        tx.platforms.pause(link, now + timedelta(seconds=error.wait_s))
    elif isinstance(error, NotNow):
        rest = outage_s(tx.platforms.record_failure(link.whole), jitter)
        if rest:
            tx.platforms.pause(link.whole, now + timedelta(seconds=rest))
    _defer_probe(tx, link, now, jitter)


def _break(
    tx: Transaction, link: ConnectionKey, error: Disconnected, line: PlatformConnection, now: datetime, jitter: float
) -> None:
    health = tx.platforms.health(link)
    if health.reason and health.paused_until is not None and health.paused_until > now:
        return  # several were under way when it broke: that is one break
    until = now + timedelta(seconds=rest_s(health.pause_streak, jitter))
    tx.platforms.mark_broken(link, reason_of(error, link, line), now, until)


def _defer_probe(tx: Transaction, link: ConnectionKey, now: datetime, jitter: float) -> None:
    """A try over a broken connection that proved nothing: let it rest again before the next."""
    for broken in {link, link.whole}:
        health = tx.platforms.health(broken)
        if health.reason and (health.paused_until is None or health.paused_until <= now):
            tx.platforms.pause(broken, now + timedelta(seconds=rest_s(health.pause_streak, jitter)))


def reason_of(error: Disconnected, link: ConnectionKey, line: PlatformConnection) -> str:
    """What people are told: which connection, the platform's own words, what to do."""
    whose = f" of {link.place}" if link.place else ""
    platform = title_of(line.sender)
    return (
        f'{platform} does not let the leads{whose} be read for the form "{line.form.name}": {_stopped(error.said)} '
        f"{error.remedy} What waits is then read by itself."
    )


def _problem(error: PlatformError, line: PlatformConnection, tries: int) -> str:
    platform, said = title_of(line.sender), _stopped(error.said)
    if isinstance(error, Disconnected):
        return f"{platform} does not let it be read: {said} {error.remedy}"
    gives_up = not isinstance(next_step(error, tries, 1.0, clock.now()), FetchAgain)
    if isinstance(error, Gone):
        if not gives_up:
            return f"{platform} does not know it, or does not show it ({error.said}): it is tried again by itself."
        return (
            f"{platform} does not know it, or does not show it: {said} It may be deleted, belong to another Page or "
            "account, or be a test. If it is there, see the rights of the token, then retry; else discard it."
        )
    if isinstance(error, Unusable):
        return f"{platform} could not be asked for it: {said} Retry after an update of this service."
    if gives_up:
        return f"Given up after {tries + 1} tries: {said} When {platform} works again, retry."
    return f"{platform} could not be asked for it ({error.said}): it is tried again by itself."


def _outcome(error: PlatformError) -> Outcome:
    if isinstance(error, NotNow) and error.wait_s is not None:
        return Outcome.THROTTLED
    return _OUTCOMES[type(error)]


def _stopped(said: str) -> str:
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _jitter() -> float:
    return random.uniform(0.8, 1.2)  # noqa: S311 (spreads retries, guards nothing)


def _duration_ms(began: float) -> int:
    return round((clock.monotonic() - began) * 1000)
