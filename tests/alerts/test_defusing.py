"""Strangers' words in notifications: they call nobody, nothing in them can be clicked, and they can still be read."""

import re
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.alerts.lead_messages import about_many, about_one
from service.alerts.wording import defuse, defuse_mentions
from service.lead import Attribution, Contact, Status
from tests.builders import a_form, a_lead, a_submission
from tests.tables import each_row

URL = "https://leads.example.com"

CALLS = ("@everyone", "@here", "@channel", "@all", "@room", "@boss", "<!here>", "<!channel>", "<@U123>", "<@&9>")
LINKS = (
    *("https://evil.test/x", "HTTP://EVIL.TEST", "www.evil.test", "evil.test/x", "evil.test", "//evil.test"),
    *(
        "[click](https://evil.test)",
        "[click](javascript:alert)",
        "![x](http://evil.test/p)",
        "[a][1]",
        "[1]: evil.test",
    ),
    *("<https://evil.test|click>", "<mailto:a@evil.test|click>", "slack://open", "evil\u3002test", "http://1.2.3.4/"),
)
BEFORE = ("", " ", "a", "1", ".", "a.", "-", "_", "+", "*", "(", "/", "<", "@", "é", ",", "[", "]", "`", "~", "|", ":")

ACTIVE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"@(everyone|here)",
        r"@(channel|all|room)\b",
        r"(^|[^a-z0-9])@\w",
        r"<([@!#&:]|/?[a-z0-9+.-]+:)",
        r"\]\(",
        r"\]\[",
        r"\]:",
        r"[a-z0-9]://",
        r"(?<![\w@.%+'-])(?:[a-z0-9-]+[.\u3002])+(test|com|net|org|io)\b(?!@|[\w.%+'-]*@)",
    )
)
"""What chat programs act on, written from their side. Dots of e-mail addresses, which stay, are none of it."""


def active_in(text: str) -> list[str]:
    return [pattern.pattern for pattern in ACTIVE if pattern.search(text)]


@each_row("before", BEFORE)
@each_row("hostile", [*CALLS, *LINKS])
def test_nothing_is_active_whatever_stands_before_it(hostile: str, before: str) -> None:
    for text in (f"Hi {before}{hostile}", f"Hi {before}{hostile}{hostile}_", f"{before}{hostile.upper()}!"):
        assert active_in(defuse(text)) == [], defuse(text)


@settings(max_examples=200)
@example("@²")
@example("@everyone@everyonewww.evil.test")
@given(st.lists(st.one_of(st.sampled_from([*CALLS, *LINKS, *BEFORE]), st.text(max_size=5)), max_size=8).map("".join))
def test_no_message_about_leads_has_an_active_part(hostile: str) -> None:
    contact = Contact("ann@example.com", hostile, phone=hostile, company=hostile)
    fields = {"message": hostile, "team_size": hostile, "location": hostile}
    submission = a_submission(form="tour", contact=contact, fields=fields)
    attribution = Attribution(utm_source=hostile, utm_campaign=hostile, channel="Paid Social")
    lead = a_lead(status=Status.PARKED, problem=hostile, submission=submission)
    lead = replace(lead, attribution=attribution)

    for message in (about_one(lead, a_form("tour"), URL), about_many([lead], 3, a_form("tour"), URL)):
        ours = (f"{URL}/admin/leads/{lead.id}", f"{URL}/admin/leads?form=tour")
        text = message.title + "\n" + message.body
        for address in ours:
            text = text.replace(address, "")
        assert active_in(text) == [], text


@given(st.text(max_size=60))
def test_only_spaces_are_added(text: str) -> None:
    assert defuse(text).replace(" ", "") == text.replace(" ", "")


@each_row(
    ("text", "shown"),
    [
        ("Two desks from 1.5., please: 12:30?", "Two desks from 1.5., please: 12:30?"),
        ("write to ann.lee+desk@mail.example.co.uk", "write to ann.lee+desk@mail.example.co.uk"),
        ("see https://acme.example/about", "see https: //acme. example/about"),
        ("[click](https://evil.test)", "[click] (https: //evil. test)"),
        ("Hi @everyone, -@here", "Hi @ everyone, -@ here"),
        ("x@everyone.evil.test", "x@ everyone. evil. test"),
        ("3 < 4 and 5>4", "3 < 4 and 5>4"),
        ("Ph.D. Ann O'Neil", "Ph. D. Ann O'Neil"),
    ],
)
def test_it_can_still_be_read(text: str, shown: str) -> None:
    assert defuse(text) == shown


def test_our_own_addresses_stay_in_alerts_while_mentions_do_not() -> None:
    text = "Nexudus said: a.@channel <!here>. See https://status.example.com and `lead-capture leads`."

    assert defuse_mentions(text) == (
        "Nexudus said: a.@ channel < !here>. See https://status.example.com and `lead-capture leads`."
    )
