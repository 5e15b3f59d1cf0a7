"""What an answer of the CRM means."""

import json
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import clock
from service.nexudus.errors import (
    Intercepted,
    NexudusError,
    OutcomeUnknown,
    Refused,
    Rejected,
    Throttled,
    Unavailable,
)
from service.nexudus.transport import NexudusResponse, new_id, value_of
from tests.tables import each_row

PAGE = "<!DOCTYPE html><html><body><h1>We will be right back</h1></body></html>"
SAVED = {"Status": 200, "Message": "Saved.", "Value": {"Id": 7}, "Errors": None, "WasSuccessful": True}


def an_answer(
    body: object = "", status: int = 200, content_type: str = "application/json", wait: str = ""
) -> NexudusResponse:
    text = body if isinstance(body, str) else json.dumps(body)
    return NexudusResponse(status, text.encode(), content_type, wait)


def trouble_of(answer: NexudusResponse, *, write: bool) -> NexudusError:
    with pytest.raises(NexudusError) as caught:
        value_of(answer, write=write)
    return caught.value


@each_row(
    ("answer", "of_a_write", "of_a_read"),
    [
        pytest.param(an_answer("", 409), Throttled, Throttled, id="409"),
        pytest.param(an_answer("", 429), Throttled, Throttled, id="429"),
        pytest.param(an_answer(PAGE, 429, "text/html"), Throttled, Throttled, id="429 page"),
        pytest.param(an_answer("Access Denied", 401), Refused, Refused, id="401"),
        pytest.param(an_answer("Forbidden", 403), Refused, Refused, id="403"),
        pytest.param(an_answer({"Message": "An error has occurred."}, 500), OutcomeUnknown, Unavailable, id="500"),
        pytest.param(an_answer("", 503), OutcomeUnknown, Unavailable, id="503"),
        pytest.param(an_answer(PAGE, 200, "text/html"), Intercepted, Intercepted, id="page with 200"),
        pytest.param(an_answer(PAGE, 200), Intercepted, Intercepted, id="page labelled JSON"),
        pytest.param(an_answer(PAGE, 400, "text/html"), Intercepted, Intercepted, id="page with 400"),
        pytest.param(an_answer(PAGE, 401, "text/html"), Intercepted, Intercepted, id="page with 401"),
        pytest.param(an_answer(PAGE, 403, "text/html"), Intercepted, Intercepted, id="page with 403"),
        pytest.param(an_answer(PAGE, 404, "text/html"), Intercepted, Intercepted, id="page with 404"),
        pytest.param(an_answer("", 403, "text/html"), Intercepted, Intercepted, id="empty page with 403"),
        pytest.param(an_answer("Blocked.<br>", 403, "text/html"), Intercepted, Intercepted, id="a few tags with 403"),
        pytest.param(an_answer("Access Denied", 401, "text/html"), Refused, Refused, id="401 labelled HTML"),
        pytest.param(
            an_answer({"Message": "<b>Team</b>"}, 400, "text/html"), Rejected, Rejected, id="400 labelled HTML"
        ),
        pytest.param(an_answer("{", 200), OutcomeUnknown, Unavailable, id="broken JSON"),
        pytest.param(an_answer("", 200), OutcomeUnknown, Unavailable, id="nothing"),
        pytest.param(an_answer("null", 200), OutcomeUnknown, Unavailable, id="null"),
        pytest.param(an_answer("", 302), OutcomeUnknown, Unavailable, id="redirect"),
        pytest.param(an_answer("", 408), OutcomeUnknown, Unavailable, id="408"),
        pytest.param(an_answer('"Not found"', 404), Rejected, Unavailable, id="404"),
        pytest.param(an_answer({"Message": "Team: is closed"}, 400), Rejected, Rejected, id="400"),
        pytest.param(an_answer("", 413), Rejected, Rejected, id="413"),
        pytest.param(an_answer({**SAVED, "WasSuccessful": False}), Rejected, Rejected, id="200 that failed"),
        pytest.param(an_answer({**SAVED, "Errors": [{"Message": "no"}]}), Rejected, Rejected, id="200 with errors"),
    ],
)
def test_a_bad_answer_is_named_by_what_to_do_next(
    answer: NexudusResponse, of_a_write: type[NexudusError], of_a_read: type[NexudusError]
) -> None:
    assert type(trouble_of(answer, write=True)) is of_a_write
    assert type(trouble_of(answer, write=False)) is of_a_read


def test_an_opportunity_with_a_money_value_is_no_wrapper() -> None:
    record = {"Id": 7, "Value": 250.0, "Name": "Ada"}

    assert value_of(an_answer(record), write=False) == record


def test_a_write_names_the_new_record() -> None:
    assert new_id(value_of(an_answer(SAVED), write=True)) == 7


@each_row(
    "value",
    [
        pytest.param({**SAVED, "Value": None}, id="no value"),
        pytest.param({**SAVED, "Value": {}}, id="no id"),
        pytest.param({**SAVED, "Value": {"Id": 0}}, id="zero"),
        pytest.param({**SAVED, "Value": {"Id": True}}, id="no number"),
        pytest.param({"Value": {"Id": 7}}, id="no wrapper"),
        pytest.param([7], id="a list"),
    ],
)
def test_a_write_that_names_no_record_leaves_the_outcome_open(value: object) -> None:
    with pytest.raises(OutcomeUnknown):
        new_id(value)


@each_row(
    ("wait", "body", "seconds"),
    [
        pytest.param("1", "", 1.0, id="header"),
        pytest.param("2.5", "Wait 9 seconds", 2.5, id="header before body"),
        pytest.param("", "Wait 3.5 seconds", 3.5, id="plain text"),
        pytest.param("", '{"Message":"Please wait 12 seconds."}', 12.0, id="inside JSON"),
        pytest.param("", "", None, id="not told"),
        pytest.param("soon", "", None, id="not readable"),
        pytest.param("-3", "", None, id="negative"),
        pytest.param("inf", "", None, id="endless"),
    ],
)
def test_how_long_to_wait(wait: str, body: str, seconds: float | None) -> None:
    trouble = trouble_of(an_answer(body, 429, "text/plain", wait), write=True)

    assert isinstance(trouble, Throttled)
    assert trouble.retry_after_s == seconds


def test_how_long_to_wait_may_be_told_as_a_date() -> None:
    header = format_datetime(clock.now() + timedelta(seconds=90), usegmt=True)

    trouble = trouble_of(an_answer("", 429, wait=header), write=True)

    assert isinstance(trouble, Throttled)
    assert trouble.retry_after_s == pytest.approx(89.5, abs=2)


def test_every_field_that_was_refused_is_told_with_what_was_tried() -> None:
    errors = [
        {"AttemptedValue": None, "Message": "Country: is a required field", "PropertyName": "Country"},
        {"AttemptedValue": 31, "Message": "Team: is closed", "PropertyName": "Team"},
    ]

    trouble = trouble_of(an_answer({"Message": "Country: is a required field", "Errors": errors}, 400), write=True)

    assert isinstance(trouble, Rejected)
    assert [(p.name, p.attempted) for p in trouble.fields] == [("Country", ""), ("Team", "31")]
    assert trouble.message == "Country: is a required field Team: is closed"


def test_a_field_named_only_in_the_message_is_told_too() -> None:
    trouble = trouble_of(an_answer({"Message": "Team: is closed", "Errors": None}, 400), write=True)

    assert isinstance(trouble, Rejected)
    assert [(p.name, p.message) for p in trouble.fields] == [("Team", "is closed")]


@each_row(
    ("answer", "message"),
    [
        pytest.param(an_answer('"Not found"', 404), "Not found", id="a JSON string"),
        pytest.param(an_answer("Access Denied", 401, "text/plain"), "Access Denied", id="plain text"),
        pytest.param(an_answer({"Message": "<b>Ooops!</b>"}, 500), "Ooops!", id="HTML inside JSON"),
        pytest.param(
            an_answer(PAGE, 403, "text/html"),
            "something in front of Nexudus refused this request (HTTP 403 with a web page)",
            id="a page",
        ),
        pytest.param(an_answer("", 409), "HTTP 409 without a message", id="nothing"),
    ],
)
def test_what_is_told_are_the_words_of_the_crm(answer: NexudusResponse, message: str) -> None:
    assert trouble_of(answer, write=True).message == message


def test_a_value_that_was_tried_does_not_print() -> None:
    body = {
        "Message": "no",
        "Errors": [{"PropertyName": "Email", "Message": "no", "AttemptedValue": "ada@example.com"}],
    }

    trouble = trouble_of(an_answer(body, 400), write=True)

    assert isinstance(trouble, Rejected)
    assert "ada@" not in f"{trouble} {trouble!r} {trouble.fields}"


@settings(deadline=None)  # machines differ
@given(
    st.sampled_from([s.value for s in HTTPStatus if s.value >= 200]),
    st.binary() | st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["Message", "Errors", "WasSuccessful", "Value", "Id", "PropertyName"]), inner)).map(
        lambda value: json.dumps(value).encode()),
    st.booleans(),
    st.text(st.characters(codec="ascii"), max_size=9),
)  # fmt: skip
def test_any_answer_is_a_value_or_one_of_the_errors(status: int, body: bytes, write: bool, wait: str) -> None:
    answer = NexudusResponse(status, body, "application/json", wait)
    with suppress(NexudusError):
        new_id(value_of(answer, write=write))
