"""LinkedIn's tokens: an access token for 60 days, renewed once for all processes while the refresh token lives.

The refresh token lives 365 days from a person's consent, whatever is renewed: people are warned before it ends.
"""

import hashlib
import json
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from service import clock
from service.capture.parsing.shapes import text_at
from service.capture.tools.sender import SenderConfig
from service.fetching.connection import ConnectionMemory, spoken
from service.platforms.calls import call
from service.platforms.errors import Disconnected, NotNow
from service.store import Identity

LIFE = timedelta(days=365)
"""Of a refresh token, where LinkedIn does not say how long it lives."""

RENEW_BEFORE = timedelta(days=7)
"""An access token with less left is renewed by the daily check, so that no lead waits for that."""

LOCK_S = 40.0
"""How long one process may take to renew; longer than its call can last."""

LOOK_S = 0.25
"""Between two looks whether the other process has renewed."""


class LinkedInTokens:
    """The tokens of one connection, shared by all processes."""

    def __init__(
        self, url: str, table: SenderConfig, section: str, memory: ConnectionMemory, identity: Identity
    ) -> None:
        """identity: of this process."""
        self._url = url
        self._table = table
        self._section = section
        self._memory = memory
        self._identity = identity

    @property
    def can_renew(self) -> bool:
        """Whether the operator gave what renewing needs."""
        return all(self._table.get(name) for name in ("client_id", "client_secret", "refresh_token"))

    def access(self) -> str:
        """The token to call with: the renewed one, unless the operator has put in others since.

        Raises: Disconnected where there is none; NotNow.
        """
        token = self._kept().get("access_token") or self._table.get("access_token", "")
        return token or self.renew("")

    def ends_at(self, now: datetime) -> datetime | None:
        """When a person must consent anew. Renews the access token in time, which also tells this.

        Raises: Disconnected; NotNow.
        """
        kept = self._kept()
        if not self.can_renew:
            return None
        expires_at = _instant(kept.get("expires_at"))
        if expires_at is None or expires_at - now < RENEW_BEFORE:
            self.renew(self.access() if kept or self._table.get("access_token") else "")
        return _instant(self._kept().get("ends_at"))

    def renew(self, refused: str) -> str:
        """A token in place of one that was refused: made by one of all processes, taken over by the others.

        Raises: Disconnected where only a person can help; NotNow.
        """
        if not self.can_renew:
            raise Disconnected(
                "the access token is missing or not valid any more",
                f"Put a new access_token into {self._section}, best with client_id, client_secret and refresh_token: "
                "then it is renewed by itself. Then start the worker again.",
                HTTPStatus.UNAUTHORIZED,
            )
        holder = f"{threading.get_ident()}/{self._identity.name}"
        deadline = clock.monotonic() + LOCK_S
        while clock.monotonic() < deadline:
            if self._lock(holder):
                try:
                    return self._other_than(refused) or self._renew(clock.now())
                finally:
                    self._memory.store.write(lambda tx: tx.platforms.unlock(self._memory.link, holder))
            clock.sleep(LOOK_S)
        raise NotNow("another process is renewing LinkedIn's token")

    def _lock(self, holder: str) -> bool:
        now = clock.now()
        link, is_gone = self._memory.link, self._identity.is_gone
        return self._memory.store.write(lambda tx: tx.platforms.try_lock(link, holder, now, LOCK_S, is_gone))

    def _other_than(self, refused: str) -> str:
        """The token that somebody else has renewed meanwhile."""
        token: str = self._kept().get("access_token", "")
        return token if token != refused else ""

    def _renew(self, now: datetime) -> str:
        asked = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token(),
            "client_id": self._table["client_id"],
            "client_secret": self._table["client_secret"],
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = call("POST", f"{self._url}/accessToken", headers, body=urlencode(asked).encode())
        found = answer.json()
        token = text_at(found, "access_token")
        if answer.is_ok and token:
            self._keep(token, found or {}, now)
            return token
        said = text_at(found, "error_description") or text_at(found, "message") or f"HTTP {answer.status}"
        said = spoken(said, self._table, asked["refresh_token"])
        is_outage = answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if is_outage or found is None or answer.is_ok:
            raise NotNow(said, answer.status)
        remedy = (
            "Its refresh token has ended or was revoked: let a person who manages the ad account consent anew, put the "
            f"new access_token and refresh_token into {self._section}, and start the worker again."
        )
        raise Disconnected(said, remedy, answer.status)

    # -- what is kept

    def _refresh_token(self) -> str:
        token: str = self._kept().get("refresh_token") or self._table["refresh_token"]
        return token

    def _kept(self) -> dict[str, Any]:
        """What was renewed from the tokens that the forms file holds now; a new token there wins."""
        with self._memory.store.read() as tx:
            kept: dict[str, Any] = tx.platforms.tokens(self._memory.link) or {}
        return kept if kept.get("of") == self._mark() else {}

    def _keep(self, token: str, found: Mapping[str, object], now: datetime) -> None:
        kept = self._kept()
        left_s = text_at(found, "refresh_token_expires_in")
        ends_at = now + timedelta(seconds=float(left_s)) if left_s.isdecimal() else _instant(kept.get("ends_at"))
        lives_s = text_at(found, "expires_in")
        tokens = {
            "of": self._mark(),
            "access_token": token,
            "refresh_token": text_at(found, "refresh_token") or self._refresh_token(),
            "expires_at": (now + timedelta(seconds=float(lives_s))).isoformat() if lives_s.isdecimal() else None,
            "ends_at": (ends_at or now + LIFE).isoformat(),
        }
        self._memory.store.write(lambda tx: tx.platforms.save_tokens(self._memory.link, tokens))

    def _mark(self) -> str:
        """Tells the operator's tokens from others, and nothing of them."""
        given = json.dumps([self._table.get("access_token", ""), self._table.get("refresh_token", "")])
        return hashlib.blake2b(given.encode(), digest_size=12).hexdigest()


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
