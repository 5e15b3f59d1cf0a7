"""A Submission made of what a webhook brought: the same reading, evidence and checks as a visitor's post."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from service.capture.fields.contact import settle_contact
from service.capture.fields.enquiries import Enquiry, LeadNotice, NamedAnswer, UnreadableItem
from service.capture.fields.evidence import read_evidence
from service.capture.fields.layout import CLICK_IDS, UTM_KEYS, Fields, lay_out
from service.capture.fields.reading import checked_answers
from service.capture.fields.validation import check
from service.capture.parsing.texts import Answer, clean, texts_of, unescape, unescape_answer, unwrap
from service.capture.tools.sender import SenderConfig
from service.forms import Form
from service.lead import CANONICAL_FIELDS, Answers, Contact, Evidence, Submission

MISSING = "It arrived without a usable"
"""How the problem of a lead begins that lacks what its form requires."""

_TARGETS = {"landing_url": "landing_page"}
"""What the forms file calls it -> what aliases.json does."""


def reading_form(form: Form, table: SenderConfig) -> Form:
    """The form as one sender's enquiries are read: with the field names of the sender's own table first."""
    own: Mapping[str, Sequence[str]] = table.get("fields", {})
    mapped = {_TARGETS.get(target, target): tuple(names) for target, names in own.items()}
    return replace(form, fields={**form.fields, **_before(mapped, form.fields)})


def submit(enquiry: Enquiry, form: Form, sender: str, table: SenderConfig, query: str = "") -> Submission:
    """Make the Submission of one enquiry; its problem says why a person must look first.

    form: as reading_form gives it. query: of the webhook's address, the last place where tags are looked for.
    """
    found = _lay_out(enquiry, form)
    fields = {name: found.known[name] for name in CANONICAL_FIELDS if name in found.known}
    contact = settle_contact(fields, found.extras, form.country)
    submission = Submission(
        form=form.name,
        sender=sender,
        contact=contact,
        evidence=_evidence(enquiry, found, form, query),
        fields=fields,
        extras=_beside(found.extras, enquiry.details),
        external_id=_external_id(enquiry, found, table),
        earlier_id=enquiry.earlier_id,
        idempotency_key=found.text("lc_key"),
        form_name=enquiry.form_name or found.text("form_name"),
        names=found.names,
        ip=enquiry.ip or found.text("ip_address"),
        id_of=enquiry.platform,
        is_test=enquiry.is_test,
    )
    problem = _problem(found, contact, enquiry.place, form.for_answers(submission), table)
    return replace(submission, problem=problem)


def submit_notice(notice: LeadNotice, form: Form, sender: str, table: SenderConfig) -> Submission:
    """The Submission of a lead that is still to be fetched: nothing but its id and what was told with it."""
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
    """The Submission of something that nobody could read."""
    problem = f"{item.why} The bytes are kept: look at them, and at the sender's set-up. Discard it if it is no lead."
    return Submission(form.name, sender, Contact(), Evidence(), raw=item.raw, problem=problem)


def unroutable(place: str, table: SenderConfig) -> str:
    """Why a lead of this Page or account is not this form's, "" when it is."""
    wanted = [*table.get("pages", ()), *table.get("accounts", ()), *table.get("organizations", ())]
    if not wanted or place in wanted:
        return ""
    whose = f"It came from {place[:40]}" if place else "It does not say which page or account it came from"
    return f"{whose}, which this form does not take: add it to `pages` or `accounts` of the webhook, or discard it."


def _lay_out(enquiry: Enquiry, form: Form) -> Fields:
    named: dict[str, list[str]] = {}
    told: dict[tuple[str, str], list[str]] = {}
    for asked, answer, target in enquiry.answers:
        name = clean(asked)
        texts = told.setdefault((name, target), []) if target else named.setdefault(name or "unnamed", [])
        texts.extend(texts_of(answer))
    answers: dict[str, Answer] = {name: unwrap(texts) for name, texts in named.items()}
    known = [NamedAnswer(name, unescape_answer(unwrap(texts)), target) for (name, target), texts in told.items()]
    return lay_out(unescape(answers), form, known)


def _evidence(enquiry: Enquiry, found: Fields, form: Form, query: str) -> Evidence:
    """What the answers carry; what the campaign stands for only where they carry no tags at all."""
    evidence = read_evidence(found, form, query, received_at=enquiry.submitted_at)
    fields = {**enquiry.click_ids, **evidence.fields}
    if enquiry.utm and not any(texts_of(found.known.get(key, "")) for key in UTM_KEYS):
        fields = {**fields, **{key: value for key, value in enquiry.utm.items() if value}}
    return replace(evidence, fields={name: value for name, value in fields.items() if value or name not in CLICK_IDS})


def _beside(extras: Mapping[str, Answer], details: Mapping[str, Answer]) -> dict[str, Answer]:
    """What a person answered and what the sender tells of it; a question of the same name keeps its answer."""
    told = {label: answer for label, answer in details.items() if answer and extras.get(label) != answer}
    return {**extras, **{f"{label} (2)" if label in extras else label: answer for label, answer in told.items()}}


def _external_id(enquiry: Enquiry, found: Fields, table: SenderConfig) -> str:
    """The sender's own id, unless the operator says which field holds it."""
    mapped = found.text("external_id") if "external_id" in table.get("fields", {}) else ""
    return mapped or enquiry.external_id or found.text("external_id")


def missing_problem(submission: Submission, form: Form) -> str:
    """Why a lead cannot be sent that lacks what its form requires, and what to do; "" when it lacks nothing."""
    answers = Fields(known=_lists(submission.fields), extras=_lists(submission.extras))
    routed = form.for_answers(submission)
    return missing_sentence(check(checked_answers(answers, submission.contact, routed), routed.require, {}))


def missing_sentence(wrong: Iterable[str]) -> str:
    """The same of the names of what is wrong; "" for none."""
    names = ", ".join(sorted(wrong))
    return f"{MISSING} {names}: correct it, then retry." if names else ""


def _lists(answers: Answers) -> dict[str, Answer]:
    return {name: answer if isinstance(answer, str) else list(answer) for name, answer in answers.items()}


def _problem(found: Fields, contact: Contact, place: str, form: Form, table: SenderConfig) -> str:
    wrong = check(checked_answers(found, contact, form), form.require, found.asked)
    return unroutable(place, table) or missing_sentence(wrong)


def _before(first: Mapping[str, tuple[str, ...]], then: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {target: (*names, *then.get(target, ())) for target, names in first.items()}
