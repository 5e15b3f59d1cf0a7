"""Submissions made of the items of a webhook call: read, attributed and validated like a visitor's post."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from service.capture.fields.contact import settle_contact
from service.capture.fields.enquiries import Enquiry, LeadNotice, NamedAnswer, UnreadableItem
from service.capture.fields.evidence import read_evidence
from service.capture.fields.layout import CLICK_IDS, UTM_KEYS, Fields, lay_out
from service.capture.fields.reading import canonical_answers, check_answers
from service.capture.parsing.texts import Answer, clean, texts_of, unescape, unescape_answer, unwrap
from service.capture.tools.sender import SenderConfig
from service.forms import Form
from service.lead import Answers, Contact, Evidence, Submission

MISSING = "It arrived without a usable"
"""Start of the problem of a lead without a required answer."""

_TARGETS = {"landing_url": "landing_page"}
"""Name in the forms file -> key of aliases.json, where they differ."""


def reading_form(form: Form, table: SenderConfig) -> Form:
    """Return the form with the field names of one sender's own table first."""
    own: Mapping[str, Sequence[str]] = table.get("fields", {})
    mapped = {_TARGETS.get(target, target): tuple(names) for target, names in own.items()}
    first = {target: (*names, *form.fields.get(target, ())) for target, names in mapped.items()}
    return replace(form, fields={**form.fields, **first})


def submit(enquiry: Enquiry, form: Form, sender: str, table: SenderConfig, query: str = "") -> Submission:
    """Make the Submission of one enquiry; its problem says why an operator must look at it first.

    form: from reading_form. query: of the webhook's address, the last place where tags are looked for.
    """
    fields = _lay_out(enquiry, form)
    known = canonical_answers(fields)
    contact = settle_contact(known, fields.extras, form.country)
    mapped_id = fields.text("external_id") if "external_id" in table.get("fields", {}) else ""
    submission = Submission(
        form=form.name,
        sender=sender,
        contact=contact,
        evidence=_evidence(enquiry, fields, form, query),
        fields=known,
        extras=_with_details(fields.extras, enquiry.details),
        external_id=mapped_id or enquiry.external_id or fields.text("external_id"),
        earlier_id=enquiry.earlier_id,
        idempotency_key=fields.text("lc_key"),
        form_name=enquiry.form_name or fields.text("form_name"),
        names=fields.names,
        ip=enquiry.ip or fields.text("ip_address"),
        id_of=enquiry.platform,
        is_test=enquiry.is_test,
    )
    problem = unroutable(enquiry.place, table) or missing_sentence(
        check_answers(fields, contact, form.for_answers(submission))
    )
    return replace(submission, problem=problem)


def submit_notice(notice: LeadNotice, form: Form, sender: str, table: SenderConfig) -> Submission:
    """Make the Submission of a lead that is still to be fetched: its id and the details announced with it."""
    return Submission(
        form=form.name,
        sender=sender,
        contact=Contact(),
        evidence=Evidence(),
        extras=dict(notice.details),
        external_id=notice.external_id,
        problem="" if notice.is_test else unroutable(notice.place, table),
        is_test=notice.is_test,
    )


def submit_unreadable(item: UnreadableItem, form: Form, sender: str) -> Submission:
    """Make the Submission of an unreadable item."""
    problem = f"{item.why} The original is kept: check it and the sender's set-up. Discard it if it is not a lead."
    return Submission(form.name, sender, Contact(), Evidence(), raw=item.raw, problem=problem)


def unroutable(place: str, table: SenderConfig) -> str:
    """Return why the form does not accept leads of this Page or account, "" if it does."""
    accepted = [*table.get("pages", ()), *table.get("accounts", ()), *table.get("organizations", ())]
    if not accepted or place in accepted:
        return ""
    origin = f"It came from {place[:40]}" if place else "It does not say which page or account it came from"
    return f"{origin}, which this form does not accept: add it to `pages` or `accounts` of the webhook, or discard it."


def missing_problem(submission: Submission, form: Form) -> str:
    """Return the problem of a lead without a required answer, with its remedy; "" for a complete lead."""
    fields = Fields(known=_lists(submission.fields), extras=_lists(submission.extras))
    return missing_sentence(check_answers(fields, submission.contact, form.for_answers(submission)))


def missing_sentence(names: Iterable[str]) -> str:
    """Return the problem of a lead with errors in these answers, with its remedy; "" for none."""
    listed = ", ".join(sorted(names))
    return f"{MISSING} {listed}: correct it, then send it again." if listed else ""


def _lists(answers: Answers) -> dict[str, Answer]:
    return {name: answer if isinstance(answer, str) else list(answer) for name, answer in answers.items()}


def _lay_out(enquiry: Enquiry, form: Form) -> Fields:
    named: dict[str, list[str]] = {}
    given: dict[tuple[str, str], list[str]] = {}
    for label, answer, target in enquiry.answers:
        name = clean(label)
        texts = given.setdefault((name, target), []) if target else named.setdefault(name or "unnamed", [])
        texts.extend(texts_of(answer))
    answers: dict[str, Answer] = {name: unwrap(texts) for name, texts in named.items()}
    declared = [NamedAnswer(name, unescape_answer(unwrap(texts)), target) for (name, target), texts in given.items()]
    return lay_out(unescape(answers), form, declared)


def _evidence(enquiry: Enquiry, fields: Fields, form: Form, query: str) -> Evidence:
    """Return the evidence in the answers; the campaign's UTM values count only where the answers carry no tags."""
    evidence = read_evidence(fields, form, query, received_at=enquiry.submitted_at)
    carried = {**enquiry.click_ids, **evidence.fields}
    if enquiry.utm and not any(texts_of(fields.known.get(key, "")) for key in UTM_KEYS):
        carried.update((key, value) for key, value in enquiry.utm.items() if value)
    return replace(evidence, fields={name: value for name, value in carried.items() if value or name not in CLICK_IDS})


def _with_details(extras: Mapping[str, Answer], details: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return the extras with the sender's details beside them; a question of the same name keeps its answer."""
    named = {clean(label): answer for label, answer in details.items() if answer}
    added = {label: answer for label, answer in named.items() if extras.get(label) != answer}
    return {**extras, **{f"{label} (2)" if label in extras else label: answer for label, answer in added.items()}}
