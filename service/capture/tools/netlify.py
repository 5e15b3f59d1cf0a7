"""Netlify Forms' notification: the submission itself, or wrapped in `payload`, with a JWS of the body's digest."""

import base64
import hashlib
import hmac
from binascii import Error as Base64Error
from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.instants import read_instant
from service.capture.parsing.bodies import read_body, read_json
from service.capture.parsing.errors import Unreadable
from service.capture.parsing.shapes import Json, table_at, tables_at, text_at
from service.capture.tools.packed import flat
from service.capture.tools.sender import InvalidSignature, SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import is_same

_ABOUT = frozenset(("ip", "user_agent", "referrer"))
_DETAILS = ("form_id", "site_url")
_LONGEST_PROOF = 4096  # characters; a real one has some two hundred
_PARTS = 3


def verify(call: WebhookCall, table: SenderConfig) -> None:
    """Check the JWS (RFC 7515): HS256 and nothing else, and the body's SHA-256 in its claims.

    Raises: InvalidSignature.
    """
    parts = call.headers.get("x-webhook-signature", "")[:_LONGEST_PROOF].split(".")
    secret = str(table.get("secret", ""))
    if len(parts) != _PARTS or not secret:
        raise InvalidSignature("the signature is missing" if not any(parts) else "the signature has another form")
    head, claims, signature = parts
    wanted = hmac.new(secret.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    if not is_same(signature.rstrip("="), base64.urlsafe_b64encode(wanted).rstrip(b"=").decode()):
        raise InvalidSignature("the signature does not match")
    if text_at(_decode(head), "alg") != "HS256":
        raise InvalidSignature("the signature has another form")
    if not is_same(text_at(_decode(claims), "sha256").lower(), hashlib.sha256(call.body).hexdigest()):
        raise InvalidSignature("the signature is of another body")


def _decode(part: str) -> object:
    """The JSON of one part of a JWS; None where it is none."""
    try:
        return read_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (Base64Error, ValueError, Unreadable):
        return None


def read(call: WebhookCall, _table: SenderConfig) -> Iterator[Item]:
    """One enquiry. `referrer` is the page with the form, not the visitor's."""
    sent = read_body(call.body, call.content_type)
    if not sent.is_json:
        yield Enquiry([NamedAnswer(name, answer) for name, answer in sent.answers.items()])
        return
    submission = table_at(sent.value, "payload") or table_at(sent.value)
    about = table_at(submission, "data")
    yield Enquiry(
        [*_answers(submission), NamedAnswer("referrer", text_at(about, "referrer"), "page_url")],
        external_id=text_at(submission, "id"),
        form_name=text_at(submission, "form_name"),
        details={name: text_at(submission, name) for name in _DETAILS},
        submitted_at=read_instant(text_at(submission, "created_at")),
        ip=text_at(about, "ip"),
    )


def _answers(submission: Json) -> list[NamedAnswer]:
    """The form's own fields; what else repeats them counts only where they are missing."""
    own = {name: value for name, value in table_at(submission, "data").items() if name not in _ABOUT}
    if own:
        return list(flat(own))
    titled = [
        NamedAnswer(text_at(each, "title") or text_at(each, "name"), text_at(each, "value"))
        for each in tables_at(submission, "ordered_human_fields")
    ]
    return titled or list(flat(table_at(submission, "human_fields") or submission))


NETLIFY = WebhookSender(read, verify)
"""Signs, where the owner set a secret."""
