"""The state of this Nexudus, in memory, behind one lock."""

import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Collection, Mapping
from typing import Any

from service.simulator.authentication import IssuedTokens, holds
from service.simulator.entities import ENTITIES
from service.simulator.exchange import ApiCall, Record, now_text
from service.simulator.faults import Script
from service.simulator.seed import SERVICE_ROLE_ID, SERVICE_USER_ID, seeds
from service.simulator.settings import SimulatorSettings, Throttle, change, read_limits

MAX_CALLS = 20_000
MAX_SIDE_EFFECTS = 1_000
FIRST_IDS = {"Coworker": 5001, "CrmOpportunity": 80001, "CrmOpportunityHistory": 90001}
INDEXED = {
    "Coworker": ("Email",),
    "CrmOpportunity": ("CoworkerId", "SystemId", "CrmBoardColumnId"),
    "CrmOpportunityHistory": ("CrmOpportunityId",),
}


class RecordTable:
    """Records of one kind by id, in order of creation, with indexes. The caller holds the lock."""

    def __init__(self, first_id: int = 1, indexed: tuple[str, ...] = ()) -> None:
        self.rows: dict[int, Record] = {}
        self._next_id = first_id
        self._born: dict[int, float] = {}
        self._index: dict[str, dict[object, dict[int, Record]]] = {key: {} for key in indexed}

    def __len__(self) -> int:
        return len(self.rows)

    def next_id(self) -> int:
        """Return a new id."""
        self._next_id += 1
        return self._next_id - 1

    def put(self, record: Record) -> None:
        """Add a record, or replace the one with its Id."""
        ident = record["Id"]
        self._unindex(ident)
        self.rows[ident] = record
        self._born.setdefault(ident, time.monotonic())
        for key, entries in self._index.items():
            entries.setdefault(_folded(record.get(key)), {})[ident] = record

    def drop(self, ident: int) -> Record | None:
        """Remove and return a record; None if it does not exist."""
        self._unindex(ident)
        self._born.pop(ident, None)
        return self.rows.pop(ident, None)

    def get(self, ident: object) -> Record | None:
        """Return the record with that id, or None; True is not an id."""
        return self.rows.get(ident) if isinstance(ident, int) and not isinstance(ident, bool) else None

    def having(self, key: str, value: object) -> Collection[Record]:
        """Return the records with `value` under an indexed key, ignoring case, in order."""
        return self._index[key].get(_folded(value), {}).values()

    def is_indexed(self, key: str) -> bool:
        """Return whether `having` can look up this key."""
        return key in self._index

    def age_s(self, ident: int) -> float:
        """Return the seconds since the record was added."""
        return time.monotonic() - self._born[ident]

    def _unindex(self, ident: int) -> None:
        old = self.rows.get(ident)
        if old is None:
            return
        for key, entries in self._index.items():
            value = _folded(old.get(key))
            entries[value].pop(ident, None)
            if not entries[value]:
                del entries[value]


def _folded(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


class World:
    """The state. A caller that reads or changes more than `settings` holds `lock`.

    revision: grows with every change that the board page shows.
    calls: the last 20,000 calls to the API; `calls_count` counts all.
    side_effects: of the real system (e-mails, deletions), in sentences.
    ignored: names of unknown filters and body fields, which the API silently ignores.
    """

    lock: threading.RLock
    settings: SimulatorSettings
    tables: dict[str, RecordTable]
    tokens: IssuedTokens
    pace: Throttle
    script: Script

    def __init__(self, settings: SimulatorSettings | None = None) -> None:
        self.lock = threading.RLock()
        self.closing = threading.Event()
        self.revision = 0
        self._initial = settings or SimulatorSettings()
        self.reset()

    def reset(self) -> None:
        """Start anew: the operator's set-up, the first settings, no faults, no tokens, no calls."""
        with self.lock:
            self.settings = self._initial
            self.tables = {name: RecordTable(FIRST_IDS.get(name, 1), INDEXED.get(name, ())) for name in ENTITIES}
            for name, records in seeds(self.settings.username).items():
                for record in records:
                    self.tables[name].put(record)
            self._bundle_roles()
            self.tokens = IssuedTokens()
            self.pace = Throttle(read_limits(self.settings.limits))
            self.script = Script()
            self.calls: deque[ApiCall] = deque(maxlen=MAX_CALLS)
            self.calls_count = 0
            self.side_effects: deque[Record] = deque(maxlen=MAX_SIDE_EFFECTS)
            self.ignored: Counter[str] = Counter()
            self.coworkers_today = 0
            self.held: Counter[int] = Counter()  # opportunities by location
            self.revision += 1

    def change_settings(self, wanted: Mapping[str, Any]) -> None:
        """Replace some settings. New limits start at zero, a new quota starts a new day, a new login is not locked.

        Raises: ControlProblems.
        """
        with self.lock:
            self.settings = change(self.settings, wanted)
            self._bundle_roles()
            if "limits" in wanted:
                self.pace = Throttle(read_limits(self.settings.limits))
            if "coworker_quota" in wanted:
                self.coworkers_today = 0
            if {"username", "password", "totp"} & set(wanted):
                self.tokens.unlock()
                self.tables["User"].rows[SERVICE_USER_ID]["Email"] = self.settings.username

    def _bundle_roles(self) -> None:
        """Fill the login's UserRole with the ids of the roles that are not denied; the form is our guess."""
        held = [role["Id"] for role in self.tables["Role"].rows.values() if holds(role["Name"], self.settings)]
        self.tables["UserRole"].rows[SERVICE_ROLE_ID]["Roles"] = held

    def row(self, kind: str, ident: object) -> Record | None:
        """Return the record of that kind and id, or None."""
        return self.tables[kind].get(ident)

    def put(self, kind: str, record: Record, custom: Record | None = None, at: str = "") -> Record:
        """Save a record; a new one gets its Id and the fields of the server.

        custom: CustomFields of a new record. at: the time; "": now.
        """
        now = at or now_text()
        if "Id" not in record:
            record = {
                **record,
                "Id": self.tables[kind].next_id(),
                "UniqueId": str(uuid.uuid4()),
                "CreatedOn": now,
                "IsNew": False,
                "LocalizationDetails": None,
                "CustomFields": custom,
            }
        record |= {"UpdatedOn": now, "UpdatedBy": self.settings.username}
        self.tables[kind].put(record)
        self.revision += 1
        return record

    def drop_opportunity(self, ident: int) -> None:
        """Delete an opportunity, also from the count of its location."""
        record = self.tables["CrmOpportunity"].drop(ident)
        if record is not None:
            self.held[record["CrmBoardColumnCrmBoardBusinessId"]] -= 1
            self.revision += 1

    def drop_coworker(self, ident: int) -> None:
        """Delete a customer with all opportunities, as the CRM does."""
        for opportunity in list(self.tables["CrmOpportunity"].having("CoworkerId", ident)):
            self.drop_opportunity(opportunity["Id"])
        self.tables["Coworker"].drop(ident)
        self.revision += 1

    def add_side_effect(self, what: str) -> None:
        """Log a side effect of the real system."""
        self.side_effects.append({"at": now_text(), "what": what})
        self.revision += 1

    def log_call(self, call: ApiCall) -> None:
        """Log a call."""
        call.at = time.time()
        self.calls.append(call)
        self.calls_count += 1

    def wait(self, seconds: float) -> None:
        """Block the calling thread for `seconds`, or until the simulator closes. Never under the lock."""
        if seconds > 0:
            self.closing.wait(seconds)
