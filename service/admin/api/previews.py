"""/api/v1/preview: what a submission would become."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask_smorest import Blueprint

from service.admin.api.access import OF_A_BODY, answers, guarded, refuse, takes_json
from service.admin.api.schemas.previews import VISIT, PreviewBody, PreviewRequest

Preview = Callable[[str, Mapping[str, Any]], dict[str, Any] | None]


def blueprint(preview: Preview, token: str) -> Blueprint:
    """The call."""
    routes = guarded("preview", token, "What a submission would become.")

    @routes.route("/preview/<form>", methods=["POST"])
    @takes_json
    @routes.arguments(PreviewRequest, example=VISIT)
    @answers(routes, PreviewBody, 404, *OF_A_BODY)
    def show_preview(asked: dict[str, Any], form: str) -> dict[str, Any]:
        """The contact, the verdict and the exact bodies; nothing is stored or sent."""
        found = preview(form, asked)
        if found is None:
            refuse(HTTPStatus.NOT_FOUND, "there is no such form")
        return found

    return routes
