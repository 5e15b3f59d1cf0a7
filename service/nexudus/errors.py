"""What a failed call means, named by what to do next.

NexudusError
  Throttled        409, 429                                 wait
  Unavailable      nothing was sent, or a read failed       try again
  OutcomeUnknown   a write timed out, was cut, got a 5xx    look first, then decide
                   or an unreadable response
  Intercepted      a web page came, no word of the CRM      that request waits; after a write, look first
  Rejected         the data is wrong                        park, show the operator
  Refused          login, second factor, role or quota      stop this kind of call, alert
"""

from dataclasses import dataclass, field
from typing import Literal

RefusedKind = Literal["login", "two_factor", "tokens", "denied", "role"]
"""login: user name or password; two_factor: the TOTP code; tokens: the saved ones cannot be read here, nothing is sent;
denied: every call, whatever the token; role: this call, while others pass: a missing role, or on new contacts their
quota."""


class NexudusError(Exception):
    """A call that failed.

    message: the CRM's own sentence if it sent one, else ours; plain text, at most 500 characters.
    status: the HTTP status, None if no response came.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class Throttled(NexudusError):
    """Too many calls; nothing was done. retry_after_s: the wait that the CRM asked for, if any; not capped here."""

    def __init__(self, message: str, status: int | None = None, *, retry_after_s: float | None = None) -> None:
        super().__init__(message, status)
        self.retry_after_s = retry_after_s


class Unavailable(NexudusError):
    """Nothing was sent, or a read failed: the same call can be made again without harm."""


class OutcomeUnknown(NexudusError):
    """A write that may or may not have been saved."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field that the CRM, or our own check before sending, rejected.

    name: as given; the CRM may name the relation (`Country`) instead of the field (`CountryId`).
    attempted: what was sent, as text; personal, so it does not print.
    """

    name: str
    message: str
    attempted: str = field(default="", repr=False)


class Intercepted(NexudusError):
    """A web page instead of a response of the CRM, from a firewall, a proxy or a load balancer in front of it.

    It says nothing about roles, logins or data. Seen live as a 403 for single requests, because of their body or size.
    is_write: the CRM may have received the request, so search for its record before repeating it.
    is_general: this request is not the cause: the page answered a sign-in, or came with a server error.
    """

    def __init__(self, message: str, status: int | None, *, is_write: bool, is_general: bool) -> None:
        super().__init__(message, status)
        self.is_write = is_write
        self.is_general = is_general


class Rejected(NexudusError):
    """The data is wrong and would be rejected again. status: None if our own check rejected it before sending.

    fields: empty if the CRM named none.
    """

    def __init__(self, message: str, status: int | None = None, *, fields: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(message, status)
        self.fields = fields


class Refused(NexudusError):
    """The login, or this call, is not allowed. Repeating it can lock the account."""

    def __init__(self, message: str, status: int | None = None, *, kind: RefusedKind) -> None:
        super().__init__(message, status)
        self.kind = kind
