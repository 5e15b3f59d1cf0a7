"""Access: every route has a policy, and without the token nothing is shown."""

import pytest
from werkzeug.routing import Rule

from service.store import Store
from tests.admin.stored_leads import keep_many
from tests.front import TOKEN, Front

PUBLIC = {
    "/",
    "/f/<name>",
    "/f/<name>/thanks",
    "/attribution.js",
    "/attribution-more.js",
    "/openapi.json",
    "/docs",
    "/healthz",
    "/readyz",
    "/metrics",
    "/sample",
    "/answered/<signed>",
    "/admin/forms.css",
    "/admin/sign-in",
    "/admin/sign-in/code",
    "/admin/sign-in/passkey",
    "/admin/sign-in/passkey/options",
    "/admin/passkeys.js",
    "/admin/sign-in/provider",
    "/admin/sign-in/provider/callback",
    "/admin/style.css",
    "/admin/reports.css",
    "/admin/selection.js",
    "/admin/vendor/htmx.min.js",
    "/admin/comparison.js",
    "/admin/vendor/uPlot.iife.min.js",
    "/admin/vendor/uPlot.min.css",
    "/admin/print.css",
    "/admin/copy.js",
    "/admin/refresh.js",
    "/admin/language",
    "/admin/icon.svg",
    "/admin/welcome/<token>",
    "/admin/invitation/<token>",
}
"""The public routes; a new route is added here on purpose or requires the token."""


def rules(front: Front) -> list[Rule]:
    """Every route of the application."""
    return list(front.app.url_map.iter_rules())


def test_every_route_is_public_on_purpose_or_asks_for_the_token(sqlite: Store) -> None:
    front = Front(sqlite, SAMPLE_PAGE="true")
    guarded = [rule for rule in rules(front) if rule.rule not in PUBLIC]

    assert guarded
    for rule in guarded:
        path = rule.rule.replace("<lead_id>", "0" * 32).replace("<form>", "contact")
        path = path.replace("<sender>", "typeform").replace("<token>", "a-guess")
        preflight = {"OPTIONS"} if rule.rule.startswith("/webhooks/") else set()  # open: it shows nothing
        for method in sorted((rule.methods or set()) - preflight):
            assert front.client.open(path, method=method).status_code == 401, (method, path)


def test_the_list_of_public_routes_names_nothing_that_is_gone(sqlite: Store) -> None:
    assert {rule.rule for rule in rules(Front(sqlite, SAMPLE_PAGE="true"))} >= PUBLIC


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, f"Basic {TOKEN}", "Bearer \xff"],
)
def test_a_wrong_token_shows_nothing(front: Front, sqlite: Store, given: str) -> None:
    keep_many(sqlite, 1)

    response = front.client.get("/api/v1/leads", headers={"Authorization": given})

    assert (response.status_code, response.mimetype) == (401, "application/problem+json")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.get_json(force=True)["detail"] == "send Authorization: Bearer and a key, or ADMIN_TOKEN"


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer {TOKEN}", f"Bearer  {TOKEN} "])
def test_the_token_opens_the_api(front: Front, given: str) -> None:
    assert front.client.get("/api/v1/leads", headers={"Authorization": given}).status_code == 200


@pytest.mark.parametrize("given", ["Bearer ", "Bearer x", ""])
def test_without_a_configured_token_every_call_is_refused(sqlite: Store, given: str) -> None:
    response = Front(sqlite, ADMIN_TOKEN="").client.get("/api/v1/leads", headers={"Authorization": given})

    assert response.status_code == 401


def test_without_the_token_the_problems_of_a_call_are_not_shown(front: Front) -> None:
    responses = [
        front.client.get("/api/v1/leads?status=lost"),
        front.client.get("/api/v1/leads/nobody"),
        front.client.post("/api/v1/preview/nowhere", data="{", content_type="application/json"),
    ]

    assert [response.status_code for response in responses] == [401, 401, 401]


def test_two_applications_in_one_process_keep_to_themselves(sqlite: Store) -> None:
    first, second = Front(sqlite, ADMIN_TOKEN="first-token-here"), Front(sqlite, ADMIN_TOKEN="second-token-here")

    headers = {"Authorization": "Bearer first-token-here"}

    assert first.client.get("/api/v1/leads", headers=headers).status_code == 200
    assert second.client.get("/api/v1/leads", headers=headers).status_code == 401
