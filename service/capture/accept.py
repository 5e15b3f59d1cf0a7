"""The page to read first: one Submission becomes a Lead, and its Delivery is queued in the same transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from service.attribution import attribute, other_touch
from service.capture.dedup import keys_of, person_of
from service.capture.repeats import PAUSED, judge
from service.edge import REPEAT
from service.forms import Form
from service.lead import Contact, Evidence, Lead, Receipt, Status, Submission, new_lead_id
from service.store import WITHDRAWN, AnnouncedLead, Arrival, FetchNotice, Store
from service.tracing.context import CURRENT

SENDERS_TEST = "A test from the sender: it is shown here and never sent to the CRM."

Judged = tuple[Submission, str]
"""A Submission with the reason for suspicion, "" for none."""


def accept(submission: Submission, form: Form, store: Store, now: datetime, suspicion: str = "") -> Receipt:
    """Keep one Submission and queue its Delivery; a repeat gets its first Receipt.

    A Submission with a problem is parked, one under suspicion (the reason) is quarantined: its
    Delivery waits until an operator releases it.
    Raises: StoreUnavailable; then nothing was kept.
    """
    [receipt] = store.keep_and_enqueue([arrival_of(submission, form, now, suspicion)])
    return receipt


def accept_all(submissions: Sequence[Judged], form: Form, store: Store, now: datetime) -> list[Receipt]:
    """Accept all Submissions of one call, in few commits.

    Raises: StoreUnavailable; then the sender repeats the call, and leads already kept return their first Receipts.
    """
    return store.keep_and_enqueue([arrival_of(each, form, now, suspicion) for each, suspicion in submissions])


def announce_all(announced: Sequence[tuple[Submission, str]], form: Form, store: Store, now: datetime) -> list[Receipt]:
    """Keep leads that a platform only announced, each with its Page or account; they are fetched soon after.

    Raises: StoreUnavailable; then none was kept.
    """
    return store.announce([_announced(submission, place, form, now) for submission, place in announced])


def withdraw(sender: str, external_id: str, form: Form, store: Store, now: datetime) -> Receipt:
    """Discard an enquiry that the person took back at the platform, even if it arrives later.

    Raises: StoreUnavailable.
    """
    arrival = arrival_of_id(sender, external_id, form, now)
    return store.withdraw(replace(arrival, lead=replace(arrival.lead, status=Status.DISCARDED)))


def came_before(submission: Submission, form: Form, store: Store, now: datetime) -> bool:
    """Return whether everything in a Submission is known already, so that keeping it would only count a repeat.

    Raises: StoreUnavailable.
    """
    arrival = arrival_of(submission, form, now)
    with store.read() as tx:
        match = tx.leads.match(arrival, now)
    return match is not None and match[1].became is None


def arrival_of(submission: Submission, form: Form, now: datetime, suspicion: str = "") -> Arrival:
    """Make the new lead, attributed, with its keys, its person and the judge of repeats.

    The answers choose the route, and with it the Nexudus account.
    """
    if form.paused and not submission.problem:
        submission = replace(submission, problem=PAUSED)
    routed = form.for_answers(submission)
    attribution = attribute(submission.evidence, routed.attribution)
    lead = Lead(
        id=new_lead_id(now),
        account=routed.account,
        status=status_of(submission, suspicion),
        received_at=now,
        submission=submission,
        attribution=attribution,
        problem=SENDERS_TEST if submission.is_test else suspicion or submission.problem,
        # The answers choose the recipients when the messages are sent.
        notify_pending=bool(form.notify or any(route.form.notify for route in form.routes)),
        other_touch=other_touch(submission.evidence, routed.attribution, attribution),
        setup_version=form.setup_version,
    )
    keys = list(keys_of(submission, form, now))
    return Arrival(lead, keys, person_of(lead), partial(judge, form=form), CURRENT.get(), form.starts_clock)


def status_of(submission: Submission, suspicion: str) -> Status:
    """Return the status of a new lead: pending, unless it is a test or needs an operator first."""
    if submission.is_test:
        return Status.TEST
    if suspicion:
        return Status.QUARANTINED
    return Status.PARKED if submission.problem else Status.PENDING


def outcome_of(receipt: Receipt, status: Status) -> str:
    """Return what became of an arrival, for the metrics. status: that of a new lead."""
    return REPEAT if receipt.repeat else status.value


def arrival_of_id(sender: str, external_id: str, form: Form, now: datetime) -> Arrival:
    """Return an arrival with nothing but a platform's id, which finds the lead of any person at that platform."""
    submission = Submission(
        form.name, sender, Contact(), Evidence(), external_id=external_id, is_proven=True, problem=WITHDRAWN
    )
    return _by_ids(arrival_of(submission, form, now))


def _announced(submission: Submission, place: str, form: Form, now: datetime) -> AnnouncedLead:
    arrival = _by_ids(arrival_of(submission, form, now))
    lead = arrival.lead if submission.problem else replace(arrival.lead, status=Status.ANNOUNCED)
    details = dict(submission.extras)
    notice = FetchNotice(lead.id, form.name, submission.sender, submission.external_id, now, place, details)  # type: ignore[arg-type]
    return replace(arrival, lead=lead), notice


def _by_ids(arrival: Arrival) -> Arrival:
    """Drop the key made from the words: without answers it would be the same for all leads."""
    return replace(arrival, keys=[key for key in arrival.keys if key.otherwise])
