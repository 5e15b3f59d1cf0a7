"""What a platform has and we have not: read in one go, and kept as if its webhook had brought it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from service import clock
from service.capture.fields.enquiries import Enquiry
from service.fetching.connection import PlatformConnection, Pulled, UnreadableLead
from service.fetching.settlement import judge, read_arrival
from service.platforms.errors import PlatformError
from service.platforms.registry import title_of
from service.store import Arrival, Store, StoreUnavailable

log = structlog.get_logger()

TOGETHER = 50
"""Leads that are looked up and kept at a time."""

OVERLAP = timedelta(hours=2)
"""A periodic pull begins so long before the end of the last: platforms list a lead some time after it was sent."""


@dataclass(slots=True)
class PullResult:
    """What one pull brought. odd: leads that could not be read or kept, and why. broken: why it is not whole."""

    found: int = 0
    new: int = 0
    known: int = 0
    odd: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def pull(line: PlatformConnection, store: Store, since: datetime, until: datetime) -> PullResult:
    """Ask one platform for all leads of a time, and keep those that are missing; what was announced gets its answers.

    One that cannot be read or kept holds up no other. An error of the platform ends it, and is noted like one of a
    fetch; what was kept by then stays.
    Raises: StoreUnavailable.
    """
    tally = PullResult()
    try:
        for some in _batches(line.reader.pull(since, until)):
            _keep_all(some, line, store, tally)
    except PlatformError as error:
        _note(error, line, store, tally)
    if not tally.broken:
        now = clock.now()
        store.write(lambda tx: tx.platforms.record_success_everywhere(line.link, now))
    log.info(
        "pulled",
        sender=line.sender,
        form=line.form.name,
        found=tally.found,
        new=tally.new,
        known=tally.known,
        odd=len(tally.odd),
        is_whole=not tally.broken,
    )
    return tally


def _note(error: PlatformError, line: PlatformConnection, store: Store, tally: PullResult) -> None:
    tally.broken.append(" ".join(part for part in (error.said, getattr(error, "remedy", "")) if part))
    now = clock.now()
    store.write(lambda tx: judge(tx, line.link, error, line, now, 1.0))


def told(tally: PullResult, line: PlatformConnection) -> str:
    """One line for people."""
    platform = title_of(line.sender)
    text = f"{platform}: found {tally.found}, new {tally.new}, known {tally.known}"
    return text + (f", not readable {len(tally.odd)}" if tally.odd else "")


def _batches(pulled: Iterable[Pulled]) -> Iterator[list[Pulled]]:
    some: list[Pulled] = []
    for each in pulled:
        some.append(each)
        if len(some) == TOGETHER:
            yield some
            some = []
    if some:
        yield some


def _keep_all(some: list[Pulled], line: PlatformConnection, store: Store, tally: PullResult) -> None:
    tally.found += len([each for each in some if not isinstance(each, PlatformError)])
    tally.odd += [f"{odd.which}: {odd.why}" for odd in some if isinstance(odd, UnreadableLead)]
    for error in some:
        if isinstance(error, PlatformError):
            _note(error, line, store, tally)
    for each in some:
        if isinstance(each, Enquiry):
            _keep(each, line, store, tally)


def _keep(enquiry: Enquiry, line: PlatformConnection, store: Store, tally: PullResult) -> None:
    try:
        arrival = read_arrival(enquiry, line)
        if _is_here(arrival, store):  # not kept again: that would count as a repeat of its person's
            tally.known += 1
            return
        [receipt] = store.keep_and_enqueue([arrival])
    except StoreUnavailable:
        raise
    except Exception:  # a mistake of ours must cost one lead, not all that come after it
        log.exception("pull_stumbled", sender=line.sender, form=line.form.name)
        tally.odd.append(f"{enquiry.external_id}: it could not be kept, see the log")
        return
    tally.new += 1
    log.info("lead_kept", lead=receipt.lead_id, form=line.form.name, sender=line.sender, repeat=receipt.repeat)


def _is_here(arrival: Arrival, store: Store) -> bool:
    """Whether the lead came before; one that was only announced still waits for these answers."""
    with store.read() as tx:
        match = tx.leads.match(arrival, clock.now())
        return match is not None and not tx.platforms.has_notice(match[0].id)
