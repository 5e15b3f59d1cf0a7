"""A lead comes out of the store as it went in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.lead import (
    Attribution,
    Contact,
    CoworkerId,
    Evidence,
    Lead,
    OpportunityId,
    Status,
    StoredTouch,
    Submission,
    new_lead_id,
)
from service.store import Store
from service.store.leads.rows import LEAD_COLUMNS, to_row
from tests.builders import NOON, a_lead
from tests.store.actions import keep, stored_lead

plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
wild = st.text(max_size=30) | st.text(st.sampled_from("\0\udc00\udfff😀é<\n"), max_size=8)
"""What strangers put into JSON: NUL and lone surrogates too (a pair of them is one character)."""

instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (bounds must be naive)
seconds = st.none() | st.floats(0, 4e9)
answers = st.dictionaries(wild, wild | st.lists(wild, max_size=3), max_size=4)
touches = st.none() | st.builds(StoredTouch, url=wild, referrer=wild, at=seconds)
numbers = st.none() | st.integers(1, 2**53)


@st.composite
def submissions(draw: st.DrawFn) -> Submission:
    """Any Submission; its evidence knows at least its own answers."""
    fields, extras = draw(answers), draw(answers)
    evidence = Evidence(
        fields={**extras, **fields, **draw(answers)},
        landing_url=draw(wild),
        page_url=draw(plain),
        referrer=draw(wild),
        first=draw(touches),
        last=draw(touches),
        submitted_at=draw(seconds),
    )
    contact = draw(st.builds(Contact, *[plain] * 7))
    named = draw(st.dictionaries(plain, wild, max_size=3))
    whole = Submission(draw(plain), draw(plain), contact, evidence, fields, extras, named)
    names = ("external_id", "form_name", "ip")
    texts: dict[str, Any] = {name: draw(plain) for name in names}
    return replace(whole, **texts, idempotency_key=draw(wild), raw=draw(st.binary(max_size=30)))


leads = st.builds(
    Lead,
    id=instants.map(new_lead_id),
    account=plain,
    status=st.sampled_from(Status),
    received_at=instants,
    submission=submissions(),
    attribution=st.builds(
        Attribution,
        *[plain] * 6,
        lead_source=st.integers(1, 99),
        rule=plain,
        reason=plain,
        click_ids=st.dictionaries(wild, wild, max_size=3),
        codes=st.lists(plain, max_size=3).map(tuple),
    ),
    problem=plain,
    delivered_at=st.none() | instants,
    coworker_id=numbers.map(lambda number: number and CoworkerId(number)),
    opportunity_id=numbers.map(lambda number: number and OpportunityId(number)),
    repeats=st.integers(0, 1000),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(lead=leads)
def test_everything_of_a_lead_survives(store: Store, lead: Lead) -> None:
    keep(store, lead)

    assert stored_lead(store, lead) == lead


def test_a_lead_gives_its_values_in_the_order_of_its_columns() -> None:
    assert tuple(to_row(a_lead())) == LEAD_COLUMNS


def test_an_answer_is_no_loss_where_the_evidence_says_it_otherwise(store: Store) -> None:
    submission = a_lead().submission
    evidence = replace(submission.evidence, fields={**submission.evidence.fields, "message": "as typed"})
    lead = a_lead(submission=replace(submission, evidence=evidence))

    keep(store, lead)

    assert stored_lead(store, lead).submission.fields["message"] == "Two desks, please."
    assert stored_lead(store, lead).submission.evidence.fields["message"] == "as typed"


def test_instants_are_kept_to_the_microsecond(store: Store) -> None:
    lead = a_lead(received_at=NOON + timedelta(microseconds=1))

    keep(store, lead)

    assert stored_lead(store, lead).received_at == lead.received_at


def test_a_naive_instant_is_refused(store: Store) -> None:
    with pytest.raises(TypeError, match="offset-naive"):
        keep(store, a_lead(delivered_at=datetime(2026, 11, 24)))  # noqa: DTZ001 (the mistake to be caught)


def test_an_unknown_lead_is_not_found(store: Store) -> None:
    with store.read() as tx:
        assert tx.leads.get("0" * 32) is None


def test_a_delivered_lead_tells_which_opportunity_and_when(store: Store) -> None:
    lead = a_lead(problem="it waited")
    keep(store, lead)

    store.write(lambda tx: tx.leads.mark_delivered(lead.id, CoworkerId(7), OpportunityId(8), NOON))

    kept = stored_lead(store, lead)
    assert (kept.status, kept.coworker_id, kept.opportunity_id) == (Status.DELIVERED, 7, 8)
    assert (kept.delivered_at, kept.problem) == (NOON, "")
