"""What a 401 means. Nexudus says it for a dead token, a missing role and a used-up quota alike; a cheap probe tells.

Source: the documented roles ("authentication failure and missing permission both return 401") and a public seeder's
notes on the quota of new contacts.
"""

import re
import threading

from service import clock
from service.nexudus.errors import RefusedKind

PROBE = "/api/auth/me"
"""Who am I: costs nothing, needs no role, and is refused where the token is."""

BELIEVED_S = 300.0
"""How long a judgement holds. A call that goes well ends it sooner."""


class Denials:
    """What was found out about the refused calls of one account in one process; threads share it."""

    def __init__(self) -> None:
        """Nothing was refused yet."""
        self.judging = threading.Lock()  # one finds out, the others believe it
        self._judged: dict[tuple[str, str, bool], tuple[RefusedKind, float]] = {}

    def known(self, method: str, path: str, *, is_page: bool = False) -> RefusedKind | None:
        """What is believed of a call, None when it must be found out. is_page: of a 401 that came as a web page."""
        kind, until = self._judged.get((*_endpoint(method, path), is_page), (None, 0.0))
        return kind if clock.monotonic() < until else None

    def judge(self, method: str, path: str, kind: RefusedKind, *, is_page: bool = False) -> None:
        """Remember what was found out."""
        self._judged[(*_endpoint(method, path), is_page)] = (kind, clock.monotonic() + BELIEVED_S)

    def acquit(self, method: str, path: str) -> None:
        """The call went well."""
        for is_page in (False, True):
            self._judged.pop((*_endpoint(method, path), is_page), None)


def _endpoint(method: str, path: str) -> tuple[str, str]:
    return method, re.sub(r"/\d+$", "", path)
