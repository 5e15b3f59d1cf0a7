"""Walls between accounts: whatever people of one account ask for, nothing of another leaves; not even a number."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from hashlib import sha256
from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from flask import Flask, g
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from service.actors import Actor, Role, Scope, administrator
from service.lead import (
    Attempt,
    Attribution,
    Contact,
    CoworkerId,
    Lead,
    LeadId,
    OpportunityId,
    Outcome,
    Status,
    Step,
    first_lead_id,
)
from service.operations.keys import KeyRequest, make_key
from service.store import (
    AMOUNT_UNIT,
    AnswerClock,
    ConnectionKey,
    Cost,
    ImportJob,
    JobState,
    LeadHistory,
    OwnerTurn,
    Reconciliation,
    Rejection,
    SaleStatus,
    Store,
    Transaction,
)
from tests.admin.colleagues import add_person
from tests.admin.dashboard import Operator
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.front import TOKEN, count_days
from tests.store.sales import a_change, a_sale

MARKS = {"default": "zqorban", "harbour": "vxelmore"}
"""A word in all that belongs to an account."""

NUMBERS = {"default": 3, "harbour": 53}
"""Delivered leads of each account; twice as many in all: numbers that show if they are counted."""

NOW = NOON + timedelta(minutes=100)

NEVER = "0" * 30 + "99"
"""An id that nothing has."""


def other_than(account: str) -> str:
    """The other account."""
    return next(name for name in MARKS if name != account)


class Operators:
    """Two operators in one installation: the leads of each, and who asks."""

    def __init__(self, operator: Operator, leads: dict[str, list[Lead]], named: dict[str, dict[str, str]]) -> None:
        """named: account -> argument of a route -> what it names."""
        self.operator, self.leads, self.named = operator, leads, named

    def ask(
        self, account: str, path: str, method: str = "GET", *, api: bool = False, role: Role = Role.OWNER, **more: Any
    ) -> TestResponse:
        """Ask as somebody who sees one account."""
        self.operator.front.app.extensions["asks"] = Actor("ann@example.com", role.scopes, frozenset({account}))
        headers = {"Authorization": f"Bearer {TOKEN}"} if api else {}
        try:
            return self.operator.client.open(path, method=method, headers=headers, **more)
        finally:
            self.operator.front.app.extensions["asks"] = None


def let_anyone_ask(app: Flask) -> None:
    """Have the test say who asks, once both doors have let the request in."""

    def act() -> None:
        if app.extensions.get("asks") is not None and "actor" in g:
            g.actor = app.extensions["asks"]

    for name in app.blueprints:
        app.before_request_funcs.setdefault(name, []).append(act)


def history(account: str, number: int, status: Status = Status.DELIVERED) -> LeadHistory:
    """A lead of an account with all that a lead may have."""
    mark, at = MARKS[account], NOON + timedelta(seconds=number)
    contact = Contact(f"p{number}@{mark}.example", f"{mark.title()} Person", company=f"{mark} Ltd")
    submission = a_submission(
        contact.email, f"Desks for {mark}", form=f"{mark}-visit", contact=contact, fields={"email": contact.email}
    )
    is_done = status is Status.DELIVERED
    verdict = Attribution(utm_source=mark, utm_medium="cpc", utm_campaign=f"{mark}-spring", channel=f"{mark} channel")
    lead = a_lead(
        id=LeadId(f"{first_lead_id(at)[:12]}7{sha256(f'{mark} {number} {status}'.encode()).hexdigest()[:19]}"),
        received_at=at,
        account=account,
        status=status,
        submission=submission,
        attribution=verdict,
        problem=f"{mark}: look at it" if status is Status.PARKED else "",
        delivered_at=at + timedelta(seconds=2) if is_done else None,
        coworker_id=CoworkerId(7) if is_done else None,
        opportunity_id=OpportunityId(9) if is_done else None,
    )
    if not is_done:
        return LeadHistory(lead)
    call = Attempt(Step.CREATE_OPPORTUNITY, at, Outcome.DONE, 12, 200, f"{mark} detail")
    sale = a_sale(lead, 80_000 + number, account=account, stage=f"{mark} stage", status=SaleStatus.WON, won_at=NOW)
    clock = AnswerClock(lead.id, account, f"{mark}-visit", at, due_at=NOW, waiting_since=at)
    turn = OwnerTurn(lead.id, account, f"owner@{mark}.example", 5, "its turn", at)
    return LeadHistory(lead, [call], {"Name": mark}, sale, [a_change(lead, "stage", f"{mark} stage")], clock, turn)


def keep_everything(
    store: Store, accounts: Collection[str] = tuple(MARKS)
) -> tuple[dict[str, list[Lead]], dict[str, dict[str, str]]]:
    """Fill every table that has rows of accounts; the leads of each account, and by argument what addresses name."""
    leads: dict[str, list[Lead]] = {}
    named: dict[str, dict[str, str]] = {}
    for place, (account, mark) in enumerate(MARKS.items()):
        if account not in accounts:
            continue
        number = NUMBERS[account]
        some = [history(account, 100 * place + each) for each in range(number)]
        others = [Status.PARKED, Status.QUARANTINED, Status.DISCARDED, Status.TEST]
        some += [history(account, 100 * place + each, others[each % 4]) for each in range(number)]
        leads[account] = [each.lead for each in some]
        job = ImportJob(f"{place + 1:032x}", f"{mark}-visit", "", f"{mark}.csv", JobState.CHECKED, NOW, NOW)
        person = add_person(store, Role.EDITOR, [account], f"colleague@{mark}.example", password="")
        wanted = KeyRequest(f"{mark} program", frozenset({Scope.READ}), frozenset({account}))
        key, _ = make_key(store, wanted, administrator(), [account], NOW)
        request = store.write(
            lambda tx, account=account, mark=mark: tx.worker_requests.add("x", {mark: mark}, mark, NOW, account)  # type: ignore[misc]
        )
        result = {"nexudus": {"found": 5000 + place}, "is_right": False, "number": 0, "remarks": [mark]}
        comparison = Reconciliation(account, NOON, NOON, None, result)

        def write(tx: Transaction, some=some, account=account, mark=mark, job=job, made=comparison) -> None:  # type: ignore[no-untyped-def]
            tx.leads.write_histories(some)
            tx.imports.add(job, b"email\n")
            for cause in (f"login:{account}", f"setup:{account}:{mark}-visit:stage", f"silence:{mark}-visit"):
                tx.alerts.report(cause, f"{mark} is wrong", NOW)
            tx.platforms.mark_broken(ConnectionKey(f"{mark}-visit", "meta"), f"{mark} broke", NOW, NOW)
            tx.platforms.record_rejection(Rejection(f"{mark}-visit", "json", NOW, f"{mark} token", has_worked=True))
            tx.crm.save_reconciliation(made)
            cost = Cost(NOON.date(), "google", "", f"{mark}-spring", "", "GBP", 35 * AMOUNT_UNIT)
            tx.statistics.replace_costs([cost], {("google", mark): {NOON.date()}}, NOW, account)

        store.write(write)
        named[account] = {"lead_id": leads[account][-1].id, "job_id": job.id, "account": account, "request_id": request}
        named[account] |= {"person_id": person.id, "token_id": key.id, "key_id": key.id}
        named[account] |= dict.fromkeys(("form", "name"), f"{mark}-visit")
    store.write(lambda tx: tx.alerts.report("worker", f"no worker: {NUMBERS['harbour']} leads wait", NOW))
    store.write(lambda tx: tx.alerts.report("erasure:parked", "53 parked leads are about to be erased", NOW))
    with store.read() as tx:
        is_behind = tx.search.is_index_behind("g")
    assert is_behind
    store.write(lambda tx: tx.search.fill_index("g", 1000))
    return leads, named


@pytest.fixture
def operators(sqlite: Store) -> Iterator[Operators]:
    """Both operators, and an index of words and counts by day that the background has filled."""
    with time_machine.travel(NOW, tick=False):
        leads, named = keep_everything(sqlite)
        count_days(sqlite)
        some = [a_form(f"{mark}-visit", title=f"Visit {mark}", account=account) for account, mark in MARKS.items()]
        operator = Operator(sqlite, *some)
        let_anyone_ask(operator.front.app)
        yield Operators(operator, leads, named)


def leaks(answer: TestResponse, account: str, operators: Operators, *quoted: str) -> list[str]:
    """What an answer tells somebody of `account` of the other; `quoted`: what they wrote themselves."""
    foreign = other_than(account)
    text = without(unescape(answer.text), quoted)
    number = NUMBERS[foreign]
    counts = (
        rf"(?<![\w.:#/-])(?:{number}|{2 * number}|{number + NUMBERS[account]}|{2 * sum(NUMBERS.values())})(?![\w:.%])"
    )
    visible = re.sub(r"<(svg|script|style).*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL) if "<html" in text else text
    ids = [lead.id for lead in operators.leads[foreign] if lead.id in text]
    return [word for word in (MARKS[foreign], *ids[:1]) if word in text.lower()] + (
        re.findall(counts, visible) if foreign == "harbour" else []
    )


def without(text: str, quoted: Sequence[str], instead: str = "") -> str:
    """A text without what somebody wrote themselves."""
    for each in filter(None, quoted):
        text = text.replace(each, instead)
    return text


def addresses(operators: Operators, account: str, *, api: bool) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Yield method, address and what it names of the other account, for every route and its lists' filters."""
    foreign = other_than(account)
    named = {"platform": "meta", "sender": "json", "number": "1"} | operators.named[foreign]
    named |= dict.fromkeys(("code", "token", "digest", "passkey_id"), NEVER)  # of nobody: of one's own
    rules = operators.operator.front.app.url_map.iter_rules()
    for rule in sorted(rules, key=lambda rule: "record" not in rule.rule):  # before it has what is asked for here
        is_api = rule.rule.startswith("/api/")
        is_asset = rule.rule.endswith((".js", ".css"))
        is_door = rule.rule.startswith(("/admin/sign-", "/admin/account/sessions"))
        if is_api is not api or is_asset or is_door or not rule.rule.startswith(("/api/", "/admin")):
            continue
        quoted = [named[name] for name in rule.arguments if name in operators.named[foreign]]
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: named[match[1]], rule.rule)
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PATCH", "DELETE"}):
            yield method, path, quoted
            if method == "GET" and not rule.arguments:
                yield method, f"{path}?{urlencode({'account': foreign})}", [foreign]
                yield method, f"{path}?{urlencode({'form': named['form'], 'q': MARKS[foreign]})}", [MARKS[foreign]]


def wrong_answers(operators: Operators, account: str, *, api: bool) -> dict[tuple[str, str], object]:
    """Method and address -> what is wrong with the answer to somebody of one account who asks for the other's."""
    wrong: dict[tuple[str, str], object] = {}
    email, token = f"p1@{MARKS[other_than(account)]}.example", operators.operator.token
    for method, path, quoted in addresses(operators, account, api=api):
        body = {"email": email, "dry_run": True} if path.endswith("/forget") else {"fields": {"phone": "1"}}
        data = {"token": token, "id": operators.leads[other_than(account)][0].id}
        more = ({"json": body} if api else {"data": data}) if method in ("POST", "PATCH") else {}
        answer = operators.ask(account, path, method, api=api, **more)
        leaked: object = leaks(answer, account, operators, *(quoted or [email]))
        if quoted and "?" not in path:
            nothing = operators.ask(account, without(path, quoted, NEVER), method, api=api, **more)
            differs = without(answer.text, quoted, NEVER) != nothing.text or answer.status_code != nothing.status_code
            leaked = leaked or (differs and (answer.status_code, nothing.status_code))
        if leaked or answer.status_code >= 500:
            wrong[method, path] = leaked or answer.status_code
    assert operators.ask(account, "/admin/leads").status_code == 200  # still signed in
    return wrong


@pytest.mark.parametrize("account", MARKS)
def test_no_route_tells_anything_of_another_account_not_even_that_it_is_there(
    operators: Operators, account: str
) -> None:
    assert not wrong_answers(operators, account, api=True)
    assert not wrong_answers(operators, account, api=False)


def test_foreign_leads_are_as_they_were_after_every_action(operators: Operators) -> None:
    before, token = stored(operators, "harbour"), operators.operator.token
    for lead in operators.leads["harbour"][-4:]:
        for action in ("retry", "release", "discard", "restore", "correct", "answered"):
            body = {"fields": {"phone": "1"}}
            operators.ask("default", f"/api/v1/leads/{lead.id}/{action}", "POST", api=True, json=body)
            data = {"token": token, "action": action, "id": lead.id}
            operators.ask("default", f"/admin/leads/{lead.id}/act", "POST", data=data)
            operators.ask("default", "/admin/leads/act", "POST", data=data)
        operators.ask("default", f"/admin/leads/{lead.id}/erase", "POST", data={"token": token, "sure": "yes"})
    email = before[-1].submission.contact.email
    operators.ask("default", "/api/v1/forget", "POST", api=True, json={"email": email})

    assert stored(operators, "harbour") == before


def test_all_that_match_are_all_of_the_own_account(operators: Operators) -> None:
    data = {"token": operators.operator.token, "action": "discard", "scope": "all", "until": "f" * 32}
    before = stored(operators, "harbour")

    operators.ask("default", "/admin/leads/act", "POST", data=data)

    assert stored(operators, "harbour") == before
    assert {lead.status for lead in stored(operators, "default")} == {Status.DELIVERED, Status.DISCARDED}


def test_who_sees_an_account_is_shown_all_of_it(operators: Operators) -> None:
    page = operators.ask("harbour", "/api/v1/leads?size=200", api=True).get_json()

    assert {lead["id"] for lead in page["leads"]} == {lead.id for lead in operators.leads["harbour"]}
    assert "vxelmore" in operators.ask("harbour", "/admin/").text


SHOWN = ("/admin/", "/admin/leads", "/admin/setup", "/admin/reports", "/admin/leads/export")


def test_who_sees_all_accounts_is_shown_both_and_can_look_at_one(operators: Operators) -> None:
    for path in SHOWN:
        page = operators.operator.client.get(path)
        assert leaks(page, "default", operators), path
        assert leaks(page, "harbour", operators), path

        one = operators.operator.client.get(f"{path}?account=default")
        assert [each for each in leaks(one, "default", operators, "harbour") if each not in MARKS] == [], path
        assert "zqorban" in one.text.lower(), path
    assert 'hx-get="/admin/latest?account=default"' in operators.operator.client.get("/admin/?account=default").text
    assert leaks(operators.operator.client.get("/admin/latest?account=default"), "default", operators) == []


LISTED = ("/admin/", "/admin/leads", "/admin/leads/export", "/admin/reports", "/api/v1/leads")

FILTERS = ("q", "status", "form", "sender", "channel", "campaign", "account", "problem", "report", "sort", "by", "who")
PLACES = ("cursor", "before", "after")

WORDS = (
    *("vxelmore", "vxelmore-visit", "vxelmore-spring", "p1@vxelmore.example", "vxelmore: look", "vxelmore channel"),
    *("harbour", "default", "parked", "delivered", "counted", "browser", "name", "-won", "form:last:vxelmore-visit"),
    *("campaign:first:vxelmore-spring", "ann@example.com", "desks", ""),
)


@settings(
    max_examples=15, phases=(Phase.generate,), derandomize=True, database=None, suppress_health_check=[*HealthCheck]
)
@given(
    role=st.sampled_from(Role),
    path=st.sampled_from(LISTED),
    filters=st.dictionaries(st.sampled_from(FILTERS), st.sampled_from(WORDS), max_size=3),
    place=st.sampled_from(PLACES),
    number=st.integers(-1, 105),
)
def test_no_role_learns_a_foreign_lead_by_any_filter_or_place(
    operators: Operators, role: Role, path: str, filters: dict[str, str], place: str, number: int
) -> None:
    query = filters | ({place: operators.leads["harbour"][number].id} if number >= 0 else {})

    answer = operators.ask("default", f"{path}?{urlencode(query)}", api=path.startswith("/api/"), role=role)

    assert answer.status_code < 500
    assert leaks(answer, "default", operators, *sorted(query.values(), key=len, reverse=True)) == []


COSTS = b"day,source,campaign,amount,currency\n2026-11-24,google,vxelmore-spring,80.00,GBP\n"


def test_costs_are_those_of_the_account_that_their_importer_sees(operators: Operators) -> None:
    data = {"token": operators.operator.token, "act": "import", "file": (BytesIO(COSTS), "costs.csv")}
    answer = operators.ask("default", "/admin/reports/costs", "POST", data=data)

    assert answer.status_code == 200
    assert leaks(answer, "default", operators, "vxelmore-spring") == []  # nor how many leads the campaign has
    with operators.operator.front.store.read() as tx:
        day = NOON.date()
        assert [each.amount for each in tx.statistics.costs_between(day, day, "default")] == [80 * AMOUNT_UNIT]
        assert [each.amount for each in tx.statistics.costs_between(day, day, "harbour")] == [35 * AMOUNT_UNIT]


LISTS = ("leads?size=200&", "forms?", "alerts?", "reports/outcomes?by=form&", "reports/answers?")


def test_every_list_of_the_api_takes_an_account(operators: Operators) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for path in LISTS:
        both, one, none = (
            operators.operator.client.get(f"/api/v1/{path}account={account}", headers=headers).text
            for account in ("", "harbour", "nowhere")
        )

        assert [mark in both for mark in MARKS.values()] == [True, True], path
        assert [mark in one for mark in MARKS.values()] == [False, True], path
        assert not any(mark in none for mark in MARKS.values()), path


def test_leads_sent_again_from_the_page_of_an_account_are_its_own(operators: Operators) -> None:
    before, browser = stored(operators, "harbour"), operators.operator
    page = browser.client.get("/admin/?account=default")

    browser.press_button(page, "/admin/retry")
    browser.send("/admin/retry", status="parked", problem="", account="default")

    assert stored(operators, "harbour") == before


def stored(operators: Operators, account: str) -> list[Lead]:
    """All leads of an account, as they are."""
    with operators.operator.front.store.read() as tx:
        return [lead for each in operators.leads[account] if (lead := tx.leads.get(each.id)) is not None]
