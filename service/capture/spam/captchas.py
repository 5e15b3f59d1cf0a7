"""A captcha's token checked, whatever happens, within a few seconds."""

import queue
import re
import threading
from collections import defaultdict
from collections.abc import Callable

from service import clock
from service.capture.spam.breaker import CircuitBreaker
from service.capture.spam.provider import ProviderResponse, address_of, ask
from service.capture.spam.verdicts import CaptchaOutcome, CaptchaResult, read_verdict
from service.forms import Captcha

BOUND_S = 4.0
"""The longest that an enquiry waits for a provider, looking up its name and a trickling answer included."""

MOST_AT_ONCE = 16
"""Questions of one process; when so many hang, the next enquiry is not made to wait for one more."""

_TOKEN = re.compile(r"[\x21-\x7e]+")
_LONGEST_TOKEN = {"turnstile": 2048}  # characters, as its documentation says
_LONGEST = 16384


class Captchas:
    """Asks the providers, each no longer than BOUND_S, and leaves one in peace that does not answer."""

    def __init__(self, bound_s: float = BOUND_S, ask: Callable[[Captcha, str], ProviderResponse] = ask) -> None:
        self._bound_s = bound_s
        self._ask = ask
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._breakers: defaultdict[str, CircuitBreaker] = defaultdict(CircuitBreaker)

    def check(self, captcha: Captcha, token: str, is_own_site: Callable[[str], bool]) -> CaptchaResult:
        """The verdict on one token. Raises: nothing."""
        # What is no token is not sent: a provider may call the whole question bad, which would be our mistake.
        if not _TOKEN.fullmatch(token) or len(token) > _LONGEST_TOKEN.get(captcha.provider, _LONGEST):
            return CaptchaResult(CaptchaOutcome.FAILED, "no token")
        breaker = self._breakers[address_of(captcha)]
        if not breaker.allows(clock.monotonic()):
            return CaptchaResult(CaptchaOutcome.UNCHECKED, "not asked, it did not answer before")
        verdict = read_verdict(captcha, self._within_bounds(captcha, token), is_own_site)
        if verdict.outcome is CaptchaOutcome.UNCHECKED:
            breaker.failed(clock.monotonic())
        else:
            breaker.worked()
        return verdict

    def is_resting(self, captcha: Captcha) -> bool:
        """Whether this captcha's provider is left in peace for now."""
        return self._breakers[address_of(captcha)].is_open

    def _within_bounds(self, captcha: Captcha, token: str) -> ProviderResponse | None:
        """The answer, None when none came in time: a thread of its own waits on, and harms nobody."""
        if not self._room.acquire(blocking=False):
            return None
        said: queue.SimpleQueue[ProviderResponse | None] = queue.SimpleQueue()

        def wait() -> None:
            try:
                said.put(self._ask(captcha, token))
            except Exception:  # noqa: BLE001 (whatever it was, there is no answer; its text may hold the token)
                said.put(None)
            finally:
                self._room.release()

        threading.Thread(target=wait, name="captcha", daemon=True).start()
        try:
            return said.get(timeout=self._bound_s)
        except queue.Empty:
            return None
