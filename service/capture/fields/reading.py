"""Reads one request of a browser: the Submission, and the errors to show the visitor."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from service.capture.fields.contact import read_email, says_yes, settle_contact
from service.capture.fields.enquiries import unpack
from service.capture.fields.evidence import read_evidence
from service.capture.fields.layout import Fields, lay_out
from service.capture.fields.names import fold
from service.capture.fields.question_checks import EMPTY, MIN_PHONE_DIGITS, MISSING, with_consents, wrong_answers
from service.capture.pages.phrases import choose_language, complaint_of, wished_language
from service.capture.parsing import Empty
from service.capture.parsing.bodies import RequestBody, read_body
from service.capture.parsing.multipart import file_remarks
from service.capture.parsing.texts import Answer, text_of, unescape, unwrap
from service.forms import Form, Question
from service.lead import CANONICAL_FIELDS, Contact, Submission

_NOTE = "note on this request"
_TIMED_KEY = re.compile(r"(\d+(?:-\d+){3})\.(\d{1,9})")  # exactly as the script writes it: other keys stay whole

_UNTICKED = frozenset(("", "false", "0", "off"))  # of a checkbox as a honeypot, sent by a script
_TOKEN_FIELDS = {
    "turnstile": ("cf-turnstile-response",),
    "hcaptcha": ("h-captcha-response",),
    "recaptcha": ("g-recaptcha-response", "recaptcha_response", "recaptcha_token"),
}
_COMPATIBLE = "g-recaptcha-response"  # which Turnstile and hCaptcha can fill, too


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request as plain values.

    headers: by lower-case name. query: without its "?". ip: the sender's, for judging the post;
    it does not get into the Submission. received_at: unix seconds, 0.0 unknown.
    """

    body: bytes
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    ip: str = ""
    received_at: float = 0.0


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid answer.

    code: stable, for scripts. message: one sentence in English; pages show it in the visitor's language.
    name: the input's submitted name, where it was submitted.
    """

    code: str
    message: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class FormControls:
    """The fields of one post that control this service and are not answers, as posted and unchecked.

    wishes: languages that the post and the form ask for. query: of the endpoint. accept_language: the header.
    """

    groups: Mapping[str, Sequence[tuple[str, Answer]]] = field(default_factory=dict)
    wishes: tuple[str, ...] = ()
    query: str = ""
    accept_language: str = ""

    @property
    def language(self) -> str:
        """Language of the pages that the visitor sees next; a script's post needs none."""
        return choose_language(self.accept_language, wished_language(self.query), *self.wishes)

    @property
    def redirect(self) -> str:
        """Where the page wants the visitor to go next, "" for nowhere."""
        return next((text for _, answer in self.groups.get("_redirect", ()) if (text := text_of(answer))), "")

    @property
    def honeypot(self) -> str:
        """Name of the honeypot that was filled in, "" for none."""
        filled = (name for name, answer in self.groups.get("_honeypot", ()) if text_of(answer).lower() not in _UNTICKED)
        return next(filled, "")

    @property
    def captcha(self) -> Mapping[str, str]:
        """Captcha tokens by submitted name, in lower case."""
        tokens = {name.lower(): text_of(answer) for name, answer in self.groups.get("_captcha_token", ())}
        return {name: token for name, token in tokens.items() if token}

    @property
    def dropped(self) -> tuple[str, ...]:
        """Submitted names that are left out of the lead."""
        return tuple(name for group in self.groups.values() for name, _ in group)

    def captcha_token(self, provider: str) -> str:
        """Return the token for "turnstile", "hcaptcha" or "recaptcha", "" for none."""
        tokens = self.captcha
        return next((tokens[name] for name in (*_TOKEN_FIELDS.get(provider, ()), _COMPATIBLE) if name in tokens), "")


@dataclass(frozen=True, slots=True)
class Reading:
    """A Submission with the errors to show the visitor.

    errors: by canonical name, or the form's own; empty where there are none.
    answers: everything as posted, to be given back in an error page. submitted_as: meaning -> submitted
    name, also of answers left empty. query: of the endpoint, for posting again. is_json: the body was JSON.
    fill_s: seconds that the page was open, None unknown.
    """

    submission: Submission
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)
    controls: FormControls = field(default_factory=FormControls)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    submitted_as: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    is_json: bool = False
    fill_s: float | None = None


def read(request: Incoming, form: Form) -> Reading:
    """Read one request of a browser.

    Raises: Unreadable, Empty or Unsupported where it holds no enquiry at all.
    """
    headers = request.headers
    body = read_body(request.body, request.content_type or headers.get("content-type", ""))
    answers, fill_s = take_fill_time(_unpacked(body.answers))
    # A browser sends answers as typed; a tool may have escaped them for HTML.
    fields = lay_out(answers if "sec-fetch-mode" in headers else unescape(answers), form)
    if body.files or body.notes:
        fields.extras.update(_remarks(body))
    wishes = (fields.text("language"), form.language)
    controls = FormControls(fields.controls, wishes, request.query, headers.get("accept-language", ""))
    submission = _submit(fields, request, form)
    if not submission.fields and not submission.extras and not controls.honeypot:
        raise Empty
    routed = form.for_answers(submission)
    errors = check_answers(fields, submission.contact, routed)
    if form.questions:
        errors = {**_check_questions(fields, submission.contact, form), **errors}
    return Reading(submission, errors, controls, answers, fields.submitted_as, request.query, body.is_json, fill_s)


def take_fill_time(answers: Mapping[str, Answer]) -> tuple[Mapping[str, Answer], float | None]:
    """Return the answers with a bare `lc_key`, and the seconds between opening the page and sending the form.

    None without a script, or with an old one. Both moments are by the visitor's own clock, so its
    errors cancel out. The script appends the time to the key of the form view; the time differs between two clicks, the
    key must not; nor is the time given back in a page to correct, where it would be wrong.
    """
    name = "lc_key" if "lc_key" in answers else next((each for each in answers if each.lower() == "lc_key"), "")
    key = answers.get(name, "")
    match = _TIMED_KEY.fullmatch(key) if isinstance(key, str) else None
    if not match:
        return answers, None
    return {**answers, name: match[1]}, int(match[2]) / 1000


def _unpacked(answers: dict[str, Answer]) -> dict[str, Answer]:
    """Unpack a form that holds all its answers as JSON in one field, such as `payload={…}`."""
    if len(answers) > 1:
        return answers
    return {each.name: each.answer for each in unpack(answers)} or answers


def _remarks(body: RequestBody) -> dict[str, Answer]:
    """Return the extras that name attached files and notes."""
    remarks: dict[str, Answer] = file_remarks(body.files)
    if body.notes:
        remarks[_NOTE] = unwrap(list(body.notes))
    return remarks


def _submit(fields: Fields, request: Incoming, form: Form) -> Submission:
    known = canonical_answers(fields)
    contact = settle_contact(known, fields.extras, form.country)
    headers = request.headers
    return Submission(
        form=form.name,
        sender="browser",
        contact=contact,
        evidence=read_evidence(
            fields,
            form,
            request.query,
            headers.get("referer", ""),
            request.received_at or None,
            headers.get("hx-current-url", ""),
        ),
        fields=known,
        extras=with_consents(fields.extras, form) if form.questions else fields.extras,
        names=fields.names,
        external_id=fields.text("external_id"),
        idempotency_key=headers.get("idempotency-key", "").strip(' "') or fields.text("lc_key"),
        form_name=fields.text("form_name"),
    )


def canonical_answers(fields: Fields) -> dict[str, Answer]:
    """Return the known answers to canonical fields, in their order."""
    known = fields.known
    return {name: known[name] for name in CANONICAL_FIELDS if name in known}


def check_answers(fields: Fields, contact: Contact, form: Form) -> dict[str, tuple[FieldError, ...]]:
    """Validate the answers against the requirements of a form; errors by canonical or own name.

    A field that the form does not require is only an error where an e-mail address is invalid.
    """
    answers = _answers_by_name(fields, contact, form.require)
    errors: dict[str, tuple[FieldError, ...]] = {}
    for name in ("email", *form.require):
        code = _code_of(name, answers.get(name), name in form.require)
        if code:
            errors[name] = (_error(code, form.question(name), fields),)
    return errors


def _check_questions(fields: Fields, contact: Contact, form: Form) -> dict[str, tuple[FieldError, ...]]:
    """Return the errors in the answers to the form's own questions, which only visitors are asked."""
    answers = _answers_by_name(fields, contact, [question.name for question in form.questions])
    return {question.name: (_error(code, question, fields),) for question, code in wrong_answers(answers, form)}


def _error(code: str, question: Question, fields: Fields) -> FieldError:
    sentence = complaint_of(code, question.name, question=question)
    return FieldError(code, sentence, fields.submitted_as.get(question.name, ""))


def _answers_by_name(fields: Fields, contact: Contact, names: Iterable[str]) -> dict[str, Answer]:
    """Return the answers by canonical name, and by these names of the form; "" for inputs that were left blank."""
    answers: dict[str, Answer] = dict.fromkeys(fields.submitted_as, "")
    answers.update(fields.known)
    if contact.full_name:
        answers["full_name"] = contact.full_name
    own = [name for name in names if name not in answers]
    if own:
        by_folded = {fold(name): answer for name, answer in fields.extras.items()}
        answers.update((name, by_folded[fold(name)]) for name in own if fold(name) in by_folded)
    return answers


def _code_of(name: str, answer: Answer | None, is_required: bool) -> str:
    """Return the error code of one answer, "" if it is valid."""
    if not answer:
        missing = MISSING if answer is None else EMPTY
        return missing if is_required else ""
    if name == "email":
        return "" if isinstance(answer, str) and read_email(answer) else "TYPE_EMAIL"
    if name == "phone" and is_required:  # an optional number is kept as typed
        return "" if sum(map(str.isdigit, "".join(answer))) >= MIN_PHONE_DIGITS else "TYPE_PHONE"
    if name == "consent" and is_required:
        return "" if says_yes(answer) else EMPTY
    return ""
