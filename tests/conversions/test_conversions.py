"""Which happenings are conversions, and what ad platforms get of them."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from service.conversions import Conversion, ConversionQuery, ConversionSelection, Fit, select_conversions
from service.forms import Form
from service.lead import Attribution, Contact, Evidence, Lead, StoredTouch
from service.platforms.google_ads import conversions as google
from service.platforms.meta import conversions as meta
from service.store import SaleChange, SaleStatus, Store
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.store.sales import a_change, a_sale, delivered
from tests.tables import each_row

DAY = timedelta(days=1)
NAMES = {"received": "Lead", "won": "Lead won", "lost": "Lead lost", "toured": "Tour"}
FORM = a_form(conversions=NAMES)
HEADER = ["Google Click ID", "Conversion Name", "Conversion Time", "Conversion Value", "Conversion Currency"]


def all_fit(_conversion: Conversion, _form: Form) -> None:
    """A platform that takes everything."""


def of_google(store: Store, lead: Lead, *changes: SaleChange, worth: float | None = 450.0) -> Lead:
    """A delivered lead to which this happened."""
    delivered(store, lead)
    store.write(lambda tx: tx.crm.save_sales([a_sale(lead, value=worth)], changes))
    return lead


def chosen(store: Store, fit: Fit = all_fit, form: Form = FORM, **wish: Any) -> ConversionSelection:
    """What is to be reported."""
    return select_conversions(store, {"contact": form}, ConversionQuery(wish.pop("platform", "google"), **wish), fit)


def names(selection: ConversionSelection) -> list[str]:
    """Of the conversions."""
    return [one.name for one in selection.conversions]


def clicked(**ids: str) -> Lead:
    """A lead that came by an ad."""
    return a_lead(attribution=Attribution(click_ids=ids))


def of_meta(external_id: str = "1234567890123456", sender: str = "meta", **changes: Any) -> Lead:
    """A lead of one of Meta's forms."""
    return a_lead(submission=a_submission(sender=sender, external_id=external_id, **changes))


def a_conversion(lead: Lead, name: str = "Lead won", **changes: Any) -> Conversion:
    """Won at noon."""
    return Conversion(lead, name, **{"at": NOON, "value": 450.0, "currency": "GBP", **changes})


def rows(*conversions: Conversion) -> Sequence[Sequence[str]]:
    """The file for Google."""
    out = io.StringIO(newline="")
    google.write(conversions, {}, out)
    return list(csv.reader(io.StringIO(out.getvalue())))


# -- choosing


def test_events_named_by_the_forms_file_are_selected_in_order_of_time(store: Store) -> None:
    won, came = a_change(a := a_lead(), name="won", at=NOON + DAY), a_change(a)
    toured, moved = a_change(a, "stage", "Toured", at=NOON + DAY / 2), a_change(a, "stage", "Contacted")
    of_google(store, a, won, came, toured, moved)

    assert names(chosen(store)) == ["Lead", "Tour", "Lead won"]


def test_only_what_was_won_has_a_value(store: Store) -> None:
    of_google(store, a := a_lead(), a_change(a), a_change(a, name="won", at=NOON + DAY))

    selection = chosen(store).conversions

    assert [(one.value, one.currency) for one in selection] == [(None, ""), (450.0, "GBP")]


def test_what_was_reported_is_not_reported_again_unless_wanted(store: Store) -> None:
    of_google(store, a := a_lead(), a_change(a), a_change(a, name="won"))
    store.write(lambda tx: tx.crm.record_conversions("google", [(a.id, "Lead won")], NOON))

    selection = chosen(store)

    assert (names(selection), selection.left_out) == (["Lead"], {"reported": 1})
    assert sorted(names(chosen(store, again=True))) == ["Lead", "Lead won"]
    assert len(names(chosen(store, platform="meta"))) == 2


def test_won_twice_is_one_conversion(store: Store) -> None:
    of_google(store, a := a_lead(), a_change(a, name="won"), a_change(a, name="won", at=NOON + DAY))

    assert names(chosen(store)) == ["Lead won"]


def test_an_outcome_and_a_stage_of_its_name_are_two_conversions(store: Store) -> None:
    stage, outcome = a_change(a := a_lead(), "stage", "Won", at=NOON), a_change(a, name="won", at=NOON + DAY)
    of_google(store, a, stage, outcome)

    both = chosen(store, form=a_form(conversions={"won": "Lead won", "stage:won": "Signed"}))

    assert [(one.name, one.at) for one in both.conversions] == [("Signed", NOON), ("Lead won", NOON + DAY)]
    assert [one.at for one in chosen(store, form=a_form(conversions={"won": "Lead won"})).conversions] == [NOON + DAY]


def test_a_stage_that_was_entered_twice_counts_from_the_first_time(store: Store) -> None:
    again, first = (a_change(a := a_lead(), "stage", "Toured", at=NOON + DAY), a_change(a, "stage", "Toured"))
    of_google(store, a, again, first)  # noticed in the other order

    assert [(one.name, one.at) for one in chosen(store).conversions] == [("Tour", NOON)]


def test_one_that_is_opened_again_is_not_received_again(store: Store) -> None:
    of_google(store, a := a_lead(), a_change(a), a_change(a, at=NOON + DAY))

    assert names(chosen(store, since=NOON + DAY / 2)) == []


@pytest.mark.parametrize(
    ("answers", "refused"),
    [
        ({"fields": {"consent": "no"}}, True),
        ({"fields": {"consent": ["yes", "Nein"]}}, True),
        ({"extras": {"consent: May we measure?": "no"}}, True),
        ({"fields": {"consent": "yes"}}, False),
        ({"fields": {"consent": "I agree to be called"}}, False),
        ({"extras": {"consented_before": "no"}}, False),
        ({}, False),
    ],
)
def test_people_who_refused_are_left_out(store: Store, answers: Mapping[str, Any], refused: bool) -> None:
    of_google(store, a := a_lead(submission=a_submission(**answers)), a_change(a, name="won"))

    selection = chosen(store)

    assert selection.left_out == ({"refused": 1} if refused else {})
    assert len(selection.conversions) == (not refused)


def test_erased_people_are_not_reported(store: Store) -> None:
    of_google(store, a := a_lead(), a_change(a, name="won"))
    store.erase([a.id], NOON)

    assert chosen(store) == ConversionSelection()


def test_a_form_without_conversions_reports_nothing(store: Store) -> None:
    of_google(store, a := a_lead(), a_change(a, name="won"))

    assert chosen(store, form=a_form()) == ConversionSelection()


# -- Google Ads


def test_a_row_has_what_google_asks_for(store: Store) -> None:
    assert rows(a_conversion(clicked(gclid="Cj0-x"), 'Won, "big"')) == [
        HEADER,
        ["Cj0-x", 'Won, "big"', "2026-11-24 12:00:00+0000", "450.00", "GBP"],
    ]


@pytest.mark.parametrize("lacking", [{"value": None}, {"currency": ""}])
def test_without_amount_or_currency_there_is_no_value(lacking: dict[str, Any]) -> None:
    assert rows(a_conversion(clicked(gclid="Cj0-x"), **lacking))[1][3:] == ["", ""]


def test_clicks_without_gclid_have_columns_of_their_own_where_there_are_any() -> None:
    clicks = [clicked(gclid="g", wbraid="w"), clicked(gbraid="b", wbraid="w"), clicked(wbraid="w")]

    header, *data_rows = rows(*map(a_conversion, clicks))

    assert header == [HEADER[0], "GBRAID", "WBRAID", *HEADER[1:]]
    assert [row[:3] for row in data_rows] == [["g", "", ""], ["", "b", ""], ["", "", "w"]]


@each_row(
    ("conversion", "reason"),
    [
        (a_conversion(clicked(gclid="g")), None),
        (a_conversion(clicked(wbraid="w")), None),
        (a_conversion(clicked(fbclid="f")), "no_id"),
        (a_conversion(clicked(gclid="g"), "Lead lost"), "lost"),
        (a_conversion(clicked(gclid="g"), at=NOON + 91 * DAY), "late"),
    ],
)
def test_google_receives_its_own_clicks_in_time(conversion: Conversion, reason: str | None) -> None:
    assert google.fit(conversion, FORM) == reason


def visited(query: str = "", credited: str = "", **days: float) -> Lead:
    """A lead that landed with `query`, whose `first` and `last` visit was so many days before.

    credited: the click id of the verdict.
    """

    def touch(name: str) -> StoredTouch | None:
        at = (NOON - days[name] * DAY).timestamp() if name in days else None
        return StoredTouch(f"https://www.example.com/?gclid={name}", at=at) if at else None

    page = f"https://www.example.com/?{query}"
    evidence = Evidence(landing_url=page, first=touch("first"), last=touch("last"), submitted_at=NOON.timestamp())
    ids = {"gclid": credited} if credited else {}
    return a_lead(submission=a_submission(evidence=evidence), attribution=Attribution(click_ids=ids))


@each_row(
    ("lead", "days", "gclid"),
    [
        pytest.param(visited("utm_medium=email", first=80), 0, "first", id="a newsletter closed what an ad began"),
        pytest.param(visited("utm_medium=email", first=80), 11, "late", id="but that was too long ago"),
        pytest.param(visited(last=5, first=80), 11, "last", id="the newest"),
        pytest.param(visited("gclid=this", last=5, first=80), 11, "this", id="that of this visit"),
        pytest.param(visited("gclid=first", first=80), 11, "late", id="this visit, opened before"),
        pytest.param(visited(credited="first", last=5, first=80), 0, "last", id="though the first got the credit"),
        pytest.param(visited(credited="older", first=80), 0, "older", id="one that only the attribution has"),
        pytest.param(visited("gbraid=b&fbclid=f"), 0, "", id="a braid"),
        pytest.param(visited("wbraid=w&gclid=g"), 0, "g", id="a gclid before a braid"),
        pytest.param(visited(last=-1), 89, "last", id="a visitor's clock was ahead"),
        pytest.param(visited("utm_medium=email"), 0, "no_id", id="none"),
    ],
)
def test_google_receives_the_newest_click_of_all_visits(lead: Lead, days: int, gclid: str) -> None:
    conversion = a_conversion(lead, at=NOON + days * DAY)

    reason, (_, *data_rows) = google.fit(conversion, FORM), rows(conversion)

    assert [reason, *(row[0] for row in data_rows)] == ([gclid] if reason else [None, gclid])


# -- Meta


def test_an_event_has_what_meta_asks_for() -> None:
    event = meta.event(a_conversion(of_meta()), FORM, hashed=False)

    assert event.pop("event_id")
    assert event == {
        "event_name": "Lead won",
        "event_time": int(NOON.timestamp()),
        "action_source": "system_generated",
        "user_data": {"lead_id": 1234567890123456},
        "custom_data": {
            "event_source": "crm",
            "lead_event_source": "Lead Capture for Nexudus",
            "value": 450.0,
            "currency": "GBP",
        },
    }


def test_the_same_event_has_the_same_id_however_often_it_is_reported() -> None:
    lead = of_meta()

    ids = [meta.event(a_conversion(lead, name), FORM, hashed=False)["event_id"] for name in ("Tour", "Tour", "Won")]

    assert ids[0] == ids[1] != ids[2]


def test_e_mail_and_phone_go_hashed_and_only_where_asked_for() -> None:
    lead = of_meta(contact=Contact(email="Ada@Example.com", phone="+442079460142"))

    user = meta.event(a_conversion(lead), FORM, hashed=True)["user_data"]

    assert user["em"] == [hashlib.sha256(b"ada@example.com").hexdigest()]
    assert user["ph"] == [hashlib.sha256(b"442079460142").hexdigest()]


@each_row(
    ("lead", "days", "reason"),
    [
        (of_meta(), 6, None),
        (of_meta(), 8, "late"),
        (of_meta("not-a-number"), 0, "no_id"),
        (of_meta(sender="browser"), 0, "no_id"),
        (of_meta(sender="json"), 0, None),
    ],
)
def test_meta_receives_its_own_leads_in_time(lead: Lead, days: int, reason: str | None) -> None:
    form = a_form(webhooks={"json": {"platform": "meta"}})

    assert meta.fit_at(NOON + days * DAY)(a_conversion(lead), form) == reason


def test_events_are_lines_of_json(store: Store) -> None:
    out = io.StringIO()

    meta.write(
        [a_conversion(of_meta()), a_conversion(of_meta("2234567890123456"))], {"contact": FORM}, out, hashed=False
    )

    assert out.getvalue().count("\n") == 2
    assert '"lead_id": 2234567890123456' in out.getvalue()


def test_the_sale_says_how_far_it_is(store: Store) -> None:
    of_google(store, a := a_lead(), a_change(a))

    with store.read() as tx:
        assert tx.crm.sales_of([a.id])[a.id].status is SaleStatus.IN_PROGRESS
