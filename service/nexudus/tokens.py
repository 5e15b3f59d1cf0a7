"""The tokens of one login, and who keeps them: one row for all processes of a deployment."""

import base64
import hashlib
import hmac
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from service import clock


@dataclass(frozen=True, slots=True)
class Login:
    """Who signs in: a user name and password (and TOTP seed where 2FA is on), a ready bearer token, or an app.

    app_token: the `t` that Nexudus adds to the app's installation URL; with it app_secret is the app's own secret,
    without it app_secret is what the two make together.
    Raises: ValueError when the seed is not base32.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    totp_secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    app_key: str = ""
    app_secret: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """A mistyped seed is found at start, not at the first sign-in."""
        read_seed(self.totp_secret)

    @property
    def is_set(self) -> bool:
        """Whether there is any way in."""
        return bool(self.username or self.token or self.app_key)

    @property
    def ready_authorization(self) -> tuple[str, str]:
        """Scheme and value of the Authorization header; no value where tokens must be asked for.

        An app sends its key and MD5(t + secret), in lower case, with each call, and exchanges nothing.
        Source: developers.nexudus.com, "Authentication (published apps)"; two public clients do the same.
        """
        if not self.app_key:
            return "Bearer", self.token
        password = self.app_secret
        if self.app_token:  # MD5 because Nexudus wants it
            password = hashlib.md5((self.app_token + self.app_secret).encode(), usedforsecurity=False).hexdigest()
        return "Basic", base64.b64encode(f"{self.app_key}:{password}".encode()).decode()

    def fingerprint(self, base_url: str) -> str:
        """Tells these settings from others without giving the password away: scrypt, because it lies in a database."""
        salt = f"{base_url}\0{self.username or self.app_key}\0{self.totp_secret}".encode()
        return hashlib.scrypt(self.password.encode(), salt=salt, n=2**14, r=8, p=1, dklen=16).hex()


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the last exchange brought.

    expires_at: the instant from which a new token is asked for, already a little early.
    issued_for: Login.fingerprint of the settings used; other settings make these tokens void.
    refused: "" or why the login was refused, as "kind: sentence"; then nothing signs in with these settings.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    issued_for: str
    refused: str = ""


class TokenStore(Protocol):
    """Keeps one account's Tokens where all its processes find them, and the lock for exchanging them."""

    def read(self) -> Tokens | None:
        """What was saved last, by any process."""
        ...

    def save(self, tokens: Tokens) -> None:
        """Replace what is kept."""
        ...

    def try_lock(self, seconds: float) -> bool:
        """Take the lock for at most `seconds`, without waiting; False when somebody else holds it."""
        ...

    def unlock(self) -> None:
        """Give the lock back before its time."""
        ...


class MemoryTokenStore:
    """A TokenStore for one process; threads may share it."""

    def __init__(self) -> None:
        """Empty and unlocked."""
        self._guard = threading.Lock()
        self._tokens: Tokens | None = None
        self._locked_until = 0.0

    def read(self) -> Tokens | None:
        """See TokenStore."""
        return self._tokens

    def save(self, tokens: Tokens) -> None:
        """See TokenStore."""
        self._tokens = tokens

    def try_lock(self, seconds: float) -> bool:
        """See TokenStore."""
        with self._guard:
            if clock.monotonic() < self._locked_until:
                return False
            self._locked_until = clock.monotonic() + seconds
            return True

    def unlock(self) -> None:
        """See TokenStore."""
        with self._guard:
            self._locked_until = 0.0


def read_seed(secret: str) -> bytes:
    """The key in a base32 seed, as authenticator apps show it: any case, spaces and missing padding allowed.

    Raises: ValueError when it is not base32.
    """
    compact = secret.replace(" ", "").upper().rstrip("=")
    return base64.b32decode(compact + "=" * (-len(compact) % 8))


def code_at(secret: str, instant: datetime) -> str:
    """The code that is valid at `instant` (aware).

    Raises: ValueError when the seed is not base32.
    """
    counter = int(instant.timestamp()) // 30
    digest = hmac.digest(read_seed(secret), counter.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
