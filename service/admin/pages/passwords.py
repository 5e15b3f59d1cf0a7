"""People's passwords: which are allowed, how they are stored (Argon2id) and compared in constant time."""

import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.i18n import _

MIN_LENGTH = 12
MAX_LENGTH = 200

MIN_CHARACTERS = 5
"""Different characters that a password must have."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""19 MiB and two passes, which OWASP recommends at least: many sign-ins at once must not use up a small machine."""

_TURN = threading.BoundedSemaphore(4)
"""Passwords of one process that are hashed at once: 76 MiB."""


def find_weakness(password: str, email: str) -> str:
    """Return why a password may not be chosen, "" if it may."""
    if len(password) < MIN_LENGTH:
        return _("Choose at least %(number)s characters. Three or four words are easy to remember.", number=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        return _("Choose at most %(number)s characters.", number=MAX_LENGTH)
    plain = password.casefold()
    if len(set(plain)) < MIN_CHARACTERS or plain.strip() == email:
        return _("This password is too easy to guess. Choose another one.")
    return ""


def hash_password(password: str) -> str:
    """Return the hash of a password to store."""
    with _TURN:
        return _HASHER.hash(_normal(password))


def matches(password_hash: str, password: str) -> bool:
    """Return whether a password matches the stored hash; "" stands for an unknown person and takes as long."""
    of_nobody = _hash_of_nobody()
    with _TURN:
        try:
            is_right = _HASHER.verify(password_hash or of_nobody, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return is_right and bool(password_hash)


def is_outdated(password_hash: str) -> bool:
    """Return whether the hash was made with weaker parameters than now."""
    return _HASHER.check_needs_rehash(password_hash)


def _normal(password: str) -> bytes:
    """Return the bytes of a password, the same whichever keyboard composed its accents."""
    return unicodedata.normalize("NFKC", password[: MAX_LENGTH + 1]).encode("utf-8", "surrogatepass")


@cache
def _hash_of_nobody() -> str:
    return _HASHER.hash(b"nobody's")
