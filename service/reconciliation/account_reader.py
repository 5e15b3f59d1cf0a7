"""One account's book."""

from collections.abc import Callable
from dataclasses import dataclass

from service.nexudus.client import Nexudus
from service.store import Store


@dataclass(frozen=True, slots=True)
class AccountReader:
    """All that is needed to read one account.

    wait: called before each call; returns when no delivery needs the turn.
    passing: forms whose opportunities somebody clears away: those of test leads.
    """

    account: str
    nexudus: Nexudus
    store: Store
    wait: Callable[[], None]
    passing: frozenset[str] = frozenset()
