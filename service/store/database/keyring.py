"""Encryption under a list of keys: the newest encrypts, any decrypts.

Encrypted texts are Fernet tokens (AES-128-CBC with HMAC-SHA256, so that a changed text is noticed) behind a prefix.
The keys are derived by HKDF-SHA256, so that any long random text can be one.
"""

import base64
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

PREFIX = "enc:v1:"
"""What an encrypted text begins with; anything else is a text from before there was encryption."""

_PURPOSE = b"lead-capture: secrets in the database"


class UnreadableSecret(Exception):
    """None of the keys decrypts a text of the database. The sentence says what to do, and nothing secret."""

    def __init__(self) -> None:
        super().__init__(
            "the tokens in the database were encrypted with another key: put the earlier ENCRYPTION_KEY or SECRET_KEY "
            "into ENCRYPTION_KEY (several: separated by commas, newest first) and restart; if it is lost, run "
            "`lead-capture rotate-keys --forget-unreadable`, and the service signs in again"
        )


class Keyring:
    """Keys, newest first; none is checked for its length here."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)

    def encrypt(self, text: str) -> str:
        """Encrypt under the newest key.

        Raises: IndexError without any key.
        """
        return PREFIX + _fernet(self._keys[0]).encrypt(text.encode()).decode()

    def decrypt(self, text: str) -> str:
        """Decrypt with whichever key fits; a text that is not encrypted is returned as it is.

        Raises: UnreadableSecret.
        """
        if not text.startswith(PREFIX):
            return text
        for key in self._keys:
            plain = _decrypt(key, text)
            if plain is not None:
                return plain
        raise UnreadableSecret

    def is_current(self, text: str) -> bool:
        """Return whether the text is encrypted under the newest key."""
        return text.startswith(PREFIX) and _decrypt(self._keys[0], text) is not None


def _decrypt(key: str, text: str) -> str | None:
    from cryptography.fernet import InvalidToken  # noqa: PLC0415 (12 MB, and no web process decrypts)

    try:
        return _fernet(key).decrypt(text.removeprefix(PREFIX)).decode()
    except InvalidToken:
        return None


@lru_cache(maxsize=16)
def _fernet(key: str) -> "Fernet":
    from cryptography.fernet import Fernet  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    derived = HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode("utf-8", "surrogateescape"))
    return Fernet(base64.urlsafe_b64encode(derived))
