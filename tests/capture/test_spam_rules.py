"""The rules by which an enquiry is held: one reason each, and none for what people write."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.fields.reading import Incoming, read
from service.capture.spam import RequestContext, judge
from service.forms import AttributionConfig, Form
from service.lead import Contact, Reason, Submission
from tests.builders import a_form, a_submission
from tests.forms.texts import form_of
from tests.tables import each_row

FORM = a_form(allowed_origins=("https://www.example.com",), attribution=AttributionConfig(own_domains=("example.org",)))


def saying(message: str = "Two desks, please.", **fields: str) -> Submission:
    """An enquiry with these answers; those that are not canonical are extras."""
    known = {"email": "ada@example.com", "full_name": "Ada Lovelace", "message": message}
    extras = {name: fields.pop(name) for name in list(fields) if name.startswith("own ")}
    return a_submission(fields={**known, **fields}, extras=extras)


def reason_of(submission: Submission, form: Form = FORM, **seen: Any) -> Reason | None:
    verdict = judge(submission, form, RequestContext(**seen))
    return verdict.reason if verdict else None


HELD: list[tuple[Reason, Submission, dict[str, Any]]] = [
    (Reason.HONEYPOT, saying(), {"trap": "_gotcha"}),
    (Reason.TOO_FAST, saying(), {"fill_s": 0.4}),
    (Reason.TOO_FAST, saying(), {"fill_s": 0.999}),
    (Reason.FOREIGN_ORIGIN, saying(), {"foreign_site": "https://elsewhere.example"}),
    (Reason.LINKS, saying("http://a.test http://b.test http://c.test"), {}),
    (Reason.LINKS, saying("HTTPS://A.TEST,www.b.test;(https://c.test)"), {}),
    (Reason.LINKS, saying("Look: [url=http://a.test]pills[/url]"), {}),
    (Reason.LINKS, saying("Look: [URL]http://a.test[/URL]"), {}),
    (Reason.LINKS, saying('Look: <a  rel=x href="http://a.test">pills</a>'), {}),
    (Reason.LINKS, saying(**{"own question": "<A HREF='http://a.test'>pills</A>"}), {}),
    (Reason.LINKS, saying(full_name="Cheap pills http://a.test"), {}),
    (Reason.LINKS, saying(first_name="www.a.test"), {}),
    (Reason.REPEATED, saying(), {"same_text": 3}),
]


@each_row(("reason", "submission", "seen"), HELD)
def test_this_is_held_for_one_reason(reason: Reason, submission: Submission, seen: dict[str, Any]) -> None:
    assert reason_of(submission, **seen) is reason


PEOPLE = [
    saying("We are https://a.test, and on LinkedIn: https://b.test/in/ann"),
    saying("I like https://www.example.com/a, https://example.org/b, https://leeds.example.org/c and www.a.test"),
    saying("", company="https://engines.example/"),
    saying("Do you have desks for 5 < 6 people? [url] <a> href"),
    saying(full_name="Dr. Ann-Marie O'Neill-Smith, M.A."),
    saying(full_name="Wwwiktoria Httpsson"),
    saying("Здравствуйте! Сколько стоит офис на шесть человек?", full_name="Анна Иванова"),
    saying("请问六人办公室多少钱？", full_name="王小明"),
    saying("كم سعر مكتب لستة أشخاص؟", full_name="عائشة"),
    saying("ΠΟΣΟ ΚΟΣΤΙΖΕΙ;", full_name="ΝΙΚΟΣ"),
    saying("!!! URGENT !!! FREE DESKS??? $$$"),
    saying("ok"),
    saying("🙂" * 200),
]


@each_row("submission", PEOPLE, ids=lambda submission: str(submission.fields["message"])[:30])
def test_what_people_write_is_not_held(submission: Submission) -> None:
    assert reason_of(submission, fill_s=1.0, same_text=2, ip="192.0.2.1") is None


def test_without_the_script_nothing_is_said_of_the_time() -> None:
    assert reason_of(saying(), fill_s=None) is None


LIFTED: list[tuple[Submission, dict[str, Any], dict[str, Any]]] = [
    (saying(), {"min_fill_s": 0.0}, {"fill_s": 0.0}),
    (saying("http://a.test http://b.test http://c.test"), {"max_links": 3}, {}),
    (saying(), {"same_text": 0}, {"same_text": 1000}),
    (saying(), {"same_text": 5}, {"same_text": 4}),
]


@pytest.mark.parametrize(("submission", "keys", "seen"), LIFTED)
def test_the_operator_sets_or_lifts_the_rule(
    submission: Submission, keys: dict[str, Any], seen: dict[str, Any]
) -> None:
    assert reason_of(submission, **seen) is not None
    assert reason_of(submission, replace(FORM, **keys), **seen) is None


def test_the_surest_reason_is_the_one_that_is_named() -> None:
    spam = saying("http://a.test http://b.test http://c.test")

    assert reason_of(spam, trap="_gotcha", fill_s=0.1, same_text=9) is Reason.HONEYPOT


def test_the_problem_begins_with_the_reason_and_says_what_to_do() -> None:
    verdict = judge(saying(), FORM, RequestContext(fill_s=0.4))

    assert str(verdict) == (
        "Held as spam (too_fast): It was filled in within 0.4 seconds: release it if it is real. "
        "If the page submits forms automatically, set `min_fill_seconds` to 0."
    )


# -- the block list


def blocking(*entries: str) -> Form:
    return form_of(f"block = {list(entries)}")


@each_row(
    ("entry", "submission", "ip"),
    [
        ("Bob@Spam.example", a_submission("bob@spam.example"), ""),
        ("@spam.example", a_submission("bob@spam.example"), ""),
        ("@spam.example", a_submission("bob@mail.spam.example"), ""),
        ("@example", a_submission("bob@spam.example"), ""),
        ("192.0.2.0/24", a_submission(), "192.0.2.77"),
        ("192.0.2.77", a_submission(), "192.0.2.77"),
        ("192.0.2.0/24", a_submission(), "::ffff:192.0.2.77"),
        ("2001:db8::/32", a_submission(), "2001:db8::1"),
        ("casino", saying("The best CASINO, online"), ""),
        ("casino", saying(full_name="Casino King"), ""),
        ("casino", saying(**{"own question": "casino?"}), ""),
        ("online casino", saying("The best online\n\n  Casino"), ""),
        ("spam.example", saying("See https://spam.example/x"), ""),
        ("赌场", saying("在线赌场优惠"), ""),
        ("казино", saying("Лучшее КАЗИНО!"), ""),
    ],
)
def test_what_the_block_list_names_is_held(entry: str, submission: Submission, ip: str) -> None:
    form = replace(FORM, block=blocking("wombat", entry).block)

    assert reason_of(submission, form, ip=ip) is Reason.BLOCKED


@each_row(
    ("entry", "submission", "ip"),
    [
        ("bob@spam.example", a_submission("bobby@spam.example"), ""),
        ("@spam.example", a_submission("bob@notspam.example"), ""),
        ("@spam.example", a_submission("bob@spam.example.org"), ""),
        ("@spam.example", a_submission(contact=Contact(phone="+44")), ""),
        ("192.0.2.0/24", a_submission(), "192.0.3.1"),
        ("192.0.2.0/24", a_submission(), "2001:db8::1"),
        ("192.0.2.0/24", a_submission(), ""),
        ("192.0.2.0/24", a_submission(), "unknown"),
        ("2001:db8::/32", a_submission(), "fe80::1%eth0"),
        ("casino", saying("Casinova writes of casinos"), ""),
        ("spec", saying("We are specialists"), ""),
        ("казино", saying("казиноведение"), ""),
        ("ada", saying(full_name="A. Lovelace"), ""),
    ],
)
def test_what_only_looks_like_it_is_not(entry: str, submission: Submission, ip: str) -> None:
    assert reason_of(submission, replace(FORM, block=blocking(entry).block), ip=ip) is None


def test_the_problem_names_the_entry_but_no_address() -> None:
    form = blocking("bob@spam.example", "@bad.example", "online casino")

    problems = [
        str(judge(submission, form))
        for submission in (a_submission("bob@spam.example"), a_submission("a@bad.example"), saying("online casino"))
    ]

    assert "its e-mail address" in problems[0]
    assert "bob@" not in problems[0]
    assert "'bad.example'" in problems[1]
    assert "'online casino'" in problems[2]
    assert all("`block`" in problem for problem in problems)


# -- bots


SAMPLES = Path(__file__).parents[1] / "samples" / "form-tools"
REQUESTS = {path.stem: json.loads(path.read_text("utf-8"))["request"] for path in sorted(SAMPLES.glob("*.json"))}
RECORDED = [name for name, request in REQUESTS.items() if request.get("raw_body")]


@each_row("name", RECORDED)
def test_no_recorded_enquiry_is_held(name: str) -> None:
    request = REQUESTS[name]
    headers = {header.lower(): value for header, value in request["headers"].items()}

    reading = read(Incoming(request["raw_body"].encode(), headers=headers), FORM)

    assert reason_of(reading.submission) is None


ANSWERS = st.dictionaries(
    st.sampled_from(["full_name", "message", "email", "company", "own"]), st.text() | st.lists(st.text(), max_size=3)
)


@given(fields=ANSWERS, extras=ANSWERS, ip=st.text(max_size=20), fill_s=st.floats() | st.none())
def test_judging_never_raises_and_is_repeatable(
    fields: dict[str, Any], extras: dict[str, Any], ip: str, fill_s: float | None
) -> None:
    submission = a_submission(fields=fields, extras=extras)
    form = replace(blocking("casino", "赌场", "192.0.2.0/24", "@spam.example"), name="contact")
    seen = RequestContext(ip=ip, fill_s=fill_s)

    assert judge(submission, form, seen) == judge(submission, form, seen)
