"""Every route that changes something leaves an act on record, with who did it: each is called once, as it is used."""

import copy
import io
import re
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import time_machine
from werkzeug.test import TestResponse

from service.actors import Role
from service.alerts.answer_links import AnswerLinks
from service.lead import Status
from service.store import Act, ActQuery, RecordedAct, Store
from tests.admin.colleagues import PASSWORD_OF_ALL, add_person
from tests.admin.dashboard import Forms, Operator
from tests.admin.stored_leads import keep, keep_as
from tests.admin.test_second_step import Phone
from tests.builders import NOON, a_form, a_lead
from tests.front import TOKEN, sqlite_store
from tests.tables import each_row

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}

OUTSIDE = ("/f/", "/webhooks/")
"""Where enquiries arrive: nobody acts there."""

PASSKEYS = "on record, and tried with a real one in tests/admin/test_passkeys.py"

NO_ACT = {
    "preview.show_preview": "stores nothing",
    "pages.form_preview": "stores nothing",
    "pages.confirm_many": "only asks",
    "pages.check_file": "keeps a file for a day to check it; the import that takes leads is on record",
    "pages.remove_import": "takes back such a file",
    "pages.choose_language": "a cookie of the browser",
    "pages.begin": "a second step that is not confirmed yet",
    "pages.confirm": "below, with the app that it takes",
    "pages.take_code": "below, with the app that it takes",
    "pages.remove": "below, with the app that it takes",
    **dict.fromkeys(
        ("pages.send_form", "pages.send_sender", "pages.send_brand", "pages.change_draft"),
        "a draft, which is published later",
    ),
    "pages.document_text": "a draft, which is published later",
    **dict.fromkeys(("pages.publish_draft", "pages.pause_form", "pages.delete_form"), "publishes, as below"),
    **dict.fromkeys(("pages.undo_version", "pages.revert_version"), "publishes, as below"),
    **dict.fromkeys(("pages.new_passkey_options", "pages.passkey_options"), "asks the browser for a passkey"),
    **dict.fromkeys(("pages.keep_passkey", "pages.forget_passkey", "pages.forget_passkeys"), PASSKEYS),
    "pages.sign_in_by_passkey": PASSKEYS,
    "pages.turn_code_off": "below, with the app that it takes",
    "pages.use_typed_account": "tests/admin/test_pages_nexudus.py",
    "pages.check_account": "asks a worker to look at Nexudus; nothing of anybody's is changed",
}
"""Endpoint -> why it needs no act, or where it is tried."""


class House:
    """An installation with a signed-in administrator."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.operator = Operator(store, a_form(), PUBLIC_URL="http://localhost", SECRET_KEY="k" * 32)

    def acts(self) -> list[RecordedAct]:
        """All acts, newest first."""
        with self.store.read() as tx:
            return list(tx.acts.page(ActQuery(), 1000).acts)

    def lead(self, status: Status = Status.QUARANTINED) -> str:
        """The id of a new lead."""
        return keep_as(self.store, status).id

    def api(self, path: str, method: str = "POST", tag: str = "", **more: Any) -> TestResponse:
        """Call the API. tag: of what is to be replaced."""
        headers = {"Authorization": f"Bearer {TOKEN}", **({"If-Match": tag} if tag else {})}
        return self.operator.client.open(f"/api/v1{path}", method=method, headers=headers, **more)

    def colleague(self) -> tuple[str, Operator]:
        """The id of a new person, and one of the two browsers that are signed in."""
        person = add_person(self.store, Role.VIEWER, email=next(EMAILS))
        browsers = [copy.copy(self.operator), copy.copy(self.operator)]
        for browser in browsers:
            browser.client = self.operator.front.app.test_client()
            browser.sign_in(PASSWORD_OF_ALL, person.email)
        return person.id, browsers[0]

    def send(self, path: str, **fields: Any) -> TestResponse:
        """Send a form of the dashboard."""
        return self.operator.send(f"/admin{path}", **fields)


Call = Callable[[House], TestResponse]
CASES: dict[str, tuple[Act, Call]] = {}
"""Endpoint -> the act that a call leaves, and the call."""


def leaves(endpoint: str, act: Act) -> Callable[[Call], Call]:
    """Declare what a call of an endpoint leaves on record."""

    def declare(call: Call) -> Call:
        CASES[endpoint] = (act, call)
        return call

    return declare


for name, status in (("retry", "parked"), ("release", "quarantined"), ("discard", "parked"), ("restore", "discarded")):

    @leaves(f"leads.{name}_lead", Act(name))
    def action_by_api(house: House, name: str = name, status: str = status) -> TestResponse:
        return house.api(f"/leads/{house.lead(Status(status))}/{name}")


@leaves("leads.answer_lead", Act.ANSWER)
def answer_by_api(house: House) -> TestResponse:
    return house.api(f"/leads/{house.lead(Status.PARKED)}/answered")


@leaves("leads.correct_lead", Act.CORRECT)
def correct_by_api(house: House) -> TestResponse:
    return house.api(f"/leads/{house.lead(Status.PARKED)}/correct", json={"fields": {"message": "Three desks."}})


@leaves("privacy.forget_person", Act.ERASE)
def forget_by_api(house: House) -> TestResponse:
    keep(house.store, a_lead("gone@example.com"))
    return house.api("/forget", json={"email": "gone@example.com", "dry_run": False})


EMAILS = (f"person{number}@example.com" for number in count())


def invited(house: House) -> str:
    """The path of a new person."""
    body = {"email": next(EMAILS), "name": "Ann Lee", "role": "agent", "accounts": "all"}
    return f"/people/{house.api('/people', json=body).get_json()['id']}"


@leaves("people.invite_person", Act.INVITE)
def invite(house: House) -> TestResponse:
    return house.api(invited(house), "GET")


@leaves("people.reset_person", Act.INVITE)
def invite_again(house: House) -> TestResponse:
    return house.api(f"{invited(house)}/reset")


@leaves("people.change_a_person", Act.CHANGE)
def change_person(house: House) -> TestResponse:
    return house.api(invited(house), "PATCH", json={"role": "viewer"})


@leaves("people.remove_a_person", Act.DELETE)
def remove_person(house: House) -> TestResponse:
    return house.api(invited(house), "DELETE")


@leaves("pages.invite_person", Act.INVITE)
def invite_by_page(house: House) -> TestResponse:
    return house.send("/people", email=next(EMAILS), name="Bob", role="agent", reach="all")


for name, act in (("disable", Act.DISABLE), ("enable", Act.ENABLE), ("change", Act.CHANGE), ("remove", Act.DELETE)):
    view = {"change": "set_person", "remove": "delete_person"}.get(name, f"{name}_person")

    @leaves(f"pages.{view}", act)
    def act_on_person(house: House, name: str = name) -> TestResponse:
        path = invited(house)
        if name == "enable":
            house.send(f"{path}/disable")
        return house.send(f"{path}/{name}", name="Ann", role="viewer", reach="all")


@leaves("pages.make_link", Act.INVITE)
def make_link(house: House) -> TestResponse:
    return house.send(f"{invited(house)}/link")


@leaves("pages.accept_invitation", Act.ACCEPT)
def accept(house: House) -> TestResponse:
    body = {"email": next(EMAILS), "name": "Eve", "role": "agent", "accounts": "all"}
    url = house.api("/people", json=body).get_json()["invitation_url"]
    path, password = url.removeprefix("http://localhost"), "correct horse battery"
    fresh = house.operator.front.app.test_client()
    return fresh.post(path, data={"password": password, "again": password})


@leaves("pages.sign_person_out", Act.SIGN_OUT)
def sign_person_out(house: House) -> TestResponse:
    return house.send(f"/people/{house.colleague()[0]}/sign-out")


@leaves("pages.end_session", Act.SIGN_OUT)
def end_session(house: House) -> TestResponse:
    _, first = house.colleague()
    page = first.client.get("/admin/account").text
    digests = re.findall(r"/account/sessions/(\w{20,})/end", page)
    return first.send(f"/admin/account/sessions/{digests[0]}/end")


@leaves("pages.end_other_sessions", Act.SIGN_OUT)
def end_other_sessions(house: House) -> TestResponse:
    return house.colleague()[1].send("/admin/account/sessions/end")


@leaves("pages.change_password", Act.CHANGE)
def change_password(house: House) -> TestResponse:
    new = "another horse battery"
    _, browser = house.colleague()
    return browser.send("/admin/account/password", password=PASSWORD_OF_ALL, new_password=new, again=new)


@leaves("pages.try_account", Act.TEST)
def try_account(house: House) -> TestResponse:
    typed = {"base_url": "http://127.0.0.1:9", "username": "ann", "password": "simulator"}
    return house.send("/connections/nexudus/default/try", **typed)


@leaves("tokens.create_token", Act.CREATE)
def create_token(house: House) -> TestResponse:
    return house.api("/tokens", json={"name": "Zapier", "scopes": ["read"]})


@leaves("tokens.revoke_token", Act.REVOKE)
def revoke_token(house: House) -> TestResponse:
    made = house.api("/tokens", json={"name": "Make", "scopes": ["read"]}).get_json()
    return house.api(f"/tokens/{made['id']}", "DELETE")


@leaves("pages.sign_in", Act.SIGN_IN)
def sign_in(house: House) -> TestResponse:
    return house.operator.sign_in()


@leaves("pages.sign_out", Act.SIGN_OUT)
def sign_out(house: House) -> TestResponse:
    response = house.send("/sign-out")
    house.operator.sign_in()
    return response


@leaves("pages.retry", Act.RETRY)
def retry_all_of_a_cause(house: House) -> TestResponse:
    house.lead(Status.PARKED)
    return house.send("/retry", status="parked", problem="look at it")


@leaves("pages.save_view", Act.CREATE)
def save_view(house: House) -> TestResponse:
    return house.send("/leads/views", name="Mine", status="parked")


@leaves("pages.remove_view", Act.DELETE)
def remove_view(house: House) -> TestResponse:
    house.send("/leads/views", name="Theirs", status="parked")
    return house.send("/leads/views/remove", name="Theirs")


def checked_file(house: House) -> str:
    """The address of an import that was checked."""
    file = (io.BytesIO(b"email,message\nann@example.com,Hello\n"), "leads.csv")
    address = house.send("/leads/import", form="contact", file=file).headers["Location"]
    wait_for(lambda: "import_job" not in (page := house.operator.client.get(address).text) and "/run" in page)
    return str(address)


def wait_for(condition: Callable[[], bool]) -> None:
    """Ask until it holds; the import runs in a thread."""
    for _ in range(500):
        if condition():
            return
        for thread in threading.enumerate():
            if thread.name == "import":
                thread.join(5)
    raise AssertionError


@leaves("pages.run_import", Act.IMPORT)
def run_import(house: House) -> TestResponse:
    response = house.operator.send(f"{checked_file(house)}/run")
    wait_for(lambda: any(act.after.get("state") == "done" for act in house.acts()))
    return response


@leaves("pages.act_on_many", Act.DISCARD)
def act_on_many(house: House) -> TestResponse:
    return house.send("/leads/act", action="discard", id=[house.lead(), house.lead()])


@leaves("pages.undo_action", Act.UNDO)
def undo(house: House) -> TestResponse:
    house.send("/leads/act", action="discard", id=[house.lead()])
    return house.send("/undo")


@leaves("pages.apply_action", Act.RELEASE)
def act_on_one(house: House) -> TestResponse:
    return house.send(f"/leads/{house.lead()}/act", action="release")


@leaves("pages.change_lead", Act.CORRECT)
def change_lead(house: House) -> TestResponse:
    return house.send(f"/leads/{house.lead()}/edit", **{"answer.message": "Four desks."})


@leaves("pages.erase_lead", Act.ERASE)
def erase_lead(house: House) -> TestResponse:
    return house.send(f"/leads/{keep(house.store, a_lead('bob@example.com')).id}/erase")


@leaves("pages.answer_lead", Act.ANSWER)
def answer_lead(house: House) -> TestResponse:
    return house.send(f"/leads/{house.lead(Status.PARKED)}/answered")


@leaves("answered.record_answer", Act.ANSWER)
def answer_by_link(house: House) -> TestResponse:
    link = AnswerLinks("http://localhost", lambda: "k" * 32).url_of(keep_as(house.store, Status.PARKED).id)
    return house.operator.client.post(link.removeprefix("http://localhost"))


@leaves("pages.take_costs", Act.IMPORT)
def take_costs(house: House) -> TestResponse:
    file = (io.BytesIO(b"day,source,campaign,amount,currency\n2026-11-01,google,spring,10.50,GBP\n"), "costs.csv")
    return house.send("/reports/costs", act="import", file=file)


@leaves("pages.create_key", Act.CREATE)
def create_key(house: House) -> TestResponse:
    return house.send("/keys", name="n8n", scope=["read"], reach="all")


@leaves("pages.revoke", Act.REVOKE)
def revoke_key(house: House) -> TestResponse:
    house.send("/keys", name="Gone", scope=["read"], reach="all")
    page = house.operator.client.get("/admin/keys").text
    address = re.findall(r"/keys/\w+/revoke", page)[0]
    return house.send(address)


SETUP = "[defaults]\nstage_id = 1001\n[forms.contact]\n"


@leaves("setup.publish_setup", Act.PUBLISH)
def publish(house: House) -> TestResponse:
    tag = house.api("/setup", "GET").headers["ETag"]
    body = {"toml": f"{SETUP}title = 'Version {tag}'\n".replace('"', ""), "note": "a title"}
    return house.api("/setup", "PUT", json=body, tag=tag)


@leaves("setup.revert_setup", Act.REVERT)
def revert(house: House) -> TestResponse:
    publish(house)
    tag = house.api("/setup", "GET").headers["ETag"]
    return house.api("/setup/revert", json={"version": 1, "note": "back"}, tag=tag)


@leaves("pages.send_trial", Act.TEST)
def send_test_lead(house: House) -> TestResponse:
    return house.send("/forms/test/contact", email="")


@leaves("pages.new_channel", Act.CREATE)
def new_channel(house: House) -> TestResponse:
    return house.send("/connections/channels", name="Sales", address="json://alerts.example.com/x")


@leaves("pages.test_channel", Act.TEST)
def ask_for_a_message(house: House) -> TestResponse:
    return house.send("/connections/channels/test", channel="")


@leaves("pages.drop_channel", Act.DELETE)
def drop_channel(house: House) -> TestResponse:
    house.send("/connections/channels", name="Old", address="json://alerts.example.com/y")
    page = house.operator.client.get("/admin/connections").text
    form = next(each for each in Forms(page).forms if each["action"] == "/admin/connections/channels/remove")
    return house.send("/connections/channels/remove", channel=form["fields"]["channel"][0])


# -- reading that takes data along


@leaves("pages.export_matches", Act.EXPORT)
def export_leads(house: House) -> TestResponse:
    return house.operator.client.get("/admin/leads/export?form=contact")


@leaves("pages.export_person", Act.EXPORT)
def export_person(house: House) -> TestResponse:
    return house.operator.client.get(f"/admin/leads/{house.lead()}/person.json")


@leaves("pages.export_record", Act.EXPORT)
def export_record(house: House) -> TestResponse:
    return house.operator.client.get("/admin/record/export")


A_PERSON = r"person\d+@example\.com"

WHO = {
    "answered.record_answer": "link in a message",
    **dict.fromkeys(("pages.accept_invitation", "pages.end_session"), A_PERSON),
    **dict.fromkeys(("pages.end_other_sessions", "pages.change_password"), A_PERSON),
}
"""Endpoint -> who acts, where it is not the administrator."""


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One for all tests of this file: each adds what it needs."""
    with TemporaryDirectory() as folder, sqlite_store(Path(folder)) as store:
        yield House(store)


def test_every_route_that_changes_something_is_among_these(house: House) -> None:
    rules = [each for each in house.operator.front.app.url_map.iter_rules() if not each.rule.startswith(OUTSIDE)]
    changing = {each.endpoint for each in rules if CHANGING & (each.methods or set())}

    assert changing - CASES.keys() - NO_ACT.keys() == set()
    assert NO_ACT.keys() - changing == set()
    assert CASES.keys() <= {each.endpoint for each in rules}


@each_row("endpoint", CASES)
def test_what_a_route_does_is_on_record(house: House, endpoint: str) -> None:
    expected, call = CASES[endpoint]
    before = house.acts()[0].id if house.acts() else 0

    response = call(house)

    assert response.status_code < 400, response.text
    response.get_data()
    own = [act for act in house.acts() if act.id > before and act.act == expected]
    assert own
    assert re.fullmatch(WHO.get(endpoint, "admin"), own[0].who)
    assert own[0].origin == "127.0.0.1"
    assert own[0].before or own[0].after or own[0].subject.kind == "session"


def test_a_second_step_is_on_record_with_whoever_has_it(sqlite: Store) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        phone = Phone(sqlite, clock)
        phone.turn_on()
        phone.wait()
        assert phone.sign_in(phone.code()) == 303
        phone.wait()
        phone.browser.send("/admin/account/second-step/remove", code=phone.code())
        phone.turn_on()
        admin = copy.copy(phone.browser)
        admin.client = phone.browser.front.app.test_client()
        admin.sign_in()
        assert admin.send(f"/admin/people/{phone.person.id}/code").status_code == 303

    with sqlite.read() as tx:
        acts = tx.acts.page(ActQuery(who=phone.person.email), 10).acts
        (off,) = tx.acts.page(ActQuery(who="admin", kind="person"), 10).acts
    assert (off.act, off.subject.id) == ("disable", phone.person.id)
    assert [(act.act, act.subject.kind.value) for act in acts] == [
        ("enable", "person"),
        ("disable", "person"),
        ("sign in", "session"),
        ("enable", "person"),
        ("sign in", "session"),
    ]
    assert [act.after for act in acts if act.act == Act.SIGN_IN] == [{"way": "code"}, {"way": "password"}]


def test_after_all_of_this_the_chain_is_whole(house: House) -> None:
    with house.store.read() as tx:
        assert tx.acts.verify_chain().problem == ""
