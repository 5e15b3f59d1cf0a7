"""Asking for tokens: by password, or by refresh token (OAuth 2, `POST /api/token`, form-encoded only)."""

import threading
from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode

from service import clock
from service.nexudus import tokens
from service.nexudus.errors import Intercepted, Refused, RefusedKind, Unavailable
from service.nexudus.responses import NexudusResponse, intercepted, meaning
from service.nexudus.tokens import Login, Tokens, TokenStore
from service.nexudus.transport import Transport
from service.nexudus.values import plain

TOKEN_PATH = "/api/token"  # noqa: S105 (a path, not a token)

EXCHANGE_TIMEOUT_S = 15.0
"""The lock is held meanwhile, so an exchange may not take as long as another call."""

UNTOLD_LIFE_S = 600.0
"""Assumed where the answer has no expires_in: the docs warn that a life may be minutes only."""

LIFE_MAX_S = 30 * 86_400.0
"""No told life is believed beyond this."""


class Grants:
    """The two ways in, for one login. client_id goes as header and as form field: the docs know both."""

    def __init__(self, transport: Transport, login: Login, client_id: str) -> None:
        """client_id: one per deployment, because a new sign-in ends the tokens of the same one; "" is the user name."""
        self._transport = transport
        self._login = login
        self._client_id = client_id or login.username
        self._issued_for = login.fingerprint(transport.base_url)

    @property
    def issued_for(self) -> str:
        """What tells tokens of these settings from those of others."""
        return self._issued_for

    def by_password(self) -> Tokens:
        """Sign in anew. This ends all tokens of the same client_id.

        Raises: Refused when the login is wrong: never repeat that, the account would be locked.
        """
        form = {"grant_type": "password", "username": self._login.username, "password": self._login.password}
        if self._login.totp_secret:
            form["totp"] = tokens.code_at(self._login.totp_secret, clock.now())
        answer = self._ask(form)
        error = _oauth_error(answer)
        if error or _is_denied(answer):
            raise Refused(answer.said, answer.status, kind=_kind(error))
        return self._tokens(answer, old_refresh_token="")

    def by_refresh(self, refresh_token: str) -> Tokens | None:
        """Exchange a refresh token, which is used up by it; None when the CRM does not take it any more."""
        answer = self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token})
        if _oauth_error(answer) or _is_denied(answer):
            return None
        return self._tokens(answer, old_refresh_token=refresh_token)

    def refused(self, refusal: Refused) -> Tokens:
        """What to keep so that nobody signs in again with these settings."""
        return Tokens("", "", clock.now(), self._issued_for, refused=f"{refusal.kind}: {refusal.said}")

    def _ask(self, form: dict[str, str]) -> NexudusResponse:
        body = urlencode({**form, "client_id": self._client_id}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "client_id": self._client_id}
        # Not a write in the sense of OutcomeUnknown: an exchange that was cut is simply made again.
        return self._transport.send("POST", TOKEN_PATH, headers, body, write=False, timeout_s=EXCHANGE_TIMEOUT_S)

    def _tokens(self, answer: NexudusResponse, *, old_refresh_token: str) -> Tokens:
        try:
            value = meaning(answer, write=False)
        except Intercepted:
            raise intercepted(answer, is_general=True) from None
        except Refused as refusal:  # a 403 without an OAuth error is a gate on the way, not a wrong password
            raise Unavailable(refusal.said, refusal.status) from None
        if not isinstance(value, dict) or not isinstance(value.get("access_token"), str) or not value["access_token"]:
            raise Unavailable("the answer to a sign-in holds no token", answer.status)
        return Tokens(
            access_token=value["access_token"],
            refresh_token=str(value.get("refresh_token") or old_refresh_token),
            expires_at=clock.now() + timedelta(seconds=_useful_life_s(value.get("expires_in"))),
            issued_for=self._issued_for,
        )


def _useful_life_s(expires_in: Any) -> float:
    """Until 60 seconds before the end, or 80 % of a life shorter than five minutes."""
    try:
        life_s = min(max(0.0, float(expires_in)), LIFE_MAX_S)
    except (TypeError, ValueError):
        life_s = UNTOLD_LIFE_S
    return life_s - min(60.0, 0.2 * life_s)


def _is_denied(answer: NexudusResponse) -> bool:
    """Whether the CRM itself says no; a login page of something in front of it does not."""
    return answer.status == HTTPStatus.UNAUTHORIZED and not answer.is_page


def _oauth_error(answer: NexudusResponse) -> str:
    """The OAuth error code, "" when the answer is none."""
    if not HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return ""
    try:
        value = answer.value
    except ValueError:
        return ""
    return plain(str(value.get("error") or "")) if isinstance(value, dict) else ""


def _kind(error: str) -> RefusedKind:
    return "two_factor" if "two_factor" in error else "login"


WAIT_S = 20.0
"""How long others wait for somebody's exchange before the call is put off."""

STEP_S = 0.1
"""Between two looks whether the exchange is done."""


class Bearer:
    """The token of one account in one process."""

    def __init__(
        self, grants: Grants, token_store: TokenStore, *, connect_timeout_s: float, wait_s: float = WAIT_S
    ) -> None:
        """connect_timeout_s: part of how long an exchange may take, and so of the lock.

        wait_s: for somebody else's exchange.
        """
        self._grants = grants
        self._token_store = token_store
        self._wait_s = wait_s
        # Two calls at most, refresh and password. Somebody killed meanwhile holds the others up for so long.
        self._lease_s = 2 * (connect_timeout_s + EXCHANGE_TIMEOUT_S) + 5
        self._one_thread = threading.Lock()
        self._tokens: Tokens | None = None

    def current(self) -> str:
        """The token to use; signs in or refreshes when there is none, or it is about to end.

        Raises: Refused when the login was refused, now or before; Unavailable or Throttled from the exchange.
        """
        known = self._tokens
        if known and clock.now() < known.expires_at:
            return known.access_token
        return self.instead_of("")

    def instead_of(self, rejected: str) -> str:
        """A token other than `rejected`: somebody's newer one, else one more exchange.

        Raises: as `current`.
        """
        with self._one_thread:
            found = self._lock_or_find(rejected)
            if found:
                return found
            try:
                return self._usable(rejected) or self._exchange()
            finally:
                self._token_store.unlock()

    def is_corrected(self) -> bool:
        """Whether the last sign-in was refused, but with other settings than these."""
        kept = self._token_store.read()
        return bool(kept and kept.refused and kept.issued_for != self._grants.issued_for)

    def _lock_or_find(self, rejected: str) -> str:
        """A usable token, or "" and the lock is ours."""
        deadline = clock.monotonic() + self._wait_s
        while True:
            found = self._usable(rejected)
            if found or self._token_store.try_lock(self._lease_s):
                return found
            if clock.monotonic() > deadline:
                raise Unavailable("another process has been signing in for too long")
            clock.sleep(STEP_S)

    def _usable(self, rejected: str) -> str:
        """The kept token if it is for our settings, alive, and not the rejected one; else ""."""
        kept = self._kept()
        if kept is None:
            return ""
        if kept.refused:
            self._tokens = None
            kind, _, said = kept.refused.partition(": ")
            raise Refused(said, kind=cast("RefusedKind", kind))
        if kept.access_token == rejected or kept.expires_at <= clock.now():
            return ""
        self._tokens = kept
        return kept.access_token

    def _exchange(self) -> str:
        kept = self._kept()
        tokens = self._grants.by_refresh(kept.refresh_token) if kept and kept.refresh_token else None
        if tokens is None:
            tokens = self._sign_in()
        self._token_store.save(tokens)
        self._tokens = tokens
        return tokens.access_token

    def _sign_in(self) -> Tokens:
        try:
            return self._grants.by_password()
        except Refused as refusal:
            self._tokens = None
            self._token_store.save(self._grants.refused(refusal))
            raise

    def _kept(self) -> Tokens | None:
        kept = self._token_store.read()
        return kept if kept and kept.issued_for == self._grants.issued_for else None
