"""One request read: what it says about the person, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.capture.fields.contact import settle_contact
from service.capture.fields.enquiries import unpack
from service.capture.fields.evidence import read_evidence
from service.capture.fields.fill_time import take_fill_time
from service.capture.fields.form_controls import FormControls, read_controls
from service.capture.fields.layout import Fields, lay_out
from service.capture.fields.names import fold
from service.capture.fields.validation import FieldError, check
from service.capture.pages.phrases import choose_language, wished_language
from service.capture.parsing.bodies import RequestBody, read_body
from service.capture.parsing.errors import Empty
from service.capture.parsing.multipart import file_remarks
from service.capture.parsing.texts import Answer, unescape
from service.forms import Form
from service.lead import CANONICAL_FIELDS, Contact, Submission

_NOTE = "note on this request"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request as plain values.

    headers: by lower-case name. query: without its "?". ip: whose request it is, for judging it;
    it does not get into the Submission. received_at: unix seconds, 0.0 unknown.
    """

    body: bytes
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    ip: str = ""
    received_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A Submission with what a visitor must be told.

    errors: canonical name, or the form's own -> what is wrong; empty: all is well.
    answers: everything as posted, to be given back in an error page. asked: meaning -> submitted
    name, also of what came empty. query: of the endpoint, to be
    posted to again. is_json: the body was JSON. fill_s: seconds that the page was open, None unknown.
    """

    submission: Submission
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)
    controls: FormControls = field(default_factory=FormControls)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    is_json: bool = False
    fill_s: float | None = None


def read(request: Incoming, form: Form) -> Reading:
    """Read one request of a browser.

    Raises: Unreadable, Empty or Unsupported where it holds no enquiry at all.
    """
    body = read_body(request.body, request.content_type or request.headers.get("content-type", ""))
    answers, fill_s = take_fill_time(_opened(body.answers))
    # A browser sends what was typed; what a tool posts may have been made HTML before.
    found = lay_out(answers if "sec-fetch-mode" in request.headers else unescape(answers), form)
    found.extras.update(_remarks(body))
    controls = read_controls(found, _language(found, request, form))
    submission = _submit(found, request, form)
    if not submission.fields and not submission.extras and not controls.honeypot:
        raise Empty
    routed = form.for_answers(submission)
    errors = check(checked_answers(found, submission.contact, routed), routed.require, found.asked)
    return Reading(submission, errors, controls, answers, found.asked, request.query, body.is_json, fill_s)


def _opened(answers: dict[str, Answer]) -> dict[str, Answer]:
    """A form whose one field holds all answers as JSON, such as `payload={…}`, as the form that it stands for."""
    if len(answers) > 1:
        return answers
    inside = {answered.name: answered.answer for answered in unpack(answers)}
    return inside or answers


def _language(found: Fields, request: Incoming, form: Form) -> str:
    wishes = (wished_language(request.query), found.text("language"), form.language)
    return choose_language(request.headers.get("accept-language", ""), *wishes)


def _submit(found: Fields, request: Incoming, form: Form) -> Submission:
    fields = {name: found.known[name] for name in CANONICAL_FIELDS if name in found.known}
    contact = settle_contact(fields, found.extras, form.country)
    referer, current_url = (request.headers.get(name, "") for name in ("referer", "hx-current-url"))
    return Submission(
        form=form.name,
        sender="browser",
        contact=contact,
        evidence=read_evidence(found, form, request.query, referer, request.received_at or None, current_url),
        fields=fields,
        extras=found.extras,
        names=found.names,
        external_id=found.text("external_id"),
        idempotency_key=request.headers.get("idempotency-key", "").strip(' "') or found.text("lc_key"),
        form_name=found.text("form_name"),
    )


def _remarks(body: RequestBody) -> dict[str, Answer]:
    """Files and notes as extras. What was in a file is not kept."""
    extras: dict[str, Answer] = file_remarks(body.files)
    if body.notes:
        extras[_NOTE] = list(body.notes) if len(body.notes) > 1 else body.notes[0]
    return extras


def checked_answers(found: Fields, contact: Contact, form: Form) -> dict[str, Answer]:
    """The answers that the form's schema looks at; "" for an input that came empty."""
    answers: dict[str, Answer] = dict.fromkeys(found.asked, "")
    answers.update(found.known)
    if contact.full_name:
        answers["full_name"] = contact.full_name
    own = [name for name in form.require if name not in answers]
    by_folded = {fold(name): answer for name, answer in found.extras.items()} if own else {}
    answers.update((name, by_folded[fold(name)]) for name in own if fold(name) in by_folded)
    return answers
