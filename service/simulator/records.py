"""One kind of record in memory: by id, in order of creation, with indexes on the fields that are asked for."""

from collections.abc import Collection
from time import monotonic

from service.simulator.exchange import Record


class Table:
    """Records of one kind. Its owner holds the lock."""

    def __init__(self, first_id: int = 1, indexed: tuple[str, ...] = ()) -> None:
        self.rows: dict[int, Record] = {}
        self._next_id = first_id
        self._born: dict[int, float] = {}
        self._index: dict[str, dict[object, dict[int, Record]]] = {key: {} for key in indexed}

    def __len__(self) -> int:
        return len(self.rows)

    def next_id(self) -> int:
        """A fresh id, never given twice."""
        self._next_id += 1
        return self._next_id - 1

    def put(self, record: Record) -> None:
        """Add a record, or put it in the place of the one with its Id."""
        ident = record["Id"]
        self._unindex(ident)
        self.rows[ident] = record
        self._born.setdefault(ident, monotonic())
        for key, entries in self._index.items():
            entries.setdefault(_folded(record.get(key)), {})[ident] = record

    def drop(self, ident: int) -> Record | None:
        """Remove and return a record; None when it is not there."""
        self._unindex(ident)
        self._born.pop(ident, None)
        return self.rows.pop(ident, None)

    def get(self, ident: object) -> Record | None:
        """The record with that id, or None; true is not 1 here."""
        return self.rows.get(ident) if isinstance(ident, int) and not isinstance(ident, bool) else None

    def having(self, key: str, value: object) -> Collection[Record]:
        """The records whose `key` is `value` (text in any case), in order. Only for an indexed key."""
        return self._index[key].get(_folded(value), {}).values()

    def is_indexed(self, key: str) -> bool:
        """Whether `having` can look up this key."""
        return key in self._index

    def age_s(self, ident: int) -> float:
        """Seconds since the record was first put."""
        return monotonic() - self._born[ident]

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
