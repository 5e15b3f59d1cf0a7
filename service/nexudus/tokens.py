"""A login, its second factor and its tokens, which all processes of a deployment share."""

import base64
import hashlib
import hmac
import threading
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from service import clock


@dataclass(frozen=True, slots=True)
class Login:
    """Credentials: user name and password (and a TOTP seed with 2FA), a ready bearer token, or an application.

    app_token: the `t` that Nexudus adds to the application's installation URL. With it, app_secret is the application's
    own secret; without it, app_secret is the hash of the two.
    Raises: ValueError if the seed is not base32.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    totp_secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    app_key: str = ""
    app_secret: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Check the seed at start rather than at the first sign-in."""
        read_seed(self.totp_secret)

    @property
    def is_set(self) -> bool:
        """Whether there are credentials of any kind."""
        return bool(self.username or self.token or self.app_key)

    @property
    def ready_authorization(self) -> tuple[str, str]:
        """Scheme and value of the Authorization header; the value is "" if a token must be requested.

        An application sends its key and MD5(t + secret), in lower case, with each call, and exchanges nothing.
        Source: developers.nexudus.com, "Authentication (published apps)"; two public clients do the same.
        """
        if not self.app_key:
            return "Bearer", self.token
        password = self.app_secret
        if self.app_token:  # Nexudus requires MD5
            password = hashlib.md5((self.app_token + self.app_secret).encode(), usedforsecurity=False).hexdigest()
        return "Basic", base64.b64encode(f"{self.app_key}:{password}".encode()).decode()

    def fingerprint(self, base_url: str) -> str:
        """Return a hash that identifies these settings at this address; it may be stored in a database."""
        key = _stretched(self.password, f"{self.username or self.app_key}\0{self.totp_secret}")
        return hmac.digest(key, base_url.encode(), "sha256")[:16].hex()

    def former_fingerprint(self, base_url: str) -> str:
        """Return the hash by which the previous version identifies these settings at this address."""
        salt = f"{base_url}\0{self.username or self.app_key}\0{self.totp_secret}"
        return _stretched(self.password, salt).hex()


@lru_cache(maxsize=64)
def _stretched(password: str, salt: str) -> bytes:
    """Return a key that makes guessing the password slow; cached, because it costs 50 ms and each client needs it."""
    return hashlib.scrypt(password.encode(), salt=salt.encode(), n=2**14, r=8, p=1, dklen=16)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The result of the last exchange.

    expires_at: when to request a new token, a little before the real end.
    issued_for: Login.fingerprint of the settings used; with other settings these tokens are void.
    refused: "" or why the login was refused, as "kind: sentence"; then no process signs in with these settings.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    issued_for: str
    refused: str = ""


class TokenStore(Protocol):
    """Storage of one account's tokens for all its processes, with the lock for exchanging them."""

    def read(self) -> Tokens | None:
        """Return the tokens saved last, by any process.

        Raises: Refused of kind "tokens" if this process cannot decrypt them.
        """
        ...

    def save(self, tokens: Tokens) -> None:
        """Replace the tokens."""
        ...

    def try_lock(self, seconds: float) -> bool:
        """Take the lock for at most `seconds`, without waiting; return False if it is held."""
        ...

    def unlock(self) -> None:
        """Release the lock."""
        ...


class MemoryTokenStore:
    """A TokenStore for one process; threads may share it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._tokens: Tokens | None = None
        self._locked_until = 0.0

    def read(self) -> Tokens | None:
        """Return the tokens saved last."""
        return self._tokens

    def save(self, tokens: Tokens) -> None:
        """Replace the tokens."""
        self._tokens = tokens

    def try_lock(self, seconds: float) -> bool:
        """Take the lock for at most `seconds`, without waiting; return False if it is held."""
        with self._guard:
            if clock.monotonic() < self._locked_until:
                return False
            self._locked_until = clock.monotonic() + seconds
            return True

    def unlock(self) -> None:
        """Release the lock."""
        with self._guard:
            self._locked_until = 0.0


def read_seed(secret: str) -> bytes:
    """Return the key of a base32 seed as authenticator apps show it: any case, spaces, and no padding are accepted.

    Raises: ValueError if it is not base32.
    """
    compact = secret.replace(" ", "").upper().rstrip("=")
    return base64.b32decode(compact + "=" * (-len(compact) % 8))


def code_at(secret: str, instant: datetime) -> str:
    """Return the six digits valid at `instant` (aware; RFC 6238: SHA-1, 30 seconds).

    Raises: ValueError if the seed is not base32.
    """
    counter = int(instant.timestamp()) // 30
    digest = hmac.digest(read_seed(secret), counter.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
