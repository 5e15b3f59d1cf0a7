"""A form and a platform: all that is needed to read what the platform has for the form."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from service.capture.fields.enquiries import Enquiry
from service.capture.tools.sender import SenderConfig
from service.forms import Form
from service.platforms.errors import NotNow, PlatformError
from service.store import ConnectionKey, FetchNotice, Store

SAID_MAX = 200
"""Characters of a platform's own words that are told."""

SECRETS = ("app_secret", "client_secret", "access_token", "refresh_token", "token")
"""The keys of a sender's table whose values are told to nobody."""

SECRET_MIN = 6
"""Characters from which on something is taken for a secret: shorter ones stand in every other word."""


@dataclass(frozen=True, slots=True)
class UnreadableLead:
    """A lead that a platform listed and that could not be read. which: its id, or what is known of it."""

    which: str
    why: str


Pulled = Enquiry | UnreadableLead | PlatformError
"""What a pull brings; an error where one Page, account or form could not be read and the others go on."""


class PlatformReader(Protocol):
    """How one platform is read. Every call may raise a CollectError."""

    def fetch(self, notice: FetchNotice) -> Enquiry:
        """Read the one lead that was announced."""

    def pull(self, since: datetime, until: datetime) -> Iterator[Pulled]:
        """Read all that was submitted between two instants, as far as the platform tells."""

    def check(self, now: datetime) -> datetime | None:
        """Whether the connection works; when a person must renew it, None for never."""


@dataclass(frozen=True, slots=True)
class PlatformConnection:
    """One connection: its form, the operator's table and its reader. announces: its leads are fetched."""

    form: Form
    sender: str
    table: SenderConfig
    reader: PlatformReader
    announces: bool

    @property
    def link(self) -> ConnectionKey:
        """Its name in the store."""
        return ConnectionKey(self.form.name, self.sender)

    @property
    def section(self) -> str:
        """Where the operator sets it up."""
        return f"[forms.{self.form.name}.webhooks.{self.sender}]"


@dataclass(frozen=True, slots=True)
class ConnectionMemory:
    """What one connection has learned, in the store."""

    store: Store
    link: ConnectionKey

    def recall(self, kind: str) -> dict[str, Any]:
        """The facts of a kind, by name."""
        with self.store.read() as tx:
            found: dict[str, Any] = tx.platforms.facts(self.link).get(kind, {})
        return found

    def learn(self, kind: str, name: str, fact: object) -> None:
        """Keep a fact for every process, if it is news."""
        if name and self.recall(kind).get(name, self) != fact:
            self.store.write(lambda tx: tx.platforms.learn(self.link, kind, name, fact))


def in_turn(parts: Iterable[Iterator[Pulled]]) -> Iterator[Pulled]:
    """Everything of all parts; one that is refused holds up no other.

    Raises: NotNow: the others would fare no better.
    """
    for part in parts:
        try:
            yield from part
        except NotNow:
            raise
        except PlatformError as error:
            yield error


def spoken(text: str, table: Mapping[str, Any], *secrets: str) -> str:
    """A platform's words in one line, capped, without anything secret that it may have repeated."""
    told = [str(table.get(name, "")) for name in SECRETS]
    for secret in [each for each in (*told, *secrets) if len(each) >= SECRET_MIN]:
        text = text.replace(secret, "[removed]")
    return " ".join(text.split())[:SAID_MAX]
