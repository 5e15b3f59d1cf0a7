"""The page to read first: one Submission is kept, one Delivery owed, in one transaction."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from service.attribution import attribute
from service.forms import Form
from service.lead import Lead, Receipt, Status, Submission, new_lead_id
from service.store import Key, Store

_encode = json.JSONEncoder(sort_keys=True).encode


def accept(submission: Submission, form: Form, store: Store, now: datetime, suspicion: str = "") -> Receipt:
    """Keep one Submission and owe the CRM one Delivery; a repeat gets its first Receipt.

    A Submission with a problem is kept and parked, one under suspicion (why) is quarantined: its
    Delivery is held until a person lets it go.
    Raises: StoreUnavailable; then nothing was kept.
    """
    lead = Lead(
        id=new_lead_id(now),
        account=form.account,
        status=status_of(submission, suspicion),
        received_at=now,
        submission=submission,
        attribution=attribute(submission.evidence, form.for_answers(submission).crediting),
        problem=suspicion or submission.problem,
    )
    return store.keep(lead, list(keys_of(submission, form, now)), person_of(lead))


def status_of(submission: Submission, suspicion: str) -> Status:
    """Where a new lead stands: owed to the CRM, unless a person must look first."""
    if suspicion:
        return Status.QUARANTINED
    return Status.PARKED if submission.problem else Status.PENDING


def person_of(lead: Lead) -> str:
    """Whose leads must not be delivered side by side: the folded e-mail, or nobody else's."""
    return lead.submission.contact.email.casefold() or lead.id


def keys_of(submission: Submission, form: Form, now: datetime) -> Iterator[Key]:
    """What makes a later arrival the same: the sender's id, the form view's key, the same words again."""
    if submission.external_id:
        # A page's own hidden id may be a constant: with the person in it, it cannot swallow other people's leads.
        whose = submission.contact.email.casefold() if submission.sender == "browser" else ""
        yield Key(f"id:{submission.sender}:{form.name}:{_digest(f'{submission.external_id} {whose}')}")
    if submission.idempotency_key:
        yield Key(f"key:{form.name}:{_digest(submission.idempotency_key)}")
    if form.duplicate_window_s:
        same_until = now + timedelta(seconds=form.duplicate_window_s)
        yield Key(f"same:{form.name}:{_digest(_words(submission))}", same_until)


def _words(submission: Submission) -> str:
    """Who says what; where the person came from and when does not count."""
    contact = submission.contact
    said = [contact.email.casefold(), contact.phone, submission.fields, submission.extras]
    return _encode(said) + submission.raw.decode("latin-1")


def _digest(text: str) -> str:
    """Fixed length, and no personal data in a key."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
