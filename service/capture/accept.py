"""The page to read first: one Submission is kept, one Delivery owed, in one transaction."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product

from service.attribution import attribute
from service.capture.dedup import is_id, judge, person_of
from service.capture.fields.contact import number_key, person_keys
from service.forms import Form
from service.lead import OPERATOR_REMARKS, Answers, Contact, Evidence, Lead, Receipt, Status, Submission, new_lead_id
from service.platforms.registry import PLATFORMS
from service.store import WITHDRAWN, AnnouncedLead, Arrival, DedupKey, FetchNotice, Store

A_TEST = "A test of the sender's: it is shown here and never sent to the CRM."

Judged = tuple[Submission, str]
"""A Submission, and why it is suspected, "" when it is not."""

KEY_LIFE = timedelta(days=7)
"""How long a form view's lc_key, an Idempotency-Key and a call's webhook-id count."""

_encode = json.JSONEncoder(sort_keys=True).encode


def accept(submission: Submission, form: Form, store: Store, now: datetime, suspicion: str = "") -> Receipt:
    """Keep one Submission and owe the CRM one Delivery; a repeat gets its first Receipt.

    A Submission with a problem is kept and parked, one under suspicion (why) is quarantined: its
    Delivery is held until a person lets it go.
    Raises: StoreUnavailable; then nothing was kept.
    """
    [receipt] = store.keep_and_enqueue([arrival_of(submission, form, now, suspicion)])
    return receipt


def accept_all(submissions: Sequence[Judged], form: Form, store: Store, now: datetime) -> list[Receipt]:
    """The same for all that one call of a platform brought, each with why it is suspected, in few commits.

    Raises: StoreUnavailable; then the sender repeats, and what was kept gets its first Receipt again.
    """
    arrivals = [arrival_of(submission, form, now, suspicion) for submission, suspicion in submissions]
    return store.keep_and_enqueue(arrivals)


def announce_all(announced: Sequence[tuple[Submission, str]], form: Form, store: Store, now: datetime) -> list[Receipt]:
    """Keep leads that a platform only told us of, each with its Page or account: they are fetched soon after.

    Raises: StoreUnavailable; then none was kept.
    """
    return store.announce([_announced(submission, place, form, now) for submission, place in announced])


def withdraw(sender: str, external_id: str, form: Form, store: Store, now: datetime) -> Receipt:
    """The person took an enquiry back at the platform: make nothing of it, not even if it comes after this.

    Raises: StoreUnavailable.
    """
    arrival = arrival_of_id(sender, external_id, form, now)
    return store.withdraw(replace(arrival, lead=replace(arrival.lead, status=Status.DISCARDED)))


def arrival_of_id(sender: str, external_id: str, form: Form, now: datetime) -> Arrival:
    """Return what only a platform's id is known of: with it a lead of that platform is found, whoever it is."""
    submission = Submission(
        form.name, sender, Contact(), Evidence(), external_id=external_id, is_proven=True, problem=WITHDRAWN
    )
    arrival = arrival_of(submission, form, now)
    return replace(arrival, keys=_ids_of(arrival))


def came_before(submission: Submission, form: Form, store: Store, now: datetime) -> bool:
    """Whether all that a Submission says came before, so that keeping it would only count a repeat.

    Raises: StoreUnavailable.
    """
    arrival = arrival_of(submission, form, now)
    with store.read() as tx:
        match = tx.leads.match(arrival, now)
    return match is not None and match[1].became is None


def _announced(submission: Submission, place: str, form: Form, now: datetime) -> AnnouncedLead:
    arrival = arrival_of(submission, form, now)
    lead = arrival.lead if submission.problem else replace(arrival.lead, status=Status.ANNOUNCED)
    details = dict(submission.extras)
    notice = FetchNotice(lead.id, form.name, submission.sender, submission.external_id, now, place, details)  # type: ignore[arg-type]
    return replace(arrival, lead=lead, keys=_ids_of(arrival)), notice


def _ids_of(arrival: Arrival) -> list[DedupKey]:
    """Its keys without that of the words: nobody has said any yet, and what nobody said is the same for all."""
    return [key for key in arrival.keys if key.otherwise]


def arrival_of(submission: Submission, form: Form, now: datetime, suspicion: str = "") -> Arrival:
    """A new lead, credited; what makes a later one its repeat, whose it is, and who decides that.

    Its answers choose the route, and so the Nexudus account that it is owed to.
    """
    routed = form.for_answers(submission)
    lead = Lead(
        id=new_lead_id(now),
        account=routed.account,
        status=status_of(submission, suspicion),
        received_at=now,
        submission=submission,
        attribution=attribute(submission.evidence, routed.attribution),
        problem=_problem_of(submission, suspicion),
        notify_pending=any(
            variant.notify for variant in form.variants
        ),  # the answers choose whom, when the messages go out
    )
    return Arrival(lead, list(keys_of(submission, form, now)), person_of(lead), partial(judge, form=form))


def status_of(submission: Submission, suspicion: str) -> Status:
    """Where a new lead stands: owed to the CRM, unless it is a test or a person must look first."""
    if submission.is_test:
        return Status.TEST
    if suspicion:
        return Status.QUARANTINED
    return Status.PARKED if submission.problem else Status.PENDING


def _problem_of(submission: Submission, suspicion: str) -> str:
    return A_TEST if submission.is_test else suspicion or submission.problem


def keys_of(submission: Submission, form: Form, now: datetime) -> Iterator[DedupKey]:
    """What makes a later arrival the same: the sender's id, the form view's or the call's key, the same words again.

    Nothing for a test: its id may be a constant, and who presses the button twice wants to see it twice.
    """
    if submission.is_test:
        return
    is_platform = submission.sender in PLATFORMS and submission.is_proven  # its ids are what they are
    given = dict.fromkeys((submission.external_id, submission.earlier_id))
    ids = [each for each in given if (each if is_platform else is_id(each))]
    keys = [each for each in dict.fromkeys((submission.idempotency_key, submission.delivery_id)) if is_id(each)]
    people = person_keys(submission.contact) or [_digest(_words(submission))] if ids or keys else []
    for external_id in ids:
        sender = submission.id_of or submission.sender
        # An ad platform decides by its id alone, whoever else may have used it.
        for whose in (*people, "the platform's own") if is_platform else people:
            yield id_key(sender, external_id, form, whose)
    for key, whose in product(keys, people):
        own = f"whose:key:{form.name}:{_digest(f'{key} {whose}')}"
        yield DedupKey(f"key:{form.name}:{_digest(key)}", now + KEY_LIFE, own)
    window_s = form.for_answers(submission).duplicate_window_s
    if window_s:
        same_until = now + timedelta(seconds=window_s)
        yield DedupKey(f"same:{form.name}:{_digest(_words(submission))}", same_until)


def id_key(sender: str, external_id: str, form: Form, whose: str = "") -> DedupKey:
    """The key of a sender's own id. whose: the person, or a digest of the words where it says nobody."""
    # A platform's ids are its own everywhere, whether the lead comes from it or through an automation. The account is
    # the form's own, whatever a route says: a lead that is only announced has no answers yet.
    place = form.account if sender in PLATFORMS else form.name
    own = f"whose:{sender}:{place}:{_digest(f'{external_id} {whose}')}"
    # The space: keys that earlier releases made, with the person left empty, still count.
    return DedupKey(
        f"id:{sender}:{place}:{_digest(external_id if sender in PLATFORMS else f'{external_id} ')}", None, own
    )


def _words(submission: Submission) -> str:
    """Who says what; where the person came from and when does not count."""
    contact, extras = submission.contact, submission.extras
    if not OPERATOR_REMARKS.isdisjoint(extras):  # what a captcha's provider says differs from one time to the next
        extras = {name: answer for name, answer in extras.items() if name not in OPERATOR_REMARKS}
    fields: Answers = submission.fields
    if contact.phone:  # one number has many spellings
        fields = {name: answer for name, answer in fields.items() if name != "phone"}
    said = [contact.email.casefold(), number_key(contact) or contact.phone, fields, extras]
    return _encode(said) + submission.raw.decode("latin-1")


def _digest(text: str) -> str:
    """Fixed length, and no personal data in a key."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
