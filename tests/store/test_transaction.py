"""One transaction: its subjects, made when they are used, and nothing defined twice within one."""

from collections import Counter
from functools import cached_property

from service.store import Store, Transaction
from tests.tables import each_row

SUBJECTS = [name for name, member in vars(Transaction).items() if isinstance(member, cached_property)]


def test_a_subject_is_made_when_it_is_used(store: Store) -> None:
    with store.read() as tx:
        tx.statistics.leads_by_status()

        assert [name for name in SUBJECTS if name in vars(tx)] == ["statistics"]


@each_row("name", SUBJECTS)
def test_the_parts_of_a_subject_define_no_name_twice(store: Store, name: str) -> None:
    with store.read() as tx:
        parts = type(getattr(tx, name)).__mro__[:-2]

    own = Counter(member for part in parts for member in vars(part) if not member.startswith("__"))

    assert [member for member, times in own.items() if times > 1] == []
