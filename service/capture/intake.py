"""The page to read first: one Submission is kept, one Delivery owed, in one transaction."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from service.attribution import attribute
from service.forms import PLATFORMS, Form
from service.lead import CAPTCHA_REMARK, Contact, Evidence, Lead, Receipt, Status, Submission, new_lead_id
from service.store import WITHDRAWN, Announced, Arrival, Key, Notice, Store

A_TEST = "A test of the sender's: it is shown here and never sent to the CRM."

Judged = tuple[Submission, str]
"""A Submission, and why it is suspected, "" when it is not."""

_encode = json.JSONEncoder(sort_keys=True).encode


def accept(submission: Submission, form: Form, store: Store, now: datetime, suspicion: str = "") -> Receipt:
    """Keep one Submission and owe the CRM one Delivery; a repeat gets its first Receipt.

    A Submission with a problem is kept and parked, one under suspicion (why) is quarantined: its
    Delivery is held until a person lets it go.
    Raises: StoreUnavailable; then nothing was kept.
    """
    return store.keep(*arrival_of(submission, form, now, suspicion))


def accept_all(submissions: Sequence[Judged], form: Form, store: Store, now: datetime) -> list[Receipt]:
    """The same for all that one call of a platform brought, each with why it is suspected, in few commits.

    Raises: StoreUnavailable; then the sender repeats, and what was kept gets its first Receipt again.
    """
    return store.keep_all([arrival_of(submission, form, now, suspicion) for submission, suspicion in submissions])


def announce_all(announced: Sequence[tuple[Submission, str]], form: Form, store: Store, now: datetime) -> list[Receipt]:
    """Keep leads that a platform only told us of, each with its Page or account: they are fetched soon after.

    Raises: StoreUnavailable; then none was kept.
    """
    return store.announce_all([_announced(submission, place, form, now) for submission, place in announced])


def withdraw(sender: str, external_id: str, form: Form, store: Store, now: datetime) -> Receipt:
    """The person took an enquiry back at the platform: make nothing of it, not even if it comes after this.

    Raises: StoreUnavailable.
    """
    submission = Submission(form.name, sender, Contact(), Evidence(), external_id=external_id, problem=WITHDRAWN)
    lead, _, _ = arrival_of(submission, form, now)
    return store.withdraw(replace(lead, status=Status.DISCARDED), [id_key(sender, external_id, form)])


def _announced(submission: Submission, place: str, form: Form, now: datetime) -> Announced:
    lead, _, _ = arrival_of(submission, form, now)
    if not submission.problem:
        lead = replace(lead, status=Status.ANNOUNCED)
    notice = Notice(lead.id, form.name, submission.sender, submission.external_id, now, place, dict(submission.extras))  # type: ignore[arg-type]
    return lead, [id_key(submission.sender, submission.external_id, form)], notice


def arrival_of(submission: Submission, form: Form, now: datetime, suspicion: str = "") -> Arrival:
    """A new lead, credited, with what makes a later one its repeat and whose it is."""
    lead = Lead(
        id=new_lead_id(now),
        account=form.account,
        status=status_of(submission, suspicion),
        received_at=now,
        submission=submission,
        attribution=attribute(submission.evidence, form.for_answers(submission).crediting),
        problem=_problem_of(submission, suspicion),
        tell=bool(form.notify),
    )
    return lead, list(keys_of(submission, form, now)), person_of(lead)


def status_of(submission: Submission, suspicion: str) -> Status:
    """Where a new lead stands: owed to the CRM, unless it is a test or a person must look first."""
    if submission.is_test:
        return Status.TEST
    if suspicion:
        return Status.QUARANTINED
    return Status.PARKED if submission.problem else Status.PENDING


def _problem_of(submission: Submission, suspicion: str) -> str:
    return A_TEST if submission.is_test else suspicion or submission.problem


def person_of(lead: Lead) -> str:
    """Whose leads must not be delivered side by side: the folded e-mail, or nobody else's."""
    return lead.submission.contact.email.casefold() or lead.id


def keys_of(submission: Submission, form: Form, now: datetime) -> Iterator[Key]:
    """What makes a later arrival the same: the sender's id, the form view's key, the same words again.

    Nothing for a test: its id may be a constant, and who presses the button twice wants to see it twice.
    """
    if submission.is_test:
        return
    for external_id in dict.fromkeys(filter(None, (submission.external_id, submission.earlier_id))):
        yield id_key(submission.id_of or submission.sender, external_id, form, submission.contact.email)
    if submission.idempotency_key:
        yield Key(f"key:{form.name}:{_digest(submission.idempotency_key)}")
    if form.duplicate_window_s:
        same_until = now + timedelta(seconds=form.duplicate_window_s)
        yield Key(f"same:{form.name}:{_digest(_words(submission))}", same_until)


def id_key(sender: str, external_id: str, form: Form, email: str = "") -> Key:
    """The key of a sender's own id of a submission."""
    if sender in PLATFORMS:  # its ids are its own everywhere, whether the lead comes from it or through an automation
        return Key(f"id:{sender}:{form.account}:{_digest(external_id)}")
    # A page's own hidden id may be a constant: with the person in it, it cannot swallow other people's leads.
    whose = email.casefold() if sender == "browser" else ""
    return Key(f"id:{sender}:{form.name}:{_digest(f'{external_id} {whose}')}")


def _words(submission: Submission) -> str:
    """Who says what; where the person came from and when does not count."""
    contact = submission.contact
    extras = submission.extras
    if CAPTCHA_REMARK in extras:  # what a provider says differs from one time to the next
        extras = {name: answer for name, answer in extras.items() if name != CAPTCHA_REMARK}
    said = [contact.email.casefold(), contact.phone, submission.fields, extras]
    return _encode(said) + submission.raw.decode("latin-1")


def _digest(text: str) -> str:
    """Fixed length, and no personal data in a key."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
