"""Costs: exports of ad platforms, uploaded; which campaigns they belong to is shown before and after."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.pages.lead_list import account_choices
from service.admin.pages.numbers import money
from service.admin.pages.periods import span_text
from service.admin.pages.rendering import Renderer
from service.admin.permissions import current_actor, requires
from service.i18n import _
from service.operations.costs import UnreadableCosts, import_upload
from service.platforms.registry import PLATFORMS

MAX_LISTED = 200
"""Campaigns, and lines with problems, that the page shows."""


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/reports/costs."""

    def page(status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
        shown = {"taken": None, "problem": "", **values}
        return renderer.page(
            "costs.html",
            status,
            here="reports",
            platforms=PLATFORMS.values(),
            limit=MAX_LISTED,
            amounts=amounts,
            days=span_text,
            accounts=account_choices(deps),
            sees_all=current_actor().accounts is None,
            **shown,
        )

    @routes.get("/reports/costs")
    @requires(Scope.SETUP)
    def costs() -> Response:
        return page()

    @routes.post("/reports/costs")
    @requires(Scope.SETUP)
    def take_costs() -> Response:
        upload, source = request.files.get("file"), request.form.get("source", "")[:100]
        if upload is None or not upload.filename:
            return page(HTTPStatus.UNPROCESSABLE_ENTITY, problem=_("Choose a file first."))
        is_dry, operator = request.form.get("act") != "import", _operator(deps)
        try:
            actor, content = current_actor(), upload.read()
            name, now = upload.filename, clock.now()
            taken = import_upload(deps.store, actor, content, name, now, source, operator, is_dry=is_dry)
        except UnreadableCosts as error:
            return page(HTTPStatus.UNPROCESSABLE_ENTITY, problem=f"{error}.")
        has_failed = bool(taken.file.problems) or not taken.file.days
        return page(HTTPStatus.UNPROCESSABLE_ENTITY if has_failed else HTTPStatus.OK, taken=taken)


def _operator(deps: AdminDeps) -> str:
    """The account whose costs they are: the chosen one, else the only one; "" of no one in particular.

    Raises: BadRequest where one must be chosen.
    """
    accounts, chosen = deps.accounts, request.form.get("account", "")
    if chosen in accounts or len(accounts) == 1:
        return chosen or accounts[0]
    if chosen or current_actor().accounts is not None:
        raise BadRequest(_("Choose the account whose costs these are."))
    return ""


def amounts(by_currency: Mapping[str, float]) -> str:
    """Amounts of several currencies in one text."""
    return " + ".join(money(amount, currency) for currency, amount in by_currency.items()) or "0"
