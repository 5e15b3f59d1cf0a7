"""Corrections: an operator's new answers, read like a visitor's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from service.actors import Actor
from service.attribution import attribute, other_touch
from service.capture.dedup import person_key
from service.capture.fields.contact import read_contact, read_email
from service.capture.parsing.texts import clean
from service.forms import Form
from service.lead import CANONICAL_FIELDS, Answers, Attribution, Correction, Lead, Submission
from service.operations.leads import CORRECTABLE, ActionNotAllowed, subject_of
from service.store import Act, BeingSent, Store, Transaction

MAX_ANSWER_LENGTH = 10_000
"""Maximum characters of one answer."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A lead with its new answers. person: key of the leads that must not be sent at the same time."""

    submission: Submission
    correction: Correction
    person: str
    account: str
    attribution: Attribution


class InvalidAnswers(Exception):
    """Answers that cannot be accepted. errors: name -> what is wrong and what to write."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in errors.items()))
        self.errors = dict(errors)


def correct(
    store: Store, actor: Actor, lead_id: str, answers: Mapping[str, str], forms: Mapping[str, Form], now: datetime
) -> Lead | None:
    """Correct a lead's answers and send it; a quarantined lead still waits for its release.

    Returns: the lead afterwards, None if there is no such lead.
    Raises: ActionNotAllowed; InvalidAnswers; StoreUnavailable.
    """

    def act(tx: Transaction) -> Lead | None:
        lead = tx.leads.get(lead_id)
        if lead is None:
            return None
        if lead.status not in CORRECTABLE:
            raise ActionNotAllowed(f"the lead is {lead.status}: only leads that wait for something can be corrected")
        if tx.platforms.has_notice(lead.id):
            raise ActionNotAllowed("its answers have not been fetched from the platform yet: retry it first")
        form = forms.get(lead.submission.form)
        new = corrected(lead, answers, form, now)
        version = form.setup_version if form is not None else lead.setup_version
        was, lead = lead, replace(lead, account=new.account, attribution=new.attribution, setup_version=version)
        try:
            tx.leads.correct(lead, new.submission, new.correction, new.person, now)
        except BeingSent as reason:
            raise ActionNotAllowed(str(reason)) from reason
        if form is not None:
            config = form.for_answers(new.submission).attribution
            tx.leads.replace_touches({lead.id: other_touch(new.submission.evidence, config, new.attribution)})
        became = tx.leads.get(lead.id)
        _record(tx, actor, was, became, new.correction)
        return became

    return store.write(act)


def _record(tx: Transaction, actor: Actor, was: Lead, became: Lead | None, correction: Correction) -> None:
    before = {"status": was.status, "answers": correction.was}
    after = {"status": became.status if became else None, "answers": correction.became}
    subject = subject_of(was.id)
    tx.acts.record(actor, Act.CORRECT, subject, was.account, before, after, correction.at, personal=["answers"])


def corrected(lead: Lead, answers: Mapping[str, str], form: Form | None, now: datetime) -> Corrected:
    """Apply new answers to a lead; "" removes an answer. form: the lead's, None if it is no longer configured.

    The evidence of the person's origin stays as it arrived; the attribution changes only if the new answers choose a
    route with other attribution settings.
    Raises: InvalidAnswers, with every problem.
    """
    wanted = {name: clean(answer) for name, answer in answers.items()}
    submission = lead.submission
    errors = {name: problem for name, answer in wanted.items() if (problem := _problem(name, answer, submission))}
    if errors:
        raise InvalidAnswers(errors)
    was = {name: submission.fields.get(name, submission.extras.get(name, "")) for name in wanted}
    changed = {name: answer for name, answer in wanted.items() if was[name] != answer}
    if not changed:
        raise InvalidAnswers(dict.fromkeys(wanted, "is what the lead says already") or {"fields": "name at least one"})
    fields = _with(submission.fields, changed, CANONICAL_FIELDS)
    contact = read_contact(fields, form.country if form else "")
    if contact.email:
        fields = {**fields, "email": contact.email}
    extras = _with(submission.extras, changed, tuple(submission.extras))
    updated = replace(submission, fields=fields, extras=extras, contact=contact, problem="")
    account, attribution = lead.account, lead.attribution
    if form is not None:
        before, after = form.for_answers(submission), form.for_answers(updated)
        account = after.account
        if before.attribution != after.attribution:
            attribution = attribute(updated.evidence, after.attribution)
    correction = Correction(now, {name: was[name] for name in changed}, changed)
    return Corrected(updated, correction, person_key(contact) or lead.id, account, attribution)


def _problem(name: str, answer: str, submission: Submission) -> str:
    """Return why one answer cannot be accepted; "" if it can."""
    if name not in CANONICAL_FIELDS and name not in submission.extras:
        return f"is not a field of this lead: write one of {', '.join((*CANONICAL_FIELDS, *submission.extras))}"
    if len(answer) > MAX_ANSWER_LENGTH:
        return f"is longer than {MAX_ANSWER_LENGTH} characters: shorten it"
    if name == "email" and answer and not read_email(answer):
        return "is not an e-mail address: write one such as ann@example.com"
    return ""


def _with(answers: Answers, changed: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str | list[str]]:
    """Return the answers with the changes to `names`; an emptied answer is removed."""
    updated = {name: answer if isinstance(answer, str) else list(answer) for name, answer in answers.items()}
    updated.update({name: answer for name, answer in changed.items() if name in names and (name in answers or answer)})
    return {name: answer for name, answer in updated.items() if answer}
