"""Reads and keeps the items of one webhook call: enquiries, lead notices, withdrawals, and unreadable items."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

import structlog
from flask import request

from service import clock
from service.capture.accept import Judged, accept_all, announce_all, outcome_of, status_of, withdraw
from service.capture.fields.enquiries import Enquiry, Item, LeadNotice, UnreadableItem, Withdrawal
from service.capture.fields.submissions import submit, submit_notice, submit_unreadable
from service.capture.http.incoming import answers_in, as_body, holds_nothing, with_answers
from service.capture.http.unproven import UnprovenCalls
from service.capture.parsing import Empty, Unreadable, Unsupported
from service.capture.parsing.bodies import decompress, is_compressed
from service.capture.spam import Guards, RequestContext
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.edge import note_taken
from service.forms import Form, Setup
from service.lead import Receipt, Status, Submission
from service.store import Store

log = structlog.get_logger()

MAX_BODY_BYTES = 5 * 1024 * 1024
"""Size limit of one call, as sent and as decompressed: room for a thousand leads."""

MAX_ITEMS = 1000
"""Maximum leads of one call; a call with more is kept unread."""

MAX_ANSWERS = 1000
"""Maximum answers of one enquiry. No form has more, and giving each a meaning would only keep a thread busy."""


@dataclass(frozen=True, slots=True)
class WebhookDeps:
    """The collaborators and settings of the endpoints.

    setup: returns the set-up of the present request. public_url: the address that senders use, which some signatures
    cover. unproven: limits on callers who prove nothing.
    """

    setup: Callable[[], Setup]
    store: Store
    public_url: str
    guards: Guards
    unproven: UnprovenCalls
    keeps_ip: bool = False

    @property
    def forms(self) -> Mapping[str, Form]:
        """The forms of the present request, the same ones until it ends."""
        return self.setup().forms


class TooManyUnreadable(Exception):
    """The form has no room for further unreadable bodies today; everything else of the call was kept."""

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class WebhookRoute:
    """One sender of one form. form: with the field names of the sender's own table."""

    name: str
    sender: WebhookSender
    config: SenderConfig
    form: Form

    @property
    def is_signed(self) -> bool:
        """Whether each call must have a signature, or a key in its body."""
        return self.sender.verify is not None and bool(self.config.get(self.sender.proof_key))


def decompressed(call: WebhookCall) -> WebhookCall:
    """Return the call with its body decompressed; the same call where it was not compressed.

    Raises: Unreadable.
    """
    coding = call.headers.get("content-encoding", "")
    if not is_compressed(call.body, coding):
        return call
    return replace(call, body=decompress(call.body, coding, MAX_BODY_BYTES))


def read_items(route: WebhookRoute, call: WebhookCall) -> Sequence[Item]:
    """Return the items of a proven call; an unreadable body is one item, as received."""
    try:
        items = _items(route, decompressed(call))
    except Empty:
        return []
    except (Unreadable, Unsupported) as error:
        return [UnreadableItem(call.body, error.sentence)]
    except Exception as error:  # an unknown shape must not cost the lead
        log.exception("webhook_not_understood", sender=route.name, form=route.form.name, kind=type(error).__name__)
        return [UnreadableItem(call.body, f"It differs from everything that {route.name} is known to send.")]
    if len(items) > MAX_ITEMS:
        return [UnreadableItem(call.body, f"It holds over {MAX_ITEMS:,} leads: send them in parts, or import them.")]
    return items


def keep_items(items: Sequence[Item], route: WebhookRoute, call: WebhookCall, deps: WebhookDeps) -> list[Receipt]:
    """Keep all items of one call.

    Raises: StoreUnavailable; TooManyUnreadable. The sender's repeat then gets the receipts of what was kept.
    """
    form, store = deps.forms[route.form.name], deps.store
    now = clock.now()
    wait_s = _wait_to_keep(items, route, call, deps, now)
    if wait_s:
        items = [item for item in items if not isinstance(item, UnreadableItem)]
    enquiries = [item for item in items if isinstance(item, Enquiry | UnreadableItem)]
    submissions: list[Judged] = []
    for number, item in enumerate(enquiries):
        if isinstance(item, UnreadableItem):
            raw = _without_secrets(item.raw, route.config)
            submissions.append((submit_unreadable(replace(item, raw=raw), route.form, route.name), ""))
        else:
            own_number = number if len(enquiries) > 1 else None
            submissions.append(_judged(item, route, call, deps, now, own_number))
    announced: list[tuple[Submission, str]] = []
    for notice in (item for item in items if isinstance(item, LeadNotice)):
        submission = replace(submit_notice(notice, route.form, route.name, route.config), is_proven=call.is_proven)
        if notice.is_test:
            submissions.append((submission, ""))
        else:
            announced.append((submission, notice.place))
    receipts = accept_all(submissions, form, store, now)
    receipts += announce_all(announced, form, store, now) if announced else []
    statuses = [status_of(*each) for each in submissions]
    statuses += [Status.PARKED if submission.problem else Status.ANNOUNCED for submission, _ in announced]
    note_taken(request.environ, map(outcome_of, receipts, statuses))
    withdrawn = [item.external_id for item in items if isinstance(item, Withdrawal)]
    receipts += [withdraw(route.name, external_id, form, store, now) for external_id in withdrawn]
    if wait_s:
        raise TooManyUnreadable(wait_s)
    return receipts


def _wait_to_keep(
    items: Sequence[Item], route: WebhookRoute, call: WebhookCall, deps: WebhookDeps, now: datetime
) -> float:
    """Return the seconds until unreadable items may be kept again; 0.0 for now, and always for a proven sender.

    Raises: StoreUnavailable.
    """
    size = sum(len(item.raw) for item in items if isinstance(item, UnreadableItem))
    if call.is_proven or not size:
        return 0.0
    return deps.unproven.wait_to_keep(route.form.name, size, now)


def _items(route: WebhookRoute, call: WebhookCall) -> list[Item]:
    """Return the items of the body, with the answers of the query, which no signature covers.

    Raises: what the sender's `read` raises.
    """
    pairs = [] if route.is_signed else answers_in(call.raw_query)
    if pairs and holds_nothing(call.body):
        call, pairs = as_body(call, pairs), []
    items = list(islice(route.sender.read(call, route.config), MAX_ITEMS + 1))
    items = [_bounded(item, call.body if len(items) == 1 else b"") for item in items]
    return [with_answers(item, pairs) for item in items] if pairs else items


def _bounded(item: Item, body: bytes) -> Item:
    """Return an enquiry with too many answers as unreadable. body: the call's, where it brings nothing else."""
    if not isinstance(item, Enquiry) or len(item.answers) <= MAX_ANSWERS:
        return item
    raw = body or json.dumps([answered[:2] for answered in item.answers]).encode()
    return UnreadableItem(raw, f"It holds more than {MAX_ANSWERS:,} answers, which no form has.")


def _judged(
    item: Enquiry, route: WebhookRoute, call: WebhookCall, deps: WebhookDeps, now: datetime, number: int | None
) -> Judged:
    """Return one enquiry as a Submission. number: its place in a call of several, which never share the call's keys."""

    def own_key(key: str) -> str:
        return f"{key} {number}" if key and number is not None else key

    submission = submit(item, route.form, route.name, route.config, call.raw_query)
    submission = replace(
        submission,
        is_proven=call.is_proven,
        idempotency_key=own_key(call.header("idempotency-key").strip(' "')) or submission.idempotency_key,
        delivery_id=own_key(call.header("webhook-id") or call.header("svix-id")),
    )
    suspicion = deps.guards.judge(submission, route.form, RequestContext(ip=submission.ip), now)
    return replace(submission, ip=submission.ip if deps.keeps_ip else ""), str(suspicion or "")


def _without_secrets(raw: bytes, config: SenderConfig) -> bytes:
    """Return the body without the proofs that some senders put into it."""
    for value in config.values():
        if isinstance(value, str) and value:
            raw = raw.replace(value.encode(), b"[removed]")
    return raw
