"""Whose a name, number or address is, in many languages and as tools write paths."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.fields.layout import lay_out
from service.capture.fields.names import is_anothers, meaning_of
from service.forms import Form
from tests.tables import each_row

OWNERS = json.loads((Path(__file__).parents[2] / "service" / "capture" / "fields" / "owners.json").read_text("utf-8"))
PERSONAL = {"full_name", "first_name", "last_name", "email", "phone"}

THE_PERSONS = {
    "full_name": (
        "contact.name,attendees.0.name,lead[contact][name],data__user__name,form_fields[name],et_pb_contact_name_0,"
        "kontakt.name,client.nom,cliente.nombre,cliente.nome,klant.naam,kunde.navn,kund.namn,txtName,q3_yourName,"
        "company.contact_name,fields.3.name,customerName,Nafn / Name,your_name.value"
    ),
    "first_name": "user.first_name,name-1-first-name,properties.firstname.value,invitee.first_name,0-1/firstname",
    "last_name": "names[last_name],contact.name.last,everest_forms[form_fields][last_name],kunde.nachname",
    "email": (
        "user.email,billing.email,attendees.0.email,contact_form_email,data[user][email],form_fields[email],inputEmail,"
        "message.from.email,webhook.email,trigger.body.email,booking.email,cliente.correo,kunde.e_mail,field_email,"
        "ctl00$ContentPlaceHolder1$txtEmail,et_pb_contact_email_0,data.field:email_a1b2,emails.0.value,g52-email"
    ),
    "phone": (
        "customer_phone_number,customerPhoneNumber,billing_address.phone,User Phone,client.téléphone,kunde.telefon,"
        "klant.telefoon,cliente.teléfono,lead.mobile,wpforms_phone,phone_1,Your phone number please"
    ),
    "company": (
        "company.name,contact.company.name,customer.company.name,firma.name,empresa.nombre,société.nom,azienda.nome,"
        "bedrijf.naam,Brand name,organization.name,lead.company"
    ),
}  # fmt: skip

OF_OTHERS = (
    "file.name,fileName,file_name,product.name,productName,product[name],product__name,products.0.name,form.survey.name,"
    "survey.name,quiz.name,host.name,hostName,location.name,venue.name,organizer.name,organizer.email,event.organizer.name,"
    "owner.email,owner.first_name,lead.owner.email,contact.owner.phone,agent.phone,agentPhone,tracking_phone_number,"
    "trackingPhoneNumber,site_email,admin_email,recipient.email,account.email,workspace.name,workflow.name,created_by.name,"
    "emergency_contact.name,Emergency contact phone,referrer.name,friend.email,pet.name,items.0.name,line_items.0.name,"
    "datei.name,fichier.nom,archivo.nombre,allegato.nome,bestand.naam,produkt.name,producto.nombre,prodotto.nome,fil.navn,"
    "veranstalter.email,makler.telefon,propriétaire.téléphone,anfitrión.correo,eigenaar.naam,Name (pet),product/name,"
    "Email (of your agent),booking.title,event.organizer.user.name,Project name,username,image.first_name,"
    "company.phone,Name of the event,Nom du produit,Nombre del producto"
)  # fmt: skip

FACTS = "geo.city,ip.city,Entry.Origin.City,meta.city,device.company,City (by IP),ipinfo.city,file.location,ip_city"


@each_row(("target", "name"), [(target, name) for target, names in THE_PERSONS.items() for name in names.split(",")])
def test_a_name_behind_a_person_or_mere_wrapping_is_the_persons(target: str, name: str) -> None:
    meaning = meaning_of(name)

    assert meaning is not None
    assert meaning.target == target


@each_row("name", OF_OTHERS.split(","))
def test_a_name_of_something_else_is_not_the_persons(name: str) -> None:
    meaning = meaning_of(name)

    assert meaning is None or meaning.target not in PERSONAL


@each_row("name", FACTS.split(","))
def test_a_fact_of_the_call_is_no_answer(name: str) -> None:
    meaning = meaning_of(name)

    assert meaning is None or meaning.target not in {"location", "company", "message"}


@pytest.mark.parametrize("name", ["form.description", "survey.description", "product.description", "account.name"])
def test_what_a_thing_says_of_itself_is_no_answer(name: str) -> None:
    assert meaning_of(name) is None


@each_row("name", ["owner", "assigned_to", "organizer.email", "admin_email", "tracking_number"])
def test_another_persons_address_is_never_guessed_to_be_the_senders(name: str) -> None:
    layout = lay_out({name: "ops@example.com", "x1": "A desk?"}, Form("tour"))

    assert is_anothers(name)
    assert "email" not in layout.known
    assert layout.extras[name] == "ops@example.com"


JOININGS = (
    "{owner}.{name}",
    "data.{owner}.{name}",
    "{owner}[{name}]",
    "{owner}__{name}",
    "{owner}_{name}",
    "{owner}.0.{name}",
)
OTHERS = st.sampled_from([*OWNERS["thing"], *OWNERS["place"], *OWNERS["call"], *OWNERS["another_person"]])
OWN = st.sampled_from(["name", "email", "phone", "first_name", "nom", "nombre", "telefon", "correo", "phone_number"])
PLAIN = st.sampled_from(
    ["name", "email", "message", "Phone (mobile)", "utm_source", "page_url", "whatever", "x.y", "note"]
)


@given(owner=OTHERS, name=OWN, joining=st.sampled_from(JOININGS))
def test_nothing_of_a_things_is_the_persons_and_nothing_is_lost(owner: str, name: str, joining: str) -> None:
    path = joining.format(owner=owner, name=name)
    layout = lay_out({path: "of a thing", "your-email": "ann@example.com"}, Form("tour"))

    assert not PERSONAL & {target for target, answer in layout.known.items() if answer == "of a thing"}
    assert "of a thing" in {*layout.extras.values(), *layout.known.values()}


@given(names=st.lists(PLAIN | st.text(min_size=1, max_size=30) | OTHERS, unique=True, max_size=8))
def test_every_answer_is_found_in_fields_extras_or_controls(names: list[str]) -> None:
    answers = {name: f"answer {number}." for number, name in enumerate(names)}

    layout = lay_out(answers, Form("tour"))

    controls = [answer for group in layout.controls.values() for _, answer in group]
    kept = " ".join(map(str, [*layout.known.values(), *layout.extras.values(), *controls]))
    assert [answer for answer in answers.values() if answer not in kept] == []
