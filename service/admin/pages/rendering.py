"""Rendering pages: templates, headers, the navigation, the reader's language, instants in the operator's time zone."""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Response, after_this_request, g, redirect, request
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as BaseResponse

from service import clock, i18n
from service.actors import Scope
from service.admin.pages import charts, labels
from service.admin.pages.auth import Authenticator
from service.i18n import (
    DEFAULT_LANGUAGE,
    FULL_DAY,
    LANGUAGES,
    N_,
    SHORT_DAY,
    YEAR_DAY,
    _,
    date_text,
    ngettext,
    set_language,
    time_text,
)
from service.tracing.context import CURRENT

PREFIX = "/admin"

NOTICE_COOKIE = "lead_capture_said"
"""Carries one sentence to the next page."""

NOTICE_SECONDS = 60

LANGUAGE_COOKIE = "lead_capture_language"
"""The language that was chosen at the foot of a page."""

NAVIGATION = (
    ("today", N_("Today"), f"{PREFIX}/", Scope.READ),
    ("leads", N_("Leads"), f"{PREFIX}/leads", Scope.READ),
    ("reports", N_("Reports"), f"{PREFIX}/reports", Scope.READ),
    ("setup", N_("Forms"), f"{PREFIX}/setup", Scope.READ),
    ("connections", N_("Connections"), f"{PREFIX}/connections", Scope.SETUP),
    ("people", N_("People"), f"{PREFIX}/people", Scope.PEOPLE),
    ("keys", N_("Keys"), f"{PREFIX}/keys", Scope.PEOPLE),
    ("record", N_("Record"), f"{PREFIX}/record", Scope.PEOPLE),
)
"""Each page's name, title and address, and the scope that shows it in the navigation."""

HEADERS = {  # besides those of every response
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


OPTIONS: Mapping[str, Any] = {
    "autoescape": True,
    "undefined": StrictUndefined,
    "trim_blocks": True,
    "lstrip_blocks": True,
}
"""How templates are compiled."""


class Renderer:
    """Renders the pages of one application. is_secure: whether visitors always use HTTPS."""

    def __init__(self, authenticator: Authenticator, zone: tzinfo, is_secure: bool) -> None:
        self._authenticator = authenticator
        self._is_secure = is_secure
        self._templates = _environment(zone)

    def part(self, template: str, **values: object) -> Response:
        """A part of a page that the page itself fetches."""
        html = self._templates.get_template(template).render(
            now=clock.now(), language=i18n.current_language().code, **values
        )
        return Response(html.encode("utf-8", "replace"), content_type="text/html; charset=utf-8", headers=HEADERS)

    def page(self, template: str, status: HTTPStatus = HTTPStatus.OK, *, here: str = "", **values: object) -> Response:
        """One page. here: its name in the navigation."""
        response = self._respond(template, status, here=here, notice=self.signed_cookie(NOTICE_COOKIE), **values)
        if NOTICE_COOKIE in request.cookies:
            response.delete_cookie(NOTICE_COOKIE, path=PREFIX)
        return response

    def _respond(
        self, template: str, http_status: HTTPStatus, *, here: str = "", notice: str = "", **values: object
    ) -> Response:
        session = g.get("session")
        html = self._templates.get_template(template).render(
            here=here,
            language=i18n.current_language().code,
            this_page=_this_page(http_status),
            navigation=[entry[:3] for entry in NAVIGATION if may(entry[3])],
            who=g.actor.who if "actor" in g else "",
            notice=notice,
            is_signed_in=session is not None,
            form_token=session.form_token if session else "",
            now=clock.now(),
            **values,
        )
        # Old leads may contain a lone surrogate, which cannot be encoded.
        response = Response(html.encode("utf-8", "replace"), http_status, content_type="text/html; charset=utf-8")
        response.headers.extend(HEADERS)
        response.content_language.add(i18n.current_language().code)
        return response

    def soon(self, title: str, *, here: str) -> Response:
        """A page that stands in until another is ready, which shows the notice again. title: of the other page."""
        return self._respond(
            "soon.html", HTTPStatus.OK, here=here, notice=self.signed_cookie(NOTICE_COOKIE), title=title
        )

    def message(self, status: HTTPStatus, title: str, sentence: str) -> Response:
        """A page of one sentence."""
        return self.page("message.html", status, title=title, sentence=sentence)

    def error(self, status: HTTPStatus, title: str, sentence: str) -> Response:
        """The page of an error, for which nothing is read from the database."""
        is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return self._respond(
            "error.html",
            status,
            title=title,
            sentence=sentence,
            status=status.value,
            request_id=CURRENT.get().request_id if is_ours else "",
            try_again=request.full_path.removesuffix("?") if is_ours and request.method == "GET" else "",
        )

    def go(self, address: str, notice: str = "") -> BaseResponse:
        """Redirect to another page, which shows the notice."""
        response = redirect(address, HTTPStatus.SEE_OTHER)
        if notice:
            self.set_signed_cookie(response, NOTICE_COOKIE, notice, NOTICE_SECONDS)
        return response

    def signed_cookie(self, name: str) -> str:
        """The text of a signed cookie of the present request, "" for none."""
        return self._authenticator.unsign(request.cookies.get(name, ""))

    def set_signed_cookie(self, response: BaseResponse, name: str, text: str, seconds: int) -> None:
        """Set a cookie that only these pages get and that the browser cannot change."""
        self.set_cookie(response, name, self._authenticator.sign(text), seconds)

    def set_cookie(self, response: BaseResponse, name: str, value: str, seconds: int) -> None:
        """Set a cookie that only these pages get."""
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path=PREFIX,
            httponly=True,
            samesite="Lax",
            secure=self._is_secure or request.is_secure,
        )


def may(scope: str) -> bool:
    """Return whether the request's actor has the scope; False before the sign-in."""
    return "actor" in g and g.actor.may(Scope(scope))


def _this_page(status: HTTPStatus) -> str:
    """The address to which a choice of language returns; for a missing page, without its query."""
    if request.method != "GET":
        return f"{PREFIX}/"
    is_refusal = status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
    return request.path if is_refusal else request.full_path.rstrip("?")


def use_language_of_request() -> None:
    """Put the language of the present request in force until it is answered.

    It is the chosen one, else the first that the browser asks for.
    """
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    set_language(chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "")
    after_this_request(_use_default_language)


def _use_default_language(response: Response) -> Response:
    """Leave no language to the next request of this thread."""
    set_language(DEFAULT_LANGUAGE)
    return response


class CompiledTemplates(FileSystemBytecodeCache):
    """Keeps compiled templates where Python keeps compiled modules, and as it does: none where it may write none."""

    def get_source_checksum(self, source: str) -> str:
        """Return a key of source and options: with the same key, a compiled template is used again."""
        return super().get_source_checksum(f"{OPTIONS}{source}")

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store a compiled template."""
        if sys.dont_write_bytecode:
            return
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


@cache  # applications with the same zone share the compiled templates, which hold nothing else
def _environment(zone: tzinfo) -> Environment:
    templates = Path(__file__).with_name("templates")
    environment = Environment(  # noqa: S701 (OPTIONS has autoescape)
        loader=FileSystemLoader(templates),
        bytecode_cache=CompiledTemplates(str(templates / "__pycache__"), "%s.cache"),
        **OPTIONS,
    )
    environment.filters |= {
        "when": _when(zone),
        "number": i18n.whole,
        "counted": labels.counted,
        "sender_name": labels.sender_name,
        "channel_name": labels.channel_name,
        "reason": labels.reason,
        "sentence": labels.sentence,
    }
    environment.globals |= {
        "_": _markup,
        "ngettext": _markup_of_number,
        "i18n": i18n,
        "languages": LANGUAGES,
        "labels": labels,
        "may": may,
        "charts": charts,
        "zone": getattr(zone, "key", "UTC"),
    }
    return environment


def _markup(message: str, /, **values: object) -> Markup:
    """A message for a page: it may hold tags itself, its values are escaped."""
    return Markup(_(message, **_escaped(values)))  # noqa: S704 (our own message, escaped values)


def _markup_of_number(singular: str, plural: str, number: int, /, **values: object) -> Markup:
    return Markup(ngettext(singular, plural, number, **_escaped(values)))  # noqa: S704


def _escaped(values: Mapping[str, object]) -> dict[str, object]:
    return {name: escape(value) for name, value in values.items()}


def _when(zone: tzinfo) -> Callable[[datetime, datetime], Markup]:
    """A filter that shows an instant in few words, with the exact time as tooltip."""

    def when(instant: datetime, now: datetime) -> Markup:
        local = instant.astimezone(zone)
        exact = f"{date_text(local, FULL_DAY)}, {time_text(local, seconds=True)} {local.tzname() or ''}"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            instant.strftime("%Y-%m-%dT%H:%M:%SZ"), exact, day_and_time(local, now.astimezone(zone))
        )

    return when


def day_and_time(local: datetime, now: datetime) -> str:
    """An instant as "today 14:02", "yesterday 14:02", "3 Nov 14:02"; both arguments in the operator's zone."""
    time = time_text(local)
    if local.date() == now.date():
        return _("today %(time)s", time=time)
    if local.date() == (now - timedelta(days=1)).date():
        return _("yesterday %(time)s", time=time)
    return (
        f"{date_text(local, SHORT_DAY)} {time}" if local.year == now.year else f"{date_text(local, YEAR_DAY)}, {time}"
    )
