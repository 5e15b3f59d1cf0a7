"""Tokens by password and refresh grants (vendor's page "Get a bearer token"), and the roles of the login."""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from service.simulator.exchange import ApiCall, SimulatorResponse, encode
from service.simulator.settings import SimulatorSettings

LOCKED_AFTER = 5  # failed logins in a row; the real figure is not published
TOTP_STEP_S = 30


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token. client: its client_id; ends: on the monotonic clock."""

    client: str
    ends: float

    @property
    def alive(self) -> bool:
        """Whether the token has not expired."""
        return self.ends > time.monotonic()


class IssuedTokens:
    """The valid tokens. The caller holds the lock."""

    def __init__(self) -> None:
        self._access: dict[str, IssuedToken] = {}
        self._refresh: dict[str, IssuedToken] = {}
        self._failures = 0

    def admits(self, token: str) -> bool:
        """Return whether an access token is valid."""
        grant = self._access.get(token)
        return grant is not None and grant.alive

    def revoke(self) -> None:
        """End every access token; refresh tokens stay valid."""
        self._access.clear()

    def unlock(self) -> None:
        """Forget the failed logins."""
        self._failures = 0

    def answer(self, call: ApiCall, settings: SimulatorSettings) -> SimulatorResponse:
        """Answer POST /api/token; only a form-encoded body is read."""
        form = call.body if call.content_type == "application/x-www-form-urlencoded" else {}
        client = call.client_id or form.get("client_id", "")
        if call.client_id and form.get("client_id", client) != client:
            return _refused("invalid_client", "The client_id header and parameter differ.")
        if form.get("grant_type") == "password":
            return self._password_grant(form, client, settings)
        if form.get("grant_type") == "refresh_token":
            return self._refresh_grant(form.get("refresh_token", ""), client, settings)
        return _refused("unsupported_grant_type")

    def _password_grant(self, form: Mapping[str, str], client: str, settings: SimulatorSettings) -> SimulatorResponse:
        if self._failures >= LOCKED_AFTER:
            return _refused("invalid_grant", "The user is locked after too many failed attempts.")
        if not _is_login(form, settings):
            return self._failed("The user name or password is incorrect.")
        if settings.totp and not form.get("totp"):
            return _refused("two_factor_auth_check", "A two-factor authentication code is required.")
        if settings.totp and not _is_code(form["totp"], settings.totp):
            return self._failed("The two-factor authentication code is incorrect.")
        self._failures = 0
        client = client or settings.username
        # A new login ends all tokens of this client.
        self._access = {token: grant for token, grant in self._access.items() if grant.client != client}
        return self._issue(client, settings)

    def _refresh_grant(self, token: str, client: str, settings: SimulatorSettings) -> SimulatorResponse:
        grant = self._refresh.get(token)
        if grant is None or not grant.alive or grant.client.lower() != client.lower():
            return _refused("invalid_grant")
        return self._issue(grant.client, settings)

    def _issue(self, client: str, settings: SimulatorSettings) -> SimulatorResponse:
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        now = time.monotonic()
        # One refresh token per client; its access tokens stay valid.
        self._refresh = {token: grant for token, grant in self._refresh.items() if grant.client != client}
        self._access = {token: grant for token, grant in self._access.items() if grant.alive}
        self._access[access] = IssuedToken(client, now + settings.token_ttl_s)
        self._refresh[refresh] = IssuedToken(client, now + settings.refresh_ttl_s)
        body = {"access_token": access, "token_type": "bearer", "expires_in": int(settings.token_ttl_s)}
        return SimulatorResponse(body=encode({**body, "refresh_token": refresh}))

    def _failed(self, why: str) -> SimulatorResponse:
        self._failures += 1
        return _refused("invalid_grant", why)


def _is_login(form: Mapping[str, str], settings: SimulatorSettings) -> bool:
    is_user = form.get("username", "").strip().lower() == settings.username.lower()
    return is_user and form.get("password") == settings.password


def _is_code(code: str, seed: str) -> bool:
    step = int(time.time()) // TOTP_STEP_S
    return any(
        hmac.compare_digest(code.strip().encode(), totp_code(seed, near).encode()) for near in range(step - 1, step + 2)
    )


def totp_code(seed: str, step: int) -> str:
    """Return the six digits of a 30-second step (RFC 6238, SHA-1); "" if the seed is not base32."""
    padded = seed.replace(" ", "").upper() + "=" * (-len(seed.replace(" ", "")) % 8)
    try:
        key = base64.b32decode(padded)
    except binascii.Error:
        return ""
    digest = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def _refused(error: str, description: str = "") -> SimulatorResponse:
    body = {"error": error} | ({"error_description": description} if description else {})
    return SimulatorResponse(400, encode(body))


def signs_in(call: ApiCall, settings: SimulatorSettings, tokens: IssuedTokens) -> bool:
    """Return whether the Authorization header is valid: a bearer token, or Basic with the login or an application."""
    scheme, _, value = call.authorization.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return (settings.bearer is not None and value == settings.bearer) or tokens.admits(value)
    return scheme.lower() == "basic" and _is_basic_login(value, settings)


def holds(role: str, settings: SimulatorSettings) -> bool:
    """Return whether the login has a role such as "Coworker-Create"; "" stands for any role."""
    return not any(fnmatchcase(role, pattern) for pattern in settings.denied)


def _is_basic_login(value: str, settings: SimulatorSettings) -> bool:
    try:
        username, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    if username == settings.app_key:
        return password == _app_password(settings)
    return username.lower() == settings.username.lower() and password == settings.password


def _app_password(settings: SimulatorSettings) -> str:
    """Return the password of an application ("Authentication (published apps)"): MD5(t + secret) as hex."""
    token_and_secret = (settings.app_token + settings.app_secret).encode()
    return hashlib.md5(token_and_secret, usedforsecurity=False).hexdigest()
