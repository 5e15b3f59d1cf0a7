"""/api/v1/setup: the document, its ETag, what a change would do, what is refused."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.actors import Scope, administrator
from service.operations.keys import KeyRequest, make_key
from service.setup.reading import NOT_READ
from service.store import Store
from tests.builders import NOON, a_lead, a_submission, unchanging
from tests.front import TOKEN, Front
from tests.store.actions import keep

FIRST = "# by hand\n[defaults]\nstage_id = 1001\n[forms.contact]\n"
TOUR = FIRST + '[forms.tour]\nstage_id = 1002\nname = "{full_name} - tour"\n'


def send(front: Front, method: str, path: str, body: object, tag: str | None = '"0"') -> TestResponse:
    """One writing call."""
    headers = {"Authorization": f"Bearer {TOKEN}", **({"If-Match": tag} if tag is not None else {})}
    return front.client.open(f"/api/v1{path}", method=method, json=body, headers=headers)


def put(front: Front, document: str, tag: str | None = '"0"', **more: Any) -> TestResponse:
    """Publish."""
    return send(front, "PUT", "/setup", {"toml": document, **more}, tag)


def errors(answer: TestResponse) -> list[tuple[str, str]]:
    """The places and sentences of a problem document."""
    return [(each["path"], each["message"]) for each in answer.get_json(force=True)["errors"]]


@pytest.fixture
def front(sqlite: Store) -> Front:
    """One form is in force; nothing is published."""
    return Front(sqlite)


def test_what_is_published_comes_back_with_its_tag_note_and_author(front: Front) -> None:
    published = put(front, TOUR, note="the tour form")

    shown = front.ask("/setup")
    body = shown.get_json()
    assert (published.status_code, published.headers["ETag"], shown.headers["ETag"]) == (200, '"1"', '"1"')
    assert (body["version"], body["managed"], body["toml"]) == (1, "here", TOUR)
    assert (body["updated_by"], body["note"], bool(body["updated_at"])) == ("admin", "the tour form", True)


def test_a_dry_run_tells_changes_and_their_effect_on_leads_and_changes_nothing(front: Front, sqlite: Store) -> None:
    put(front, TOUR)
    keep(sqlite, a_lead())
    keep(sqlite, a_lead("ann@x.example", submission=a_submission("ann@x.example", form="tour")))

    answer = put(front, TOUR.replace("1002", "1001"), '"1"', dry_run=True).get_json()

    assert answer["version"] == 1
    assert answer["changes"] == [{"form": "tour", "key": "stage_id", "from": 1002, "to": 1001}]
    effect = answer["effect"]
    assert (effect["leads"], effect["changed"]) == (2, 1)
    assert [(each["key"], each["from"], each["to"]) for each in effect["examples"]] == [("stage", 1002, 1001)]
    assert front.ask("/setup").get_json()["toml"] == TOUR


@pytest.mark.parametrize(
    ("before", "after", "key", "value"),
    [
        ('touch = "last"', "lead_source = 7", "lead_source", 7),
        ("", "responsible_id = 9", "responsible_id", 9),
        ("", 'contact.tag = "web"', "contact.tag", "web"),
        ("", 'fields.company = "how_heard"', "contact.company_name", "a friend"),
        ("", 'routes = [{ when = { how_heard = "A friend" }, stage_id = 5 }]', "stage", 5),
    ],
)
def test_the_effect_covers_contact_source_stage_and_owner(
    front: Front, sqlite: Store, before: str, after: str, key: str, value: object
) -> None:
    put(front, f"[forms.contact]\n{before}\n")
    keep(sqlite, a_lead())

    effect = put(front, f"[forms.contact]\n{after}\n", '"1"', dry_run=True).get_json()["effect"]

    assert {each["key"]: each["to"] for each in effect["examples"]}[key] == value


@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        (TOUR.replace("stage_id = 1002", "stge_id = 1002"), "forms.tour.stge_id", "stage_id"),
        (TOUR.replace("1002", '"soon"'), "forms.tour.stage_id", ""),
        (TOUR.replace("{full_name}", "{nobody_asks}"), "forms.tour.name", "nobody_asks"),
        ("[forms.tour", "", "TOML"),
    ],
)
def test_a_faulty_document_is_a_422_with_its_places(front: Front, document: str, path: str, words: str) -> None:
    answer = put(front, document)

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    ((place, sentence),) = errors(answer)
    assert place == path
    assert words in sentence
    assert front.ask("/setup").get_json()["version"] == 0


@pytest.mark.parametrize(("tag", "status"), [(None, 428), ('"7"', 412), ('"abc"', 412), ("*", 200), ('W/"0"', 200)])
def test_a_change_needs_the_tag_of_the_version_in_force(front: Front, tag: str | None, status: int) -> None:
    assert put(front, TOUR, tag).status_code == status


def test_going_back_is_a_version_of_its_own(front: Front) -> None:
    put(front, FIRST, note="first")
    put(front, TOUR, '"1"', note="second")

    back = send(front, "POST", "/setup/revert", {"version": 1}, '"2"')
    unknown = send(front, "POST", "/setup/revert", {"version": 9}, '"3"')

    assert (back.status_code, back.get_json()["version"], unknown.status_code) == (200, 3, 404)
    listed = front.ask("/setup/versions").get_json()["versions"]
    assert [(each["version"], each["note"]) for each in listed] == [
        (3, "back to version 1"),
        (2, "second"),
        (1, "first"),
    ]
    older = front.ask("/setup/versions?size=1&before=3").get_json()
    assert ([each["version"] for each in older["versions"]], older["next"]) == ([2], 2)


def test_a_forms_file_is_shown_and_not_written(sqlite: Store, tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(FIRST)
    front = Front(sqlite, FORMS_FILE=str(path))

    shown = front.ask("/setup")

    body = shown.get_json()
    assert (body["managed"], body["version"], body["toml"]) == ("file", None, FIRST)
    assert put(front, TOUR, shown.headers["ETag"]).status_code == 409
    assert path.read_text() == FIRST


def test_a_body_that_is_no_request_names_its_members(front: Front) -> None:
    answer = send(front, "PUT", "/setup", {"tomml": "", "note": 3})

    assert answer.status_code == 422
    assert {path for path, _ in errors(answer)} == {"toml", "tomml", "note"}
    assert json.loads(answer.get_data())["detail"]


def test_a_process_that_has_not_read_the_set_up_is_unavailable_and_knows_no_unknown_form(sqlite: Store) -> None:
    front = Front(sqlite, unchanging(NOT_READ))

    assert front.post({"email": "ann@x.example"}, "tour").status_code == 503
    assert [front.client.get(path).status_code for path in ("/healthz", "/readyz", "/f/tour")] == [200, 503, 503]


@pytest.mark.parametrize(
    ("scopes", "accounts", "reads", "writes"),
    [
        ({Scope.SETUP}, None, 200, 200),
        ({Scope.READ}, None, 200, 403),
        ({Scope.LEADS}, None, 403, 403),
        ({Scope.READ, Scope.SETUP}, {"default"}, 403, 403),
    ],
)
def test_the_document_is_for_those_who_see_all_accounts(
    front: Front, sqlite: Store, scopes: set[Scope], accounts: set[str] | None, reads: int, writes: int
) -> None:
    wanted = KeyRequest("a program", frozenset(scopes), frozenset(accounts) if accounts else None)
    _, token = make_key(sqlite, wanted, administrator(), ["default"], NOON)
    key = {"Authorization": f"Bearer {token}", "If-Match": '"0"'}

    paths = ("/api/v1/setup", "/api/v1/setup/versions")
    assert {front.client.get(path, headers=key).status_code for path in paths} == {reads}
    changes = (("PUT", "", {"toml": FIRST, "dry_run": True}), ("POST", "/revert", {"version": 0, "dry_run": True}))
    for method, path, body in changes:
        assert front.client.open(f"/api/v1/setup{path}", method=method, json=body, headers=key).status_code == writes


SECRETS = """\
# before the fair the token was token-in-a-comment
[defaults]
notify = ["json://address-written-out/b", "env:SALES"]
[accounts.harbour]
username = "leads@example.com"
password = "password-written-out"
[forms.contact]
title = "Contact"
[forms.contact.webhooks.json]
token = "token-written-out"
"""


def test_a_key_that_only_reads_gets_the_document_without_secrets_and_comments(front: Front, sqlite: Store) -> None:
    sqlite.write(lambda tx: tx.setups.publish(SECRETS, "", "admin", NOON, 0))
    wanted = KeyRequest("a reader", frozenset({Scope.READ}), None)
    _, token = make_key(sqlite, wanted, administrator(), ["default"], NOON)

    toml = front.client.get("/api/v1/setup", headers={"Authorization": f"Bearer {token}"}).get_json()["toml"]

    assert "written-out" not in toml
    assert "in-a-comment" not in toml
    assert tomllib.loads(toml) == tomllib.loads(re.sub(r"[\w:/-]+-written-out[\w/]*", "secret:withheld", SECRETS))
    assert put(front, toml, '"1"').status_code == 422, "nobody publishes it by mistake"
    assert front.ask("/setup").get_json()["toml"] == SECRETS


def test_neither_a_change_nor_the_record_shows_a_secret(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES", "json://sales.example.com")
    changes = put(front, SECRETS).get_json()["changes"]

    acts = front.ask("/acts").text
    assert {each["key"]: each["to"] for each in changes}["defaults.notify"] == ["(a secret)", "env:SALES"]
    assert "written-out" not in f"{changes}{acts}"


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ('title = "env:ADMIN_TOKEN"', "forms.contact.title"),
        ('captcha = { provider = "turnstile", secret = "env:ADMIN_TOKEN" }', "forms.contact.captcha.secret"),
        ('redirect = "secret:kept"', "forms.contact.redirect"),
    ],
)
def test_no_document_brings_a_secret_to_where_it_can_be_read(
    front: Front, sqlite: Store, monkeypatch: pytest.MonkeyPatch, key: str, path: str
) -> None:
    monkeypatch.setenv("ADMIN_TOKEN", TOKEN)
    sqlite.write(lambda tx: tx.secrets.type_again("kept", "https://www.example.com", "ann@example.com", NOON))

    answer = put(front, f"[forms.contact]\n{key}\n")

    assert answer.status_code == 422
    assert path in [place for place, _ in errors(answer)]
