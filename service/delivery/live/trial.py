"""The two records of a trial: a fictitious contact, and an opportunity with every field that a lead's may have."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar

from service import clock
from service.delivery.attempts import may_be_saved
from service.delivery.pacing import OutOfPace
from service.delivery.targets import danger
from service.nexudus import boards, coworkers, markers, opportunities
from service.nexudus.boards import Stage
from service.nexudus.client import Nexudus, Params
from service.nexudus.coworkers import NewCoworker
from service.nexudus.errors import NexudusError, Rejected, Throttled, Unavailable
from service.nexudus.opportunities import PATH, NewOpportunity
from service.nexudus.values import Row
from service.setup.stages import UNSAFE_REMEDY

MAX_LAG_S = 60.0
"""Maximum seconds for which a search is repeated until it shows a new record."""

FIRST_PAUSE_S = 0.25
"""Seconds before the second search; the pause doubles each time."""

NOTES_CHARS = 6000
"""Length of the notes in characters, as for a long enquiry."""

PARAGRAPH = "Three desks & a meeting room, 5 < 6 people, naïve café, \N{GRINNING FACE}.\nFrom “March” on.\n\n"

MAX_WAITS, MAX_WAIT_S = 3, 60.0
"""Maximum number and length of the waits of one call when Nexudus asks to slow down."""

T = TypeVar("T")


class TrialFailed(Exception):
    """The records could not be created. remains: records that may be left in Nexudus."""

    def __init__(self, sentence: str, remains: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.remains = remains


@dataclass(frozen=True, slots=True)
class Trial:
    """The two records, and what their creation showed.

    record: the opportunity read by id. clock_at: our time when it was created.
    contact_lag_s, lag_s: seconds until a search showed the contact and the opportunity; None if it did not in time.
    """

    nexudus: Nexudus
    sleep: Callable[[float], None]
    stage: Stage
    email: str
    contact_id: int
    opportunity_id: int
    marker: str
    body: Row
    record: Row
    clock_at: datetime
    contact_lag_s: float | None
    lag_s: float | None

    @property
    def type_id(self) -> int | None:
        """Type of the opportunity, if any."""
        kind = self.body.get("OpportunityTypeId")
        return kind if isinstance(kind, int) else None

    @property
    def of_person(self) -> Params:
        """Filter for the contact's opportunities."""
        return {"CrmOpportunity_Coworker": self.contact_id}

    @property
    def listed(self) -> Row:
        """The opportunity as lists show it; empty if they do not."""
        rows, _ = self.nexudus.page(PATH, self.of_person)
        return next((row for row in rows if row["Id"] == self.opportunity_id), {})

    @property
    def remains(self) -> tuple[str, ...]:
        """The records that an operator has to delete in Nexudus."""
        return (f"opportunity {self.opportunity_id}", f"contact {self.contact_id} ({self.email})")


def find_stage(nexudus: Nexudus, stage_id: int) -> Stage:
    """Return the stage of the trial. Raises: TrialFailed, also for an unsafe stage."""
    try:
        stage = boards.stage(nexudus, stage_id)
    except NexudusError as error:
        raise TrialFailed(
            f"stage {stage_id} could not be read ({error.message}): `lead-capture doctor` says more"
        ) from error
    if stage is None:
        raise TrialFailed(f"Nexudus has no stage {stage_id}: `lead-capture boards` lists them")
    if stage.dangers:
        raise TrialFailed(f"{danger(stage)}: {UNSAFE_REMEDY}")
    return stage


def begin_trial(nexudus: Nexudus, stage_id: int, type_id: int | None, sleep: Callable[[float], None]) -> Trial:
    """Create the two records on a stage, and wait until searches show them. Raises: TrialFailed."""
    stage, code = find_stage(nexudus, stage_id), secrets.token_hex(6)
    email, marker = f"lead-capture-test-{code}@example.com", f"lead-capture-test:{code}"
    remains: list[str] = []
    doing = "the contact could not be created"
    try:
        contact_id = call_with_waits(lambda: _make_contact(nexudus, stage, email, remains), sleep)
        doing = "the contact could not be searched for"
        contact_lag_s = _lag(_contact_is_listed(nexudus, email, contact_id), sleep)
        body = markers.with_custom_field(
            opportunities.compose(_opportunity(stage, contact_id, type_id, marker)), marker
        )
        doing, clock_at = "the opportunity could not be created", clock.now()
        opportunity_id = call_with_waits(lambda: _make_opportunity(nexudus, body, marker, remains), sleep)
        doing = "the opportunity could not be searched for"
        lag_s = _lag(_opportunity_is_listed(nexudus, contact_id, opportunity_id), sleep)
        doing = "the opportunity could not be read by its id"
        record = _record(nexudus, opportunity_id, sleep)
    except NexudusError as error:
        raise TrialFailed(f"{doing} ({error.message})", tuple(remains)) from error
    except OutOfPace as error:
        raise TrialFailed(f"{doing}: our own rate limit is used up for {error.wait_s:.0f} s", tuple(remains)) from error
    seen = (email, contact_id, opportunity_id, marker, body, record, clock_at, contact_lag_s, lag_s)
    return Trial(nexudus, sleep, stage, *seen)


def call_with_waits(call: Callable[[], T], sleep: Callable[[float], None]) -> T:
    """Return the result of a call, repeated if Nexudus asks to slow down, as it has done nothing then.

    Raises: as the call; Throttled after too many waits.
    """
    for _ in range(MAX_WAITS):
        try:
            return call()
        except Throttled as error:
            sleep(min(error.retry_after_s or 1.0, MAX_WAIT_S))
    return call()


def _record(nexudus: Nexudus, opportunity_id: int, sleep: Callable[[float], None]) -> Row:
    """Read the opportunity by id, until it is visible.

    Raises: Unavailable if it is not visible within MAX_LAG_S; as Nexudus.get.
    """
    for pause_s in _pauses():
        record = call_with_waits(lambda: nexudus.one(f"{PATH}/{opportunity_id}"), sleep)
        if record is not None:
            return record
        sleep(pause_s)
    raise Unavailable("Nexudus does not show it", HTTPStatus.NOT_FOUND)


def _make_contact(nexudus: Nexudus, stage: Stage, email: str, remains: list[str]) -> int:
    business = boards.location_of(nexudus, stage)
    if business is None or not business.country_id or not business.time_zone_id:
        raise TrialFailed(f"the location of stage {stage.id} shows no country or time zone: choose another stage")
    new = NewCoworker("Lead Capture Test", email, business.country_id, business.time_zone_id, business.id)
    try:
        contact_id = coworkers.create(nexudus, coworkers.compose(new))
    except NexudusError as error:
        if may_be_saved(error):
            remains.append(f"perhaps contact {email}")
        raise
    remains.append(f"contact {contact_id} ({email})")
    return contact_id


def _make_opportunity(nexudus: Nexudus, body: Row, marker: str, remains: list[str]) -> int:
    try:
        opportunity_id = _create(nexudus, body)
    except NexudusError as error:
        if may_be_saved(error):
            remains.insert(0, f"perhaps the contact's opportunity {marker}")
        raise
    remains.insert(0, f"opportunity {opportunity_id}")
    return opportunity_id


def _create(nexudus: Nexudus, body: Row) -> int:
    """Create the opportunity, without its custom fields if Nexudus refuses them; return its id."""
    try:
        return opportunities.create(nexudus, body)
    except Rejected as error:
        if not markers.objects_to_custom_fields(error):
            raise
    return opportunities.create(nexudus, {name: value for name, value in body.items() if name != "CustomFields"})


def _opportunity(stage: Stage, contact_id: int, type_id: int | None, marker: str) -> NewOpportunity:
    text = (PARAGRAPH * (NOTES_CHARS // len(PARAGRAPH) + 1))[:NOTES_CHARS].rstrip()
    return NewOpportunity(
        stage_id=stage.id,
        coworker_id=contact_id,
        name="Lead Capture Test",
        notes=f"{text}\n\n{marker}",
        opportunity_type_id=type_id,
        value=1.0,
        lead_source=1,
        utm_source="lead-capture",
        utm_medium="test",
        utm_campaign="doctor --live",
        system_id=marker,
    )


def _lag(is_listed: Callable[[], bool], sleep: Callable[[float], None]) -> float | None:
    """Return the seconds until a search shows a record; None if none does within MAX_LAG_S."""
    began = clock.monotonic()
    for pause_s in _pauses():
        if call_with_waits(is_listed, sleep):
            return round(clock.monotonic() - began, 1)
        sleep(pause_s)
    return None


def _pauses() -> Iterator[float]:
    pause_s, total_s = FIRST_PAUSE_S, 0.0
    while total_s < MAX_LAG_S:
        yield pause_s
        total_s += pause_s
        pause_s *= 2


def _contact_is_listed(nexudus: Nexudus, email: str, contact_id: int) -> Callable[[], bool]:
    return lambda: any(row["Id"] == contact_id for row in nexudus.page(coworkers.PATH, {"Coworker_Email": email})[0])


def _opportunity_is_listed(nexudus: Nexudus, contact_id: int, opportunity_id: int) -> Callable[[], bool]:
    params: Params = {"CrmOpportunity_Coworker": contact_id}
    return lambda: any(row["Id"] == opportunity_id for row in nexudus.page(PATH, params)[0])
