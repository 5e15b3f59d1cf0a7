"""Deduplication: the keys that two arrivals of one enquiry share, and the keys of a person.

The store looks up the lead that owns a key of a new arrival; repeats.py decides how the two are related.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from service.capture.fields.phones import Phone, phone_key
from service.forms import Form
from service.lead import OPERATOR_REMARKS, Answers, Contact, Lead, Submission
from service.platforms.registry import PLATFORMS
from service.store import DedupKey

KEY_LIFE = timedelta(days=7)
"""Lifetime of a form view's lc_key, an Idempotency-Key and a call's webhook-id."""

_PLACEHOLDERS = frozenset(
    (
        *("undefined", "null", "none", "nil", "nan", "n/a", "na", "test", "true", "false", "unknown", "empty"),
        *("(not set)", "not set", "not-set", "xxxxx", "id", "entry_id", "submission_id", "external_id", "lead_id"),
    )
)
_TEMPLATE = re.compile(r"\{.*\}|\[.*\]|%.*%|<.*>|\$\{?\w+\}?|__\w+__|\*\|.*\|\*|#.*#", re.DOTALL)
_ZEROS = re.compile(r"[0\W_]*")
_encode = json.JSONEncoder(sort_keys=True).encode


def keys_of(submission: Submission, form: Form, now: datetime) -> Iterator[DedupKey]:
    """Yield the keys by which a repeat is recognised: the sender's id, the key of form view or call, the words.

    A test has none: its id may be a constant, and each press of a test button should produce a lead.
    """
    if submission.is_test:
        return
    is_platform = submission.sender in PLATFORMS and submission.is_proven  # its ids are reliable
    given = dict.fromkeys((submission.external_id, submission.earlier_id))
    ids = [each for each in given if (each if is_platform else is_id(each))]
    keys = [each for each in dict.fromkeys((submission.idempotency_key, submission.delivery_id)) if is_id(each)]
    window_s = form.for_answers(submission).duplicate_window_s
    contact = submission.contact
    number = number_key(contact)
    people = [key for key in (contact.email.casefold(), number) if key]  # the surest first
    words = _digest(_words(submission, number)) if window_s or ((ids or keys) and not people) else ""
    people = people or [words]
    for external_id in ids:
        sender = submission.id_of or submission.sender
        # The id of an ad platform decides alone, whatever the person.
        for person in (*people, "the platform's own") if is_platform else people:
            yield id_key(sender, external_id, form, person)
    for key in keys:
        shared = f"key:{form.name}:{_digest(key)}"
        for person in people:
            yield DedupKey(shared, now + KEY_LIFE, f"whose:key:{form.name}:{_digest(f'{key} {person}')}")
    if window_s:
        yield DedupKey(f"same:{form.name}:{words}", now + timedelta(seconds=window_s))


def id_key(sender: str, external_id: str, form: Form, person: str = "") -> DedupKey:
    """Return the key of a sender's own id. person: a key of the person, or a digest of the words of an unnamed one."""
    # A platform's ids are unique everywhere, whether the lead comes from it or through an automation. The account is
    # the form's own, whatever a route says: a lead that is only announced has no answers yet.
    is_platform = sender in PLATFORMS
    place = form.account if is_platform else form.name
    own = f"whose:{sender}:{place}:{_digest(f'{external_id} {person}')}"
    # The space keeps the keys of earlier releases valid, which left the person empty.
    return DedupKey(f"id:{sender}:{place}:{_digest(external_id if is_platform else f'{external_id} ')}", None, own)


def is_id(text: str) -> bool:
    """Return whether a text can identify one enquiry.

    Unfilled placeholders of tools, zeros and single characters cannot (contract, section 4a).
    """
    text = text.strip()
    if len(text) < 2 or text.casefold() in _PLACEHOLDERS:  # noqa: PLR2004 (one character)
        return False
    return not _ZEROS.fullmatch(text) and not _TEMPLATE.fullmatch(text)


def _words(submission: Submission, number: str) -> str:
    """Return the person and the answers as one text; evidence and time do not count. number: the contact's key."""
    contact, extras = submission.contact, submission.extras
    if not OPERATOR_REMARKS.isdisjoint(extras):  # a captcha provider's remark differs from one time to the next
        extras = {name: answer for name, answer in extras.items() if name not in OPERATOR_REMARKS}
    fields: Answers = submission.fields
    if contact.phone:  # one number has many spellings
        fields = {name: answer for name, answer in fields.items() if name != "phone"}
    words = [contact.email.casefold(), number or contact.phone, fields, extras]
    return _encode(words) + submission.raw.decode("latin-1")


def _digest(text: str) -> str:
    """Return a digest of fixed length: no personal data gets into a key."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


# -- people


def person_of(lead: Lead) -> str:
    """Return the key of the person.

    Leads with one key are delivered one at a time. A lead without a person has a key of its own.
    """
    return person_key(lead.submission.contact) or lead.id


def person_key(contact: Contact) -> str:
    """Return a key shared by all spellings of one person; "" for an unknown one.

    It is the folded e-mail address; without one, the phone number with its extension.
    """
    return contact.email.casefold() or number_key(contact)


def is_same_person(one: Contact, other: Contact) -> bool:
    """Return whether two contacts are of one person: by address, or by number where one has no address."""
    if one.email and other.email:
        return one.email.casefold() == other.email.casefold()
    number = number_key(one)
    return bool(number) and number == number_key(other)


def number_key(contact: Contact) -> str:
    """Return a key shared by all spellings of a contact's phone number and extension; "" for none."""
    return phone_key(Phone(contact.phone, contact.extension)) if contact.phone else ""
