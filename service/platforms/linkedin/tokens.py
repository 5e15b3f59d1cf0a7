"""LinkedIn's tokens: an access token for 60 days, renewed once for all processes while the refresh token lives.

The refresh token lives 365 days from a person's consent, however often it is used: people are warned before it ends.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from service import clock
from service.capture.parsing.json_values import text_at
from service.platforms.reader import Disconnected, NotNow, ReaderContext, call, clean_message

REFRESH_TOKEN_LIFE = timedelta(days=365)
"""Assumed lifetime of a refresh token if LinkedIn does not state it."""

RENEW_BEFORE = timedelta(days=7)
"""The daily check renews an access token with less time left, so that no lead waits for it."""

LOCK_S = 40.0
"""Seconds for which one process may hold the renewal; longer than its call can last."""

LOCK_POLL_INTERVAL_S = 0.25


class LinkedInTokens:
    """The tokens of one connection, shared by all processes."""

    def __init__(self, context: ReaderContext) -> None:
        self._url = context.urls["LINKEDIN_OAUTH_URL"]
        self._config = context.config
        self._section = context.section
        self._state = context.state

    @property
    def can_renew(self) -> bool:
        """Whether the forms file holds what a renewal needs."""
        return all(self._config.get(name) for name in ("client_id", "client_secret", "refresh_token"))

    def access(self) -> str:
        """Return the access token: the renewed one, unless the forms file has had another since then.

        Raises: Disconnected where there is none; NotNow.
        """
        token = self._renewed().get("access_token") or self._config.get("access_token", "")
        return token or self.renew("")

    def ends_at(self, now: datetime) -> datetime | None:
        """Return when a person must consent again; also renew the access token in good time, which reveals that date.

        Raises: Disconnected; NotNow.
        """
        renewed = self._renewed()
        if not self.can_renew:
            return None
        expires_at = _instant(renewed.get("expires_at"))
        if expires_at is None or expires_at - now < RENEW_BEFORE:
            self.renew(self.access() if renewed or self._config.get("access_token") else "")
        return _instant(self._renewed().get("ends_at"))

    def renew(self, rejected: str) -> str:
        """Return a token in place of a rejected one: one process renews it, the others take it over.

        Raises: Disconnected where only a person can help; NotNow.
        """
        if not self.can_renew:
            raise Disconnected(
                "the access token is missing or no longer valid",
                f"Put a new access_token into {self._section}, best with client_id, client_secret and refresh_token: "
                "then it is renewed automatically. Then start the worker again.",
                HTTPStatus.UNAUTHORIZED,
            )
        deadline = clock.monotonic() + LOCK_S
        while clock.monotonic() < deadline:
            if self._state.try_lock(LOCK_S):
                try:
                    token: str = self._renewed().get("access_token", "")  # another process may have renewed meanwhile
                    return token if token not in {"", rejected} else self._renew(clock.now())
                finally:
                    self._state.unlock()
            clock.sleep(LOCK_POLL_INTERVAL_S)
        raise NotNow("another process is renewing LinkedIn's token")

    def _renew(self, now: datetime) -> str:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token(),
            "client_id": self._config["client_id"],
            "client_secret": self._config["client_secret"],
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        response = call("POST", f"{self._url}/accessToken", headers, body=urlencode(form).encode())
        payload = response.json()
        token = text_at(payload, "access_token")
        if response.is_ok and token:
            self._save(token, payload or {}, now)
            return token
        message = text_at(payload, "error_description") or text_at(payload, "message") or f"HTTP {response.status}"
        message = clean_message(message, self._config, form["refresh_token"])
        is_outage = (
            response.status == HTTPStatus.TOO_MANY_REQUESTS or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )
        if is_outage or payload is None or response.is_ok:
            raise NotNow(message, response.status)
        remedy = (
            "Its refresh token has expired or was revoked: let a person who manages the ad account consent again, put "
            f"the new access_token and refresh_token into {self._section}, and start the worker again."
        )
        raise Disconnected(message, remedy, response.status)

    # -- renewed tokens

    def _refresh_token(self) -> str:
        token: str = self._renewed().get("refresh_token") or self._config["refresh_token"]
        return token

    def _renewed(self) -> dict[str, Any]:
        """Return what was renewed from the tokens that the forms file holds now; new tokens there win."""
        tokens = self._state.tokens()
        return tokens if tokens.get("of") == self._fingerprint() else {}

    def _save(self, token: str, payload: Mapping[str, object], now: datetime) -> None:
        refresh_life_s, life_s = text_at(payload, "refresh_token_expires_in"), text_at(payload, "expires_in")
        if refresh_life_s.isdecimal():
            ends_at = now + timedelta(seconds=float(refresh_life_s))
        else:
            ends_at = _instant(self._renewed().get("ends_at")) or now + REFRESH_TOKEN_LIFE
        self._state.save_tokens(
            {
                "of": self._fingerprint(),
                "access_token": token,
                "refresh_token": text_at(payload, "refresh_token") or self._refresh_token(),
                "expires_at": (now + timedelta(seconds=float(life_s))).isoformat() if life_s.isdecimal() else None,
                "ends_at": ends_at.isoformat(),
            }
        )

    def _fingerprint(self) -> str:
        """Return a digest that identifies the tokens of the forms file without revealing them."""
        tokens = json.dumps([self._config.get("access_token", ""), self._config.get("refresh_token", "")])
        return hashlib.blake2b(tokens.encode(), digest_size=12).hexdigest()


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
