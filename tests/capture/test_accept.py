"""One Submission stored, one Delivery queued: the contents of a new lead, and what makes it a repeat."""

from datetime import timedelta
from pathlib import Path

import pytest

from service.capture.accept import accept
from service.forms import AttributionConfig, Form, Route
from service.lead import Contact, Receipt, Status, Submission
from service.store import Query, Store, StoreUnavailable
from tests.builders import NOON, a_form, a_submission

FORM = a_form()


def take(sqlite: Store, submission: Submission, after_s: float = 0, form: Form = FORM, suspicion: str = "") -> Receipt:
    """Accept it some seconds after noon."""
    return accept(submission, form, sqlite, NOON + timedelta(seconds=after_s), suspicion)


def statuses(sqlite: Store) -> list[Status]:
    """Where each lead stands, oldest first."""
    with sqlite.read() as tx:
        return [lead.status for lead in reversed(tx.search.leads(Query(), 100))]


def queued_count(sqlite: Store) -> int:
    """How many leads the workers may send."""
    with sqlite.read() as tx:
        return tx.queue.backlog()[0]


@pytest.mark.parametrize(
    ("problem", "suspicion", "status", "owes"),
    [
        ("", "", Status.PENDING, 1),
        ("no e-mail", "", Status.PARKED, 0),
        ("", "a trap", Status.QUARANTINED, 0),
        ("no e-mail", "a trap", Status.QUARANTINED, 0),
    ],
    ids=["well", "with a problem", "under suspicion", "both"],
)
def test_only_what_is_well_is_owed_to_the_crm(
    store: Store, problem: str, suspicion: str, status: Status, owes: int
) -> None:
    take(store, a_submission(problem=problem), suspicion=suspicion)

    assert statuses(store) == [status]
    assert queued_count(store) == owes


def test_a_lead_is_credited_and_owed_to_its_forms_account(sqlite: Store) -> None:
    receipt = take(sqlite, a_submission(), form=a_form(account="harbour"))

    with sqlite.read() as tx:
        lead = tx.leads.get(receipt.lead_id)
    assert lead is not None
    assert (lead.account, lead.received_at, lead.attribution.utm_source) == ("harbour", NOON, "google")


def test_a_lead_is_credited_as_the_route_of_its_answers_says(sqlite: Store) -> None:
    by_phone = a_form(attribution=AttributionConfig(lead_source=2))
    form = a_form(routes=(Route({"how_heard": "a friend"}, by_phone),))

    receipt = take(sqlite, a_submission(), form=form)

    with sqlite.read() as tx:
        lead = tx.leads.get(receipt.lead_id)
    assert lead is not None
    assert lead.attribution.lead_source == 2


REPEATS = {
    "the same words": (a_submission(), a_submission()),
    "another case of the address": (a_submission(), a_submission("ADA@Example.com", fields=a_submission().fields)),
    "the key of the form's view": (
        a_submission(idempotency_key="view-1"),
        a_submission(idempotency_key="view-1", message="Other words."),
    ),
    "the sender's own id": (
        a_submission(sender="json", external_id="e-7"),
        a_submission(sender="json", external_id="e-7", message="Other words."),
    ),
    "the same unreadable bytes": (
        a_submission(contact=Contact(), raw=b"\xff{", problem="?"),
        a_submission(contact=Contact(), raw=b"\xff{", problem="?"),
    ),
}


@pytest.mark.parametrize("case", REPEATS)
def test_these_are_repeats(sqlite: Store, case: str) -> None:
    first, second = REPEATS[case]

    receipt = take(sqlite, first)

    assert take(sqlite, second, after_s=5) == Receipt(receipt.lead_id, repeat=True)
    assert len(statuses(sqlite)) == 1


OTHERS = {
    "other words": (a_submission(), a_submission(message="Three desks.")),
    "another person": (a_submission(), a_submission("bob@example.com", fields={"message": "Two desks, please."})),
    "another phone": (a_submission(), a_submission(contact=Contact("ada@example.com", phone="+442079460143"))),
    "another extra": (a_submission(), a_submission(extras={"how_heard": "a poster"})),
    "a page's constant id": (
        a_submission(external_id="7"),
        a_submission("bob@example.com", "Other words.", external_id="7"),
    ),
    "other bytes": (a_submission(raw=b"{"), a_submission(raw=b"[")),
}


@pytest.mark.parametrize("case", OTHERS)
def test_these_are_no_repeats(sqlite: Store, case: str) -> None:
    first, second = OTHERS[case]
    take(sqlite, first)

    assert not take(sqlite, second, after_s=5).repeat


def test_the_same_words_to_another_form_are_another_lead(sqlite: Store) -> None:
    take(sqlite, a_submission(idempotency_key="k"))

    assert not take(sqlite, a_submission(form="tour", idempotency_key="k"), form=a_form("tour")).repeat


@pytest.mark.parametrize(("after_s", "repeat"), [(299, True), (300, False)])
def test_the_same_words_are_news_again_after_the_window(sqlite: Store, after_s: float, repeat: bool) -> None:
    take(sqlite, a_submission())

    assert take(sqlite, a_submission(), after_s).repeat is repeat


@pytest.mark.parametrize(("after_s", "repeat"), [(7 * 86_400 - 1, True), (7 * 86_400, False)])
def test_the_key_of_a_forms_view_counts_for_seven_days(sqlite: Store, after_s: float, repeat: bool) -> None:
    take(sqlite, a_submission(idempotency_key="view-1"))

    assert take(sqlite, a_submission(idempotency_key="view-1"), after_s).repeat is repeat


def test_without_a_window_only_keys_and_ids_count(sqlite: Store) -> None:
    form = a_form(duplicate_window_s=0)
    take(sqlite, a_submission(), form=form)

    assert not take(sqlite, a_submission(), form=form).repeat


def test_a_repeat_of_what_is_held_stays_held(sqlite: Store) -> None:
    take(sqlite, a_submission(), suspicion="a trap")

    assert take(sqlite, a_submission(), after_s=5).repeat
    assert statuses(sqlite) == [Status.QUARANTINED]


def test_no_receipt_is_given_when_the_store_is_down(tmp_path: Path) -> None:
    (tmp_path / "leads.db").mkdir()
    broken = Store(f"sqlite:///{tmp_path / 'leads.db'}")

    with pytest.raises(StoreUnavailable):
        take(broken, a_submission())
