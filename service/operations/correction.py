"""What an operator puts right in a lead: new answers, read as a visitor's are."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from service.attribution import attribute
from service.capture.fields.contact import person_key, read_contact, read_email
from service.capture.parsing.texts import clean
from service.forms import Form
from service.lead import CANONICAL_FIELDS, Answers, Attribution, Correction, Lead, Submission
from service.operations.leads import Corrected, NotCorrect

LONGEST = 10_000
"""Characters of one answer."""


def correct(lead: Lead, answers: Mapping[str, str], form: Form | None, now: datetime) -> Corrected:
    """Put answers of a lead right; "" takes one out. form: the lead's, None where the forms file has it no more.

    The evidence of where the person came from stays as it came.
    Raises: NotCorrect, with everything that is wrong.
    """
    wanted = {name: clean(answer) for name, answer in answers.items()}
    submission = lead.submission
    errors = {name: wrong for name, answer in wanted.items() if (wrong := _wrong(name, answer, submission))}
    if errors:
        raise NotCorrect(errors)
    was = {name: submission.fields.get(name, submission.extras.get(name, "")) for name in wanted}
    changed = {name: answer for name, answer in wanted.items() if was[name] != answer}
    if not changed:
        raise NotCorrect(dict.fromkeys(wanted, "is what the lead says already") or {"fields": "name at least one"})
    fields = _with(submission.fields, changed, CANONICAL_FIELDS)
    contact = read_contact(fields, form.country if form else "")
    if contact.email:
        fields = {**fields, "email": contact.email}
    extras = _with(submission.extras, changed, tuple(submission.extras))
    corrected = replace(submission, fields=fields, extras=extras, contact=contact, problem="")
    return Corrected(
        corrected,
        Correction(now, {name: was[name] for name in changed}, changed),
        person_key(contact) or lead.id,
        form.for_answers(corrected).account if form else lead.account,
        _verdict(lead, corrected, form),
    )


def _verdict(lead: Lead, corrected: Submission, form: Form | None) -> Attribution:
    """The lead's own verdict; another one only where the new answers choose a route that credits otherwise."""
    if form is None:
        return lead.attribution
    before, after = form.for_answers(lead.submission).attribution, form.for_answers(corrected).attribution
    return lead.attribution if before == after else attribute(corrected.evidence, after)


def _wrong(name: str, answer: str, submission: Submission) -> str:
    """What is wrong with one answer, "" when it can be taken."""
    if name not in CANONICAL_FIELDS and name not in submission.extras:
        return f"is no field of this lead: write one of {', '.join((*CANONICAL_FIELDS, *submission.extras))}"
    if len(answer) > LONGEST:
        return f"is longer than {LONGEST} characters: shorten it"
    if name == "email" and answer and not read_email(answer):
        return "is no e-mail address: write one such as ann@example.com"
    return ""


def _with(answers: Answers, changed: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str | list[str]]:
    """The answers with those changes that belong among them; an answer that was emptied is gone."""
    kept = {name: answer if isinstance(answer, str) else list(answer) for name, answer in answers.items()}
    kept.update({name: answer for name, answer in changed.items() if name in names and (name in answers or answer)})
    return {name: answer for name, answer in kept.items() if answer}
