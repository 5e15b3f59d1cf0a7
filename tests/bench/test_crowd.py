"""The crowd that measurements are made beside: copies are people of their own, and found as all others are."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from service.lead import Status
from service.store import Query, Store
from service.store.database.tables import lead_words, leads
from service.store.words import COLUMNS, words_of
from tests.bench import crowd

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_every_copy_is_another_person_who_is_found_by_the_same_words(store: Store) -> None:
    crowd.fill(store, 60, NOW, size=20)

    with store.read() as tx:
        rows = tx._execute(select(*COLUMNS)).all()
        indexed = {(row.word, row.lead_id) for row in tx._execute(select(lead_words))}
        assert indexed == {(word, row.id) for row in rows for word in words_of(row)}
        assert Counter(row.email for row in rows).most_common(1)[0][1] == 1
        assert len(tx.search.leads(Query(text=rows[-1].email), 10)) == 1


def test_leads_before_the_retention_are_erased(store: Store) -> None:
    crowd.fill(store, 80, NOW, days=8, whole_days=2, size=10)

    with store.read() as tx:
        rows = tx._execute(select(leads.c.status, leads.c.received_at, leads.c.email)).all()
    assert len(rows) == 80
    for row in rows:
        is_old = row.received_at < NOW - timedelta(days=2)
        assert (row.status == Status.ERASED.value, row.email == "") == (is_old, is_old)
