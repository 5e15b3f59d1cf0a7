"""What people call their fields, in nine languages and as form builders mangle it."""

import json
from pathlib import Path

import pytest

from service.capture.fields.names import fold, meaning_of
from tests.tables import each_row

ALIASES = json.loads((Path(__file__).parents[2] / "service" / "capture" / "fields" / "aliases.json").read_text("utf-8"))

SPOKEN = {
    "first_name": "first_name,fname,given-name,Vorname,prénom,primeiro nome,voornaam,imię,förnamn,fornavn",
    "last_name": "last_name,surname,Nachname,apellidos,cognome,sobrenome,achternaam,nazwisko,efternamn,etternavn",
    "full_name": "name,your-name,Ansprechpartner,nom complet,nombre completo,nome e cognome,naam,imię i nazwisko,navn",
    "email": "e-mail,work_email,E-Mail-Adresse,courriel,correo electrónico,indirizzo e-mail,e-mailadres,adres e-mail",
    "phone": "tel,mobile,Handy,téléphone,móvil,cellulare,telemóvel,telefoonnummer,numer telefonu,telefon",
    "company": "organization,Firma,société,entreprise,empresa,ragione sociale,bedrijfsnaam,nazwa firmy,företag",
    "message": "comments,enquiry,Nachricht,votre message,mensaje,messaggio,mensagem,bericht,wiadomość,meddelande",
    "team_size": "desks,Anzahl Personen,Teamgröße,nombre de postes,número de personas,liczba osób,antal personer",
    "location": "city,Standort,ville,ubicación,città,cidade,plaats,miasto,plats",
    "move_in_date": "start_date,Einzugsdatum,date d'emménagement,fecha de entrada,data di inizio,startdato",
    "budget": "budget,presupuesto,orçamento,budżet",
    "consent": "gdpr,acceptance-1,Datenschutz,DSGVO,rgpd,j'accepte,acepto,consenso,aceito,akkoord,zgoda,samtycke",
}  # fmt: skip

MANGLED = {
    "Email *": "email",
    "E-MAIL": "email",
    "Phone (required)": "phone",
    "Name:": "full_name",
    "field:email_a1b2": "email",
    "field:phone": "phone",
    "q12_email": "email",
    "tel-723": "phone",
    "acceptance-1": "consent",
    "contact.email": "email",
    "fields.lead.email": "email",
    "name.first": "first_name",
    "votre téléphone": "phone",
    "contact_form_email": "email",
    "utm.source": "utm_source",
    "utmSource": "utm_source",
    "UTM Source": "utm_source",
    "hidden-utm-source": "utm_source",
    "last_utm_source": "utm_source",
    "attribution.utm.medium": "utm_medium",
    "first_utm_source": "first_utm_source",
    "utm_source_1st": "first_utm_source",
    "handl_landing_page": "landing_page",
    "hidden-full-url": "page_url",
    "http_referer": "referrer",
    "click_ids.msclkid": "msclkid",
    "GCLID": "gclid",
    "submissionId": "external_id",
    "form-name": "form_name",
    "_gotcha": "_honeypot",
    "BOTCHECK": "_honeypot",
    "_next": "_redirect",
    "retURL": "_redirect",
    "cf-turnstile-response": "_captcha_token",
    "_wpcf7_unit_tag": "_form_control",
    "_wpcf7_is_ajax_call": "_form_control",
    "_wpcf7_url": "page_url",
    "lc_key": "lc_key",
    "g52-name": "full_name",
    "g52-utm_source": "utm_source",
    "name_1": "full_name",
    "Name.value.first": "first_name",
    "email-2": "email",
    "textarea_1": "message",
    "et_pb_contact_message_0": "message",
    "srfm-email-c867d9d9-lbl-RW1haWw-email": "email",
    "form_fields[utm_source]": "utm_source",
    "form_fields[lc_landing_url]": "lc_landing_url",
    "wpforms[nonce]": "_form_control",
    "_fluentform_3_fluentformnonce": "_form_control",
    "forminator_nonce": "_form_control",
    "csrf-token": "_form_control",
    "srfm-honeypot-field": "_honeypot",
    "contact-honeypot_1": "_honeypot",
    "_wp_http_referer": "page_path",
    "_url": "page_url",
    "_post_url": "page_url",
    "referer_url": "page_url",
    "meta.url": "page_url",
    "context.page.url": "page_url",
    "window.location.href": "page_url",
    "Callback number": "phone",
    "Tussenvoegsel": "name_particle",
    "Segundo apellido": "second_last_name",
    "Name.Middle": "middle_name",
    "name.Vorname": "first_name",
    "nom.prénom": "first_name",
    "Middle initial": "middle_name",
    "Apellido 1": "last_name",
    "Apellido 2": "second_last_name",
    "Name of contact": "full_name",
    "Nom du client": "full_name",
    "customer_message": "message",
    "jouw-bericht": "message",
    "Comment or Message": "message",
    "gform_source_page_number_3": "_form_control",
    "wpforms[token]": "_form_control",
    "__fluent_protection_token_3": "_form_control",
    "ak_js": "_form_control",
}

LABELLED = {
    "Phone (incl. country code)": "phone",
    "Telefon (für Rückfragen)": "phone",
    "Email. We never share it.": "email",
    "E-Mail-Adresse (wird nicht veröffentlicht)": "email",
    "Company / Organisation (optional)": "company",
    "Téléphone : portable de préférence": "phone",
    "Budget – per month": "budget",
    "1. Name": "full_name",
    "(optional) Phone": "phone",
    "Email <small>(work)</small>": "email",
    "Please enter your phone number": "phone",
    "Great! What's your email?": "email",
    "Nombre / Name": "full_name",
    "Nom / Prénom": "full_name",
    "Name (last)": "last_name",
    "Name (Company)": "company",
    "E-mail pflichtfeld": "email",
}


@each_row(("target", "name"), [(key, name) for key, names in SPOKEN.items() for name in names.split(",")])
def test_a_name_is_understood(target: str, name: str) -> None:
    meaning = meaning_of(name)

    assert meaning is not None
    assert meaning.target == target


@each_row("name", MANGLED)
def test_a_mangled_name_is_understood(name: str) -> None:
    meaning = meaning_of(name)

    assert meaning is not None
    assert meaning.target == MANGLED[name]


@each_row("label", LABELLED)
def test_a_label_means_what_stands_before_its_hint(label: str) -> None:
    meaning = meaning_of(label)

    assert meaning is not None
    assert meaning.target == LABELLED[label]


@each_row(
    "label",
    [
        "Email / Phone",
        "Name & company",
        "Pet: name",
        "How many people are in your company?",
        "How do you pronounce it?",
    ],
)
def test_a_label_that_asks_for_several_things_or_another_means_nothing(label: str) -> None:
    assert meaning_of(label) is None


@each_row("name", ["source", "ref", "url", "site", "text", "title", "file", "menu-181", "", "*", "event_id"])
def test_a_name_that_says_too_little_is_never_guessed(name: str) -> None:
    assert meaning_of(name) is None


@pytest.mark.parametrize("name", ["gotcha", "next", "my_next", "your_submit_reason"])
def test_control_names_are_matched_exactly(name: str) -> None:
    meaning = meaning_of(name)

    assert meaning is None or not meaning.target.startswith("_")


def test_every_alias_means_its_own_group() -> None:
    wrong = {alias: group for group, names in ALIASES.items() for alias in names if _target(alias) != group}

    assert not wrong


def test_nearer_spellings_come_first() -> None:
    distances = [
        meaning.distance for name in ("email", "lead.email", "your_mail_email") if (meaning := meaning_of(name))
    ]

    assert distances == sorted(distances)


@each_row(
    ("name", "folded"),
    [("Größe", "grosse"), ("Łódź", "lodz"), ("ADINIZ", "adiniz"), ("Ø-by", "oby"), ("ﬁrma", "firma")],
)
def test_folding_keeps_letters_and_digits_only(name: str, folded: str) -> None:
    assert fold(name) == folded


def _target(alias: str) -> str | None:
    meaning = meaning_of(alias)
    return meaning and meaning.target
