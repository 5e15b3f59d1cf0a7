"""What the form plugins of WordPress send beside the recorded requests."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from service.capture.tools.sender import InvalidSignature, WebhookCall
from service.capture.tools.wordpress import WPFORMS
from service.lead import Lead, Status
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.recorded import recorded
from tests.front import FORM_TYPE, Front

AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
GERMAN = {
    "Datum": "24. November 2026",
    "Zeit": "10:04",
    "Seiten-URL": "https://kiezwerk.example/tour/?utm_source=newsletter",
    "Benutzer-Agent": AGENT,
    "IP-Adresse": "198.51.100.77",
    "Erstellt mit": "Elementor",
    "form_id": "be98e48",
    "form_name": "Anfrage",
}
MAPPED = {"message": ["4"], "phone": ["3"], "utm_source": ["7"], "utm_medium": ["8"], "utm_campaign": ["9"]}
ENTRY = {"id": "12", "form_id": "3", "1.3": "Ann", "1.6": "Lee", "2": "ann@example.com"}


def kept_as(sqlite: Store, sender: str, *bodies: Mapping[str, Any] | str, agent: str = "", **table: Any) -> list[Lead]:
    """The leads of bodies that a sender posts: forms, or JSON where it is text."""
    front = Front(sqlite, a_form("tour", webhooks={sender: table}))
    for body in bodies:
        sent, kind = (body, "application/json") if isinstance(body, str) else (urlencode(body, doseq=True), FORM_TYPE)
        headers = {"User-Agent": agent}
        answer = front.client.post(f"/webhooks/{sender}/tour", data=sent, content_type=kind, headers=headers)
        assert answer.status_code == 200
    return front.leads()


# -- Elementor


def test_rows_of_elementors_own_are_told_apart_in_the_sites_language(sqlite: Store) -> None:
    (lead,) = kept_as(sqlite, "elementor", {"Name": "Ann Lee", "E-Mail": "ann@example.com", **GERMAN})

    assert dict(lead.submission.extras) == {"form_id": "be98e48"}
    assert lead.submission.evidence.page_url == GERMAN["Seiten-URL"]
    assert (lead.submission.form_name, lead.attribution.utm_source) == ("Anfrage", "newsletter")


def test_answers_beside_elementors_advanced_data_are_kept(sqlite: Store) -> None:
    sent = {"form[id]": "a1", "form[name]": "Tour", "form[email]": "ann@example.com", "plan": "Two desks"}
    (lead,) = kept_as(sqlite, "elementor", sent)

    assert lead.submission.contact.email == "ann@example.com"
    assert (lead.submission.form_name, lead.submission.extras["plan"]) == ("Tour", "Two desks")


def test_a_date_that_the_person_gave_stays(sqlite: Store) -> None:
    (lead,) = kept_as(
        sqlite,
        "elementor",
        {
            "Email": "ann@example.com",
            "Datum": "1. März",
            "Message": "Hi",
            **{name: value for name, value in GERMAN.items() if name != "Datum"},
        },
    )

    assert lead.submission.extras["Datum"] == "1. März"


@pytest.mark.parametrize("label", ["No Label utm_source", "Ohne Label utm_source", "ラベルなし utm_source"])
def test_a_field_without_a_label_counts_by_its_id(sqlite: Store, label: str) -> None:
    (lead,) = kept_as(
        sqlite, "elementor", {"Email": "ann@example.com", label: "bing", "form_id": "1", "form_name": "F"}
    )

    assert lead.attribution.utm_source == "bing"


@pytest.mark.parametrize("answers", [{"Name": "", "Email": "", "Message": ""}, {}], ids=["blank", "none"])
def test_a_form_without_any_answer_is_a_test_and_answered_with_200(sqlite: Store, answers: dict[str, str]) -> None:
    (lead,) = kept_as(sqlite, "elementor", {**answers, **GERMAN})

    assert lead.status is Status.TEST


def test_with_advanced_data_a_field_without_a_title_counts_by_its_id(sqlite: Store) -> None:
    rows = {"form[id]": "7c2", "form[name]": "Tour", "fields[a][type]": "email", "fields[a][title]": "Wohin?"}
    more = {
        "fields[a][value]": "ann@example.com",
        "fields[message][type]": "textarea",
        "fields[message][title]": "Und?",
    }

    (lead,) = kept_as(sqlite, "elementor", {**rows, **more, "fields[message][value]": "Two desks."})

    assert (lead.submission.contact.email, lead.submission.fields["message"]) == ("ann@example.com", "Two desks.")


# -- Gravity Forms


def test_numbers_that_the_operator_mapped_are_understood(sqlite: Store) -> None:
    body = next(each.body for each in recorded("gravity-forms") if each.name == "gravityforms-all-fields").decode()

    (lead,) = kept_as(sqlite, "gravity-forms", body, fields=MAPPED)

    assert lead.submission.fields["message"] == "Looking for a corner office."
    assert lead.submission.contact.phone == "(0471) 555-0182"
    assert lead.attribution.utm_campaign == "leeds"


def test_a_consent_is_told_by_its_parts(sqlite: Store) -> None:
    consent = {"6.1": "1", "6.2": "I agree to the privacy policy.", "6.3": "4"}

    (lead,) = kept_as(sqlite, "gravity-forms", {**ENTRY, **consent})

    assert lead.submission.fields["consent"] == "1"
    assert dict(lead.submission.extras).keys() == {"form_id", "2", "6.2", "email (guessed)"}


def test_entry_12_of_another_site_is_another_lead(sqlite: Store) -> None:
    first, second = ({**ENTRY, "4": site, "source_url": f"https://{site}.example/"} for site in ("north", "south"))

    assert len(kept_as(sqlite, "gravity-forms", first, second, first)) == 2


def test_the_site_says_who_it_is_in_its_user_agent(sqlite: Store) -> None:
    for agent in (
        "WordPress/6.8; https://north.example",
        "WordPress/6.9; https://north.example",
        "WordPress/6.8; https://a",
    ):
        leads = kept_as(sqlite, "gravity-forms", {**ENTRY, "4": agent}, agent=agent)

    assert len(leads) == 2


# -- WPForms


def test_several_answers_and_dates_of_wpforms_are_read(sqlite: Store) -> None:
    body = {"email": "ann@example.com", "extras": "Desk||Office", "when": {"value": "1 Dec 2026", "unix": 1796083200}}

    (lead,) = kept_as(sqlite, "wpforms", json.dumps(body))

    assert dict(lead.submission.extras) == {"extras": ["Desk", "Office"], "when": "1 Dec 2026"}


def test_a_recorded_signature_of_wpforms_counts_for_five_minutes() -> None:
    (sample,) = recorded("wpforms")
    headers = {name.lower(): value for name, value in sample.headers.items()}
    assert sample.verified_at
    assert WPFORMS.verify

    WPFORMS.verify(WebhookCall(sample.body, headers, received_at=sample.verified_at), sample.table)

    with pytest.raises(InvalidSignature, match="too old"):
        WPFORMS.verify(WebhookCall(sample.body, headers, received_at=sample.verified_at + 301), sample.table)


def test_the_number_of_the_webhook_is_no_id_of_an_entry(sqlite: Store) -> None:
    bodies = [json.dumps({"email": f"{name}@example.com"}) for name in ("ann", "bob")]

    assert [lead.submission.external_id for lead in kept_as(sqlite, "wpforms", *bodies)] == ["", ""]


# -- Ninja Forms, Fluent Forms


@pytest.mark.parametrize("name", ["data", "", "args"])
def test_ninja_forms_json_in_a_field_or_bare_is_read(sqlite: Store, name: str) -> None:
    packed = json.dumps({"email": "ann@example.com", "message": "Two desks."})

    (lead,) = kept_as(sqlite, "ninja-forms", {name: packed, "source": "site"} if name else packed)

    assert (lead.submission.contact.email, lead.submission.fields["message"]) == ("ann@example.com", "Two desks.")


def test_fluent_forms_posts_its_remarks_as_a_form_too(sqlite: Store) -> None:
    sent = {"names[first_name]": "Ann", "email": "ann@example.com", "__submission[id]": "318"}
    about = {"__submission[source_url]": "https://a.example/x", "__submission[user_inputs][email]": "ann@example.com"}

    (lead,) = kept_as(sqlite, "fluent-forms", {**sent, **about, "__submission[serial_number]": "77"})

    assert (lead.submission.external_id, lead.submission.evidence.page_url) == ("318", "https://a.example/x")
    assert dict(lead.submission.extras) == {"serial_number": "77"}


def test_submission_318_of_another_site_is_another_lead(sqlite: Store) -> None:
    bodies = [
        json.dumps({"email": "ann@example.com", "message": site, "__submission": {"id": 318, "source_url": site}})
        for site in ("https://a.example/", "https://b.example/", "https://a.example/")
    ]

    assert len(kept_as(sqlite, "fluent-forms", *bodies)) == 2


def test_contact_form_7_posts_its_plumbing_and_it_is_not_kept(sqlite: Store) -> None:
    plumbing = {"_wpcf7": "5", "_wpcf7_unit_tag": "wpcf7-f5-p2-o1", "_wpcf7_version": "6.1"}

    (lead,) = kept_as(sqlite, "contact-form-7", {**plumbing, "your-email": "ann@example.com", "menu-181[]": ["A", "B"]})

    assert dict(lead.submission.extras) == {"menu-181": ["A", "B"], "_wpcf7": "5"}
