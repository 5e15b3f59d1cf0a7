"""How one platform or tool speaks: proof, reading, answer. A sender is one file with one of these."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.capture.fields.enquiries import Item

SenderConfig = Mapping[str, Any]
"""What the operator wrote under [forms.NAME.webhooks.SENDER]."""


class InvalidSignature(Exception):
    """The proof is missing, wrong or too old: 401. The text is for the log: nothing secret, nothing personal."""


class MalformedPayload(Exception):
    """The proof is inside a body that cannot be read: 400."""


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """One request to a webhook as plain values.

    url: the public address it was sent to, with its query. headers: by lower-case name. query: by
    name. received_at: unix seconds. is_proven: its signature, key or token was checked and right.
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
        """One header by its lower-case name, "" for none."""
        return self.headers.get(name, "")

    @property
    def content_type(self) -> str:
        """As the header gives it, "" for none."""
        return self.headers.get("content-type", "")


@dataclass(frozen=True, slots=True)
class HandshakeReply:
    """An answer to a handshake."""

    body: str
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """One sender.

    read: what a call brings, item by item; none for events that are no leads. Raises Unreadable
    where the body holds nothing that could be understood: it is then kept raw.
    verify: raises InvalidSignature or MalformedPayload. Asked where the table holds `proof_key`; None: signs nothing.
    verify_endpoint: answers a GET or HEAD; None: says what the address is for. Raises InvalidSignature.
    answer: the body of a 200 where the sender wants one of its own.
    """

    read: Callable[[WebhookCall, SenderConfig], Iterable[Item]]
    verify: Callable[[WebhookCall, SenderConfig], None] | None = None
    proof_key: str = "secret"
    verify_endpoint: Callable[[WebhookCall, SenderConfig], HandshakeReply] | None = None
    answer: str = ""
