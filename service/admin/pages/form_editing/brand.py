"""The operator's name, colour and logo, for all accounts or one, with a preview of the visitors' page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, request
from marshmallow import ValidationError
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from service.actors import Scope
from service.admin.pages.form_editing.drafts import BRAND, Draft, keys_in
from service.admin.pages.form_editing.review import number_of_request, show_review
from service.admin.pages.form_editing.workspace import Workspace, sentences_of
from service.admin.pages.rendering import HEADERS, PREFIX
from service.admin.permissions import current_actor, requires
from service.capture.pages.rendering import hosted_form, respond
from service.forms import DEFAULT_ACCOUNT, Brand, Form, SetupProblems
from service.forms.brand import describe_shades
from service.forms.schema import BRAND_TABLE
from service.i18n import current_language
from service.setup.editing import EditRefused
from service.setup.publishing import SetupRefusal

KEYS = ("name", "colour", "logo_url")
MAX_CHARS = 500


def add(routes: Blueprint, workspace: Workspace) -> None:
    """/admin/forms/brand and the preview in it."""

    @routes.get("/forms/brand")
    @requires(Scope.SETUP)
    def brand() -> Response:
        table, standing = _table(request.args.get("account", "")), workspace.standing()
        workspace.check_form(standing.document, table)
        return show_brand(workspace, Draft(table, standing.version, keys_in(standing.document, table)))

    @routes.post("/forms/brand")
    @requires(Scope.SETUP)
    def send_brand() -> Response:
        """Show the typed values again with their preview, or try them out and show the review."""
        table, standing = _table(request.form.get("account", "")), workspace.standing()
        workspace.check_form(standing.document, table)
        draft = Draft(table, number_of_request("version"), _typed(request.form))
        if request.form.get("action") != "review":
            return show_brand(workspace, draft)
        try:
            return show_review(workspace, workspace.try_out(draft))
        except (SetupProblems, EditRefused, SetupRefusal) as error:
            return show_brand(workspace, draft, sentences_of(error))

    @routes.get("/forms/brand/preview")
    @requires(Scope.SETUP)
    def brand_preview() -> Response:
        """The visitors' page of a form with the name, colour and logo given in the address; nothing on it works."""
        if "form" not in request.args:
            raise BadRequest
        form = workspace.deps.forms.get(request.args["form"])
        if form is None or not all(map(current_actor().sees, form.accounts)):
            raise NotFound
        try:
            shown = Brand(**BRAND_TABLE.load(_typed(request.args)))
        except ValidationError:
            raise BadRequest from None
        plain = replace(form, brand=shown, captcha=None, paused=False, allowed_origins=())
        response = respond(hosted_form(plain, current_language().code), form=plain)
        response.headers["Content-Security-Policy"] += "; sandbox; frame-ancestors 'self'"
        return response


def _table(account: str) -> str:
    """Return a draft's name for the table of all accounts or of one; editors of some accounts begin with one."""
    own = current_actor().accounts
    name = account or (min(own) if own else "")
    return f"{BRAND}:{name}" if name else BRAND


def _typed(texts: Mapping[str, str]) -> dict[str, str]:
    return {key: text for key in KEYS if (text := texts.get(key, "").strip()[:MAX_CHARS])}


def show_brand(workspace: Workspace, draft: Draft, problems: Sequence[tuple[str, str]] = ()) -> Response:
    """Return the page with the keys of a draft, and a preview of a form's page."""
    account, keys = draft.form.partition(":")[2], {key: str(value) for key, value in (draft.keys or {}).items()}
    usual = workspace.deps.setup().brand if account else Brand()
    whole = {key: keys.get(key, getattr(usual, key)) for key in KEYS}
    beside = {path.rpartition(".")[2]: sentence for path, sentence in problems}
    try:
        shades = list(describe_shades(Brand(**BRAND_TABLE.load(whole))))
        form = _example(workspace, account)
    except ValidationError:
        shades, form = [], None
    preview = f"{PREFIX}/forms/brand/preview?{urlencode({'form': form.name, **whole})}" if form else ""
    response = workspace.renderer.page(
        "form_brand.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
        here="setup",
        account=account,
        accounts=[name for name in workspace.accounts() if name != account],
        is_for_all=current_actor().accounts is None,
        version=draft.version,
        keys=keys,
        usual=usual,
        beside=beside,
        general=[sentence for path, sentence in problems if path.rpartition(".")[2] not in KEYS],
        shades=shades,
        preview=preview,
    )
    response.headers["Content-Security-Policy"] = f"{HEADERS['Content-Security-Policy']}; frame-src 'self'"
    return response


def _example(workspace: Workspace, account: str) -> Form | None:
    """A form whose pages have this brand."""
    forms = [form for form in workspace.deps.forms.values() if all(map(current_actor().sees, form.accounts))]
    own = [form for form in forms if not account or form.account == account]
    return next((form for form in own if form.account == (account or DEFAULT_ACCOUNT)), next(iter(own), None))
