"""Form backends that a site posts to and that pass the post on: Basin, Formspree, Netlify Forms, and plain posts."""

import base64
import hashlib
import hmac
from binascii import Error as Base64Error
from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer, flat
from service.capture.parsing import Unreadable
from service.capture.parsing.bodies import read_body
from service.capture.parsing.json_values import Json, read_instant, table_at, tables_at, text_at
from service.capture.parsing.loose_json import read_json
from service.capture.parsing.texts import text_of
from service.capture.tools.sender import (
    InvalidSignature,
    SenderConfig,
    WebhookCall,
    WebhookSender,
    is_same,
    timestamped_signature,
)

FORMSPREE_MAX_AGE_S = 300.0
"""Maximum age of a Formspree signature in seconds."""

_BASIN_PREFIX = "data."
_NETLIFY_METADATA = frozenset(("ip", "user_agent", "referrer"))
_NETLIFY_DETAILS = ("form_id", "site_url")
_MAX_JWS_LENGTH = 4096  # a real one has some two hundred characters
_JWS_PARTS = 3


def read_basin(call: WebhookCall, _config: SenderConfig) -> Iterator[Item]:
    """Basin: the form's own names, plain or in `data`, with an id. Repeated for a day until it is accepted."""
    answers = read_body(call.body, call.content_type).answers
    # `data` has the person's answers: they go before a name beside it that is spelt the same.
    ordered = sorted(answers.items(), key=lambda named: named[0].startswith(_BASIN_PREFIX))
    sent = {name.removeprefix(_BASIN_PREFIX): answer for name, answer in ordered}
    external_id = text_of(sent.pop("id", ""))
    yield Enquiry([NamedAnswer(name, answer) for name, answer in sent.items()], external_id=external_id)


def read_formspree(call: WebhookCall, _config: SenderConfig) -> Iterator[Item]:
    """Formspree: the answers in an envelope, without an id."""
    sent = read_body(call.body, call.content_type)
    submission = table_at(sent.value, "submission")
    if not submission:
        yield Enquiry([NamedAnswer(name, answer) for name, answer in sent.answers.items()])
        return
    yield Enquiry(
        [answer for answer in flat(submission) if answer.name != "_date"],
        details={"form_id": text_at(sent.value, "form")},
        submitted_at=read_instant(text_at(submission, "_date")),
    )


def verify_netlify(call: WebhookCall, config: SenderConfig) -> None:
    """Check the JWS (RFC 7515): HS256 and nothing else, with the body's SHA-256 in its claims.

    Raises: InvalidSignature.
    """
    parts = call.headers.get("x-webhook-signature", "")[:_MAX_JWS_LENGTH].split(".")
    secret = str(config.get("secret", ""))
    if len(parts) != _JWS_PARTS or not secret:
        raise InvalidSignature(
            "the signature is missing" if not any(parts) else "the signature has an unexpected format"
        )
    head, claims, signature = parts
    wanted = hmac.new(secret.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    if not is_same(signature.rstrip("="), base64.urlsafe_b64encode(wanted).rstrip(b"=").decode()):
        raise InvalidSignature("the signature does not match")
    if text_at(_decode_jws_part(head), "alg") != "HS256":
        raise InvalidSignature("the signature has an unexpected format")
    if not is_same(text_at(_decode_jws_part(claims), "sha256").lower(), hashlib.sha256(call.body).hexdigest()):
        raise InvalidSignature("the signature belongs to another body")


def _decode_jws_part(part: str) -> object:
    """The JSON of one part of a JWS, None where it is none."""
    try:
        return read_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (Base64Error, ValueError, Unreadable):
        return None


def read_netlify(call: WebhookCall, _config: SenderConfig) -> Iterator[Item]:
    """Netlify Forms: the submission, or `payload` with it. `referrer` is the page with the form, not the visitor's."""
    sent = read_body(call.body, call.content_type)
    if not sent.is_json:
        yield Enquiry([NamedAnswer(name, answer) for name, answer in sent.answers.items()])
        return
    submission = table_at(sent.value, "payload") or table_at(sent.value)
    data = table_at(submission, "data")
    yield Enquiry(
        [*_netlify_answers(submission), NamedAnswer("referrer", text_at(data, "referrer"), "page_url")],
        external_id=text_at(submission, "id"),
        form_name=text_at(submission, "form_name"),
        details={name: text_at(submission, name) for name in _NETLIFY_DETAILS},
        submitted_at=read_instant(text_at(submission, "created_at")),
        ip=text_at(data, "ip"),
    )


def _netlify_answers(submission: Json) -> list[NamedAnswer]:
    """The form's own fields; the other members repeat them and count only where they are missing."""
    own = {name: value for name, value in table_at(submission, "data").items() if name not in _NETLIFY_METADATA}
    if own:
        return list(flat(own))
    titled = [
        NamedAnswer(text_at(field, "title") or text_at(field, "name"), text_at(field, "value"))
        for field in tables_at(submission, "ordered_human_fields")
    ]
    return titled or list(flat(table_at(submission, "human_fields") or submission))


BASIN = WebhookSender(read_basin)
"""Signs nothing."""

FORMSPREE = WebhookSender(read_formspree, timestamped_signature("formspree-signature", FORMSPREE_MAX_AGE_S))
NETLIFY = WebhookSender(read_netlify, verify_netlify)
"""Sign, where the owner set a secret."""
