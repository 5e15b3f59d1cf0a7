"""The record of acts by the API and on its page: found, filtered, exported, and seen only where one may."""

import csv
import io
from html import unescape
from itertools import pairwise
from typing import Any

import pytest

from service.actors import Actor, Role
from service.lead import Status
from service.operations.acts import ActNumbers
from service.operations.leads import forget
from service.store import Act, Store, Subject, SubjectKind
from tests.admin.dashboard import Operator
from tests.admin.stored_leads import keep, keep_as
from tests.admin.test_walls import let_anyone_ask
from tests.builders import NOON, SOMEONE, a_form, a_lead
from tests.front import Front


def record(store: Store, account: str | None = "default", **more: Any) -> None:
    """Record that a form was changed."""
    subject = Subject(SubjectKind.FORM, more.pop("form", "tour"))
    after = {"title": "Book a <tour>", **more}
    store.write(lambda tx: tx.acts.record(SOMEONE, Act.CHANGE, subject, account, {"title": "Tour"}, after, NOON))


def test_the_api_shows_who_did_what_to_what(front: Front, sqlite: Store) -> None:
    lead = keep_as(sqlite, Status.QUARANTINED)
    front.ask(f"/leads/{lead.id}/discard", "POST")

    (act,) = front.ask("/acts").get_json()["acts"]

    assert act.pop("at").endswith("Z")
    assert len(act.pop("hash")) == 64
    assert act == {
        "id": 1,
        "who": "admin",
        "from": "127.0.0.1",
        "act": "discard",
        "kind": "lead",
        "subject": lead.id,
        "accounts": ["default"],
        "before": {"status": "quarantined"},
        "after": {"status": "discarded"},
        "erased": False,
    }


def test_the_api_filters_and_pages(front: Front, sqlite: Store) -> None:
    for number in range(3):
        record(sqlite, form=f"form{number}")

    first = front.ask("/acts?size=2").get_json()
    rest = front.ask(f"/acts?size=2&cursor={first['next']}").get_json()

    assert [[act["subject"] for act in page["acts"]] for page in (first, rest)] == [["form2", "form1"], ["form0"]]
    assert rest["next"] is None
    assert front.ask("/acts?since=2099-01-01").get_json() == {"acts": [], "next": None}
    assert front.ask("/acts?who=somebody").get_json()["acts"] == []
    assert [act["id"] for act in front.ask("/acts?q=form1").get_json()["acts"]] == [2]
    assert front.ask("/acts?cursor=x").status_code == 422


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/acts", "/acts/1"])
def test_no_call_writes_or_removes_an_act(front: Front, method: str, path: str) -> None:
    assert front.ask(path, method, json={}).status_code in (404, 405)


def test_a_key_without_people_may_not_read_it_and_one_of_an_account_sees_its_own(front: Front, sqlite: Store) -> None:
    record(sqlite, "default")
    record(sqlite, None)

    def ask(scope: str) -> Any:
        wanted = {"name": scope, "scopes": [scope], "accounts": ["default"]}
        token = front.ask("/tokens", "POST", json=wanted).get_json()["token"]
        return front.client.get("/api/v1/acts", headers={"Authorization": f"Bearer {token}"})

    assert ask("read").status_code == 403
    assert [act["kind"] for act in ask("people").get_json()["acts"]] == ["key", "key", "form"]


def test_who_sees_one_account_pages_through_acts_whose_numbers_do_not_count_those_of_others(
    front: Front, sqlite: Store
) -> None:
    for number in range(3):
        record(sqlite, "default", form=f"form{number}")
        record(sqlite, "harbour")
    wanted = {"name": "own", "scopes": ["people"], "accounts": ["default"]}
    headers = {"Authorization": f"Bearer {front.ask('/tokens', 'POST', json=wanted).get_json()['token']}"}
    acts: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = front.client.get(f"/api/v1/acts?size=1&kind=form&cursor={cursor}", headers=headers).get_json()
        acts, cursor = acts + page["acts"], page["next"]

    assert [act["subject"] for act in acts] == ["form2", "form1", "form0"]
    plain = {act["hash"]: act["id"] for act in front.ask("/acts").get_json()["acts"]}
    numbers = ActNumbers(sqlite.secret_key())
    assert [numbers.number_of(act["id"]) for act in acts] == [plain[act["hash"]] for act in acts] == [5, 3, 1]
    assert min(abs(one["id"] - other["id"]) for one, other in pairwise(acts)) > 1000


def test_a_forgotten_person_is_in_no_act_any_more(front: Front, sqlite: Store) -> None:
    lead = keep(sqlite, a_lead("ann@example.com", status=Status.PARKED))
    front.ask(f"/leads/{lead.id}/correct", "POST", json={"fields": {"full_name": "Ann Lee"}})
    assert "Ann Lee" in front.ask(f"/acts?lead={lead.id}").text

    front.ask("/forget", "POST", json={"email": "ann@example.com"})

    assert not [word for word in ("Ann Lee", "Ada", "ann@example.com") if word in front.ask("/acts").text]
    acts = front.ask(f"/acts?lead={lead.id}").get_json()["acts"]
    assert [(act["act"], act["erased"]) for act in acts] == [("erase", False), ("correct", True)]
    assert acts[1]["before"] == {"status": "parked"}
    with sqlite.read() as tx:
        assert tx.acts.verify_chain().problem == ""


def test_the_page_shows_acts_in_words(sqlite: Store) -> None:
    operator = Operator(sqlite)
    lead = keep_as(sqlite, Status.QUARANTINED)
    operator.send(f"/admin/leads/{lead.id}/act", action="release")
    record(sqlite)

    page = operator.see("/admin/record")

    assert "Released: Lead" in page
    assert "Held as spam → then Waiting" in page
    assert "Changed: Form tour" in page
    assert "Tour → then Book a <tour>" in page
    assert "from 127.0.0.1" in page
    assert f"/admin/leads/{lead.id}" in operator.client.get("/admin/record").text


def test_the_page_filters_and_says_by_what(sqlite: Store) -> None:
    operator = Operator(sqlite)
    record(sqlite)

    assert "What: Signed in" in (page := operator.see("/admin/record?act=sign+in"))
    assert "Changed: Form" not in page
    assert "No matching acts" in operator.see("/admin/record?who=nobody")
    assert "Who: admin" in (page := operator.see("/admin/record?by=1"))
    assert "Changed: Form tour" in page
    assert "No matching acts" in operator.see("/admin/record?by=99")
    assert "?by=2" in (html := operator.client.get("/admin/record").text)
    assert "?who=" not in html
    assert "Changed: Form tour" in operator.see("/admin/record?q=tour&since=2026-11-24&until=2026-11-24")
    assert "No matching acts" in operator.see("/admin/record?q=tour&until=2026-11-23")
    assert "Changed: Form tour" in operator.see("/admin/record?q=tour&since=soon&before=x")


def test_the_pages_of_a_lead_a_form_and_a_person_show_their_acts_to_whoever_may_read_them(sqlite: Store) -> None:
    operator = Operator(sqlite, a_form(), a_form("tour", account="harbour"))
    lead = keep_as(sqlite, Status.QUARANTINED)
    operator.send(f"/admin/leads/{lead.id}/act", action="discard")
    record(sqlite, form="contact")
    record(sqlite, None, form="tour", note="only for those who see all accounts")
    operator.send("/admin/people", email="ann@example.com", role="viewer", reach="all")
    with sqlite.read() as tx:
        (ann,) = tx.people.all()
    paths = (f"/admin/leads/{lead.id}", "/admin/setup/contact", "/admin/setup/tour", f"/admin/people?person={ann.id}")
    expected = (("admin", "Discarded"), ("Book a <tour>",), ("only for those",), ("admin", "Invited"))

    def seen() -> list[bool]:
        folded = [unescape(operator.client.get(path).text).partition("Who did what")[2] for path in paths]
        return [all(each in text for each in words) for text, words in zip(folded, expected, strict=True)]

    assert seen() == [True] * 4
    let_anyone_ask(operator.front.app)
    for asks in (Actor("bob@example.com", Role.EDITOR.scopes), Actor("eve", Role.OWNER.scopes, frozenset({"harbour"}))):
        operator.front.app.extensions["asks"] = asks
        assert seen() == [False] * 4, "an editor reads no record, an owner of one account no act of everyone"


def test_the_page_is_paged(sqlite: Store) -> None:
    operator = Operator(sqlite)
    for number in range(60):
        record(sqlite, form=f"form-{number}")

    first = operator.client.get("/admin/record").text
    address = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")

    assert "form-59" in first
    assert "form-1<" not in first
    assert "form-1<" in operator.client.get(address).text


def test_the_page_exports_what_it_shows(sqlite: Store) -> None:
    operator = Operator(sqlite)
    record(sqlite, form="=tour")

    response = operator.client.get("/admin/record/export?kind=form")

    rows = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"))))
    assert response.mimetype == "text/csv"
    assert [(row["act"], row["subject"], row["accounts"]) for row in rows] == [("change", "'=tour", "default")]
    assert "Exported: Record" in operator.see("/admin/record")


def test_erasing_without_any_lead_is_no_act(sqlite: Store) -> None:
    forget(sqlite, SOMEONE, "nobody@example.com", NOON, is_dry=False)
    forget(sqlite, SOMEONE, keep(sqlite, a_lead()).submission.contact.email, NOON, is_dry=True)

    assert Front(sqlite).ask("/acts").get_json()["acts"] == []
