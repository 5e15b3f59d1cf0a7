"""An account's tokens in the store: one sign-in serves every process."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from service import clock
from service.delivery.identity import is_gone
from service.nexudus.tokens import Tokens
from service.store import Store


class DatabaseTokenStore:
    """The nexudus room's TokenStore on the database."""

    def __init__(self, store: Store, account: str, holder: str) -> None:
        """holder: who locks, unique among all processes of the deployment."""
        self._store = store
        self._account = account
        self._holder = holder

    def read(self) -> Tokens | None:
        """What any process saved last."""
        with self._store.read() as tx:
            kept: dict[str, Any] | None = tx.accounts.tokens(self._account)
        return None if kept is None else Tokens(**{**kept, "expires_at": datetime.fromisoformat(kept["expires_at"])})

    def save(self, tokens: Tokens) -> None:
        """For all processes."""
        kept = {**asdict(tokens), "expires_at": tokens.expires_at.isoformat()}
        self._store.write(lambda tx: tx.accounts.save_tokens(self._account, kept))

    def try_lock(self, seconds: float) -> bool:
        """The right to sign in, for at most so long. A process of this host that was killed has it no more."""
        now = clock.now()

        return self._store.write(lambda tx: tx.accounts.try_lock(self._account, self._holder, now, seconds, is_gone))

    def unlock(self) -> None:
        """Give it back."""
        self._store.write(lambda tx: tx.accounts.unlock(self._account, self._holder))
