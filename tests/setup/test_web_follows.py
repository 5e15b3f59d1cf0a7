"""Web: every request is served by one whole version, and the next one by the next."""

from flask import Response, request
from werkzeug.test import TestResponse

from service.store import Store
from tests.admin.dashboard import PASSWORD, words
from tests.front import ANN, SCRIPT, Front
from tests.setup.conftest import FollowedFile

OLD, NEW = "https://old.example.com", "https://new.example.com"


def version(origin: str) -> list[str]:
    """A file in which two keys belong together."""
    return ["[forms.contact]", f'allowed_origins = ["{origin}"]', f'redirect = "{origin}/thanks"']


def allows(response: TestResponse) -> str | None:
    """The origin that may read the response."""
    return response.headers.get("Access-Control-Allow-Origin")


def test_forms_webhooks_and_api_follow(sqlite: Store, file: FollowedFile) -> None:
    current = file.follow()
    front = Front(sqlite, current)
    call = {"full_name": "Ann", "email": "ann@example.com"}
    before = [front.post(ANN, "tour").status_code, front.client.post("/webhooks/json/tour", json=call).status_code]

    file.write("[forms.tour]", "[forms.tour.webhooks.json]")
    file.look(current)

    assert before == [404, 503]
    assert front.post(ANN, "tour").status_code == 303
    assert front.client.post("/webhooks/json/tour", json=call).status_code == 200
    assert front.post(ANN, "contact").status_code == 404
    assert [form["name"] for form in front.ask("/forms").get_json()["forms"]] == ["tour"]


def test_a_token_that_was_changed_is_asked_for(sqlite: Store, file: FollowedFile) -> None:
    table = "[forms.contact.webhooks.json]"
    file.write(table, 'token = "first-token"')
    current = file.follow()
    front = Front(sqlite, current)

    def status(token: str) -> int:
        bearer = {"Authorization": f"Bearer {token}"}
        return front.client.post("/webhooks/json/contact", json={"email": "a@b.example"}, headers=bearer).status_code

    assert (status("first-token"), status("other-token")) == (200, 401)
    file.write(table, 'token = "other-token"')
    file.look(current)
    assert (status("first-token"), status("other-token")) == (401, 200)


def test_a_request_ends_by_the_version_that_it_began_with(sqlite: Store, file: FollowedFile) -> None:
    file.write(*version(OLD))
    current = file.follow()
    front = Front(sqlite, current)

    def publish(response: Response) -> Response:
        """Between the view and what sets the headers of CORS."""
        if request.headers.get("Origin") == OLD:
            file.write(*version(NEW))
            file.look(current)
        return response

    front.app.after_request_funcs.setdefault(None, []).append(publish)  # the last one runs first

    response = front.post_json(ANN, headers={**SCRIPT, "Origin": OLD})
    later = front.post_json({**ANN, "message": "Again."}, headers={**SCRIPT, "Origin": NEW})

    assert (response.status_code, response.get_json()["next"], allows(response)) == (200, f"{OLD}/thanks", OLD)
    assert (later.status_code, later.get_json()["next"], allows(later)) == (200, f"{NEW}/thanks", NEW)


def test_the_dashboard_shows_what_is_in_force_and_what_was_refused(sqlite: Store, file: FollowedFile) -> None:
    current = file.follow()
    front = Front(sqlite, current, ADMIN_PASSWORD=PASSWORD)
    front.client.post("/admin/sign-in", data={"user": "admin", "password": PASSWORD})

    def page() -> str:
        return words(front.client.get("/admin/setup").text)

    assert f"Version {current.get().digest} of the forms file has been in force since" in page()
    file.write("[forms.contact]", "stge_id = 1")
    file.look(current)
    assert "The changed set-up is refused" in page()
    assert "forms.contact.stge_id: unknown key" in page()
    assert f"Version {current.get().digest} of the forms file has been in force since" in page()
