"""Forms made, changed, paused, copied and deleted in the dashboard: drafted, tried, published, taken back."""

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.actors import Actor, Role
from service.forms import Account, Setup
from service.lead import Status
from service.setup.current import CurrentSetup
from service.setup.editing import read_tables
from service.store import Store
from tests.admin.dashboard import Operator, words
from tests.admin.stored_leads import keep
from tests.admin.test_walls import let_anyone_ask
from tests.builders import NOON, UnchangingSource, a_form, a_lead, a_submission
from tests.front import TOKEN, sqlite_store

WORLD = "https://leads.example.com"
DOCUMENT = """\
# by hand
[defaults]
stage_id = 1001  # New enquiry

[forms.contact]

[forms.tour]
title = "Book a tour" # as on the poster
captcha = { provider = "turnstile", secret = "written-secret" }

[forms.tour.webhooks.typeform]
secret = "another-written-secret"
"""
STAGES = [
    {"id": 1001, "name": "New enquiry", "checked": True, "refused": False, "dangers": [], "actions": []},
    {"id": 1002, "name": "Tour booked", "checked": True, "refused": False, "dangers": [], "actions": []},
    {"id": 1009, "name": "Gone", "checked": True, "refused": True, "dangers": ["deletes the customer"], "actions": []},
]
LOOK = {
    "locations": [
        {
            "id": 55,
            "name": "Harbour",
            "boards": [{"id": 5, "name": "Sales", "stages": STAGES}],
            "opportunity_types": [{"id": 7, "name": "Private office", "notes_template": False}],
            "owners": [{"id": 9, "name": "Ann Lee"}],
        }
    ]
}


class Page(HTMLParser):
    """The form of a page with everything that its inputs hold."""

    def __init__(self, response: TestResponse, action: str) -> None:
        super().__init__()
        self.action, self.fields = action, dict[str, str]()
        self._is_inside = self._is_done = False
        self._area = self._select = ""
        self.feed(response.text)
        assert self._is_done, f"no form {action}: {words(response.text)[:300]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        name, value = known.get("name") or "", known.get("value") or ""
        if tag == "form" and known.get("action") == self.action:
            self._is_inside = self._is_done = True
        elif not self._is_inside:
            return
        elif tag == "input" and (known.get("type") != "checkbox" or "checked" in known):
            self.fields[name] = value
        elif tag == "textarea":
            self._area = name
            self.fields[name] = ""
        elif tag == "select":
            self._select = name
            self.fields.setdefault(name, "")
        elif tag == "option" and "selected" in known:
            self.fields[self._select] = value

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data.removeprefix("\n") if not self.fields[self._area] else data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        if tag == "form":
            self._is_inside = False


class Editor(Operator):
    """An operator who sets up forms."""

    def publish(self, document: str) -> None:
        """Put a document into the database, as another person would."""
        body = {"toml": document, "note": "from elsewhere"}
        tag = self.front.ask("/setup").headers["ETag"]
        answer = self.client.put(
            "/api/v1/setup", json=body, headers={"If-Match": tag, "Authorization": f"Bearer {TOKEN}"}
        )
        assert answer.status_code == 200, answer.text

    def document(self) -> str:
        """The newest document."""
        text: str = self.front.ask("/setup").get_json()["toml"]
        return text

    def form(self, name: str) -> dict[str, Any]:
        """The keys of a form in it."""
        keys: dict[str, Any] = read_tables(self.document())["forms"][name]
        return keys

    def fill_in(self, path: str, changes: Mapping[str, str], action: str = "/admin/forms/edit") -> TestResponse:
        """Open a page, change inputs, and press its first button."""
        page = Page(self.client.get(path), action)
        return self.client.post(action, data={"action": "review", **page.fields, **changes})

    def confirm(self, review: TestResponse, **more: str) -> TestResponse:
        """Publish what a review shows."""
        assert review.status_code == 200, words(review.text)[:600]
        return self.client.post("/admin/forms/publish", data={**Page(review, "/admin/forms/publish").fields, **more})


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """Signed in; Nexudus has been looked at. Making an application takes half a second."""
    with sqlite_store(tmp_path_factory.mktemp("editing")) as store:
        store.write(lambda tx: tx.crm.save_look("default", "https://crm.example", LOOK, NOON))
        yield Editor(store, a_form("tour", title="Book a tour"), a_form(), PUBLIC_URL=WORLD)


@pytest.fixture
def editor(shared: Editor) -> Editor:
    """The same document stands before each test."""
    shared.publish(DOCUMENT)
    return shared


def test_a_form_is_made_reviewed_and_published(editor: Editor) -> None:
    review = editor.fill_in(
        "/admin/forms/new",
        {
            "title": "Rent an office!",
            "stage": "1002",
            "type": "7",
            "owner": "9",
            "question.0.label": "How many desks?",
            "question.0.kind": "number",
        },
    )
    assert "How many desks?" in words(review.text)

    response = editor.confirm(review, note="for the spring fair")

    assert response.headers["Location"].startswith("/admin/setup/rent-an-office?version=")
    assert editor.form("rent-an-office") == {
        "title": "Rent an office!",
        "stage_id": 1002,
        "opportunity_type_id": 7,
        "responsible_id": 9,
        "questions": [{"name": "how_many_desks", "label": "How many desks?", "kind": "number"}],
    }
    assert editor.document().startswith(DOCUMENT.rstrip())
    assert "for the spring fair" in editor.see("/admin/setup")
    assert "In a moment this version will be in force" in editor.see("/admin/setup/rent-an-office")


def test_a_change_keeps_comments_and_shows_what_leads_would_have_become(editor: Editor) -> None:
    keep(editor.front.store, a_lead(submission=a_submission(form="tour")))

    review = editor.fill_in("/admin/forms/edit/tour", {"stage": "1002"})

    assert "Of the last 1 lead, 1 would have turned out differently." in words(review.text)
    assert editor.document() == DOCUMENT
    editor.confirm(review)
    assert editor.document() == DOCUMENT.replace(
        "\n\n[forms.tour.webhooks", "\nstage_id = 1002\n\n[forms.tour.webhooks"
    )


def test_required_answers_are_chosen_by_their_titles(editor: Editor) -> None:
    question = {"question.0.label": "How many desks?", "require.more": "how_many_desks", "action": "refresh"}
    again = editor.fill_in("/admin/forms/edit/tour", question)
    assert re.search(r'name="require:how_many_desks" value="yes" checked> How many desks\?', again.text)
    fields = Page(again, "/admin/forms/edit").fields
    assert fields["require:email"] == "yes"

    review = editor.client.post("/admin/forms/edit", data={**fields, "require:phone": "yes", "action": "review"})

    assert "E-mail, how_many_desks, Phone" in words(review.text)
    editor.confirm(review)
    assert editor.form("tour")["require"] == ["email", "how_many_desks", "phone"]


def test_a_stage_that_harms_is_shown_and_cannot_be_chosen(editor: Editor) -> None:
    page = editor.client.get("/admin/forms/edit/tour").text

    assert re.search(r'value="1009" disabled>Gone \(not possible: deletes the customer\)', page)
    answer = editor.fill_in("/admin/forms/edit/tour", {"stage": "1009"})
    assert answer.status_code == 422
    assert 'id="problem.stage"' in answer.text


def test_what_the_schema_refuses_stands_beside_its_input(editor: Editor) -> None:
    answer = editor.fill_in("/admin/forms/edit/tour", {"title": "Tour", "max_links": "many", "redirect": "nowhere"})

    assert answer.status_code == 422
    assert 'id="problem.max_links"' in answer.text
    assert 'id="problem.redirect"' in answer.text
    assert "Maximum links in a message: must be a whole number" in words(answer.text)
    assert Page(answer, "/admin/forms/edit").fields["title"] == "Tour"
    assert editor.document() == DOCUMENT


def test_secrets_that_are_written_out_never_reach_the_browser_and_stay(editor: Editor) -> None:
    pages = [editor.client.get(path).text for path in ("/admin/forms/edit/tour", "/admin/forms/senders/tour/typeform")]
    review = editor.fill_in("/admin/forms/edit/tour", {"title": "Tour"})

    assert not any("written-secret" in text for text in (*pages, review.text))
    editor.confirm(review)
    assert editor.document() == DOCUMENT.replace('"Book a tour"', '"Tour"')


def test_a_secret_that_is_typed_is_encrypted_and_referred_to(editor: Editor) -> None:
    review = editor.fill_in(
        "/admin/forms/edit/contact", {"captcha.provider": "hcaptcha", "captcha.secret": "typed-secret"}
    )
    editor.confirm(review)

    reference = editor.form("contact")["captcha"]["secret"]
    with editor.front.store.read() as tx:
        assert tx.secrets.read(reference.removeprefix("secret:")) == "typed-secret"
    assert "typed-secret" not in review.text


def test_what_was_published_meanwhile_stays(editor: Editor) -> None:
    review = editor.fill_in("/admin/forms/edit/tour", {"title": "Tour"})
    editor.publish(DOCUMENT.replace("[forms.tour]", "[forms.tour]\nposition = 2").replace("1001", "1002"))

    again = editor.confirm(review)

    assert "was published in the meantime" in again.text
    editor.confirm(again)
    assert editor.form("tour")["title"] == "Tour"
    assert editor.form("tour")["position"] == 2
    assert editor.form("tour")["captcha"]["secret"] == "written-secret"
    assert read_tables(editor.document())["defaults"] == {"stage_id": 1002}


def test_the_last_version_is_taken_back(editor: Editor) -> None:
    editor.confirm(editor.fill_in("/admin/forms/edit/tour", {"title": "Tour"}))
    page = editor.client.get("/admin/setup")

    editor.press_button(page, "/admin/forms/undo")

    assert editor.document() == DOCUMENT
    assert "taken back" in editor.see("/admin/forms/history")


def test_an_earlier_version_is_compared_and_comes_back(editor: Editor) -> None:
    number = editor.front.ask("/setup").get_json()["version"]
    editor.publish("[forms.other]\n")
    page = editor.client.get(f"/admin/forms/history/{number}")

    assert "Book a tour" in words(page.text)
    editor.client.post("/admin/forms/revert", data=Page(page, "/admin/forms/revert").fields)
    assert editor.document() == DOCUMENT


def test_a_form_is_paused_and_goes_on(editor: Editor) -> None:
    page = editor.client.get("/admin/setup/tour")

    editor.confirm(editor.press_button(page, "/admin/forms/pause/tour"))
    assert editor.form("tour")["paused"] is True
    editor.confirm(editor.press_button(page, "/admin/forms/pause/tour"))
    assert editor.document() == DOCUMENT


def test_a_form_is_deleted(editor: Editor) -> None:
    review = editor.press_button(editor.client.get("/admin/setup/tour"), "/admin/forms/delete/tour")

    assert "Delete Book a tour?" in words(review.text)
    assert editor.confirm(review).headers["Location"].startswith("/admin/setup?version=")
    assert [*read_tables(editor.document())["forms"]] == ["contact"]


def test_a_copy_leaves_senders_out_and_needs_a_name_of_its_own(editor: Editor) -> None:
    clash = editor.fill_in("/admin/forms/new?copy=tour", {"form_name": "contact"})
    assert "A form with this name already exists." in words(clash.text)

    editor.confirm(
        editor.fill_in(
            "/admin/forms/new?copy=tour", {"form_name": "visit", "captcha.provider": "", "captcha.secret": ""}
        )
    )

    assert editor.form("visit") == {"title": "Book a tour"}


def test_more_rows_are_shown_with_what_was_typed(editor: Editor) -> None:
    page = editor.fill_in("/admin/forms/edit/tour", {"question.0.label": "Which floor?", "action": "questions"})

    assert page.status_code == 200
    again = Page(page, "/admin/forms/edit").fields
    assert (again["question.0.label"], again["question.1.label"]) == ("Which floor?", "")


def test_questions_and_routes_are_put_in_another_order(editor: Editor) -> None:
    path, names = "/admin/forms/edit/tour", ("Which floor?", "How many desks?", "When?")
    rows = {f"question.{number}.label": name for number, name in enumerate(names)}
    rows |= {f"route.{number}.when": f"floor = {number}" for number in (0, 1)}

    moved = editor.fill_in(path, {**rows, "action": "question.2.up"})
    again = editor.client.post(
        "/admin/forms/edit", data={**Page(moved, "/admin/forms/edit").fields, "action": "question.1.up"}
    )
    turned = editor.client.post(
        "/admin/forms/edit", data={**Page(again, "/admin/forms/edit").fields, "action": "route.0.down"}
    )

    assert re.search(r'value="question\.1\.up" autofocus', moved.text), "pressed again, it goes further up"
    assert re.search(r'value="question\.0\.down" autofocus', again.text), "at the top the other button has the focus"
    editor.confirm(editor.client.post("/admin/forms/edit", data=Page(turned, "/admin/forms/edit").fields))
    assert [each["label"] for each in editor.form("tour")["questions"]] == ["When?", "Which floor?", "How many desks?"]
    assert [each["when"] for each in editor.form("tour")["routes"]] == [{"floor": "1"}, {"floor": "0"}]


def test_a_draft_is_changed_further(editor: Editor) -> None:
    review = editor.fill_in("/admin/forms/edit/tour", {"title": "Tour"})

    page = editor.client.post("/admin/forms/draft", data=Page(review, "/admin/forms/publish").fields)

    fields = Page(page, "/admin/forms/edit").fields
    assert fields["title"] == "Tour"
    editor.confirm(editor.client.post("/admin/forms/edit", data={**fields, "action": "review"}))
    assert editor.form("tour")["title"] == "Tour"


def test_what_holds_for_all_forms_is_changed(editor: Editor) -> None:
    editor.confirm(editor.fill_in("/admin/forms/edit/*", {"country": "GB"}))

    assert read_tables(editor.document())["defaults"] == {"stage_id": 1001, "country": "GB"}


def test_the_document_is_changed_as_text(editor: Editor) -> None:
    page = Page(editor.client.get("/admin/forms/text"), "/admin/forms/text")
    faulty = editor.client.post(
        page.action, data={**page.fields, "document": "[forms.a]\nstge_id = 1", "action": "check"}
    )
    fields = {**page.fields, "document": page.fields["document"] + "\n[forms.new]\n"}

    checked = editor.client.post(page.action, data={**fields, "action": "check"})
    editor.client.post(page.action, data={**fields, "action": "publish"})

    assert (faulty.status_code, "stage_id" in faulty.text) == (422, True)
    assert "Changes" in words(checked.text)
    assert "new" in read_tables(editor.document())["forms"]


# -- Nexudus


def test_a_page_asks_for_a_look_and_shows_it_when_it_is_there(sqlite: Store) -> None:
    editor = Editor(sqlite, a_form())

    page = editor.client.get("/admin/forms/new").text

    assert 'hx-get="/admin/forms/target"' in page
    with sqlite.read() as tx:
        assert tx.crm.is_look_requested("default")
    sqlite.write(lambda tx: tx.crm.save_look("default", "https://crm.example", LOOK, NOON))
    part = editor.client.get("/admin/forms/target", query_string={"stage": "1002", "owner": "9"}).text
    assert 'value="1002" selected>Tour booked' in part
    assert 'value="9" selected>Ann Lee' in part
    assert "hx-get" not in part


# -- senders, links, test leads


def test_a_sender_is_set_up_with_an_address_a_secret_and_steps(editor: Editor) -> None:
    path = "/admin/forms/senders/tour/jotform"
    page = editor.client.get(path)
    token = Page(page, path).fields["key.token"]
    assert f"{WORLD}/webhooks/jotform/tour?token={token}" in page.text
    assert "Open the webhook or integration settings" in page.text
    assert "Connect &gt; Webhooks" in editor.client.get("/admin/forms/senders/tour/typeform").text

    review = editor.client.post(path, data=Page(page, path).fields)
    published = editor.confirm(review)

    assert published.headers["Location"].startswith(f"{path}?version=")
    assert "Published as version" in editor.see(published.headers["Location"])
    reference = editor.form("tour")["webhooks"]["jotform"]["token"]
    with editor.front.store.read() as tx:
        assert tx.secrets.read(reference.removeprefix("secret:")) == token
    assert token not in editor.client.get(path).text
    assert "Jotform Set up" in editor.see("/admin/forms/senders/tour")


def test_a_sender_goes_and_the_others_keep_their_secrets(editor: Editor) -> None:
    for sender in ("meta", "tally"):
        path = f"/admin/forms/senders/tour/{sender}"
        fields = {**Page(editor.client.get(path), path).fields, "key.app_secret": "app-secret", "key.pages": "1\n2"}
        editor.confirm(editor.client.post(path, data=fields))
    path = "/admin/forms/senders/tour/meta"

    fields = {**Page(editor.client.get(path), path).fields, "action": "remove"}
    published = editor.confirm(editor.client.post(path, data=fields))

    assert published.headers["Location"].startswith("/admin/forms/senders/tour?version=")
    webhooks = editor.form("tour")["webhooks"]
    assert webhooks.keys() == {"typeform", "tally"}
    assert webhooks["typeform"] == {"secret": "another-written-secret"}


def test_what_a_sender_needs_is_said(editor: Editor) -> None:
    path = "/admin/forms/senders/tour/linkedin"
    answer = editor.client.post(path, data=Page(editor.client.get(path), path).fields)

    assert answer.status_code == 422
    assert "needs client_secret" in answer.text


def test_a_link_is_judged_before_it_is_used(editor: Editor) -> None:
    tags = {"page": "https://www.example.com/tour?a=1", "source": "google", "medium": "cpc", "campaign": "spring"}
    page = editor.client.get("/admin/forms/links/tour", query_string=tags)
    link = "https://www.example.com/tour?a=1&utm_source=google&utm_medium=cpc&utm_campaign=spring"

    assert link in unescape(page.text)
    assert "Channel Paid Search" in words(page.text)
    untidy = editor.client.get("/admin/forms/links/tour", query_string={"source": "News Letter"})
    assert "lower case" in untidy.text
    assert "Enter a source and a medium" in untidy.text


def test_the_qr_code_of_a_link_is_an_image(editor: Editor) -> None:
    image = editor.client.get("/admin/forms/qr/tour.svg?link=https://www.example.com/&download=1")

    assert image.mimetype == "image/svg+xml"
    assert image.data.startswith(b"<?xml")
    assert "attachment" in image.headers["Content-Disposition"]


def test_name_colour_and_logo_are_seen_on_a_page_before_they_are_published(editor: Editor) -> None:
    path, typed = (
        "/admin/forms/brand",
        {"name": "North Quay", "colour": "#ffdd00", "logo_url": "https://x.example/l.svg"},
    )
    page = editor.fill_in(path, {**typed, "action": "preview"}, path)
    source = unescape(re.search(r'<iframe[^>]* src="([^"]+)"', page.text)[1])  # type: ignore[index]
    preview = editor.client.get(source)
    faulty = editor.fill_in(path, {**typed, "colour": "yellow"}, path)
    editor.confirm(editor.fill_in(path, typed, path))

    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "contrast" in page.text, "yellow links could not be read"
    policy = preview.headers["Content-Security-Policy"]
    assert all(each in policy for each in ("img-src https://x.example/l.svg", "sandbox", "frame-ancestors 'self'"))
    assert "--fill: #ffdd00" in preview.text
    assert (faulty.status_code, "is not a colour" in words(faulty.text)) == (422, True)
    assert read_tables(editor.document())["brand"] == typed


def test_a_test_lead_is_sent_and_followed(editor: Editor) -> None:
    response = editor.send("/admin/forms/test/tour", email="me@example.com")

    page = editor.client.get(response.headers["Location"])
    assert "Waiting" in words(page.text)
    assert "hx-get" in page.text
    lead = editor.front.leads()[0]
    assert (lead.submission.form, lead.submission.contact.email, lead.status) == (
        "tour",
        "me@example.com",
        Status.PENDING,
    )
    part = editor.client.get(response.headers["Location"], headers={"HX-Request": "true"}).text
    assert "<html" not in part


# -- who may change what

TWO_HOUSES = """\
[accounts.harbour]
token = "env:PATH"

[forms.contact]
max_links = 1

[forms.tour]
account = "harbour"
stage_id = 4
"""


@pytest.fixture
def ann(sqlite: Store) -> Editor:
    """An editor who sees the account harbour, and with it the form tour."""
    setup = Setup({"contact": a_form(), "tour": a_form("tour", account="harbour")}, {"harbour": Account("harbour", "")})
    editor = Editor(sqlite, CurrentSetup(UnchangingSource(setup), setup, NOON))
    editor.publish(TWO_HOUSES)
    let_anyone_ask(editor.front.app)
    editor.front.app.extensions["asks"] = Actor("ann@example.com", Role.EDITOR.scopes, frozenset({"harbour"}))
    return editor


def test_forms_and_documents_of_others_are_out_of_reach(ann: Editor) -> None:
    assert ann.client.get("/admin/setup/contact").status_code == 404, "nor does its page say that it will be there soon"
    foreign = dict.fromkeys(("edit/contact", "senders/contact", "links/contact", "qr/contact.svg"), 404)
    everyones = dict.fromkeys(("edit/*", "history", "history/1", "text"), 403)

    answers = {path: ann.client.get(f"/admin/forms/{path}").status_code for path in (*foreign, *everyones)}

    assert answers == {**foreign, **everyones}


def test_an_editor_of_one_account_changes_its_forms_and_takes_none_elsewhere(ann: Editor) -> None:
    assert Page(ann.client.get("/admin/forms/new"), "/admin/forms/edit").fields["account"] == "harbour"
    review = ann.fill_in("/admin/forms/edit/tour", {"title": "Harbour tour"})
    away = ann.fill_in("/admin/forms/edit/tour", {"account": ""})
    ann.confirm(review)

    assert away.status_code == 403
    assert "contact" not in words(review.text)
    ann.front.app.extensions["asks"] = None
    assert ann.document() == TWO_HOUSES + 'title = "Harbour tour"\n'


@pytest.mark.parametrize("form", ["contact", "*", "*brand", "*brand:default"])
@pytest.mark.parametrize("rows", [None, 'account = "harbour"'], ids=["deleted", "taken over"])
def test_a_draft_that_was_made_by_hand_reaches_no_form_of_others(ann: Editor, form: str, rows: str | None) -> None:
    token = Page(ann.client.get("/admin/forms/new"), "/admin/forms/edit").fields["token"]
    sent = {"token": token, "draft": json.dumps({"form": form, "version": 1, "rows": rows})}

    answers = [ann.client.post(f"/admin/forms/{path}", data=sent).status_code for path in ("publish", "draft")]

    assert set(answers) <= {403, 404}
    ann.front.app.extensions["asks"] = None
    assert ann.document() == TWO_HOUSES


def test_an_editor_of_one_account_changes_the_brand_of_that_account_alone(ann: Editor) -> None:
    path = "/admin/forms/brand"
    review = ann.fill_in(path, {"name": "Harbour"}, path)
    others = [ann.client.get(f"{path}{query}").status_code for query in ("?account=default", "/preview?form=contact")]
    ann.confirm(review)

    assert others == [404, 404]
    ann.front.app.extensions["asks"] = None
    assert read_tables(ann.document()) == {
        **(tables := read_tables(TWO_HOUSES)),
        "accounts": {"harbour": {**tables["accounts"]["harbour"], "brand": {"name": "Harbour"}}},
    }


def test_a_route_has_an_account_and_its_stages(ann: Editor) -> None:
    harbour = json.loads(json.dumps(LOOK).replace("Tour booked", "Viewing"))
    ann.front.store.write(lambda tx: tx.crm.save_look("harbour", "https://crm.example", harbour, NOON))
    ann.front.app.extensions["asks"] = None
    ann.publish(f'{TWO_HOUSES}[[forms.contact.routes]]\nwhen.floor = "1"\n[[forms.tour.routes]]\nwhen.floor = "1"\n')

    page = ann.fill_in("/admin/forms/edit/contact", {"route.0.account": "harbour", "action": "refresh"})
    fields = Page(page, "/admin/forms/edit").fields
    ann.confirm(ann.client.post("/admin/forms/edit", data={**fields, "route.0.stage": "1002", "action": "review"}))

    assert "Viewing" in page.text.partition('name="route.0.stage"')[2]
    assert ann.form("contact")["routes"] == [{"when": {"floor": "1"}, "account": "harbour", "stage_id": 1002}]


def test_an_editor_of_one_account_learns_no_secret_of_the_others(ann: Editor) -> None:
    document = f'[defaults]\nnotify = ["json://written-secret@example.com"]\n{TWO_HOUSES}'
    ann.front.store.write(lambda tx: tx.setups.publish(document, "", "admin", NOON, 1))

    page = ann.client.get("/admin/forms/edit/tour").text
    taken = ann.fill_in("/admin/forms/edit/tour", {"title": "env:HARBOUR_PASSWORD"})

    assert "written-secret" not in page
    assert taken.status_code == 422
    assert "Only people who see all accounts" in words(taken.text)


# -- where it cannot be changed


@pytest.fixture
def reader(sqlite: Store, tmp_path: Any) -> Operator:
    """Signed in where a forms file holds the set-up."""
    file = tmp_path / "forms.toml"
    file.write_text(DOCUMENT)
    return Operator(sqlite, a_form("tour"), FORMS_FILE=str(file))


@pytest.mark.parametrize(
    "path", ["/admin/forms/new", "/admin/forms/edit/tour", "/admin/forms/text", "/admin/forms/history"]
)
def test_a_forms_file_is_only_read_here(reader: Operator, path: str) -> None:
    assert reader.client.get(path).status_code == 409
    assert "/admin/forms/edit" not in reader.client.get("/admin/setup/tour").text
