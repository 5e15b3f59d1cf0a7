"""Links to a form: built from tags, judged by the attribution rules before use, and shown as a QR code."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from service.actors import Scope
from service.admin.pages import snippets
from service.admin.pages.form_editing.workspace import Workspace
from service.admin.permissions import current_actor, requires
from service.forms import Form
from service.i18n import _
from service.operations.preview import preview

TAGS = ("source", "medium", "campaign", "content", "term")
MAX_LINK_CHARS = 1500
UNASSIGNED = "Unassigned"


@dataclass(frozen=True, slots=True)
class TaggedLink:
    """A link, its attribution by the rules, and warnings."""

    address: str
    attribution: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


def make_link(page: str, tags: Mapping[str, str]) -> str:
    """Return the address of a page with these tags in place of its own of the same names."""
    parts = urlsplit(page.strip())
    own = {f"utm_{name}": text.strip() for name, text in tags.items() if text.strip()}
    query = [(name, text) for name, text in parse_qsl(parts.query, keep_blank_values=True) if name not in own]
    return urlunsplit(parts._replace(query=urlencode([*query, *own.items()])))


def judge(form: Form, page: str, tags: Mapping[str, str]) -> TaggedLink:
    """Return the link with the verdict of the form's rules."""
    address = make_link(page, tags)
    answers = {"email": "someone@example.com", "full_name": "Someone"}
    attribution = preview(form, {"fields": answers, "page_url": address, "referrer": ""})["attribution"]
    return TaggedLink(address, attribution, tuple(_warnings(page, tags, attribution)))


def _warnings(page: str, tags: Mapping[str, str], attribution: Mapping[str, Any]) -> list[str]:
    warnings = []
    parts = urlsplit(page.strip())
    if parts.scheme not in ("http", "https") or not parts.netloc:
        warnings.append(_("Enter the full address of the page, such as https://www.example.com/tour."))
    if not tags.get("source", "").strip() or not tags.get("medium", "").strip():
        warnings.append(_("Enter a source and a medium: without them the visit counts as direct."))
    if any(text != text.lower() or " " in text.strip() for text in tags.values()):
        warnings.append(
            _("Write tags in lower case and without spaces, so that reports do not list variants separately.")
        )
    if attribution.get("channel") == UNASSIGNED:
        warnings.append(_("No channel matches this medium. Use cpc, email, social, referral, print or qr."))
    return warnings


def add(routes: Blueprint, workspace: Workspace) -> None:
    """/admin/forms/links/FORM and the QR code."""

    @routes.get("/forms/links/<name>")
    @requires(Scope.READ)
    def links(name: str) -> Response:
        form = _form(workspace, name)
        hosted = snippets.form_address(workspace.deps.public_url, form)
        page = request.args.get("page", "").strip()[:MAX_LINK_CHARS] or hosted
        tags = {name: request.args.get(name, "").strip()[:100] for name in TAGS}
        link = judge(form, page, tags)
        return workspace.renderer.page(
            "form_links.html", here="setup", form=form, page=page, tags=tags, link=link, is_judged=any(tags.values())
        )

    @routes.get("/forms/qr/<name>.svg")
    @requires(Scope.READ)
    def qr_code(name: str) -> Response:
        """The QR code of a link, or of the form's own page."""
        form = _form(workspace, name)
        text = request.args.get("link", "")[:MAX_LINK_CHARS] or snippets.form_address(workspace.deps.public_url, form)
        headers = {"Cache-Control": "private, max-age=300"}
        if "download" in request.args:
            headers["Content-Disposition"] = f'attachment; filename="{name}-qr.svg"'
        return Response(qr_svg(text), content_type="image/svg+xml", headers=headers)


def qr_svg(text: str) -> bytes:
    """Return a QR code as an image of lines, black on white, with its quiet zone."""
    import segno  # noqa: PLC0415 (few processes draw one, and it takes 2 MB)

    image = io.BytesIO()
    segno.make(text, error="m", micro=False).save(image, kind="svg", scale=8, border=4, light="#fff")
    return image.getvalue()


def _form(workspace: Workspace, name: str) -> Form:
    form = workspace.deps.forms.get(name)
    if form is None or not all(map(current_actor().sees, form.accounts)):
        raise NotFound
    return form
