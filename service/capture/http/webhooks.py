"""Where platforms and tools post: /webhooks/<sender>/<form>. Kept first, then answered with exactly 200."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from typing import Any

import structlog
from flask import Blueprint, Response, request

from service import clock
from service.capture.accept import Judged, accept_all, announce_all, withdraw
from service.capture.fields.enquiries import Enquiry, Item, LeadNotice, UnreadableItem, Withdrawal
from service.capture.fields.queries import answers_in, as_body, holds_nothing, with_answers
from service.capture.fields.submissions import reading_form, submit, submit_notice, submit_unreadable
from service.capture.http.rejected_calls import RejectedCalls
from service.capture.http.wsgi import read_body, read_headers
from service.capture.parsing.compression import decompress, is_compressed
from service.capture.parsing.errors import Empty, Unreadable, Unsupported
from service.capture.spam import Guards, RequestContext
from service.capture.tools.registry import SENDERS
from service.capture.tools.sender import InvalidSignature, MalformedPayload, SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import check_token
from service.forms import Form
from service.forms.senders import is_proven
from service.lead import Receipt
from service.store import Store, StoreUnavailable

log = structlog.get_logger()

BODY_MAX = 5 * 1024 * 1024
"""Bytes of one call: a thousand leads."""

MOST_ITEMS = 1000
"""Leads of one call: so many a platform may send at once."""

MOST_ANSWERS = 1000
"""Of one enquiry. More is no form: giving each a meaning would only keep a thread busy."""

GET_WITHOUT_ANSWERS = (
    "It came as GET and holds no answers: send POST. A POST that arrives as GET was sent to an address that "
    "redirects: use exactly the address of PUBLIC_URL, with https."
)

RETRY_S = 60
"""What a sender is asked to wait when the store is down, or the forms file does not know the form."""


@dataclass(frozen=True, slots=True)
class WebhookDeps:
    """What the endpoints need. public_url: how the world reaches us, which some signatures cover."""

    forms: Mapping[str, Form]
    store: Store
    public_url: str
    guards: Guards
    keeps_ip: bool = False


@dataclass(frozen=True, slots=True)
class WebhookRoute:
    """One sender of one form. form: as its enquiries are read."""

    name: str
    sender: WebhookSender
    table: SenderConfig
    form: Form

    @property
    def is_signed(self) -> bool:
        """Whether each call must bear a signature, or a key in its body."""
        return self.sender.verify is not None and bool(self.table.get(self.sender.proof_key))


class NotTaken(Exception):
    """A call that is refused: status, and a sentence for whoever set the sender up."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


def webhook_blueprint(board: WebhookDeps) -> Blueprint:
    """The routes of all senders."""
    blueprint = Blueprint("webhooks", __name__)
    lines = dict(_lines(board.forms.values()))
    turned_away = RejectedCalls(board.store, board.forms, board.public_url)

    @blueprint.route("/webhooks/<sender>/<form>", methods=["GET", "POST"], strict_slashes=False)
    @blueprint.route("/webhooks/<sender>/<form>/<token>", methods=["GET", "POST"], strict_slashes=False)
    def webhook(sender: str, form: str, token: str = "") -> Response:
        """Take what a platform or tool sends. token: for those that can prove themselves by their address only."""
        try:
            line, call = _find(lines, board.forms, sender, form), _call(board.public_url, token)
            return _serve(line, call, board, turned_away)
        except NotTaken as refused:
            log.warning("webhook_refused", sender=sender, form=form, status=refused.status.value, why=refused.sentence)
            turned_away.note(form, sender, refused.sentence, refused.status)
            return _refusal(refused)
        except StoreUnavailable:
            log.error("lead_not_kept", sender=sender, form=form)
            return _refusal(NotTaken(HTTPStatus.SERVICE_UNAVAILABLE, "It could not be kept just now: send it again."))

    return blueprint


def _lines(forms: Iterable[Form]) -> Iterable[tuple[tuple[str, str], WebhookRoute]]:
    for form in forms:
        for name, table in form.webhooks.items():
            yield (name, form.name), WebhookRoute(name, SENDERS[name], table, reading_form(form, table))


def _find(
    lines: Mapping[tuple[str, str], WebhookRoute], forms: Mapping[str, Form], sender: str, form: str
) -> WebhookRoute:
    if sender not in SENDERS:
        raise NotTaken(HTTPStatus.NOT_FOUND, f"There is no sender of that name. Known: {', '.join(SENDERS)}.")
    if form not in forms:
        # Not 404: some tools then give up for good, while the form may be missing by a mistake that is mended soon.
        raise NotTaken(HTTPStatus.SERVICE_UNAVAILABLE, "The forms file has no such form.")
    if (sender, form) not in lines:
        table = f"[forms.{form}.webhooks.{sender}]"
        raise NotTaken(HTTPStatus.UNAUTHORIZED, f"This sender is not let in: the forms file needs {table}.")
    return lines[sender, form]


def _call(public_url: str, token: str) -> WebhookCall:
    body, is_whole = read_body(BODY_MAX)
    if len(body) > BODY_MAX:
        raise NotTaken(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"More than {BODY_MAX // 1024 // 1024} MiB.")
    if not is_whole:
        raise NotTaken(HTTPStatus.BAD_REQUEST, "The connection ended before the body was whole: send it again.")
    query = {"token": token} if token else {}
    return WebhookCall(
        body=body,
        headers=read_headers(),
        url=f"{public_url.rstrip('/')}{request.environ.get('RAW_URI') or request.full_path.rstrip('?')}",
        method=request.method,
        query={**query, **request.args.to_dict()},
        received_at=clock.now().timestamp(),
    )


def _serve(line: WebhookRoute, call: WebhookCall, board: WebhookDeps, turned_away: RejectedCalls) -> Response:
    if not _brings_answers(line, call):
        return _greet(line, call)
    answer = _take(line, call, board)
    turned_away.accepted(line.form.name, line.name)
    return answer


def _brings_answers(line: WebhookRoute, call: WebhookCall) -> bool:
    """A GET with answers in its query or body is read as a POST is; a handshake has neither."""
    if call.method == "POST":
        return True
    has_handshake = line.sender.verify_endpoint is not None
    return call.method == "GET" and not has_handshake and bool(call.body.strip() or answers_in(call.raw_query))


def _greet(line: WebhookRoute, call: WebhookCall) -> Response:
    if line.sender.verify_endpoint is None:
        if call.method == "HEAD" or "text/html" in call.headers.get("accept", ""):  # a person, or what checks links
            return _json({"ok": True, "message": f"This address takes POST requests of {line.name}."})
        raise NotTaken(HTTPStatus.METHOD_NOT_ALLOWED, GET_WITHOUT_ANSWERS)
    try:
        reply = line.sender.verify_endpoint(call, line.table)
    except InvalidSignature as forged:
        raise NotTaken(HTTPStatus.FORBIDDEN, f"{forged}.") from forged
    return Response(reply.body, reply.status, content_type=reply.content_type)


def _take(line: WebhookRoute, call: WebhookCall, board: WebhookDeps) -> Response:
    """Check, read and keep one call.

    Raises: NotTaken; StoreUnavailable.
    """
    _check(line, call)
    receipts = _keep(_read(line, call), line, replace(call, is_proven=is_proven(line.table)), board)
    for receipt in receipts:
        log.info("lead_kept", lead=receipt.lead_id, form=line.form.name, sender=line.name, repeat=receipt.repeat)
    return _thanks(receipts, line.sender)


def _check(line: WebhookRoute, call: WebhookCall) -> None:
    """Check all proofs that the forms file asks for.

    Raises: NotTaken.
    """
    try:
        check_token(call, line.table)
        if line.is_signed and line.sender.verify is not None:
            _verify(line.sender.verify, call, line.table)
    except InvalidSignature as forged:
        raise NotTaken(HTTPStatus.UNAUTHORIZED, f"It does not prove where it comes from: {forged}.") from forged
    except MalformedPayload as garbled:
        raise NotTaken(HTTPStatus.BAD_REQUEST, f"It cannot be read: {garbled}.") from garbled


def _verify(verify: Callable[[WebhookCall, SenderConfig], None], call: WebhookCall, table: SenderConfig) -> None:
    """Check the bytes as sent, and where they are compressed what they hold: a proof may be inside, or be of that."""
    try:
        verify(call, table)
    except (InvalidSignature, MalformedPayload):
        try:
            unpacked = _unpacked(call)
        except Unreadable:
            unpacked = call
        if unpacked is call:
            raise
        verify(unpacked, table)


def _unpacked(call: WebhookCall) -> WebhookCall:
    """The call with its body as it was before it was compressed; the same call where it was not."""
    coding = call.headers.get("content-encoding", "")
    if not is_compressed(call.body, coding):
        return call
    return replace(call, body=decompress(call.body, coding, BODY_MAX))


def _read(line: WebhookRoute, call: WebhookCall) -> Sequence[Item]:
    """What a proven call brings; what nobody can read is kept as it is."""
    try:
        items = _items(line, _unpacked(call))
    except Empty:
        return []
    except (Unreadable, Unsupported) as refused:
        return [UnreadableItem(call.body, refused.sentence)]
    except Exception as error:  # a shape that nobody has seen yet must not cost the lead
        log.exception("webhook_not_understood", sender=line.name, form=line.form.name, kind=type(error).__name__)
        return [UnreadableItem(call.body, f"It has another shape than {line.name} is known to send.")]
    if len(items) > MOST_ITEMS:
        return [
            UnreadableItem(call.body, f"It holds more than {MOST_ITEMS:,} leads: send them in parts, or import them.")
        ]
    return items


def _items(line: WebhookRoute, call: WebhookCall) -> list[Item]:
    """The items of the body; where it has none, those of the query, which no signature covers.

    Raises: what the sender's `read` raises.
    """
    pairs = [] if line.is_signed else answers_in(call.raw_query)
    if not pairs:
        return _items_of_body(line, call)
    if holds_nothing(call.body):
        return _items_of_body(line, as_body(call, pairs))
    return [with_answers(item, pairs) for item in _items_of_body(line, call)]


def _items_of_body(line: WebhookRoute, call: WebhookCall) -> list[Item]:
    return [_bounded(item) for item in islice(line.sender.read(call, line.table), MOST_ITEMS + 1)]


def _bounded(item: Item) -> Item:
    if not isinstance(item, Enquiry) or len(item.answers) <= MOST_ANSWERS:
        return item
    raw = json.dumps([answered[:2] for answered in item.answers]).encode()
    return UnreadableItem(raw, f"It holds more than {MOST_ANSWERS:,} answers, which no form has.")


def _keep(items: Sequence[Item], line: WebhookRoute, call: WebhookCall, board: WebhookDeps) -> list[Receipt]:
    now = clock.now()
    form = board.forms[line.form.name]
    brought = [item for item in items if isinstance(item, Enquiry | UnreadableItem)]
    submissions = [
        _judged(item, line, call, board, now, number=number if len(brought) > 1 else None)
        for number, item in enumerate(brought)
    ]
    announced = []
    for notice in (item for item in items if isinstance(item, LeadNotice)):
        submission = replace(submit_notice(notice, line.form, line.name, line.table), is_proven=call.is_proven)
        if notice.is_test:
            submissions.append((submission, ""))
        else:
            announced.append((submission, notice.place))
    receipts = accept_all(submissions, form, board.store, now)
    receipts += announce_all(announced, form, board.store, now) if announced else []
    taken_back = [item.external_id for item in items if isinstance(item, Withdrawal)]
    return receipts + [withdraw(line.name, external_id, form, board.store, now) for external_id in taken_back]


def _judged(
    item: Enquiry | UnreadableItem,
    line: WebhookRoute,
    call: WebhookCall,
    board: WebhookDeps,
    now: datetime,
    *,
    number: int | None = None,
) -> Judged:
    """One item as a Submission. number: its place in a call of several, which never share the call's own keys."""
    if isinstance(item, UnreadableItem):
        return submit_unreadable(replace(item, raw=_without_secrets(item.raw, line.table)), line.form, line.name), ""
    submission = submit(item, line.form, line.name, line.table, call.raw_query)
    submission = replace(
        submission,
        is_proven=call.is_proven,
        idempotency_key=_own_key(call.header("idempotency-key").strip(' "'), number) or submission.idempotency_key,
        delivery_id=_own_key(call.header("webhook-id") or call.header("svix-id"), number),
    )
    suspicion = board.guards.judge(submission, line.form, RequestContext(ip=submission.ip), now)
    return replace(submission, ip=submission.ip if board.keeps_ip else ""), str(suspicion or "")


def _own_key(key: str, number: int | None) -> str:
    return f"{key} {number}" if key and number is not None else key


def _without_secrets(raw: bytes, table: SenderConfig) -> bytes:
    """Some senders put the proof into the body: it is not kept."""
    for value in table.values():
        if isinstance(value, str) and value:
            raw = raw.replace(value.encode(), b"[removed]")
    return raw


def _thanks(receipts: Sequence[Receipt], sender: WebhookSender) -> Response:
    if sender.answer:
        return Response(sender.answer, content_type="application/json")
    told: dict[str, Any] = {"ok": True}
    if receipts:
        told |= {"id": receipts[0].lead_id, "repeat": all(receipt.repeat for receipt in receipts)}
    if len(receipts) > 1:
        told["ids"] = [receipt.lead_id for receipt in receipts]
    return _json(told)


def _refusal(refused: NotTaken) -> Response:
    told = {
        "type": "about:blank",
        "title": refused.status.phrase,
        "status": refused.status.value,
        "detail": refused.sentence,
        "message": refused.sentence,
        "ok": False,
    }
    answer = _json(told, refused.status, "application/problem+json")
    if refused.status is HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(RETRY_S)
    return answer


def _json(told: Mapping[str, Any], status: int = 200, content_type: str = "application/json") -> Response:
    return Response(json.dumps(told), status, content_type=content_type)
