"""Limits on attempts with wrong passwords and tokens, and how a refusal is logged.

Nobody can lock the operator out: a right token is always let in, a browser that was signed in before has a limit of its
own, and when many strangers try at once, each network has one attempt left rather than none (docs/decisions/0051).
"""

from datetime import datetime

import structlog

from service.rate_limit import PROVIDER_BITS, Counters, WindowLimit, network_of
from service.store import Store, StoreUnavailable
from service.store.tallies import SIGN_INS, TOKENS, TallyWriter

log = structlog.get_logger()

_QUARTER_S = 15 * 60

ATTEMPTS = WindowLimit(10, _QUARTER_S)
"""Attempts to sign in from one network or known browser."""

ALL_FAILURES = WindowLimit(100, _QUARTER_S)
"""Failed attempts of all unknown browsers together, until WIDE_ATTEMPTS counts instead."""

WIDE_ATTEMPTS = WindowLimit(1, _QUARTER_S)
"""Attempts from one wide network while many strangers try."""

CODES = WindowLimit(10, _QUARTER_S)
"""Codes of the second step for one person, whoever enters them: a person who knows the password could guess them."""

WRONG_TOKENS = WindowLimit(20, _QUARTER_S)
"""Calls of the API from one network with a wrong token, until 401 becomes 429."""

ALL_WRONG_TOKENS = WindowLimit(300, _QUARTER_S)
"""Calls of the API with a wrong token from all networks together, until 401 becomes 429."""


class Guesses:
    """Counts attempts to sign in and wrong tokens, over all web processes of this host."""

    def __init__(self, counters: Counters, store: Store) -> None:
        self._counters = counters
        self._tallies = TallyWriter(store.add_to_tally)

    def count_attempt(self, address: str, browser: str, now: datetime) -> float:
        """Count an attempt to sign in; return 0.0 when it may go on, else the seconds to wait.

        browser: the mark of one that was signed in before, "" for an unknown one.
        """
        at = now.timestamp()
        if browser:
            wait_s = self._counters.count(f"browser {browser}", ATTEMPTS, at)
        else:
            wait_s = self._counters.count(f"sign-in {network_of(address)}", ATTEMPTS, at)
            if not wait_s and self._counters.wait_s("sign-in *", ALL_FAILURES, at):
                wait_s = self._counters.count(f"wide {network_of(address, PROVIDER_BITS)}", WIDE_ATTEMPTS, at)
        if wait_s:
            log.warning("sign_in_limited", network=self._mark(address))
            self._record(SIGN_INS, now)
        return wait_s

    def failed(self, address: str, browser: str, now: datetime) -> None:
        """Count a wrong name or password."""
        if not browser:
            self._counters.count("sign-in *", ALL_FAILURES, now.timestamp())
        log.warning("sign_in_refused", network=self._mark(address))
        self._record(SIGN_INS, now)

    def count_code(self, person_id: str, address: str, now: datetime) -> float:
        """Count a code of the second step; return 0.0 when it may be checked, else the seconds to wait."""
        wait_s = self._counters.count(f"code {person_id}", CODES, now.timestamp())
        if wait_s:
            log.warning("sign_in_limited", network=self._mark(address))
            self._record(SIGN_INS, now)
        return wait_s

    def count_wrong_token(self, address: str, now: datetime) -> float:
        """Count a call with a wrong token; return 0.0, or the seconds to wait once there are too many."""
        at = now.timestamp()
        wait_s = self._counters.count(f"token {network_of(address)}", WRONG_TOKENS, at)
        wait_s = wait_s or self._counters.count("token *", ALL_WRONG_TOKENS, at)
        log.warning("token_refused", network=self._mark(address))
        self._record(TOKENS, now)
        return wait_s

    def _mark(self, address: str) -> str:
        """A pseudonym of the network until the service restarts: an address is personal data."""
        return self._counters.pseudonym(network_of(address))

    def _record(self, name: str, now: datetime) -> None:
        try:
            self._tallies.add(name, now)
        except StoreUnavailable as error:
            log.warning("refusal_not_noted", name=name, error=str(error))
