"""What one webhook sender is: how its calls are verified, read and answered."""

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

    read: yields the items of a call, none for an event that is no lead. Raises Unreadable for a body that cannot be
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
