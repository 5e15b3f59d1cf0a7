"""Where browsers and their scripts post: /f/<form>."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from urllib.parse import urlencode

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from service import clock
from service.capture.accept import accept, came_before
from service.capture.fields.queries import FORM_ENCODING, answers_in
from service.capture.fields.reading import Incoming, Reading, read
from service.capture.fields.submissions import missing_sentence
from service.capture.http.negotiation import (
    cors_headers,
    nobody_reads,
    origin_allowed,
    preflight_headers,
    redirect_target,
    wants_json,
)
from service.capture.http.rate_limit import PostCounts, SubmitLimit
from service.capture.http.responses import PostError, failure, success
from service.capture.http.wsgi import read_body, read_headers
from service.capture.pages import rendering
from service.capture.parsing.compression import decompress, is_compressed
from service.capture.parsing.errors import InvalidBody, Unreadable
from service.capture.parsing.texts import clean
from service.capture.spam import CaptchaPost, Guards, Judgement, RequestContext
from service.forms import Form
from service.forms.given import answers_given
from service.lead import Contact, Evidence, Receipt, Submission
from service.store import Store, StoreUnavailable

log = structlog.get_logger()

BODY_MAX = 256 * 1024
"""Bytes of one form post."""

CUT_OFF = "The connection ended before the form was whole. Please send it again."

STORE_RETRY_S = 5
"""What a sender is asked to wait when the store is down."""


@dataclass(frozen=True, slots=True)
class FormDeps:
    """What the endpoints need: the forms, the store, the limit for each visitor (None lifts it), the guards."""

    forms: Mapping[str, Form]
    store: Store
    visits: PostCounts
    limit: SubmitLimit | None
    keeps_ip: bool
    guards: Guards


def form_blueprint(reception: FormDeps) -> Blueprint:
    """The routes of browser forms."""
    blueprint = Blueprint("forms", __name__)

    @blueprint.post("/f/<name>", provide_automatic_options=False, strict_slashes=False)
    def post(name: str) -> Response:
        """Take one enquiry."""
        form = reception.forms.get(name)
        body, is_whole = read_body(BODY_MAX)
        asked = _incoming(body)
        if form is None:
            return failure(PostError.unknown_form(), as_json=_wants_json(asked))
        try:
            return take(asked, form, reception, is_whole=is_whole)
        except StoreUnavailable:
            log.error("lead_not_kept", form=name)
            return _returned(PostError.store_is_down(STORE_RETRY_S), asked, form)

    @blueprint.get("/f/<name>", provide_automatic_options=False)
    def show(name: str) -> Response:
        """The hosted page of a form."""
        form = reception.forms.get(name)
        if form is None:
            return failure(PostError.unknown_form(), as_json=False)
        given = answers_in(request.environ.get("QUERY_STRING", ""))
        if given and _wants_json(_incoming(b"")):
            return failure(PostError.of_http(MethodNotAllowed()), as_json=True, form=form)
        language, is_wished = rendering.spoken_language(form), "lang" in request.args
        return rendering.answer(rendering.hosted_form(form, language, given, is_wished=is_wished))

    @blueprint.get("/f/<name>/thanks")
    def thank(name: str) -> Response:
        """Where a visitor lands when the form has no page of its own for it."""
        form = reception.forms.get(name)
        if form is None:
            return failure(PostError.unknown_form(), as_json=False)
        return rendering.answer(rendering.thank_you(form, rendering.spoken_language(form)))

    @blueprint.route("/f/<name>", methods=["OPTIONS"])
    def preflight(name: str) -> Response:
        """CORS: may this page post here?"""
        form = reception.forms.get(name)
        headers = preflight_headers(request.headers, form) if form else {}
        return Response(status=204, headers=headers)

    blueprint.after_app_request(partial(_let_scripts_read, reception.forms))
    return blueprint


def _let_scripts_read(forms: Mapping[str, Form], answer: Response) -> Response:
    """CORS on every answer, a 405 or a 500 too: without it a page's script sees nothing but a network error."""
    if request.path.startswith("/f/"):
        form = forms.get(request.path.removeprefix("/f/").rstrip("/"))
        headers = cors_headers(request.environ.get("HTTP_ORIGIN", ""), form)
        if "Vary" in answer.headers:
            answer.vary.add(headers.pop("Vary"))  # beside the language
        answer.headers.update(headers)  # a preflight has them already
    return answer


def take(asked: Incoming, form: Form, reception: FormDeps, *, is_whole: bool = True) -> Response:
    """Judge, read and keep one post; the answer.

    is_whole: the connection did not end before the body.
    Raises: StoreUnavailable.
    """
    as_json = _wants_json(asked)
    wait_s = _over_limit(asked, form, reception)
    if wait_s:
        return _returned(PostError.too_many(wait_s), asked, form)
    if len(asked.body) > BODY_MAX:
        return failure(PostError.too_large(BODY_MAX), as_json=as_json, form=form)
    try:
        reading = _read_whole(asked, form, is_whole=is_whole)
    except Unreadable as refused:
        receipt = _keep_raw(asked, form, reception, refused)
        log.info("kept_unread", lead=receipt.lead_id, form=form.name)
        return failure(PostError.refused(refused), as_json=as_json, form=form)
    except InvalidBody as refused:
        return failure(PostError.refused(refused), as_json=as_json, form=form)
    if reading.errors and not nobody_reads(asked.headers, asked.content_type):
        return failure(PostError.invalid(reading.errors), as_json=as_json, form=form, reading=reading)
    return _accepted(asked, form, reception, reading, as_json=as_json)


def _read_whole(asked: Incoming, form: Form, *, is_whole: bool) -> Reading:
    """Half a form is not read: it would be a lead with half a message, and the sender's second try its repeat."""
    if not is_whole:
        raise Unreadable(CUT_OFF)
    pairs = answers_in(asked.query) if not asked.body.strip() else []
    if pairs:  # a script that puts the answers of its POST into the address
        asked = replace(asked, body=urlencode(pairs).encode(), content_type=FORM_ENCODING)
    coding = asked.headers.get("content-encoding", "")
    if is_compressed(asked.body, coding):
        asked = replace(asked, body=decompress(asked.body, coding, BODY_MAX))
    return read(asked, form)


def _returned(trouble: PostError, asked: Incoming, form: Form) -> Response:
    """An answer that gives a person all that they wrote back, to be sent again."""
    if _wants_json(asked):
        return failure(trouble, as_json=True)
    try:
        return failure(trouble, as_json=False, form=form, reading=_read_whole(asked, form, is_whole=True))
    except InvalidBody:
        return failure(trouble, as_json=False, form=form)


def _accepted(asked: Incoming, form: Form, reception: FormDeps, reading: Reading, *, as_json: bool) -> Response:
    now = clock.now()
    checked = _check(asked, form, reception, reading, now)
    if checked.error:
        trouble = PostError.captcha(checked.error.name, checked.error.value)
        return failure(trouble, as_json=as_json, form=form, reading=reading)
    submission = replace(checked.submission, ip=asked.ip) if reception.keeps_ip else checked.submission
    receipt = accept(submission, form, reception.store, now, str(checked.suspicion or ""))
    log.info("lead_kept", lead=receipt.lead_id, form=form.name, repeat=receipt.repeat)
    routed = form.for_answers(submission)

    def find(name: str) -> str:  # few addresses hold answers
        return answers_given(submission, routed).text(name)

    target = redirect_target(reading.controls.redirect, routed, asked.headers, find)
    return success(receipt, target, form, reading.controls.language, as_json=as_json)


def _check(asked: Incoming, form: Form, reception: FormDeps, reading: Reading, now: datetime) -> Judgement:
    """Let the guards judge: whom the rules suspect needs no captcha."""
    submission = _judged(reading)
    seen = RequestContext(asked.ip, reading.controls.honeypot, reading.fill_s, _foreign_site(asked, form))
    suspicion = reception.guards.judge(submission, form, seen, now)
    if suspicion or form.captcha is None:
        return Judgement(submission, suspicion)
    post = CaptchaPost(
        token=reading.controls.captcha_token(form.captcha.provider),
        host=request.host,
        can_try_again=not nobody_reads(asked.headers, asked.content_type),
    )

    def is_repeat() -> bool:
        return came_before(submission, form, reception.store, now)

    return reception.guards.check_captcha(submission, form, post, is_repeat, now)


def _foreign_site(asked: Incoming, form: Form) -> str:
    """A site that may not post here. Refusing it would lose the lead of a forgotten landing page.

    Our own pages, the hosted form and the one that asks for corrections, are never foreign.
    """
    origin = asked.headers.get("origin", "")
    own = origin_allowed(origin, form) or origin.partition("://")[2] == request.host
    return "" if own else clean(origin[:200]) or "another site"


def _judged(reading: Reading) -> Submission:
    """What nobody can be asked to correct is kept with its problem."""
    if not reading.errors:
        return reading.submission
    return replace(reading.submission, problem=missing_sentence(reading.errors))


def _keep_raw(asked: Incoming, form: Form, reception: FormDeps, refused: InvalidBody) -> Receipt:
    """What could not be read may still be an enquiry: a person can look at the bytes."""
    submission = Submission(
        form=form.name,
        sender="browser",
        contact=Contact(),
        evidence=Evidence(referrer=asked.headers.get("referer", "")),
        raw=asked.body,
        problem=f"{refused.sentence} The bytes are kept: look at them, and at the page that sent them.",
    )
    return accept(submission, form, reception.store, clock.now())


def _over_limit(asked: Incoming, form: Form, reception: FormDeps) -> float:
    if reception.limit is None:
        return 0.0
    return reception.visits.count(f"{form.name} {request.remote_addr}", reception.limit, asked.received_at)


def _incoming(body: bytes) -> Incoming:
    """The request as plain values."""
    headers = read_headers()
    return Incoming(
        body=body,
        content_type=headers["content-type"],
        headers=headers,
        query=request.environ.get("QUERY_STRING", ""),
        ip=request.remote_addr or "",
        received_at=clock.now().timestamp(),
    )


def _wants_json(asked: Incoming) -> bool:
    return wants_json(asked.headers, asked.content_type, asked.query)
