"""Access tokens: requested by password or refresh token (OAuth 2, `POST /api/token`, form-encoded only).

Of all threads and processes only one exchanges tokens; the others wait.
"""

import threading
from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode

from service import clock
from service.nexudus import tokens
from service.nexudus.errors import Intercepted, Refused, RefusedKind, Unavailable
from service.nexudus.tokens import Login, Tokens, TokenStore
from service.nexudus.transport import NexudusResponse, Transport, intercepted, value_of
from service.nexudus.values import plain

TOKEN_PATH = "/api/token"  # noqa: S105 (a path, not a token)

EXCHANGE_TIMEOUT_S = 15.0
"""Time limit of an exchange in seconds; the lock is held meanwhile, so it is shorter than that of other calls."""

DEFAULT_LIFE_S = 600.0
"""Assumed life in seconds of a token without expires_in; the documents warn that it may be only minutes."""

MAX_LIFE_S = 30 * 86_400.0
"""Maximum life of a token in seconds; a longer one is not believed."""


WAIT_S = 20.0
"""Seconds to wait for the exchange of another thread or process before the call is put off."""

POLL_INTERVAL_S = 0.1
"""Seconds between two checks whether that exchange is done."""


class Grants:
    """The two ways to get tokens for one login. client_id is sent as header and as form field: both are documented."""

    def __init__(self, transport: Transport, login: Login, client_id: str) -> None:
        """client_id: one per deployment, because a new sign-in ends the tokens of the same one; "": the user name."""
        self._transport = transport
        self._login = login
        self._client_id = client_id or login.username
        self._issued_for = login.fingerprint(transport.base_url)

    def are_own(self, tokens: Tokens) -> bool:
        """Return whether tokens were issued for these settings, by this version or the one before.

        Workers of both run side by side during an upgrade. If they did not share their tokens, each sign-in of one
        would end the other's token, and both would be refused. So the older fingerprint stays where it is.
        """
        if tokens.issued_for not in ("", self._issued_for):
            former = self._login.former_fingerprint(self._transport.base_url)
            self._issued_for = former if tokens.issued_for == former else self._issued_for
        return tokens.issued_for == self._issued_for

    def by_password(self) -> Tokens:
        """Sign in. This ends all tokens of the same client_id.

        Raises: Refused if the login is wrong; never repeat that, or the account is locked.
        """
        form = {"grant_type": "password", "username": self._login.username, "password": self._login.password}
        if self._login.totp_secret:
            form["totp"] = tokens.code_at(self._login.totp_secret, clock.now())
        response = self._request(form)
        error = _oauth_error(response)
        if error or _is_denied(response):
            raise Refused(response.message, response.status, kind=_kind(error))
        return self._tokens(response, old_refresh_token="")

    def by_refresh(self, refresh_token: str) -> Tokens | None:
        """Exchange a refresh token, which uses it up; return None if the CRM no longer accepts it."""
        response = self._request({"grant_type": "refresh_token", "refresh_token": refresh_token})
        if _oauth_error(response) or _is_denied(response):
            return None
        return self._tokens(response, old_refresh_token=refresh_token)

    def refused(self, refusal: Refused) -> Tokens:
        """Return the tokens to save so that no process signs in again with these settings."""
        return Tokens("", "", clock.now(), self._issued_for, refused=f"{refusal.kind}: {refusal.message}")

    def _request(self, form: dict[str, str]) -> NexudusResponse:
        body = urlencode({**form, "client_id": self._client_id}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "client_id": self._client_id}
        # Not a write in the sense of OutcomeUnknown: an interrupted exchange can simply be repeated.
        return self._transport.send("POST", TOKEN_PATH, headers, body, write=False, timeout_s=EXCHANGE_TIMEOUT_S)

    def _tokens(self, response: NexudusResponse, *, old_refresh_token: str) -> Tokens:
        try:
            value = value_of(response, write=False)
        except Intercepted:
            raise intercepted(response, is_general=True) from None
        except Refused as refusal:  # a 403 without an OAuth error is a gate on the way, not a wrong password
            raise Unavailable(refusal.message, refusal.status) from None
        if not isinstance(value, dict) or not isinstance(value.get("access_token"), str) or not value["access_token"]:
            raise Unavailable("the answer to a sign-in holds no token", response.status)
        return Tokens(
            access_token=value["access_token"],
            refresh_token=str(value.get("refresh_token") or old_refresh_token),
            expires_at=clock.now() + timedelta(seconds=_useful_life_s(value.get("expires_in"))),
            issued_for=self._issued_for,
        )


def _useful_life_s(expires_in: Any) -> float:
    """Return the life less 60 seconds, or 80 % of a life shorter than five minutes."""
    try:
        life_s = min(max(0.0, float(expires_in)), MAX_LIFE_S)
    except (TypeError, ValueError):
        life_s = DEFAULT_LIFE_S
    return life_s - min(60.0, 0.2 * life_s)


def _is_denied(response: NexudusResponse) -> bool:
    """Return whether the CRM itself refused; a login page of something in front of it does not count."""
    return response.status == HTTPStatus.UNAUTHORIZED and not response.is_page


def _oauth_error(response: NexudusResponse) -> str:
    """Return the OAuth error code; "" if there is none."""
    if not HTTPStatus.BAD_REQUEST <= response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return ""
    try:
        value = response.value
    except ValueError:
        return ""
    return plain(str(value.get("error") or "")) if isinstance(value, dict) else ""


def _kind(error: str) -> RefusedKind:
    return "two_factor" if "two_factor" in error else "login"


class Bearer:
    """The token of one account in one process."""

    def __init__(
        self, grants: Grants, token_store: TokenStore, *, connect_timeout_s: float, wait_s: float = WAIT_S
    ) -> None:
        """connect_timeout_s: counts towards the lease of the lock. wait_s: see WAIT_S."""
        self._grants = grants
        self._token_store = token_store
        self._wait_s = wait_s
        # At most two calls, refresh and password. A process that is killed meanwhile blocks the others for this long.
        self._lease_s = 2 * (connect_timeout_s + EXCHANGE_TIMEOUT_S) + 5
        self._one_thread = threading.Lock()
        self._tokens: Tokens | None = None

    def current(self) -> str:
        """Return the token to use; sign in or refresh if there is none, or it is about to expire.

        Raises: Refused if the login was refused, now or before; Unavailable or Throttled from the exchange.
        """
        known = self._tokens
        if known and clock.now() < known.expires_at:
            return known.access_token
        return self.instead_of("")

    def instead_of(self, rejected: str) -> str:
        """Return a token other than `rejected`: the newer one of another process, or one from an exchange.

        Raises: as `current`.
        """
        with self._one_thread:
            token = self._find_or_lock(rejected)
            if token:
                return token
            try:
                return self._usable(rejected) or self._exchange()
            finally:
                self._token_store.unlock()

    def is_corrected(self) -> bool:
        """Return whether the last sign-in was refused with other settings than these."""
        try:
            saved = self._token_store.read()
        except Refused:  # of kind "tokens": tokens exist, so the sign-in was not refused
            return False
        return bool(saved and saved.refused and not self._grants.are_own(saved))

    def _find_or_lock(self, rejected: str) -> str:
        """Return a usable token, or take the lock and return ""."""
        deadline = clock.monotonic() + self._wait_s
        while True:
            token = self._usable(rejected)
            if token or self._token_store.try_lock(self._lease_s):
                return token
            if clock.monotonic() > deadline:
                raise Unavailable("another process has been signing in for too long")
            clock.sleep(POLL_INTERVAL_S)

    def _usable(self, rejected: str) -> str:
        """Return the saved token if it is for our settings, alive, and not the rejected one; else ""."""
        saved = self._saved()
        if saved is None:
            return ""
        if saved.refused:
            self._tokens = None
            kind, _, message = saved.refused.partition(": ")
            raise Refused(message, kind=cast("RefusedKind", kind))
        if saved.access_token == rejected or saved.expires_at <= clock.now():
            return ""
        self._tokens = saved
        return saved.access_token

    def _exchange(self) -> str:
        saved = self._saved()
        tokens = self._grants.by_refresh(saved.refresh_token) if saved and saved.refresh_token else None
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

    def _saved(self) -> Tokens | None:
        saved = self._token_store.read()
        return saved if saved and self._grants.are_own(saved) else None
