"""The tokens of one login, and who keeps them: one row for all processes of a deployment."""

import hashlib
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from service import clock
from service.nexudus.totp import read_seed


@dataclass(frozen=True, slots=True)
class Login:
    """Who signs in: a user name and password (and TOTP seed where 2FA is on), or a ready bearer token.

    Raises: ValueError when the seed is not base32.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    totp_secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """A mistyped seed is found at start, not at the first sign-in."""
        read_seed(self.totp_secret)

    def fingerprint(self, base_url: str) -> str:
        """Tells these settings from others without giving the password away: scrypt, because it lies in a database."""
        salt = f"{base_url}\0{self.username}\0{self.totp_secret}".encode()
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


class TokenKeeper(Protocol):
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


class MemoryTokenKeeper:
    """A TokenKeeper for one process; threads may share it."""

    def __init__(self) -> None:
        """Empty and unlocked."""
        self._guard = threading.Lock()
        self._tokens: Tokens | None = None
        self._locked_until = 0.0

    def read(self) -> Tokens | None:
        """See TokenKeeper."""
        return self._tokens

    def save(self, tokens: Tokens) -> None:
        """See TokenKeeper."""
        self._tokens = tokens

    def try_lock(self, seconds: float) -> bool:
        """See TokenKeeper."""
        with self._guard:
            if clock.monotonic() < self._locked_until:
                return False
            self._locked_until = clock.monotonic() + seconds
            return True

    def unlock(self) -> None:
        """See TokenKeeper."""
        with self._guard:
            self._locked_until = 0.0
