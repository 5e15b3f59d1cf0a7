"""The six digits of a second factor (RFC 6238: SHA-1, 30 seconds, 6 digits)."""

import base64
import hmac
from datetime import datetime


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
