"""Which access token to use now. Over all threads and processes only one exchanges tokens; the others wait."""

import threading
from typing import cast

from service import clock
from service.nexudus.errors import Refused, RefusedKind, Unavailable
from service.nexudus.grants import EXCHANGE_TIMEOUT_S, Grants
from service.nexudus.tokens import Tokens, TokenStore

WAIT_S = 20.0
"""How long others wait for somebody's exchange before the call is put off."""

STEP_S = 0.1
"""Between two looks whether the exchange is done."""


class Bearer:
    """The token of one account in one process."""

    def __init__(
        self, grants: Grants, token_store: TokenStore, *, connect_timeout_s: float, wait_s: float = WAIT_S
    ) -> None:
        """connect_timeout_s: part of how long an exchange may take, and so of the lock.

        wait_s: for somebody else's exchange.
        """
        self._grants = grants
        self._token_store = token_store
        self._wait_s = wait_s
        # Two calls at most, refresh and password. Somebody killed meanwhile holds the others up for so long.
        self._lease_s = 2 * (connect_timeout_s + EXCHANGE_TIMEOUT_S) + 5
        self._one_thread = threading.Lock()
        self._tokens: Tokens | None = None

    def current(self) -> str:
        """The token to use; signs in or refreshes when there is none, or it is about to end.

        Raises: Refused when the login was refused, now or before; Unavailable or Throttled from the exchange.
        """
        known = self._tokens
        if known and clock.now() < known.expires_at:
            return known.access_token
        return self.instead_of("")

    def instead_of(self, rejected: str) -> str:
        """A token other than `rejected`: somebody's newer one, else one more exchange.

        Raises: as `current`.
        """
        with self._one_thread:
            found = self._lock_or_find(rejected)
            if found:
                return found
            try:
                return self._usable(rejected) or self._exchange()
            finally:
                self._token_store.unlock()

    def is_corrected(self) -> bool:
        """Whether the last sign-in was refused, but with other settings than these."""
        kept = self._token_store.read()
        return bool(kept and kept.refused and kept.issued_for != self._grants.issued_for)

    def _lock_or_find(self, rejected: str) -> str:
        """A usable token, or "" and the lock is ours."""
        deadline = clock.monotonic() + self._wait_s
        while True:
            found = self._usable(rejected)
            if found or self._token_store.try_lock(self._lease_s):
                return found
            if clock.monotonic() > deadline:
                raise Unavailable("another process has been signing in for too long")
            clock.sleep(STEP_S)

    def _usable(self, rejected: str) -> str:
        """The kept token if it is for our settings, alive, and not the rejected one; else ""."""
        kept = self._kept()
        if kept is None:
            return ""
        if kept.refused:
            self._tokens = None
            kind, _, said = kept.refused.partition(": ")
            raise Refused(said, kind=cast("RefusedKind", kind))
        if kept.access_token == rejected or kept.expires_at <= clock.now():
            return ""
        self._tokens = kept
        return kept.access_token

    def _exchange(self) -> str:
        kept = self._kept()
        tokens = self._grants.by_refresh(kept.refresh_token) if kept and kept.refresh_token else None
        if tokens is None:
            tokens = self._sign_in()
        self._token_store.save(tokens)
        self._tokens = tokens
        return tokens.access_token

    def _sign_in(self) -> Tokens:
        try:
            return self._grants.by_password()
        except Refused as refusal:
            self._tokens = None
            self._token_store.save(self._grants.refused(refusal))
            raise

    def _kept(self) -> Tokens | None:
        kept = self._token_store.read()
        return kept if kept and kept.issued_for == self._grants.issued_for else None
