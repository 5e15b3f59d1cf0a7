"""The endpoints of platforms and tools, /webhooks/<sender>/<form>: kept first, then answered with exactly 200."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import structlog
from flask import Blueprint, Response, request

from service import clock
from service.capture.fields.submissions import reading_form
from service.capture.http.incoming import answers_in, read_body, read_headers
from service.capture.http.rejected_calls import RejectedCalls
from service.capture.http.responses import json_response
from service.capture.http.unproven import CallKey
from service.capture.http.webhook_items import (
    MAX_BODY_BYTES,
    TooManyUnreadable,
    WebhookDeps,
    WebhookRoute,
    decompressed,
    keep_items,
    read_items,
)
from service.capture.parsing import Unreadable
from service.capture.tools.registry import SENDERS
from service.capture.tools.sender import (
    InvalidSignature,
    MalformedPayload,
    SenderConfig,
    WebhookCall,
    WebhookSender,
    check_token,
)
from service.edge import note_refused
from service.forms import Form, Setup
from service.forms.senders import is_proven, table_name
from service.lead import Receipt
from service.store import StoreUnavailable

log = structlog.get_logger()

GET_WITHOUT_ANSWERS = (
    "It came as GET and holds no answers: send POST. A POST that arrives as GET was sent to an address that "
    "redirects: use exactly the address of PUBLIC_URL, with https."
)

TOO_MANY = "Too many calls that prove nothing came from this address: send them again later, or set a token or secret."

TOO_MANY_UNREADABLE = "Too many calls that cannot be read came to this form today: it is not kept."

NOT_KEPT = "It could not be saved just now: send it again."

RETRY_AFTER_S = 60
"""Retry-After in seconds while the store is down or the forms file does not know the form."""


class RejectedCall(Exception):
    """A call that is rejected.

    sentence: for the person who set the sender up. wait_s: seconds until it may be repeated. reason: for the metrics.
    """

    def __init__(self, status: HTTPStatus, sentence: str, wait_s: float = 0.0, reason: str = "") -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.wait_s, self.reason = status, sentence, wait_s, reason or status.name


def webhook_blueprint(deps: WebhookDeps) -> Blueprint:
    """Return the routes of all senders."""
    blueprint = Blueprint("webhooks", __name__)
    routes = _Routes()
    rejected_calls = RejectedCalls(deps.store, lambda: deps.forms, deps.public_url)

    @blueprint.route("/webhooks/<sender>/<form>", methods=["GET", "POST"], strict_slashes=False)
    @blueprint.route("/webhooks/<sender>/<form>/<token>", methods=["GET", "POST"], strict_slashes=False)
    def webhook(sender: str, form: str, token: str = "") -> Response:
        """Take one call of a platform or tool. token: of senders that can only be authenticated by their address."""
        try:
            route = _route(routes.of(deps.setup()), deps.forms, sender, form)
            call = _admit(route, _head(deps.public_url, token), deps)
            if not _brings_answers(route, call):
                return _verify_endpoint(route, call)
            return _take(route, call, deps, rejected_calls)
        except RejectedCall as error:
            log.warning("webhook_refused", sender=sender, form=form, status=error.status.value, why=error.sentence)
            if error.status != HTTPStatus.TOO_MANY_REQUESTS:
                rejected_calls.note(form, sender, error.sentence, error.status)
            return _rejection(error)
        except StoreUnavailable as error:
            log.error("lead_not_kept", sender=sender, form=form, error=str(error))
            return _rejection(RejectedCall(HTTPStatus.SERVICE_UNAVAILABLE, NOT_KEPT, reason="unavailable"))

    return blueprint


class _Routes:
    """The routes of the version of the set-up that was used last."""

    def __init__(self) -> None:
        self._latest: tuple[Setup | None, Mapping[tuple[str, str], WebhookRoute]] = None, {}

    def of(self, setup: Setup) -> Mapping[tuple[str, str], WebhookRoute]:
        """Return the routes by sender and form."""
        made_for, routes = self._latest
        if made_for is not setup:
            routes = {
                (name, form.name): WebhookRoute(name, SENDERS[name], config, reading_form(form, config))
                for form in setup.forms.values()
                for name, config in form.webhooks.items()
            }
            self._latest = setup, routes
        return routes


def _route(
    routes: Mapping[tuple[str, str], WebhookRoute], forms: Mapping[str, Form], sender: str, form: str
) -> WebhookRoute:
    if sender not in SENDERS:
        raise RejectedCall(HTTPStatus.NOT_FOUND, f"There is no sender of that name. Known: {', '.join(SENDERS)}.")
    if form not in forms:
        # Not 404: some tools then give up for good, while the form may be missing by a mistake that is soon corrected.
        raise RejectedCall(HTTPStatus.SERVICE_UNAVAILABLE, "There is no such form.", reason="form_not_found")
    if (sender, form) not in routes:
        table = table_name(form, sender)
        raise RejectedCall(HTTPStatus.UNAUTHORIZED, f"This sender is not set up: the form needs {table}.")
    return routes[sender, form]


def _admit(route: WebhookRoute, head: WebhookCall, deps: WebhookDeps) -> WebhookCall:
    """Check a call by its head, then read its body: a token is verified, an unproven call is counted.

    Raises: RejectedCall.
    """
    if not is_proven(route.config):
        _count_unproven(route, deps)
    elif head.method == "POST":
        _check_proof(route, deps, lambda: check_token(head, route.config))
    return replace(head, body=_body())


def _count_unproven(route: WebhookRoute, deps: WebhookDeps) -> None:
    """Raises: RejectedCall."""
    wait_s = deps.unproven.count_call(_key(route), request.content_length or 0, clock.now())
    if wait_s:
        raise RejectedCall(HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY, wait_s)


def _key(route: WebhookRoute) -> CallKey:
    return CallKey.of(route.form.name, route.name, request.remote_addr or "")


def _body() -> bytes:
    """Raises: RejectedCall."""
    body, is_whole = read_body(MAX_BODY_BYTES)
    if len(body) > MAX_BODY_BYTES:
        raise RejectedCall(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"More than {MAX_BODY_BYTES // 1024 // 1024} MiB.")
    if not is_whole:
        raise RejectedCall(HTTPStatus.BAD_REQUEST, "The connection ended before the body was whole: send it again.")
    return body


def _head(public_url: str, token: str) -> WebhookCall:
    """The call without its body."""
    query = {"token": token} if token else {}
    return WebhookCall(
        headers=read_headers(request.environ),
        url=f"{public_url.rstrip('/')}{request.environ.get('RAW_URI') or request.full_path.rstrip('?')}",
        method=request.method,
        query={**query, **request.args.to_dict()},
        received_at=clock.now().timestamp(),
    )


def _brings_answers(route: WebhookRoute, call: WebhookCall) -> bool:
    """Whether a GET has answers in its query or body, and is read like a POST; a handshake has neither."""
    if call.method == "POST":
        return True
    has_handshake = route.sender.verify_endpoint is not None
    return call.method == "GET" and not has_handshake and bool(call.body.strip() or answers_in(call.raw_query))


def _verify_endpoint(route: WebhookRoute, call: WebhookCall) -> Response:
    """Answer a handshake, or a person who opens the address in a browser.

    Raises: RejectedCall.
    """
    if route.sender.verify_endpoint is None:
        if call.method == "HEAD" or "text/html" in call.headers.get("accept", ""):  # a person, or a link checker
            return json_response({"ok": True, "message": f"This address accepts POST requests of {route.name}."})
        raise RejectedCall(HTTPStatus.METHOD_NOT_ALLOWED, GET_WITHOUT_ANSWERS)
    try:
        reply = route.sender.verify_endpoint(call, route.config)
    except InvalidSignature as error:
        raise RejectedCall(HTTPStatus.FORBIDDEN, f"{error}.") from error
    return Response(reply.body, reply.status, content_type=reply.content_type)


def _take(route: WebhookRoute, call: WebhookCall, deps: WebhookDeps, rejected_calls: RejectedCalls) -> Response:
    """Check, read and keep one call.

    Raises: RejectedCall; StoreUnavailable.
    """
    if is_proven(route.config):
        _check_proof(route, deps, lambda: _check_proofs(call, route))
        call = replace(call, is_proven=True)
    elif request.content_length is None:
        deps.unproven.count_body(_key(route), len(call.body), clock.now())
    try:
        receipts = keep_items(read_items(route, call), route, call, deps)
    except TooManyUnreadable as error:
        raise RejectedCall(HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY_UNREADABLE, error.wait_s) from None
    for receipt in receipts:
        log.info("lead_kept", lead=receipt.lead_id, form=route.form.name, sender=route.name, repeat=receipt.repeat)
    rejected_calls.accepted(route.form.name, route.name)
    return _acceptance(receipts, route.sender)


def _check_proofs(call: WebhookCall, route: WebhookRoute) -> None:
    """Check all proofs that the forms file requires.

    Raises: InvalidSignature, MalformedPayload.
    """
    check_token(call, route.config)
    if route.is_signed and route.sender.verify is not None:
        _check_signature(route.sender.verify, call, route.config)


def _check_proof(route: WebhookRoute, deps: WebhookDeps, check: Callable[[], None]) -> None:
    """Run a check of a call's proofs; a wrong one is counted.

    Raises: RejectedCall.
    """
    try:
        check()
    except InvalidSignature as error:
        sentence = f"Its origin is not proven: {error}."
        wait_s = deps.unproven.count_wrong_proof(_key(route), clock.now())
        raise RejectedCall(
            HTTPStatus.TOO_MANY_REQUESTS if wait_s else HTTPStatus.UNAUTHORIZED, sentence, wait_s
        ) from error
    except MalformedPayload as error:
        raise RejectedCall(HTTPStatus.BAD_REQUEST, f"It cannot be read: {error}.") from error


def _check_signature(
    verify: Callable[[WebhookCall, SenderConfig], None], call: WebhookCall, config: SenderConfig
) -> None:
    """Check the bytes as sent, then as decompressed: a proof may be inside the body, or cover its content."""
    try:
        verify(call, config)
    except (InvalidSignature, MalformedPayload):
        try:
            unpacked = decompressed(call)
        except Unreadable:
            unpacked = call
        if unpacked is call:
            raise
        verify(unpacked, config)


def _acceptance(receipts: Sequence[Receipt], sender: WebhookSender) -> Response:
    if sender.answer:
        return Response(sender.answer, content_type="application/json")
    payload: dict[str, Any] = {"ok": True}
    if receipts:
        payload |= {"id": receipts[0].lead_id, "repeat": all(receipt.repeat for receipt in receipts)}
    if len(receipts) > 1:
        payload["ids"] = [receipt.lead_id for receipt in receipts]
    return json_response(payload)


def _rejection(error: RejectedCall) -> Response:
    note_refused(request.environ, error.reason)
    payload = {
        "type": "about:blank",
        "title": error.status.phrase,
        "status": error.status.value,
        "detail": error.sentence,
        "message": error.sentence,
        "ok": False,
    }
    response = json_response(payload, error.status, "application/problem+json")
    if error.status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    elif error.wait_s:
        response.headers["Retry-After"] = str(math.ceil(error.wait_s))
    return response
