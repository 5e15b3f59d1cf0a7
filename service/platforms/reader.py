"""Reading leads from a platform's API: what a reader is given, what it must do, how it calls the API, and its errors.

Tokens travel in headers, or in the body of a renewal: never in what is raised. Errors are named by what to do next:

PlatformError(message, status)
  NotNow(wait_s)                 try again later; wait_s: nothing is sent to this connection before that
  Disconnected(remedy, place)    wait for a person: the connection pauses, one lead at a time probes it
  Gone                           a few slow tries, then a person
  Unusable                       a person: a bug of this service, or an unknown response
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from service.capture.fields.enquiries import Enquiry, LeadNotice
from service.capture.parsing import Unreadable
from service.capture.parsing.json_values import Json
from service.capture.parsing.loose_json import read_json
from service.capture.tools.sender import SenderConfig
from service.http import HttpClient, HttpResponse, NoResponse


class PlatformError(Exception):
    """message: the platform's own words, else ours, without secrets. status: of the HTTP response, None without one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class NotNow(PlatformError):
    """Neither lead nor connection is at fault. wait_s: the pause in seconds that the platform demands of everyone."""

    def __init__(self, message: str, status: int | None = None, wait_s: float | None = None) -> None:
        super().__init__(message, status)
        self.wait_s = wait_s


class Disconnected(PlatformError):
    """Only a person can fix it. remedy: how; place: the one Page or account that is affected, "" for all."""

    def __init__(self, message: str, remedy: str, status: int | None = None, place: str = "") -> None:
        super().__init__(message, status)
        self.remedy = remedy
        self.place = place


class Gone(PlatformError):
    """The platform has no such lead, or does not say whether it has."""


class Unusable(PlatformError):
    """The platform does not understand our request, or we do not understand its response."""


CONNECT_TIMEOUT_S, TIMEOUT_S = 5.0, 20.0
"""Seconds for reaching a platform, and for its whole response."""

MAX_RESPONSE_BYTES = 10 * 1024 * 1024
"""A page of a hundred leads and a TikTok export are well below."""

_CLIENT = HttpClient(timeout_s=TIMEOUT_S, connect_timeout_s=CONNECT_TIMEOUT_S, max_bytes=MAX_RESPONSE_BYTES)

MAX_MESSAGE_CHARS = 200
"""Characters of a platform's error message that are kept."""

SECRET_KEYS = ("app_secret", "client_secret", "access_token", "refresh_token", "token")
"""Keys of a sender's table with values that are never shown."""

MIN_SECRET_CHARS = 6
"""Shorter values are not removed from messages: they occur in ordinary words."""


@dataclass(frozen=True, slots=True)
class UnreadableLead:
    """A lead that a platform listed and that could not be read. lead: its id, or what is known of it."""

    lead: str
    reason: str


PulledItem = Enquiry | UnreadableLead | PlatformError
"""One result of a pull; an error where one Page, account or form could not be read and the others go on."""


class ConnectionState(Protocol):
    """What one connection has learned, and its renewed tokens: kept in the store for all processes."""

    def facts(self, kind: str) -> dict[str, Any]:
        """Return the facts of a kind, by name."""

    def learn(self, kind: str, name: str, fact: object) -> None:
        """Keep a fact; a known one, or one without a name, changes nothing."""

    def tokens(self) -> dict[str, Any]:
        """Return the renewed tokens, as they were saved; empty where there are none."""

    def save_tokens(self, tokens: dict[str, Any]) -> None:
        """Replace the renewed tokens."""

    def try_lock(self, seconds: float) -> bool:
        """Return whether this thread now has the connection's lock, at most for so many seconds."""

    def unlock(self) -> None:
        """Give the lock back."""


@dataclass(frozen=True, slots=True)
class ReaderContext:
    """What the reader of one connection is given.

    form: its name. section: the table of the forms file that sets it up, for messages. config: that table.
    urls: base URLs by the name of their setting.
    """

    form: str
    section: str
    config: SenderConfig
    urls: Mapping[str, str]
    state: ConnectionState


class PlatformReader(Protocol):
    """Reads one platform's leads for one form. Every call may raise a PlatformError."""

    def fetch(self, notice: LeadNotice) -> Enquiry:
        """Read one announced lead."""

    def pull(self, since: datetime, until: datetime) -> Iterator[PulledItem]:
        """Read all leads submitted between two instants, as far as the platform lists them."""

    def check(self, now: datetime) -> datetime | None:
        """Check that leads can be read. Return when a person must renew the connection, None for never."""


class PlatformResponse(HttpResponse):
    """A response of a platform's API."""

    def json(self) -> Json | None:
        """Return the JSON object in the body, with numbers as text; None for anything else."""
        try:
            value = read_json(self.body)
        except Unreadable:
            return None
        return value if isinstance(value, Mapping) else None


def call(
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | str = "",
    body: bytes | None = None,
) -> PlatformResponse:
    """Make one request. query: a string is appended as it is.

    Raises: NotNow when there is no complete response.
    """
    try:
        response = _CLIENT.send(method, url, headers or {}, body, query=query)
    except NoResponse:
        raise NotNow(f"{urlsplit(url).hostname} gave no complete answer") from None
    return PlatformResponse(response.status, response.headers, response.body)


def chain(parts: Iterable[Iterator[PulledItem]]) -> Iterator[PulledItem]:
    """Yield the items of all parts; a part that is refused yields its error and does not stop the others.

    Raises: NotNow, as the other parts would fare no better.
    """
    for part in parts:
        try:
            yield from part
        except NotNow:
            raise
        except PlatformError as error:
            yield error


def clean_message(text: str, config: SenderConfig, *secrets: str) -> str:
    """Return a platform's message in one capped line, with every secret that it may repeat removed."""
    for secret in (*(str(config.get(key, "")) for key in SECRET_KEYS), *secrets):
        if len(secret) >= MIN_SECRET_CHARS:
            text = text.replace(secret, "[removed]")
    return " ".join(text.split())[:MAX_MESSAGE_CHARS]
