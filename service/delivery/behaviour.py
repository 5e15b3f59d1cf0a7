"""Behaviour of one Nexudus that its documents leave open, and what delivery does accordingly.

The facts come from `lead-capture doctor --live` and from reading back the first opportunity of each type. Without
facts, delivery is safe either way.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service import clock
from service.nexudus.markers import MarkerPlaces
from service.store import Store, Tenant

CACHE_S = 60.0
"""Seconds for which a process keeps the facts before it reads what other processes have learned."""

MIN_LOOK_SPACING_S, MAX_LOOK_SPACING_S = 2.0, 60.0
"""Bounds of the seconds between two searches after a create with unknown outcome."""

SYSTEM_ID_KEPT, SYSTEM_ID_FILTER = "system_id_kept", "system_id_filter"
CUSTOM_FIELDS_KEPT, CUSTOM_FIELDS_FILTER = "custom_fields_kept", "custom_fields_filter"
SEARCH_LAG_S, TIMES_OFF_MINUTES = "search_lag_s", "times_off_minutes"
NOTES = "notes:"


def notes_fact(type_id: int | None) -> str:
    """Return the name of the fact about notes under a type, whose value is "kept", "changed" or "lost"."""
    return f"{NOTES}{type_id or 0}"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The known facts by name; a missing one is unknown. learned_at: when each fact was learned."""

    values: Mapping[str, Any] = field(default_factory=dict)
    learned_at: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def mark_places(self) -> MarkerPlaces:
        """The places where markers are written and searched for."""
        kept = self.values.get(CUSTOM_FIELDS_KEPT) is True
        return MarkerPlaces(
            system_id=False not in (self.values.get(SYSTEM_ID_KEPT), self.values.get(SYSTEM_ID_FILTER)),
            custom_field=kept,
            custom_field_filter=kept and self.values.get(CUSTOM_FIELDS_FILTER) is True,
        )

    @property
    def look_spacing_s(self) -> float:
        """Seconds between two searches after a create with unknown outcome: twice the known lag, within bounds."""
        lag_s = self.values.get(SEARCH_LAG_S)
        return min(max(MIN_LOOK_SPACING_S, 2 * lag_s if isinstance(lag_s, int | float) else 0.0), MAX_LOOK_SPACING_S)

    @property
    def is_utc(self) -> bool:
        """Whether its times are known to be UTC."""
        return self.values.get(TIMES_OFF_MINUTES) == 0

    def keeps_markers(self, type_id: int | None) -> bool:
        """Return whether opportunities of this type are known to keep the marker in at least one place."""
        return (
            self.values.get(SYSTEM_ID_KEPT) is True
            or self.mark_places.custom_field
            or self.values.get(notes_fact(type_id)) == "kept"
        )


class Behaviours:
    """The behaviour of one Nexudus, cached from the store; threads may share it."""

    def __init__(self, store: Store, tenant: Tenant) -> None:
        self.tenant = tenant
        self._store = store
        self._guard = threading.Lock()
        self._cached = Behaviour()
        self._cached_until = float("-inf")  # by clock.monotonic

    @property
    def current(self) -> Behaviour:
        """The facts as they are now. Raises: StoreUnavailable."""
        with self._guard:
            if self._cached_until <= clock.monotonic():
                self._cached = read_behaviour(self._store, self.tenant)
                self._cached_until = clock.monotonic() + CACHE_S
            return self._cached

    def invalidate(self) -> None:
        """Read the facts again at the next use."""
        with self._guard:
            self._cached_until = float("-inf")


def read_behaviour(store: Store, tenant: Tenant) -> Behaviour:
    """Read the facts from the store. Raises: StoreUnavailable."""
    with store.read() as tx:
        facts = tx.crm.facts_of(tenant)
    return Behaviour(
        {name: fact.value for name, fact in facts.items()}, {name: fact.learned_at for name, fact in facts.items()}
    )
