"""Answers that a tool made HTML on their way: read once, and nothing of what a person typed gets lost."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.parsing.texts import clean, unescape
from service.store import Store
from tests.builders import a_form
from tests.front import ANN, SCRIPT, Front
from tests.tables import each_row

TYPED = {
    "an ampersand": ("Two desks &amp; more", "Two desks & more"),
    "an apostrophe": ("I&#039;d like a tour", "I'd like a tour"),
    "an apostrophe in hexadecimal": ("I&#x27;d like a tour", "I'd like a tour"),
    "an apostrophe by name": ("I&apos;d like a tour", "I'd like a tour"),
    "quotation marks": ("Two &quot;desks&quot;", 'Two "desks"'),
    "letters": ("M&uuml;ller &eacute;t&eacute; &euro;", "Müller été €"),
    "a space": ("Two&nbsp;desks", "Two desks"),
    "typographer's marks": ("Ann&rsquo;s &#8211; desk", "Ann\u2019s \u2013 desk"),
    "an escape that was typed": ("Write &amp;amp; please", "Write &amp; please"),
    "a link among words": ("See https://a.example/?b=1&amp;c=2 please", "See https://a.example/?b=1&c=2 please"),
    "a control character": ("a&#0;b&#8;c&#x200b;d", "a\ufffdbcd"),
}

LEFT_ALONE = {
    "a bare ampersand": "R&D &amp; more",
    "a tag": "<b>Smith &amp; Sons</b>",
    "a comparison": "a < b &amp; c",
    "no entity": "a &amp b &desk; c&;",
    "a link": "https://a.example/?b=1&amp;c=2",
    "a path": "/tour?b=1&amp;c=2",
    "a query": "?b=1&amp;c=2",
    "JSON": '{"a":"b &amp; c &quot;d&quot;"}',
    "no entities": "Two desks; and more",
}


@each_row("name", TYPED)
def test_what_a_tool_escaped_is_read_as_it_was_typed(name: str) -> None:
    sent, typed = TYPED[name]

    assert unescape({"a": "b", "message": sent}) == {"a": "b", "message": typed}
    assert unescape({"message": [sent, "x"]}) == {"message": [typed, "x"]}


@each_row("name", LEFT_ALONE)
def test_text_without_escapes_is_left_alone(name: str) -> None:
    answers = {"message": LEFT_ALONE[name]}

    assert unescape(answers) == answers


def test_of_words_about_html_what_was_sent_is_kept_as_well() -> None:
    sent = {"message": "How do I write &amp; in HTML?", "note": "I &lt;3 it"}

    assert unescape(sent) == {
        "message": "How do I write & in HTML?",
        "message (as sent)": "How do I write &amp; in HTML?",
        "note": "I <3 it",
        "note (as sent)": "I &lt;3 it",
    }


@pytest.mark.parametrize("path", ["/f/contact", "/webhooks/json/contact", "/webhooks/elementor/contact"])
def test_tools_are_read_so_at_both_doors(sqlite: Store, path: str) -> None:
    front = Front(sqlite, a_form(webhooks={"json": {}, "elementor": {}}))

    front.client.post(path, json={**ANN, "company": "Smith &amp; Sons", "perk": "O&#039;Brien&#039;s"}, headers=SCRIPT)

    submission = front.lead().submission
    assert (submission.contact.company, submission.extras["perk"]) == ("Smith & Sons", "O'Brien's")


def test_a_browser_sends_what_was_typed(front: Front) -> None:
    front.post({**ANN, "message": "Write &amp; please"}, headers={"Sec-Fetch-Mode": "navigate"})

    assert front.lead().submission.fields["message"] == "Write &amp; please"


@given(st.text(), st.booleans())
def test_what_was_escaped_comes_back_as_it_was_typed(text: str, quote: bool) -> None:
    sent = html.escape(clean(text), quote=quote)

    unescaped = unescape({"message": f"x {sent} y"})

    assert unescaped["message"] == f"x {clean(text)} y".strip()


@given(st.text(st.sampled_from("&;#x0amplt<>{/?= 8")))
def test_any_text_is_read_or_left_alone(text: str) -> None:
    unescaped = unescape({"a": text})

    assert unescaped["a"] == text or "&" in text
    assert "\0" not in str(unescaped["a"])
