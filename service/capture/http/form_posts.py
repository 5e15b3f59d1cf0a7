"""The endpoints of browsers and their scripts, /f/<form>: read, judge, keep, respond."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from urllib.parse import urlencode

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from service import clock
from service.capture.accept import accept, came_before, outcome_of, status_of
from service.capture.fields.reading import Incoming, Reading, read
from service.capture.fields.submissions import missing_sentence
from service.capture.http.incoming import (
    FORM_ENCODING,
    answers_in,
    is_beacon,
    origin_allowed,
    preflight_headers,
    read_body,
    read_headers,
    wants_json,
)
from service.capture.http.responses import PostError, failure, redirect_target, success
from service.capture.http.unproven import UnprovenCalls
from service.capture.pages import rendering
from service.capture.parsing import InvalidBody, Unreadable
from service.capture.parsing.bodies import decompress, is_compressed
from service.capture.parsing.texts import clean
from service.capture.spam import CaptchaPost, Guards, Judgement, RequestContext
from service.edge import note_taken
from service.forms import Form, Setup
from service.forms.templates import answers_given
from service.lead import Contact, Evidence, Status, Submission
from service.rate_limit import PostCounts, WindowLimit, network_of
from service.store import Store, StoreUnavailable

log = structlog.get_logger()

RETURNED_PAGES = WindowLimit(3, 60)
"""Refused posts of one visitor, per minute, whose page returns the answers; further posts are refused unread."""

MAX_BODY_BYTES = 256 * 1024
"""Size limit of one form post."""

CUT_OFF = "The connection ended before the form was whole. Please send it again."

STORE_RETRY_S = 5
"""Retry-After in seconds while the store is down."""


@dataclass(frozen=True, slots=True)
class FormDeps:
    """The collaborators and settings of the endpoints.

    setup: returns the set-up of the present request. limit: of one visitor's posts, None for none. unproven: limits on
    unreadable posts. keeps_ip: whether leads keep the IP address. own_host: the host of PUBLIC_URL.
    """

    setup: Callable[[], Setup]
    store: Store
    visits: PostCounts
    limit: WindowLimit | None
    unproven: UnprovenCalls
    keeps_ip: bool
    guards: Guards
    own_host: str

    @property
    def forms(self) -> Mapping[str, Form]:
        """The forms of the present request, the same ones until it ends."""
        return self.setup().forms


def form_blueprint(deps: FormDeps) -> Blueprint:
    """Return the routes of browser forms."""
    blueprint = Blueprint("forms", __name__)

    @blueprint.post("/f/<name>", provide_automatic_options=False, strict_slashes=False)
    def post(name: str) -> Response:
        """Take one enquiry."""
        form = deps.forms.get(name)
        incoming = _incoming(b"")
        as_json = _wants_json(incoming)
        if form is None:
            return failure(PostError.unknown_form(), as_json=as_json)
        return _limited(incoming, form, deps, as_json=as_json) or _taken(incoming, form, deps, as_json=as_json)

    @blueprint.get("/f/<name>", provide_automatic_options=False)
    def show(name: str) -> Response:
        """Show the hosted page of a form."""
        form = deps.forms.get(name)
        if form is None:
            return failure(PostError.unknown_form(), as_json=False)
        given = answers_in(request.environ.get("QUERY_STRING", ""))
        if given and _wants_json(_incoming(b"")):
            return failure(PostError.of_http(MethodNotAllowed()), as_json=True, form=form)
        language, is_wished = rendering.spoken_language(form), "lang" in request.args
        return rendering.respond(rendering.hosted_form(form, language, given, is_wished=is_wished), form=form)

    @blueprint.get("/f/<name>/thanks")
    def thank(name: str) -> Response:
        """Show the thank-you page of a form that has no redirect."""
        form = deps.forms.get(name)
        if form is None:
            return failure(PostError.unknown_form(), as_json=False)
        return rendering.respond(rendering.thank_you(form, rendering.spoken_language(form)), form=form)

    @blueprint.route("/f/<name>", methods=["OPTIONS"])
    def preflight(name: str) -> Response:
        """Answer a CORS preflight: may this page post here?"""
        form = deps.forms.get(name)
        headers = preflight_headers(request.headers, form) if form else {}
        return Response(status=204, headers=headers)

    return blueprint


def _limited(incoming: Incoming, form: Form, deps: FormDeps, *, as_json: bool) -> Response | None:
    """Count a post before its body is read; return the refusal of a post over the limit, None for any other."""
    wait_s = 0.0 if deps.limit is None else _count(deps.limit, incoming, form, deps)
    if not wait_s:
        return None
    error = PostError.too_many(wait_s)
    if as_json or _count(RETURNED_PAGES, incoming, form, deps, "returned "):
        return failure(error, as_json=as_json, form=form)
    body, _ = read_body(MAX_BODY_BYTES)
    return _returned(error, replace(incoming, body=body), form, as_json=as_json)


def _count(limit: WindowLimit, incoming: Incoming, form: Form, deps: FormDeps, what: str = "") -> float:
    return deps.visits.count(f"{what}{form.name} {network_of(incoming.ip)}", limit, incoming.received_at)


def _taken(incoming: Incoming, form: Form, deps: FormDeps, *, as_json: bool) -> Response:
    """Read the body and take the enquiry."""
    body, is_whole = read_body(MAX_BODY_BYTES)
    incoming = replace(incoming, body=body)
    try:
        return take(incoming, form, deps, as_json=as_json, is_whole=is_whole)
    except StoreUnavailable as error:
        log.error("lead_not_kept", form=form.name, error=str(error))
        return _returned(PostError.store_is_down(STORE_RETRY_S), incoming, form, as_json=as_json)


def take(incoming: Incoming, form: Form, deps: FormDeps, *, as_json: bool, is_whole: bool = True) -> Response:
    """Read, judge and keep one post, and return the response.

    is_whole: whether the whole body arrived.
    Raises: StoreUnavailable.
    """
    if len(incoming.body) > MAX_BODY_BYTES:
        return failure(PostError.too_large(MAX_BODY_BYTES), as_json=as_json, form=form)
    try:
        reading = _read(incoming, form, is_whole=is_whole)
    except InvalidBody as error:
        wait_s = _keep_raw(incoming, form, deps, error) if isinstance(error, Unreadable) else 0.0
        if wait_s:
            return failure(PostError.too_many_unreadable(wait_s), as_json=as_json, form=form)
        return failure(PostError.of_body(error), as_json=as_json, form=form)
    is_final = is_beacon(incoming.headers, incoming.content_type)
    if reading.errors and not is_final:
        return failure(PostError.invalid(reading.errors), as_json=as_json, form=form, reading=reading)
    return _accepted(incoming, form, deps, reading, as_json=as_json, is_final=is_final)


def _read(incoming: Incoming, form: Form, *, is_whole: bool = True) -> Reading:
    """Refuse half a form: it would become a lead with half a message, of which the second try would be a repeat."""
    if not is_whole:
        raise Unreadable(CUT_OFF)
    pairs = answers_in(incoming.query) if not incoming.body.strip() else []
    if pairs:  # a script that puts the answers of its POST into the address
        incoming = replace(incoming, body=urlencode(pairs).encode(), content_type=FORM_ENCODING)
    coding = incoming.headers.get("content-encoding", "")
    if is_compressed(incoming.body, coding):
        incoming = replace(incoming, body=decompress(incoming.body, coding, MAX_BODY_BYTES))
    return read(incoming, form)


def _returned(error: PostError, incoming: Incoming, form: Form, *, as_json: bool) -> Response:
    """Return an error; its page gives back the visitor's answers, to be sent again."""
    try:
        reading = None if as_json else _read(incoming, form)
    except InvalidBody:
        reading = None
    return failure(error, as_json=as_json, form=form, reading=reading)


def _accepted(
    incoming: Incoming, form: Form, deps: FormDeps, reading: Reading, *, as_json: bool, is_final: bool
) -> Response:
    now = clock.now()
    judgement = _judge(incoming, form, deps, reading, now, is_final=is_final)
    if judgement.error:
        error = PostError.captcha(judgement.error.name, judgement.error.value)
        return failure(error, as_json=as_json, form=form, reading=reading)
    submission = replace(judgement.submission, ip=incoming.ip) if deps.keeps_ip else judgement.submission
    suspicion = str(judgement.suspicion or "")
    receipt = accept(submission, form, deps.store, now, suspicion)
    note_taken(request.environ, (outcome_of(receipt, status_of(submission, suspicion)),))
    log.info("lead_kept", lead=receipt.lead_id, form=form.name, repeat=receipt.repeat)
    routed = form.for_answers(submission)
    target = redirect_target(  # few addresses contain placeholders for answers
        reading.controls.redirect, routed, incoming.headers, lambda name: answers_given(submission, routed).text(name)
    )
    return success(receipt, target, form, reading, as_json=as_json)


def _judge(
    incoming: Incoming, form: Form, deps: FormDeps, reading: Reading, now: datetime, *, is_final: bool
) -> Judgement:
    """Let the guards judge; a suspicious enquiry needs no captcha. is_final: the sender cannot correct it."""
    submission = reading.submission
    if reading.errors:
        submission = replace(submission, problem=missing_sentence(reading.errors))
    controls = reading.controls
    context = RequestContext(incoming.ip, controls.honeypot, reading.fill_s, _foreign_site(incoming, form, deps))
    suspicion = deps.guards.judge(submission, form, context, now)
    if suspicion or form.captcha is None:
        return Judgement(submission, suspicion)
    post = CaptchaPost(
        controls.captcha_token(form.captcha.provider), (request.host, deps.own_host), can_try_again=not is_final
    )
    is_repeat = partial(came_before, submission, form, deps.store, now)
    return deps.guards.check_captcha(submission, form, post, is_repeat, now)


def _foreign_site(incoming: Incoming, form: Form, deps: FormDeps) -> str:
    """Return the site that may not post here, "" for none. It is not refused, so that a forgotten landing page loses no
    leads.

    Our own pages, the hosted form and the error page, are never foreign.
    """
    origin = incoming.headers.get("origin", "")
    is_own = origin_allowed(origin, form) or origin.partition("://")[2] in (request.host, deps.own_host)
    return "" if is_own else clean(origin[:200]) or "another site"


def _keep_raw(incoming: Incoming, form: Form, deps: FormDeps, error: Unreadable) -> float:
    """Keep an unreadable body, which may still be an enquiry, for an operator to look at.

    Returns 0.0, or the seconds until the form has room for it. Raises: StoreUnavailable.
    """
    now = clock.now()
    wait_s = deps.unproven.wait_to_keep(form.name, len(incoming.body), now)
    if wait_s:
        return wait_s
    submission = Submission(
        form=form.name,
        sender="browser",
        contact=Contact(),
        evidence=Evidence(referrer=incoming.headers.get("referer", "")),
        raw=incoming.body,
        problem=f"{error.sentence} The original is kept: look at it, and at the page that sent it.",
    )
    receipt = accept(submission, form, deps.store, now)
    note_taken(request.environ, (outcome_of(receipt, Status.PARKED),))
    log.info("kept_unread", lead=receipt.lead_id, form=form.name)
    return 0.0


def _incoming(body: bytes) -> Incoming:
    environ = request.environ
    headers = read_headers(environ)
    return Incoming(
        body=body,
        content_type=headers["content-type"],
        headers=headers,
        query=environ.get("QUERY_STRING", ""),
        ip=request.remote_addr or "",
        received_at=clock.now().timestamp(),
    )


def _wants_json(incoming: Incoming) -> bool:
    return wants_json(incoming.headers, incoming.content_type, incoming.query)
