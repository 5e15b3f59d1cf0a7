"""After a create whose answer was lost: found by its marker or, where no marker survives, by its contents."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service import clock
from service.forms import Destination
from service.lead import Attribution, Lead, Status, marker_of
from service.nexudus import markers, opportunities
from service.nexudus.opportunities import PATH, NewOpportunity
from service.store import Arrival
from tests.builders import a_form, a_lead
from tests.delivery.conftest import Env

LOST_ANSWER = {"method": "POST", "path": PATH, "reset": True, "after_save": True, "times": 1}
NO_MARK = {"systemid_round_trips": False, "systemid_filters": False, "type_template": "overwrite"}


@pytest.fixture
def markless(env: Env) -> Env:
    """An environment whose Nexudus keeps neither SystemId nor notes."""
    env.nexudus.settings(**NO_MARK)
    env.use({"contact": a_form(destination=Destination(stage_id=1001, opportunity_type_id=8))})
    return env


def others(env: Env, lead: Lead, **words: Any) -> int:
    """An opportunity that a colleague creates for the same person."""
    crm, [person] = env.context.nexudus, env.nexudus.coworkers_of(lead.submission.contact.email)
    usual = {"name": "Ada Lovelace", "lead_source": 19, "utm_source": "google", "utm_medium": "cpc"}
    new = NewOpportunity(stage_id=1001, coworker_id=person["Id"], opportunity_type_id=8, **{**usual, **words})
    return opportunities.create(crm, opportunities.compose(new))


def test_an_opportunity_without_a_marker_is_found_by_its_content(markless: Env) -> None:
    lead = markless.owes(a_lead())
    markless.nexudus.faults([LOST_ANSWER])

    markless.deliver_until_quiet()

    [opportunity] = markless.nexudus.opportunities()
    assert markless.kept(lead).opportunity_id == opportunity["Id"]


def test_what_was_not_saved_is_sent_again(markless: Env) -> None:
    lead = markless.owes(a_lead())
    markless.nexudus.faults([{**LOST_ANSWER, "after_save": False}])

    markless.deliver_until_quiet()

    assert markless.kept(lead).status is Status.DELIVERED
    assert len(markless.nexudus.opportunities()) == 1


def test_the_opportunity_of_another_lead_is_not_taken_for_it(markless: Env) -> None:
    first = markless.owes(a_lead())
    markless.deliver_until_quiet()
    second = markless.owes(a_lead())
    markless.nexudus.faults([{**LOST_ANSWER, "after_save": False}])

    markless.deliver_until_quiet()

    assert markless.kept(first).opportunity_id != markless.kept(second).opportunity_id
    assert len(markless.nexudus.opportunities()) == 2


def test_what_looks_different_is_not_taken_for_it(markless: Env) -> None:
    made_known(markless)
    lead = markless.owes(a_lead())
    stranger = others(markless, lead, utm_source="bing")
    markless.nexudus.faults([{**LOST_ANSWER, "after_save": False}])

    markless.deliver_until_quiet()

    assert markless.kept(lead).opportunity_id != stranger


def test_what_bears_the_mark_of_another_is_not_taken_for_it(markless: Env) -> None:
    made_known(markless)
    markless.nexudus.settings(systemid_round_trips=True)
    lead = markless.owes(a_lead())
    stranger = others(markless, lead, system_id=marker_of(a_lead().id))
    markless.nexudus.faults([{**LOST_ANSWER, "after_save": False}])

    markless.deliver_until_quiet()

    assert markless.kept(lead).opportunity_id != stranger


def test_where_marks_survive_looks_do_not_count(env: Env) -> None:
    env.use({"contact": a_form(destination=Destination(stage_id=1001, opportunity_type_id=8))})
    made_known(env)  # and read back: SystemId and notes stay
    lead = env.owes(a_lead())
    twin = others(env, lead)
    env.nexudus.faults([{**LOST_ANSWER, "after_save": False}])

    env.deliver_until_quiet()

    assert env.kept(lead).opportunity_id != twin


def test_looks_are_compared_by_all_that_nexudus_keeps() -> None:
    body = opportunities.compose(
        NewOpportunity(1, 2, name="Ada", lead_source=19, utm_source="google", value=300, notes="hi", system_id="x")
    )
    record = {**body, "Value": 300.0, "UtmTerm": None, "Notes": "a template", "SystemId": None, "Id": 9}

    assert markers.is_alike(record, body)
    assert not any(markers.is_alike({**record, name: "other"}, body) for name in markers.COMPARED_FIELDS)


def test_an_opportunity_that_was_moved_meanwhile_is_found_all_the_same(markless: Env) -> None:
    lead = markless.owes(a_lead())
    markless.nexudus.faults([LOST_ANSWER])
    markless.deliver_once()
    [made] = markless.nexudus.opportunities()
    markless.nexudus.change_opportunity(made["Id"], stage_id=1002)

    markless.deliver_until_quiet()

    assert len(markless.nexudus.opportunities()) == 1
    assert markless.kept(lead).opportunity_id == made["Id"]


def test_of_several_that_look_alike_the_newest_is_ours(markless: Env) -> None:
    made_known(markless)
    lead = markless.owes(a_lead())
    stranger = others(markless, lead, name="Ada Lovelace")
    markless.nexudus.faults([LOST_ANSWER])

    markless.deliver_until_quiet()

    assert markless.kept(lead).opportunity_id == max(each["Id"] for each in markless.nexudus.opportunities())
    assert markless.kept(lead).opportunity_id != stranger


def test_where_times_are_known_to_be_utc_what_is_older_than_the_lead_is_not_taken_for_it(markless: Env) -> None:
    made_known(markless)
    teach(markless, times_off_minutes=0)
    lead = replace(a_lead(), received_at=clock.now() + timedelta(hours=1))
    markless.store.keep_and_enqueue([Arrival(lead, [], lead.submission.contact.email)])
    stranger = others(markless, lead)
    markless.nexudus.faults([{**LOST_ANSWER, "after_save": False}])

    markless.deliver_until_quiet()

    assert markless.kept(lead).opportunity_id != stranger


def made_known(env: Env) -> None:
    """Let Ada be known to Nexudus, by an enquiry of another kind."""
    lead = a_lead()
    env.owes(replace(lead, attribution=Attribution(utm_source="newsletter")))
    env.deliver_until_quiet()


# -- the third mark


def teach(env: Env, **facts: Any) -> None:
    """Let it be known how this Nexudus behaves."""
    tenant = env.context.behaviours.tenant
    env.store.write(lambda tx: tx.crm.learn_facts(tenant, facts, "live", clock.now()))
    env.context.behaviours.invalidate()


def custom_fields(env: Env) -> list[Any]:
    return [opportunity["CustomFields"] for opportunity in env.nexudus.opportunities()]


@pytest.mark.parametrize("facts", [{}, {"custom_fields_kept": False}, {"custom_fields_filter": True}])
def test_no_mark_is_sent_as_a_custom_field_until_creates_are_known_to_keep_it(env: Env, facts: dict[str, bool]) -> None:
    teach(env, **facts)
    env.owes(a_lead())

    env.deliver_until_quiet()

    assert custom_fields(env) == [None]


@pytest.mark.parametrize("is_searchable", [True, False])
@pytest.mark.parametrize("are_listed", [True, False])
def test_the_mark_in_a_custom_field_needs_neither_the_other_two_nor_looks(
    markless: Env, is_searchable: bool, are_listed: bool
) -> None:
    markless.nexudus.settings(custom_fields_filter=is_searchable, custom_fields_in_lists=are_listed)
    teach(markless, custom_fields_kept=True, custom_fields_filter=is_searchable)
    lead = markless.owes(a_lead())
    markless.nexudus.faults([LOST_ANSWER])

    markless.deliver_until_quiet()

    [opportunity] = markless.nexudus.opportunities()
    assert opportunity["CustomFields"]["Data"] == [
        {"Name": "LeadCapture", "Value": marker_of(lead.id), "Type": "string"}
    ]
    assert markless.kept(lead).opportunity_id == opportunity["Id"]


def test_a_twin_is_not_taken_for_it_where_the_custom_field_is_kept(markless: Env) -> None:
    made_known(markless)
    teach(markless, custom_fields_kept=True)
    lead = markless.owes(a_lead())
    twin = others(markless, lead)
    markless.nexudus.faults([{**LOST_ANSWER, "after_save": False}])

    markless.deliver_until_quiet()

    assert markless.kept(lead).opportunity_id != twin


def test_a_search_that_is_known_to_be_behind_is_waited_for(env: Env) -> None:
    assert env.context.behaviours.current.look_spacing_s == 2.0

    teach(env, search_lag_s=4.0)

    assert env.context.behaviours.current.look_spacing_s == 8.0


def test_what_is_known_not_to_be_kept_is_not_searched_by(env: Env) -> None:
    teach(env, system_id_kept=False)
    env.owes(a_lead())
    env.nexudus.faults([LOST_ANSWER])

    env.deliver_until_quiet()

    queries = [dict(call.query) for call in env.nexudus.calls("GET", PATH)]
    assert not any("CrmOpportunity_SystemId" in query for query in queries)


REFUSED = {
    "Message": "CustomFields: is not allowed",
    "Errors": [{"PropertyName": "CustomFields", "Message": "is not allowed", "AttemptedValue": None}],
    "WasSuccessful": False,
}


def test_a_create_that_is_refused_for_the_mark_is_made_without_it_and_none_is_sent_any_more(env: Env) -> None:
    teach(env, custom_fields_kept=True)
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "POST", "path": PATH, "status": 400, "body": REFUSED, "times": 1}])

    env.deliver_until_quiet()
    env.owes(a_lead())
    env.deliver_until_quiet()

    assert env.kept(lead).status is Status.DELIVERED
    assert custom_fields(env) == [None, None]


def test_a_create_that_is_refused_without_the_mark_too_is_parked(env: Env) -> None:
    teach(env, custom_fields_kept=True)
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "POST", "path": PATH, "status": 400, "body": REFUSED, "times": None}])

    env.deliver_until_quiet()

    assert env.kept(lead).status is Status.PARKED
    assert env.context.behaviours.current.mark_places.custom_field


@pytest.mark.parametrize(
    ("kept", "is_kept"),
    [
        ([{"Name": "Floor", "Value": "3"}], True),
        ([{"Name": "4711", "Value": "3"}], None),
        ([{"Name": ["odd"], "Value": {}}], None),
        ([], False),
    ],
)
def test_whether_custom_fields_are_kept_shows_in_the_record(kept: list[Any], is_kept: bool | None) -> None:
    body = {"CustomFields": {"Data": [{"Name": "Floor", "Value": "3", "Type": "string"}]}}

    assert markers.round_trip(body, {"CustomFields": {"Data": kept}}, "lead-capture:x").custom_fields is is_kept
