"""Defines a webhook sender: how its calls are verified, read and answered; and checks signatures and tokens.

Proofs are HMACs over the raw bytes, or static tokens, compared in constant time. A missing, oversized or non-ASCII
proof is a wrong one, never an exception; an empty secret refuses everything.
"""

import base64
import hashlib
import hmac
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.capture.fields.enquiries import Item

SenderConfig = Mapping[str, Any]
"""The table [forms.NAME.webhooks.SENDER] of the forms file."""


class InvalidSignature(Exception):
    """The proof is missing, wrong or too old: 401. The text goes into the log: nothing secret or personal."""


class MalformedPayload(Exception):
    """The body that contains the proof cannot be read: 400."""


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """One request to a webhook as plain values.

    url: the public address it was sent to, with its query. headers: by lower-case name. query: by name. received_at:
    unix seconds. is_proven: whether its signature, key or token was checked.
    """

    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)
    received_at: float = 0.0
    is_proven: bool = False

    @property
    def raw_query(self) -> str:
        """The query as it was sent, without its "?"."""
        return self.url.partition("?")[2]

    def header(self, name: str) -> str:
        """Return a header by its lower-case name, "" for none."""
        return self.headers.get(name, "")

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


@dataclass(frozen=True, slots=True)
class HandshakeReply:
    """The response to a handshake."""

    body: str
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """One sender.

    read: yields the items of a call, none for an event that is not a lead. Raises Unreadable for a body that cannot be
    understood, which is then kept raw.
    verify: checks the signature where the table has `proof_key`; None for a sender that signs nothing. Raises
    InvalidSignature or MalformedPayload.
    verify_endpoint: answers a handshake by GET or HEAD, None without one. Raises InvalidSignature.
    answer: the body of a 200, for a sender that expects one of its own.
    """

    read: Callable[[WebhookCall, SenderConfig], Iterable[Item]]
    verify: Callable[[WebhookCall, SenderConfig], None] | None = None
    proof_key: str = "secret"
    verify_endpoint: Callable[[WebhookCall, SenderConfig], HandshakeReply] | None = None
    answer: str = ""


# -- signatures


Verify = Callable[[WebhookCall, SenderConfig], None]
"""Checks the signature of a call. Raises: InvalidSignature."""

TOKEN_HEADERS = ("x-webhook-token", "x-form-token", "x-api-key", "api-key", "x-auth-token")
MAX_CLOCK_AHEAD_S = 300.0
"""Seconds that a sender's clock may be ahead of ours."""


def hmac_hex(secret: str, message: bytes) -> str:
    """Return the HMAC-SHA256 in lower-case hex; the key is the secret as shown, in UTF-8."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def hmac_base64(secret: str, message: bytes) -> str:
    """Return the HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def is_same(given: str, wanted: str) -> bool:
    """Return whether two proofs are equal, compared in constant time; an empty one never is."""
    return bool(given) and bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())


def check(given: str | Iterable[str], wanted: str, secret: str, what: str = "signature") -> None:
    """Raises: InvalidSignature unless one of the given proofs is the expected one. what: its name in the error."""
    offered = [given] if isinstance(given, str) else list(given)
    if not secret or not any(is_same(each, wanted) for each in offered):
        raise InvalidSignature(f"the {what} does not match" if any(offered) else f"the {what} is missing")


def check_hex(header: str, secret: str, message: bytes, prefix: str = "") -> None:
    """Check a header with `prefix` and an HMAC in hex, in any case.

    Raises: InvalidSignature.
    """
    if prefix and header and not header.startswith(prefix):
        raise InvalidSignature("the signature has an unexpected format")
    check(header.removeprefix(prefix).lower(), hmac_hex(secret, message), secret)


def check_age(at: str, now: float, max_age_s: float, unit_s: float = 1.0) -> None:
    """Check the age of a signature. at: the sender's time as text, in units of `unit_s`.

    Raises: InvalidSignature.
    """
    if not (at.isascii() and at.isdigit() and len(at) <= len("1700000000000000")):
        raise InvalidSignature("the signature has no timestamp")
    age_s = now - int(at) * unit_s
    if not -MAX_CLOCK_AHEAD_S <= age_s <= max_age_s:
        raise InvalidSignature("the signature is too old" if age_s > 0 else "the signature is from the future")


def hex_signature(header: str, prefix: str = "") -> Verify:
    """Return a check of a header with the body's HMAC in hex, in any case, behind `prefix`."""

    def verify(call: WebhookCall, config: SenderConfig) -> None:
        check_hex(call.header(header), str(config.get("secret", "")), call.body, prefix)

    return verify


def base64_signature(header: str, prefix: str = "") -> Verify:
    """Return a check of a header with the body's HMAC in base64, behind `prefix`."""

    def verify(call: WebhookCall, config: SenderConfig) -> None:
        given, secret = call.header(header), str(config.get("secret", ""))
        if prefix and given and not given.startswith(prefix):
            raise InvalidSignature("the signature has an unexpected format")
        check(given.removeprefix(prefix), hmac_base64(secret, call.body), secret)

    return verify


def timestamped_signature(header: str, max_age_s: float, name: str = "v1") -> Verify:
    """Return a check of `t=SECONDS,v1=HEX`, an HMAC over "t.body"; several v1 occur while a secret is rotated."""

    def verify(call: WebhookCall, config: SenderConfig) -> None:
        secret = str(config.get("secret", ""))
        parts = [part.strip().partition("=") for part in call.header(header).split(",")]
        at = next((value for key, _, value in parts if key == "t"), "")
        given = [value for key, _, value in parts if key == name]
        check(given, hmac_hex(secret, at.encode() + b"." + call.body), secret)
        check_age(at, call.received_at, max_age_s)

    return verify


def check_token(call: WebhookCall, config: SenderConfig) -> None:
    """Check the operator's own token, if set: in Authorization, another header, or ?token= in the address.

    Raises: InvalidSignature.
    """
    token = str(config.get("token", ""))
    if token:
        check([each for each in _tokens_of(call) if each], token, token, what="token")


def _tokens_of(call: WebhookCall) -> list[str]:
    return [
        *_authorized(call.headers.get("authorization", "").strip()),
        *(call.headers.get(name, "").strip() for name in TOKEN_HEADERS),
        call.query.get("token", ""),
    ]


def _authorized(header: str) -> list[str]:
    """The possible tokens in an Authorization header: all of it, or the part after the scheme.

    Tools write `Bearer TOKEN`, `Token TOKEN`, `ApiKey TOKEN`, Rails' `Token token="TOKEN"`, and the token alone.
    """
    scheme, _, credentials = header.partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "basic":
        return [header, *_decode_basic(credentials)]
    return [header, credentials, credentials.removeprefix("token=").strip('"')]


def _decode_basic(credentials: str) -> list[str]:
    """Password and user name: tools differ in which of the two can be filled in."""
    try:
        user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (Base64Error, ValueError):
        return []
    return [password, user]
