"""What all pages share: templates, headers, the navigation, times in the operator's words."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, unquote

from flask import Response, g, redirect, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from service import clock
from service.admin.pages import drawing, words
from service.admin.pages.session import Doorkeeper

PREFIX = "/admin"
SAID = "lead_capture_said"
"""The cookie that carries one sentence to the next page."""

NAVIGATION = (
    ("today", "Today", f"{PREFIX}/"),
    ("leads", "Leads", f"{PREFIX}/leads"),
    ("pictures", "Pictures", f"{PREFIX}/pictures"),
    ("setup", "Set-up", f"{PREFIX}/setup"),
)
"""Name of the page, what it is called, where it is."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


class Shell:
    """Renders the pages of one application."""

    def __init__(self, doorkeeper: Doorkeeper, zone: tzinfo, is_secure: bool) -> None:
        self._doorkeeper = doorkeeper
        self._zone = zone
        self._is_secure = is_secure
        self._templates = _environment(zone)

    def page(self, template: str, status: HTTPStatus = HTTPStatus.OK, *, here: str = "", **values: object) -> Response:
        """One page. here: its name in the navigation."""
        said = self._doorkeeper.unseal(unquote(request.cookies.get(SAID, "")))
        session = g.get("session")
        html = self._templates.get_template(template).render(
            here=here,
            navigation=NAVIGATION,
            said=said,
            is_signed_in=session is not None,
            form_token=session.form_token if session else "",
            now=clock.now(),
            **values,
        )
        # Leads of before may hold half a character, which nobody can write.
        answer = Response(html.encode("utf-8", "replace"), status, content_type="text/html; charset=utf-8")
        answer.headers.extend(HEADERS)
        if SAID in request.cookies:
            answer.delete_cookie(SAID, path=PREFIX)
        return answer

    def message(self, status: HTTPStatus, title: str, sentence: str) -> Response:
        """A page that only says something."""
        return self.page("message.html", status, title=title, sentence=sentence)

    def go(self, address: str, said: str = "") -> BaseResponse:
        """On to another page of ours, which says what was done."""
        answer = redirect(address, HTTPStatus.SEE_OTHER)
        if said:
            self.keep(answer, SAID, quote(self._doorkeeper.seal(said), safe="."), 60)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def keep(self, answer: BaseResponse, name: str, value: str, seconds: int | None = None) -> None:
        """Let the browser keep a value for these pages alone."""
        answer.set_cookie(
            name,
            value,
            max_age=seconds,
            path=PREFIX,
            httponly=True,
            samesite="Lax",
            secure=self._is_secure or request.is_secure,
        )


def _environment(zone: tzinfo) -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "when": timing(zone),
        "number": number,
        "counted": words.counted,
        "named": words.sender_name,
        "why": words.why,
    }
    made.globals |= {"words": words, "drawing": drawing, "zone": getattr(zone, "key", "UTC")}
    return made


def number(value: int) -> str:
    """12345 as 12,345."""
    return f"{value:,}"


def timing(zone: tzinfo) -> Callable[[datetime, datetime], Markup]:
    """How instants are shown: "14:02", "yesterday 14:02", "3 Nov 14:02"; the machine's form beside it."""

    def when(instant: datetime, now: datetime) -> Markup:
        local = instant.astimezone(zone)
        exact = local.strftime("%A %-d %B %Y, %H:%M:%S ") + (local.tzname() or "")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            instant.strftime("%Y-%m-%dT%H:%M:%SZ"), exact, day_and_time(local, now.astimezone(zone))
        )

    return when


def day_and_time(local: datetime, now: datetime) -> str:
    """One instant in few words, both in the operator's zone."""
    if local.date() == now.date():
        return local.strftime("today %H:%M")
    if local.date() == (now - timedelta(days=1)).date():
        return local.strftime("yesterday %H:%M")
    return local.strftime("%-d %b %H:%M" if local.year == now.year else "%-d %b %Y, %H:%M")
