"""/api/v1/forget: a person is erased."""

from typing import Any

from flask_smorest import Blueprint

from service import clock
from service.admin.api.access import OF_A_BODY, answers, guarded, of_whole_characters, takes_json
from service.admin.api.schemas.house import ForgetRequest, Forgotten
from service.operations.forget import forget
from service.store import Store


def blueprint(store: Store, token: str) -> Blueprint:
    """The call."""
    routes = guarded("people", token, "What is kept of people.")

    @routes.route("/forget", methods=["POST"])
    @takes_json
    @of_whole_characters
    @routes.arguments(ForgetRequest, example={"email": "ann@example.com", "dry_run": True})
    @answers(routes, Forgotten, *OF_A_BODY)
    def forget_person(asked: dict[str, Any]) -> dict[str, Any]:
        """Erase a person: all that their leads say of them. It cannot be undone; `dry_run` only tells."""
        return forget(store, asked["email"], clock.now(), is_dry=asked["dry_run"])

    return routes
