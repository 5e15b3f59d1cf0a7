"""One question to a captcha's provider: is this token of a person? The only file of this room that calls out.

Sources: Turnstile "Server-side validation", hCaptcha "Verify the user response", reCAPTCHA "Verifying
the user's response". Not sent, though all would take it: the visitor's IP address. The token is
enough, and the address is the visitor's own affair (docs/spam.md).
"""

from typing import NamedTuple

from service.forms import Captcha

ADDRESSES = {
    "turnstile": "https://challenges.cloudflare.com/turnstile/v0/siteverify",
    "hcaptcha": "https://api.hcaptcha.com/siteverify",
    "recaptcha": "https://www.google.com/recaptcha/api/siteverify",
}
"""Where tokens are checked, unless the form says otherwise."""

CONNECT_S, READ_S = 2.0, 3.0
BODY_MAX = 64 * 1024
"""Bytes of an answer that are read; they have a few hundred."""


class ProviderResponse(NamedTuple):
    """An HTTP status and a body, as they came."""

    status: int
    body: bytes


def address_of(captcha: Captcha) -> str:
    """Where the tokens of this captcha are checked."""
    return captcha.url or ADDRESSES[captcha.provider]


def ask(captcha: Captcha, token: str) -> ProviderResponse:
    """Ask once; no redirects, no second try: a token is good for one question.

    Raises: requests.RequestException when there was no answer.
    """
    import requests  # noqa: PLC0415 (forms without a captcha do without it)

    with requests.post(
        address_of(captcha),
        data={"secret": captcha.secret, "response": token},
        headers={"Accept": "application/json", "User-Agent": "lead-capture-for-nexudus"},
        timeout=(CONNECT_S, READ_S),
        allow_redirects=False,
        stream=True,
    ) as answer:
        return ProviderResponse(answer.status_code, next(answer.iter_content(BODY_MAX), b""))
