"""The second factor, by the vectors of RFC 6238 appendix B (their last six digits)."""

import base64
from datetime import UTC, datetime

import pytest

from service.nexudus.tokens import Login, code_at, read_seed
from tests.tables import each_row

SEED = base64.b32encode(b"12345678901234567890").decode()


@each_row(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_a_code_of_the_standard(seconds: int, code: str) -> None:
    assert code_at(SEED, datetime.fromtimestamp(seconds, UTC)) == code


def test_a_seed_is_read_as_apps_show_it() -> None:
    assert read_seed("jbsw y3dp ehpk 3pxp") == read_seed("JBSWY3DPEHPK3PXP")


def test_a_mistyped_seed_is_found_at_start() -> None:
    with pytest.raises(ValueError, match="base32"):
        Login("leads@example.com", "secret", totp_secret="not a seed!")


def test_secrets_do_not_print() -> None:
    shown = repr(Login("leads@example.com", "pass-word", totp_secret=SEED, token="tok-en"))

    assert not any(secret in shown for secret in ("pass-word", SEED, "tok-en"))
