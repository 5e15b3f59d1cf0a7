"""What all workers have done so far, counted: for /metrics, which must be right over all hosts and restarts."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import select

from service.store.database.report_tables import delivery_counts
from service.store.database.repository import Repository


class DeliveryCountKey(NamedTuple):
    """What is counted. form: "" where it does not matter. what: such as "call create_opportunity done"."""

    account: str
    form: str
    what: str


class DeliveryTotals(Repository):
    """Totals, to which each worker adds its own counts every few seconds."""

    def add(self, counts: Mapping[DeliveryCountKey, float]) -> None:
        """Add to the totals. In the order of the keys: workers that add at the same moment never block each other."""
        for key in sorted(counts):
            insert = self._database.insert(delivery_counts).values(**key._asdict(), total=counts[key])
            total = delivery_counts.c.total + insert.excluded.total
            keys = [column.name for column in delivery_counts.primary_key]
            self._execute(insert.on_conflict_do_update(index_elements=keys, set_={"total": total}))

    def all(self) -> dict[DeliveryCountKey, float]:
        """Return every total."""
        columns = delivery_counts.c
        query = select(columns.account, columns.form, columns.what, columns.total)
        return {DeliveryCountKey(row.account, row.form, row.what): row.total for row in self._execute(query)}
