"""The Notes of an opportunity, for a salesperson to read and for the search to find."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.delivery.notes import MAX_ANSWER_CHARS, MAX_NOTES_CHARS, notes
from service.lead import OPERATOR_REMARKS, Attribution, Contact, Evidence, Lead, marker_of
from service.nexudus.values import clean
from tests.builders import a_form, a_lead, a_submission
from tests.tables import each_row

MARKUP = re.compile(r"<[A-Za-z/!?]")

texts = st.text(max_size=40) | st.text(st.sampled_from("<>/!b \0\x1c\n"), max_size=12)
answers = st.dictionaries(texts, texts | st.lists(texts, max_size=3), max_size=5)


def notes_of(**changes: Any) -> str:
    """The notes of a lead whose submission has these changes."""
    return notes(a_lead(submission=replace(a_submission(), **changes)), a_form())


def lead_saying(message: str, **extras: str) -> Lead:
    """A lead with this message and these extras."""
    submission = a_submission(message=message)
    return a_lead(submission=replace(submission, fields={**submission.fields, "message": message}, extras=extras))


def test_the_message_comes_first() -> None:
    assert notes_of().startswith("Two desks, please.\n\n")


def test_the_marker_comes_last() -> None:
    lead = a_lead()

    assert notes(lead, a_form()).endswith("\n" + marker_of(lead.id))


@each_row(
    ("changes", "line"),
    [
        pytest.param({}, "Name: Ada Lovelace", id="name"),
        pytest.param({}, "E-mail: ada@example.com", id="e-mail"),
        pytest.param({}, "Phone: +442079460142", id="phone as it was read"),
        pytest.param({"fields": {"phone": "call me"}, "contact": Contact()}, "Phone: call me", id="phone as typed"),
        pytest.param({"fields": {"company": "Analytical"}}, "Company: Analytical", id="company"),
        pytest.param({"fields": {"team_size": "4"}}, "Team size: 4", id="team size"),
        pytest.param({"fields": {"location": "Quay"}}, "Location: Quay", id="location"),
        pytest.param({"fields": {"move_in_date": "May"}}, "Move-in date: May", id="move-in date"),
        pytest.param({"fields": {"budget": "900"}}, "Budget: 900", id="budget"),
        pytest.param({"fields": {"consent": "yes"}}, "Consent: yes", id="consent"),
        pytest.param({}, "how_heard: a friend", id="an extra under its own name"),
        pytest.param({"extras": {"days": ["Mon", "Tue"]}}, "days: Mon, Tue", id="several answers"),
        pytest.param({}, "Landing page: https://www.example.com/?utm_source=google&utm_medium=cpc", id="landing page"),
        pytest.param({}, "Form page: https://www.example.com/contact", id="form page"),
        pytest.param({}, "Referrer: https://www.google.com/", id="referrer"),
        pytest.param({}, "Came by: Paid Search", id="channel"),
        pytest.param({}, "Tags: google / cpc / - / - / -", id="tags"),
        pytest.param({}, "Form: Contact us, received 2026-11-24 12:00 UTC", id="form and time"),
    ],
)
def test_every_answer_and_every_trace_has_its_line(changes: dict[str, object], line: str) -> None:
    assert line in notes_of(**changes).splitlines()


LONDON = Contact(phone="+442079460142", extension="8135")


@each_row(
    ("typed", "read", "line"),
    [
        ("+44 (20) 7946-0142", LONDON, "Phone: +442079460142"),
        ("020 7946 0142", LONDON, "Phone: +442079460142 (typed: 020 7946 0142)"),
        ("020 7946 0142 x8135", LONDON, "Phone: +442079460142 (typed: 020 7946 0142 x8135)"),
        ("020 7946 0142 / 030 901820", LONDON, "Phone: +442079460142 (typed: 020 7946 0142 / 030 901820)"),
        ("030 901820", Contact(phone="030 901820"), "Phone: 030 901820"),
    ],
)
def test_a_number_is_shown_as_typed_where_more_than_punctuation_changed(typed: str, read: Contact, line: str) -> None:
    assert line in notes_of(fields={"phone": typed}, contact=read).splitlines()


@pytest.mark.parametrize("remark", sorted(OPERATOR_REMARKS))
def test_remarks_for_operators_are_not_sent(remark: str) -> None:
    assert remark not in notes_of(extras={remark: "01a2", "how_heard": "a friend"})


def test_an_answer_that_was_left_empty_has_no_line() -> None:
    assert "plan" not in notes_of(extras={"plan": ""})


def test_a_reason_and_click_ids_are_told_where_known() -> None:
    verdict = Attribution(channel="Paid Search", reason="ad click", click_ids={"gclid": "abc", "msclkid": "d"})

    text_of_notes = notes(a_lead(attribution=verdict), a_form()).splitlines()

    assert "Came by: Paid Search (ad click)" in text_of_notes
    assert "Click ids: gclid=abc, msclkid=d" in text_of_notes


def test_a_person_who_came_without_any_trace_has_no_empty_lines() -> None:
    lead = a_lead(submission=a_submission(evidence=Evidence()), attribution=Attribution())

    text_of_notes = notes(lead, a_form())

    assert "Came by: Direct" in text_of_notes
    assert not re.search(r"(Tags|Landing page|Form page|Referrer|Click ids)", text_of_notes)


def test_a_form_without_a_title_is_told_by_its_name() -> None:
    assert "Form: contact, received" in notes(a_lead(), a_form(title=""))


def test_a_long_answer_is_cut_and_shows_it() -> None:
    lead = lead_saying("Hello", essay="x" * 5000)

    assert f"essay: {'x' * (MAX_ANSWER_CHARS - 1)}…\n" in notes(lead, a_form())


def test_a_long_message_leaves_room_for_every_other_answer() -> None:
    lead = lead_saying("x" * 50_000, plan="office")

    text_of_notes = notes(lead, a_form())

    assert len(text_of_notes) == MAX_NOTES_CHARS
    assert "\nE-mail: ada@example.com\n" in text_of_notes
    assert "\nplan: office\n" in text_of_notes


def test_too_many_long_answers_are_cut_before_the_marker() -> None:
    lead = lead_saying("Hello", **{f"essay_{number}": "x" * 2000 for number in range(9)})

    text_of_notes = notes(lead, a_form())

    assert len(text_of_notes) <= MAX_NOTES_CHARS
    assert text_of_notes.endswith(marker_of(lead.id))


@given(message=texts, extras=answers, campaign=texts, title=texts, repeated=st.integers(1, 400))
def test_whatever_strangers_write_the_marker_stays_and_no_markup_is_made(
    message: str, extras: dict[str, str | list[str]], campaign: str, title: str, repeated: int
) -> None:
    fields = {"email": "ada@example.com", "message": message * repeated}
    verdict = Attribution(utm_source="x", utm_campaign=campaign, reason=campaign, click_ids={campaign: campaign})
    lead = a_lead(submission=a_submission(fields=fields, extras=extras), attribution=verdict)

    text_of_notes = notes(lead, a_form(title=title))

    assert len(text_of_notes) <= MAX_NOTES_CHARS
    assert text_of_notes.endswith(f"\n{marker_of(lead.id)}")
    assert not MARKUP.search(clean(text_of_notes, lines=True))
