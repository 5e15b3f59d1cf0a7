"""What a captcha provider's response means for one enquiry: a pure decision."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any, NamedTuple

from service.forms import Captcha

TOKEN_CODES = frozenset(
    (
        *("missing-input-response", "invalid-input-response", "expired-input-response", "timeout-or-duplicate"),
        *("already-seen-response", "invalid-or-already-seen-response", "browser-error"),
    )
)
"""Error codes about the visitor's token: a new one may pass."""

SPENT_CODES = frozenset(("timeout-or-duplicate", "already-seen-response", "invalid-or-already-seen-response"))
"""Error codes of a token that may have been good once: a second click sends the same one."""

CONFIG_CODES = frozenset(
    (
        *("missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch", "bad-request"),
        *("invalid-sitekey", "invalid-keys", "not-using-dummy-passcode", "not-using-dummy-secret"),
    )
)
"""Error codes of a wrong forms file, which no visitor can help."""

_PROVIDER_CODES = frozenset(("internal-error",))


class ProviderResponse(NamedTuple):
    """An HTTP status and a body, as they came."""

    status: int
    body: bytes


class CaptchaOutcome(Enum):
    """What follows from checking a token."""

    PASSED = "passed"
    FAILED = "failed"  # the visitor needs a new token
    DOUBTED = "doubted"  # quarantined
    UNCHECKED = "unchecked"  # the provider gave no result: accepted and flagged
    MISTAKEN = "mistaken"  # the forms file is wrong: accepted, flagged, and an alert


@dataclass(frozen=True, slots=True)
class CaptchaResult:
    """outcome, and why, in words safe to log. score: reCAPTCHA v3's, None where there is none."""

    outcome: CaptchaOutcome
    why: str = ""
    score: float | None = None
    is_spent: bool = False


def read_result(
    captcha: Captcha, response: ProviderResponse | None, is_own_site: Callable[[str], bool]
) -> CaptchaResult:
    """Interpret a response, None when there was none. is_own_site: whether the widget may stand on a host.

    Raises: nothing.
    """
    if response is None:
        return CaptchaResult(CaptchaOutcome.UNCHECKED, "no answer")
    payload = _read_json(response)
    if payload is None:
        return CaptchaResult(CaptchaOutcome.UNCHECKED, f"no verdict in the answer ({response.status})")
    if payload["success"] is True:
        return _passed(captcha, payload, is_own_site)
    listed = payload.get("error-codes")
    codes = frozenset(map(str, listed)) if isinstance(listed, list) else frozenset()
    if CONFIG_CODES & codes:
        return CaptchaResult(CaptchaOutcome.MISTAKEN, ", ".join(sorted(CONFIG_CODES & codes)))
    if codes <= TOKEN_CODES:
        why = ", ".join(sorted(codes)) or "not solved"
        return CaptchaResult(CaptchaOutcome.FAILED, why, is_spent=bool(SPENT_CODES & codes))
    why = ", ".join(sorted(codes & _PROVIDER_CODES)) or "an unknown error code"
    return CaptchaResult(CaptchaOutcome.UNCHECKED, why)


def _read_json(response: ProviderResponse) -> Mapping[str, Any] | None:
    """The provider's JSON; a visitor's mistake may come with a 4xx status, too."""
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    try:
        payload = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) and isinstance(payload.get("success"), bool) else None


def _passed(captcha: Captcha, payload: Mapping[str, Any], is_own_site: Callable[[str], bool]) -> CaptchaResult:
    score, host = payload.get("score"), payload.get("hostname")
    # hCaptcha's score is a risk, high for robots, and only in its paid plans.
    has_score = captcha.provider == "recaptcha" and isinstance(score, int | float) and not isinstance(score, bool)
    certainty = float(score) if has_score and score is not None else None
    if certainty is not None and certainty < captcha.min_score:
        why = f"score {certainty:.2g} is below {captcha.min_score:.2g}"
        return CaptchaResult(CaptchaOutcome.DOUBTED, why, certainty)
    if isinstance(host, str) and host and not is_own_site(host):
        printable = "".join(character for character in host[:100] if character.isprintable())
        return CaptchaResult(CaptchaOutcome.DOUBTED, f"solved on another site, {printable}", certainty)
    return CaptchaResult(CaptchaOutcome.PASSED, "", certainty)
