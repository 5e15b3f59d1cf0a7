"""What a captcha provider's answer means for one enquiry: a pure decision."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from service.capture.spam.provider import ProviderResponse
from service.forms import Captcha

FAILED = frozenset(
    (
        *("missing-input-response", "invalid-input-response", "expired-input-response", "timeout-or-duplicate"),
        *("already-seen-response", "invalid-or-already-seen-response", "browser-error"),
    )
)
"""Codes that are about the visitor's token: a new one may pass."""

SPENT = frozenset(("timeout-or-duplicate", "already-seen-response", "invalid-or-already-seen-response"))
"""Codes of a token that was perhaps good once: a second click brings the same."""

OURS = frozenset(
    (
        *("missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch", "bad-request"),
        *("invalid-sitekey", "invalid-keys", "not-using-dummy-passcode", "not-using-dummy-secret"),
    )
)
"""Codes that no visitor can help: the forms file is wrong."""

_DOWN = 500  # the statuses of a server in trouble
_THEIRS = frozenset(("internal-error",))


class CaptchaOutcome(Enum):
    """What follows from asking."""

    PASSED = "passed"
    FAILED = "failed"  # the visitor needs a new token
    DOUBTED = "doubted"  # held
    UNCHECKED = "unchecked"  # the provider did not say: accepted and flagged
    MISTAKEN = "mistaken"  # the forms file is wrong: accepted and flagged, and somebody is told


@dataclass(frozen=True, slots=True)
class CaptchaResult:
    """outcome, and why in log-safe words. score: reCAPTCHA v3's, None where there is none."""

    outcome: CaptchaOutcome
    why: str = ""
    score: float | None = None
    is_spent: bool = False


def read_verdict(captcha: Captcha, said: ProviderResponse | None, is_own_site: Callable[[str], bool]) -> CaptchaResult:
    """Judge an answer; said: None when there was none. is_own_site: tells of a host whether the widget may stand there.

    Raises: nothing.
    """
    told = _read(said)
    if said is None or told is None:
        return CaptchaResult(
            CaptchaOutcome.UNCHECKED, "no answer" if said is None else f"no verdict in the answer ({said.status})"
        )
    if told["success"] is True:
        return _passed(captcha, told, is_own_site)
    codes = _codes(told)
    if OURS & codes:
        return CaptchaResult(CaptchaOutcome.MISTAKEN, ", ".join(sorted(OURS & codes)))
    if codes <= FAILED:
        return CaptchaResult(
            CaptchaOutcome.FAILED, ", ".join(sorted(codes)) or "not solved", is_spent=bool(SPENT & codes)
        )
    known = ", ".join(sorted(codes & _THEIRS))
    return CaptchaResult(CaptchaOutcome.UNCHECKED, known or "a code that is not known here")


def _read(said: ProviderResponse | None) -> Mapping[str, Any] | None:
    """The provider's JSON; what the visitor did wrong may come with an error status, too."""
    if said is None or said.status >= _DOWN:
        return None
    try:
        told = json.loads(said.body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) and isinstance(told.get("success"), bool) else None


def _codes(told: Mapping[str, Any]) -> frozenset[str]:
    codes = told.get("error-codes")
    return frozenset(str(code) for code in codes) if isinstance(codes, list) else frozenset()


def _passed(captcha: Captcha, told: Mapping[str, Any], is_own_site: Callable[[str], bool]) -> CaptchaResult:
    score = told.get("score")
    host = told.get("hostname")
    # hCaptcha's score is one of risk, the other way round, and only of its paid plans.
    judged = _number(score) if captcha.provider == "recaptcha" else None
    if judged is not None and judged < captcha.min_score:
        return CaptchaResult(CaptchaOutcome.DOUBTED, f"score {judged:.2g} is below {captcha.min_score:.2g}", judged)
    if isinstance(host, str) and host and not is_own_site(host):
        return CaptchaResult(CaptchaOutcome.DOUBTED, f"solved on another site, {_printable(host)}", judged)
    return CaptchaResult(CaptchaOutcome.PASSED, "", judged)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _printable(host: str) -> str:
    return "".join(character for character in host[:100] if character.isprintable())
