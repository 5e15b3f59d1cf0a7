"""What a failed call means, named by what to do next.

NexudusError
  Throttled        409, 429                                 wait
  Unavailable      nothing was sent, or a read failed       try again
  OutcomeUnknown   a write timed out, was cut, got a 5xx    look first, then decide
                   or an answer that nobody can read
  Intercepted      a web page came, no word of the CRM      that request waits; after a write, look first
  Rejected         the data is wrong                        park, show the operator
  Refused          login, second factor, role or quota      stop this kind of call, alert
"""

from dataclasses import dataclass, field
from typing import Literal

RefusedKind = Literal["login", "two_factor", "denied", "role"]
"""login: user name or password; two_factor: the TOTP code; denied: every call, whatever the token;
role: this call, while others pass: a missing role, or on new contacts their quota."""


class NexudusError(Exception):
    """A call that did not end well.

    said: the CRM's own sentence where it spoke, else ours; plain text, at most 500 characters.
    status: the HTTP status, None where no answer came.
    """

    def __init__(self, said: str, status: int | None = None) -> None:
        """Keep both for whoever decides what follows."""
        super().__init__(said)
        self.said = said
        self.status = status


class Throttled(NexudusError):
    """Too many calls; nothing was done. retry_after_s: what the CRM asked for, None when it did not say."""

    def __init__(self, said: str, status: int | None = None, *, retry_after_s: float | None = None) -> None:
        """The wait is not capped here: how long is too long is the caller's decision."""
        super().__init__(said, status)
        self.retry_after_s = retry_after_s


class Unavailable(NexudusError):
    """Nothing was sent, or a read failed: the same call can be made again without harm."""


class OutcomeUnknown(NexudusError):
    """A write that may or may not have been saved."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field that the CRM, or our own check before sending, did not take.

    name: as told; the CRM may name the relation (`Country`) instead of the field (`CountryId`).
    attempted: what was sent, as text; personal, so it does not print.
    """

    name: str
    message: str
    attempted: str = field(default="", repr=False)


class Intercepted(NexudusError):
    """A web page in the place of an answer: a firewall, a proxy or a load balancer in front of the CRM wrote it.

    It says nothing about roles, logins or data. Seen live as a 403 for single requests, by their body or their size.
    is_write: the CRM may have got the request all the same, so look for its record before repeating it.
    is_general: no single request is to blame: the page came to a sign-in, or with a server error.
    """

    def __init__(self, said: str, status: int | None, *, is_write: bool, is_general: bool) -> None:
        """A page always comes with a status."""
        super().__init__(said, status)
        self.is_write = is_write
        self.is_general = is_general


class Rejected(NexudusError):
    """The data is wrong and would be refused again. status is None when our own check found it, before sending."""

    def __init__(self, said: str, status: int | None = None, *, fields: tuple[FieldProblem, ...] = ()) -> None:
        """`fields` is empty where the CRM named none."""
        super().__init__(said, status)
        self.fields = fields


class Refused(NexudusError):
    """We are not let in, or not to this. Repeating it can lock the account."""

    def __init__(self, said: str, status: int | None = None, *, kind: RefusedKind) -> None:
        """`kind` says whether signing in failed or a signed-in call."""
        super().__init__(said, status)
        self.kind = kind
