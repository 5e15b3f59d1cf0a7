"""The page to read first: one Submission is kept, one Delivery owed, in one transaction."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from service.attribution import attribute
from service.forms import Form
from service.lead import Attribution, Lead, Receipt, Status, Submission, new_lead_id
from service.store import Key, Store, Transaction


def accept(submission: Submission, form: Form, store: Store, now: datetime, suspicion: str = "") -> Receipt:
    """Keep one Submission and owe the CRM one Delivery; a repeat gets its first Receipt.

    A Submission with a problem is kept and parked, one under suspicion (why) is quarantined: its
    Delivery is held until a person lets it go.
    Raises: StoreUnavailable; then nothing was kept.
    """
    attribution = attribute(submission.evidence, form.crediting)
    return store.write(keeping(submission, attribution, form, now, suspicion))


def keeping(
    submission: Submission, attribution: Attribution, form: Form, now: datetime, suspicion: str = ""
) -> Callable[[Transaction], Receipt]:
    """The job that keeps a Submission with its verdict."""
    status = Status.QUARANTINED if suspicion else Status.PARKED if submission.problem else Status.PENDING
    problem = suspicion or submission.problem
    lead = Lead(new_lead_id(now), form.account, status, now, submission, attribution, problem)
    keys = list(keys_of(submission, form, now))
    parked = status is not Status.PENDING

    def keep(tx: Transaction) -> Receipt:
        receipt = tx.leads.keep(lead, keys)
        if not receipt.repeat:
            tx.outbox.owe(lead.id, lead.account, person_of(lead), due=now, parked=parked)
        return receipt

    return keep


def person_of(lead: Lead) -> str:
    """Whose leads must not be delivered side by side: the folded e-mail, or nobody else's."""
    return lead.submission.contact.email.casefold() or lead.id


def keys_of(submission: Submission, form: Form, now: datetime) -> Iterator[Key]:
    """What makes a later arrival the same: the sender's id, the form view's key, the same words again."""
    if submission.external_id:
        yield Key(f"id:{submission.sender}:{form.name}:{_digest(submission.external_id)}")
    if submission.idempotency_key:
        yield Key(f"key:{form.name}:{_digest(submission.idempotency_key)}")
    if form.duplicate_window_s:
        same_until = now + timedelta(seconds=form.duplicate_window_s)
        yield Key(f"same:{form.name}:{_digest(_words(submission))}", same_until)


def _words(submission: Submission) -> str:
    """Who says what; where the person came from and when does not count."""
    contact = submission.contact
    said = [contact.email.casefold(), contact.phone, submission.fields, submission.extras]
    return json.dumps(said, sort_keys=True) + submission.raw.decode("latin-1")


def _digest(text: str) -> str:
    """Fixed length, and no personal data in a key."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
