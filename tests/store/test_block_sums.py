"""What blocks add up to is kept, in bounds, and read again without the blocks."""

from datetime import timedelta

from sqlalchemy import event

from service.maintenance import OutcomeCounter
from service.operations.answers import answer_report
from service.operations.outcomes import OutcomeQuery, outcomes
from service.store import Period, Store
from service.store.block_sums import BlockSums
from tests.admin.stored_leads import keep
from tests.builders import NOON, a_lead

SINCE, UNTIL = NOON - timedelta(days=1), NOON + timedelta(days=1)


def test_the_sum_that_was_not_used_for_longest_is_forgotten() -> None:
    sums = BlockSums(max_bytes=20)
    sums.keep("a", 1, 10)
    sums.keep("b", 2, 10)
    assert sums.find("a") == 1

    sums.keep("c", 3, 10)
    sums.keep("too large", 4, 21)

    assert [sums.find(key) for key in ("a", "b", "c", "too large")] == [1, None, 3, None]


def test_the_same_report_reads_no_pack_again(sqlite: Store) -> None:
    for number in range(6):
        keep(sqlite, a_lead(received_at=NOON + timedelta(minutes=number)))
    counter = OutcomeCounter(sqlite, 2, 2)
    for minutes in (20, 40, 60):
        while counter.step(NOON + timedelta(minutes=minutes)) is not None:
            pass
    read: list[str] = []
    event.listen(sqlite._database.reading, "before_cursor_execute", lambda *call: read.append(call[2]))

    def report() -> tuple[object, object, int]:
        """The rows, and how many statements read packs for them."""
        read.clear()
        rows = outcomes(sqlite, OutcomeQuery("form", SINCE, UNTIL), {}).rows
        answers = answer_report(sqlite, Period(SINCE, UNTIL, ""), NOON)
        return rows, answers, sum("outcome_packs" in statement for statement in read)

    *first, packs = report()

    assert packs > 1
    assert report() == (*first, 0)
