"""How a later arrival relates to the lead that owns one of its keys: a repeat, a completion or a separate enquiry.

A repeat is the same enquiry of the same person. No id decides alone, except an ad platform's own. Pure decisions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from service.attribution import attribute, other_touch
from service.capture.dedup import is_same_person, number_key, person_key, person_of
from service.capture.fields.contact import read_contact, settle_contact
from service.capture.fields.names import fold
from service.capture.fields.submissions import MISSING, missing_problem
from service.capture.parsing.texts import Answer, texts_of, unwrap
from service.forms import Form
from service.lead import OPERATOR_REMARKS, Answers, Contact, Correction, Evidence, Lead, Status, Submission
from service.platforms.registry import PLATFORMS
from service.store import Match

_OF_THE_CALL = frozenset(
    (
        *("updatedat", "sentat", "timestamp", "deliveredat", "deliveryid", "eventid", "requestid", "executionid"),
        *("retry", "retries", "retrycount", "attempt", "attempts", "attemptnumber", "nonce", "webhookid"),
    )
)
"""Folded names of values that differ between two attempts of one call."""

PAUSED = "The form is paused, so this is not sent to the CRM: send it again, or discard it."
"""Problem of a lead that arrived while its form was paused; the lead itself is valid."""

MAX_CHANGES = 50
"""Changes recorded separately for one lead: a sender that saves a form at each keystroke must not fill the store."""


def judge(first: Lead, later: Lead, form: Form) -> Match | None:
    """Decide how a later arrival relates to the owner of its key; None for a separate enquiry.

    It either repeats the first lead or completes it. form: the later arrival's.
    """
    is_same_person = _is_same_person(first, later, form)
    is_by_id = _is_by_platforms_id(first, later, form)
    if not (is_same_person or is_by_id):
        return None
    is_given_up = first.status in (Status.DISCARDED, Status.ERASED)
    is_new = first.status is not Status.ANNOUNCED and not _is_known(first, later, form)
    if is_new and is_given_up and not is_by_id:
        return None
    became = _complete(first, later, form, is_safe=is_same_person) if is_new and not is_given_up else None
    return Match(became, person_of(became or first), is_same_person)


def words_of(submission: Submission) -> dict[str, Answer]:
    """Return everything a person answered, without the service's own remarks."""
    answers = {**submission.extras, **submission.fields}
    return {
        name: answer if isinstance(answer, str) else list(answer)
        for name, answer in answers.items()
        if name not in OPERATOR_REMARKS
    }


# -- who


def _is_by_platforms_id(first: Lead, later: Lead, form: Form) -> bool:
    """Return whether the id decides alone: an ad platform's, with verified signature or key.

    It applies to leads that were announced, withdrawn or erased; two known people remain two leads.
    """
    is_platforms = first.submission.sender in PLATFORMS and later.submission.sender in PLATFORMS
    knows_both = any(_contacts_of(first, form)) and bool(person_key(later.submission.contact))
    return is_platforms and later.submission.is_proven and not knows_both


def _is_same_person(first: Lead, later: Lead, form: Form) -> bool:
    contacts, contact = list(_contacts_of(first, form)), later.submission.contact
    is_known_person = bool(person_key(contact))
    if contacts and is_known_person:
        return any(is_same_person(each, contact) for each in contacts)
    if not contacts and not is_known_person:
        return _is_known(first, later, form)
    # One of the two is anonymous: only a proven sender can vouch that they belong together.
    return first.submission.is_proven and later.submission.is_proven


def _contacts_of(lead: Lead, form: Form) -> Iterator[Contact]:
    """Yield the lead's contact as it is, as it was before each change, and as it is in changes that were not sent.

    A retry still has the old address; an address that arrived after delivery still identifies the person.
    """
    changes = [change.was if change.is_applied else change.became for change in lead.corrections]
    for fields in ({}, *changes):
        answers = {**lead.submission.fields, **fields}
        contact = read_contact(answers, form.country) if fields else lead.submission.contact
        if person_key(contact):
            yield contact


# -- what is new


def _is_known(first: Lead, later: Lead, form: Form) -> bool:
    """Return whether a version of the first lead, current, former or unsent, has all answers of the later one."""
    answers = {name: answer for name, answer in words_of(later.submission).items() if fold(name) not in _OF_THE_CALL}
    number = number_key(later.submission.contact)
    if number and number in (number_key(read_contact(version, form.country)) for version in _versions(first)):
        answers.pop("phone", None)  # the same number in another spelling
    if later.submission.raw != first.submission.raw:
        return False
    return any(
        all(_has_answer(version, name, answer) for name, answer in answers.items()) for version in _versions(first)
    )


def _has_answer(version: Mapping[str, Answer], name: str, answer: Answer) -> bool:
    known = version.get(name)
    return known == answer or set(texts_of(answer)) <= set(texts_of(version.get(_added(name), "")))


def _versions(lead: Lead) -> Iterator[dict[str, Answer]]:
    """Yield the lead's answers as they are, then former and unsent versions, newest first."""
    version = words_of(lead.submission)
    yield version
    for correction in reversed(lead.corrections):
        if correction.is_applied:
            version = {name: answer for name, answer in {**version, **_plain(correction.was)}.items() if answer}
            yield version
        else:
            yield {**version, **_plain(correction.became)}


def _plain(answers: Answers) -> dict[str, Answer]:
    return {name: answer if isinstance(answer, str) else list(answer) for name, answer in answers.items()}


# -- what the lead becomes


def _complete(first: Lead, later: Lead, form: Form, *, is_safe: bool) -> Lead | None:
    """Return the first lead with a proven sender's newest words, or with any other sender's additional ones.

    is_safe: both are certain to come from one person.
    """
    new = later.submission if later.submission.is_proven else _only_added(first.submission, later.submission)
    submission = _merged(first.submission, new, form)
    was, words = words_of(first.submission), words_of(submission)
    changed = [name for name in words if words[name] != was.get(name)]
    is_complete = later.problem in ("", PAUSED) or later.problem.startswith(MISSING)
    is_sound = later.status is not Status.QUARANTINED and is_complete
    is_applied = is_safe and is_sound and first.status is not Status.DELIVERED
    correction = Correction(
        later.received_at,
        {name: was.get(name, "") for name in changed},
        {name: words[name] for name in changed},
        by="sender",
        is_applied=is_applied,
    )
    corrections = _with_change(first.corrections, correction)
    if not is_applied:
        return replace(first, corrections=corrections)
    routed = form.for_answers(submission)
    attribution = attribute(submission.evidence, routed.attribution)
    became = replace(
        first,
        account=routed.account,
        submission=submission,
        attribution=attribution,
        corrections=corrections,
        other_touch=other_touch(submission.evidence, routed.attribution, attribution),
    )
    return _released(became, form)


def _with_change(corrections: Sequence[Correction], change: Correction) -> tuple[Correction, ...]:
    """Return the corrections with one more; at the limit it is merged into the last, so the newest words stay."""
    *earlier, last = [*corrections, change]
    if len(earlier) < MAX_CHANGES or (earlier[-1].by, earlier[-1].is_applied) != (last.by, last.is_applied):
        return (*earlier, last)
    *earlier, before = earlier
    return (*earlier, replace(last, was={**last.was, **before.was}, became={**before.became, **last.became}))


def _released(lead: Lead, form: Form) -> Lead:
    """Return the lead as pending if it was parked for missing answers and lacks none now; otherwise unchanged."""
    if lead.status is not Status.PARKED or not lead.problem.startswith(MISSING):
        return lead
    problem = missing_problem(lead.submission, form) or (PAUSED if form.paused else "")
    return replace(lead, problem=problem, status=Status.PARKED if problem else Status.PENDING)


def _only_added(first: Submission, later: Submission) -> Submission:
    """Return the answers an unproven sender may add: those the lead lacks, and differing ones beside the lead's own."""
    known = words_of(first)
    beside: dict[str, Answer] = {}
    for name, answer in words_of(later).items():
        if name in known and not _has_answer(known, name, answer):
            earlier = texts_of(known.get(_added(name), ""))
            beside[_added(name)] = [*earlier, *(text for text in texts_of(answer) if text not in earlier)]
    return replace(
        later,
        fields={name: answer for name, answer in later.fields.items() if name not in known},
        extras={name: answer for name, answer in later.extras.items() if name not in known} | _single(beside),
        evidence=Evidence(),
    )


def _single(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    return {name: unwrap(texts_of(answer)) for name, answer in answers.items()}


def _added(name: str) -> str:
    return f"{name} (added later)"


def _merged(first: Submission, later: Submission, form: Form) -> Submission:
    """Return both as one submission; where both answer a question, the later answer counts."""
    fields, extras = _plain({**first.fields, **later.fields}), _plain({**first.extras, **later.extras})
    contact = settle_contact(fields, extras, form.country)
    return replace(
        first,
        fields=fields,
        extras=extras,
        contact=contact,
        evidence=_joined(first.evidence, later.evidence),
        names={**first.names, **later.names},
        form_name=later.form_name or first.form_name,
        is_proven=first.is_proven or later.is_proven,
    )


def _joined(first: Evidence, later: Evidence) -> Evidence:
    return Evidence(
        fields={**first.fields, **later.fields},
        landing_url=later.landing_url or first.landing_url,
        page_url=later.page_url or first.page_url,
        referrer=later.referrer or first.referrer,
        first=first.first or later.first,
        last=later.last or first.last,
        submitted_at=first.submitted_at if first.submitted_at is not None else later.submitted_at,
    )
