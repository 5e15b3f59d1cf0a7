"""What each route asks for: said by every one, and judged before anything else is."""

import re

import pytest

from service.actors import Actor, Role, Scope
from service.admin.permissions import Entry, is_allowed, permission_of, requires
from service.store import Store
from tests.admin.colleagues import colleague
from tests.admin.dashboard import Operator
from tests.admin.stored_leads import keep_many
from tests.front import Front
from tests.tables import each_row

OUTSIDE = {  # of the dashboard and the API: for strangers, platforms and monitoring
    *("/", "/f/<name>", "/f/<name>/thanks", "/webhooks/<sender>/<form>", "/webhooks/<sender>/<form>/<token>"),
    *("/attribution.js", "/attribution-more.js", "/sample", "/openapi.json", "/docs"),
    *("/healthz", "/readyz", "/metrics", "/answered/<signed>"),
}

OPEN = {
    *("sign_in", "ask_code", "take_code", "go_to_provider", "return_from_provider", "choose_language", "welcome"),
    *("invitation", "accept_invitation", "passkey_options", "sign_in_by_passkey", "passkey_script"),
    *("style", "forms_style", "reports_style", "print_style", "script", "copy_script", "refresh_script", "htmx"),
    *("comparison", "uplot", "uplot_style"),
    "icon",
}
"""Pages that strangers may use; a further one is written here on purpose."""


def test_every_route_says_what_it_asks_for_or_is_outside(sqlite: Store) -> None:
    app = Front(sqlite, SAMPLE_PAGE="true").app
    rules = app.url_map.iter_rules()

    assert {rule.rule for rule in rules if permission_of(app.view_functions[rule.endpoint]) is None} == OUTSIDE


def test_no_page_is_open_by_mistake(sqlite: Store) -> None:
    views = Front(sqlite).app.view_functions

    assert {name for name, view in views.items() if permission_of(view) is Entry.OPEN} == {f"pages.{x}" for x in OPEN}


def test_a_page_that_says_nothing_is_refused_to_everyone(sqlite: Store) -> None:
    operator = Operator(sqlite)
    operator.front.app.view_functions["pages.leads"] = lambda: "shown"

    assert operator.client.get("/admin/leads").status_code == 403


def test_a_call_that_says_nothing_is_refused_to_everyone(front: Front) -> None:
    front.app.view_functions["leads.list_leads"] = lambda: "shown"

    assert front.ask("/leads").status_code == 403


@each_row("permission", [*Scope, *Entry, None])
def test_an_owner_may_use_everything_that_says_what_it_asks_for(permission: Scope | Entry | None) -> None:
    assert is_allowed(Actor("ann@example.com", Role.OWNER.scopes), permission) == (permission is not None)


@pytest.mark.parametrize("scope", Scope)
def test_the_least_role_for_a_scope_has_it_and_the_one_below_has_not(scope: Scope) -> None:
    roles = list(Role)
    below = roles[: roles.index(Role.least_with(scope))]

    assert scope in Role.least_with(scope).scopes
    assert not any(scope in role.scopes for role in below)


def test_a_person_meets_403_at_every_page_beyond_the_role_and_nowhere_else(sqlite: Store) -> None:
    front = Front(sqlite, SAMPLE_PAGE="true")
    (lead,) = keep_many(sqlite, 1)
    people = {role: colleague(sqlite, role, front=front) for role in Role}
    tokens, views = {role: person.token for role, person in people.items()}, front.app.view_functions
    rules = [each for each in front.app.url_map.iter_rules() if each.rule.startswith("/admin")]
    permissions = {rule.endpoint: permission_of(views[rule.endpoint]) for rule in rules}
    for endpoint, permission in permissions.items():
        assert permission
        views[endpoint] = requires(permission)(lambda **_: "")  # what it shows is not the subject here

    wrong = []
    for rule in rules:
        permission = permissions[rule.endpoint]
        path = re.sub(r"<[^>]+>", "0" * 32, rule.rule.replace("<lead_id>", lead.id).replace("<name>", "contact"))
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            for role, person in people.items():
                status = person.client.open(path, method=method, data={"token": tokens[role]}).status_code
                is_beyond = isinstance(permission, Scope) and permission not in role.scopes
                wrong += [] if status == (403 if is_beyond else 200) else [(role, method, rule.rule, status)]

    assert wrong == []


@pytest.mark.parametrize("account", ["default", "harbour"])
def test_a_page_about_a_lead_that_does_not_exist_for_a_person_is_404_whatever_the_role(
    sqlite: Store, account: str
) -> None:
    (lead,) = keep_many(sqlite, 1)
    viewer = colleague(sqlite, Role.VIEWER, [account])

    statuses = [viewer.client.get(f"/admin/leads/{each}/edit").status_code for each in (lead.id, "0" * 32, "nobody")]

    assert statuses == [403 if account == "default" else 404, 404, 404]


def test_a_key_meets_403_at_every_call_beyond_its_scopes_whatever_the_id(front: Front) -> None:
    bearers = {}
    for scope in Scope:
        wanted = {"name": f"all but {scope}", "scopes": [each for each in Scope if each is not scope]}
        token = front.ask("/tokens", "POST", json={**wanted, "accounts": "all"}).get_json()["token"]
        bearers[scope] = {"Authorization": f"Bearer {token}"}

    wrong, refused, views = [], 0, front.app.view_functions
    for rule in front.app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1"):
            path, permission = re.sub(r"<[^>]+>", "nothing", rule.rule), permission_of(views[rule.endpoint])
            for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
                for lacking, bearer in bearers.items():
                    status = front.client.open(path, method=method, headers=bearer, json={}).status_code
                    wrong += [] if (status == 403) == (lacking is permission) else [(lacking, method, rule.rule)]
                    refused += status == 403

    assert wrong == []
    assert refused
