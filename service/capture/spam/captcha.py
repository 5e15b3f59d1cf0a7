"""Asks a captcha provider whether a token is good, within a few seconds. No other file of capture calls out.

What the response means for one enquiry is a pure decision.

Sources: Turnstile "Server-side validation", hCaptcha "Verify the user response", reCAPTCHA "Verifying the user's
response". All three accept the visitor's IP address; it is not sent, since the token is enough (docs/spam.md).
"""

import json
import queue
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any, NamedTuple

from service import clock
from service.forms import Captcha
from service.version import USER_AGENT

# -- what the provider's response means


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
    """The consequence of checking a token."""

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


# -- the call


ADDRESSES = {
    "turnstile": "https://challenges.cloudflare.com/turnstile/v0/siteverify",
    "hcaptcha": "https://api.hcaptcha.com/siteverify",
    "recaptcha": "https://www.google.com/recaptcha/api/siteverify",
}
"""Where tokens are verified, unless the form sets another `url`."""

CONNECT_S, READ_S = 2.0, 3.0
MAX_BODY_BYTES = 64 * 1024
"""Bytes of a response that are read; usual are a few hundred."""

MAX_WAIT_S = 4.0
"""Maximum seconds that an enquiry waits for a provider, including the name lookup and a slow response."""

MAX_CONCURRENT = 16
"""Maximum concurrent calls of one process; while all of them hang, further enquiries pass unchecked at once."""

MAX_FAILURES = 3
PAUSE_S = 30.0

_TOKEN = re.compile(r"[\x21-\x7e]+")
_MAX_TOKEN_LENGTH = 16384
_MAX_TURNSTILE_TOKEN_LENGTH = 2048  # its documentation


def address_of(captcha: Captcha) -> str:
    """Return where the tokens of this captcha are verified."""
    return captcha.url or ADDRESSES[captcha.provider]


def call_provider(captcha: Captcha, token: str) -> ProviderResponse:
    """Call once, without redirects or a second try: a token is good for one call.

    Raises: requests.RequestException when there was no response.
    """
    import requests  # noqa: PLC0415 (forms without a captcha do without it)

    with requests.post(
        address_of(captcha),
        data={"secret": captcha.secret, "response": token},
        headers={"Accept": "application/json", "User-Agent": USER_AGENT},
        timeout=(CONNECT_S, READ_S),
        allow_redirects=False,
        stream=True,
    ) as response:
        return ProviderResponse(response.status_code, next(response.iter_content(MAX_BODY_BYTES), b""))


class CircuitBreaker:
    """Stops calls after MAX_FAILURES in a row, then lets one through every PAUSE_S seconds.

    Shared by the threads of one process; each process finds out for itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._not_before_s = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= MAX_FAILURES

    def allows(self, now_s: float) -> bool:
        """Return whether to call now; after the pause only the first caller may. now_s: monotonic."""
        with self._lock:
            if not self.is_open:
                return True
            if now_s < self._not_before_s:
                return False
            self._not_before_s = now_s + PAUSE_S
            return True

    def record_success(self) -> None:
        """Close the circuit."""
        with self._lock:
            self._failures = 0

    def record_failure(self, now_s: float) -> None:
        """Count a call without a response."""
        with self._lock:
            self._failures += 1
            self._not_before_s = now_s + PAUSE_S


class CaptchaClient:
    """Checks tokens, each for MAX_WAIT_S at most, with a circuit breaker for each provider's address."""

    def __init__(self, max_wait_s: float = MAX_WAIT_S) -> None:
        self._max_wait_s = max_wait_s
        self._slots = threading.BoundedSemaphore(MAX_CONCURRENT)
        self._breakers: defaultdict[str, CircuitBreaker] = defaultdict(CircuitBreaker)

    def check(self, captcha: Captcha, token: str, is_own_site: Callable[[str], bool]) -> CaptchaResult:
        """Return what the provider says of one token. Raises: nothing."""
        # Other texts are not sent: a provider could reject the whole request as malformed, which would look like our
        # fault.
        longest = _MAX_TURNSTILE_TOKEN_LENGTH if captcha.provider == "turnstile" else _MAX_TOKEN_LENGTH
        if not _TOKEN.fullmatch(token) or len(token) > longest:
            return CaptchaResult(CaptchaOutcome.FAILED, "no token")
        breaker = self._breakers[address_of(captcha)]
        if not breaker.allows(clock.monotonic()):
            return CaptchaResult(CaptchaOutcome.UNCHECKED, "skipped, as it did not answer before")
        result = read_result(captcha, self._call_in_time(captcha, token), is_own_site)
        if result.outcome is CaptchaOutcome.UNCHECKED:
            breaker.record_failure(clock.monotonic())
        else:
            breaker.record_success()
        return result

    def is_circuit_open(self, captcha: Captcha) -> bool:
        """Whether this captcha's provider is not called for now."""
        return self._breakers[address_of(captcha)].is_open

    def _call_in_time(self, captcha: Captcha, token: str) -> ProviderResponse | None:
        """The response, None when none came in time: the call's own thread waits on."""
        if not self._slots.acquire(blocking=False):
            return None
        responses: queue.SimpleQueue[ProviderResponse | None] = queue.SimpleQueue()

        def wait() -> None:
            try:
                responses.put(call_provider(captcha, token))
            except Exception:  # noqa: BLE001 (any failure means no response; its text may hold the token)
                responses.put(None)
            finally:
                self._slots.release()

        threading.Thread(target=wait, name="captcha", daemon=True).start()
        try:
            return responses.get(timeout=self._max_wait_s)
        except queue.Empty:
            return None
