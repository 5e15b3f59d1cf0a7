"""The pages for visitors of a form: plain, phone first, light and dark, in the visitor's language.

Nothing is loaded from other hosts, except the captcha of a form that has one and the logo of the operator's brand.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

from flask import Response, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.capture.fields.reading import FieldError, Reading
from service.capture.pages.inputs import (
    PLACE,
    Input,
    Widget,
    hosted_inputs,
    is_out_of_reach,
    returned_inputs,
    widget_of,
)
from service.capture.pages.phrases import (
    choose_language,
    complaint_of,
    languages,
    phrases_of,
    trouble_of,
    wished_language,
)
from service.forms import Brand, Form

_HERE = Path(__file__).parent
_SCRIPT = (_HERE / "templates" / "form.js").read_text("utf-8").strip()
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",  # an error page holds the visitor's answers
}
_POLICY = {  # no form-action, which would block the redirect to the form's own site
    "default-src": "'none'",
    "script-src": f"'self' 'sha256-{base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()}'",
    "style-src": "'unsafe-inline'",
    "base-uri": "'none'",
}
_NO_BACK_LINK = frozenset((HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED))


@dataclass(frozen=True, slots=True)
class Page:
    """One page as HTML, its language, its brand, and its captcha widget."""

    html: str
    language: str
    brand: Brand
    widget: Widget | None = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """One line of the summary of errors. target: id of the element to go to."""

    target: str
    sentence: str


def spoken_language(form: Form | None = None) -> str:
    """Return the language for the current request: of its `?lang=`, else the form's, else the browser's."""
    accepted, query = request.headers.get("Accept-Language", ""), request.environ.get("QUERY_STRING", "")
    return choose_language(accepted, wished_language(query), form.language if form else "")


def respond(page: Page, status: HTTPStatus = HTTPStatus.OK, form: Form | None = None) -> Response:
    """Return the response with a page and its policy. form: the page's form, which decides who may frame it."""
    response = Response(page.html, status, _HEADERS)
    response.headers["Content-Security-Policy"] = _policy(page, form)
    response.headers["Content-Language"] = page.language
    response.vary.add("Accept-Language")
    return response


def thank_you(form: Form, language: str = "") -> Page:
    """Return the page after an accepted post."""
    return _render("thanks.html", language, form.brand, called=form.title_in(language))


def hosted_form(
    form: Form, language: str = "", given: Sequence[tuple[str, str]] = (), *, is_wished: bool = False
) -> Page:
    """Return the page of a form that needs no website of its own.

    given: names and answers from the address, as of a form without method="post", to be filled in.
    is_wished: the visitor chose the language, which is to stay.
    """
    say = phrases_of(language)
    if form.paused:
        return _message(language, form.brand, say["paused_title"], say["paused_text"])
    if is_out_of_reach(form):
        return _message(language, form.brand, say["away_title"], say["away_text"])
    return _render_form(
        form,
        language,
        title=form.title_in(language) or say["default_title"],
        intro=say["hosted_intro"],
        query=f"lang={language}" if is_wished else "",
        inputs=hosted_inputs(form, language, given),
        is_hosted=True,
        button=say["send"],
    )


def error_page(
    form: Form,
    reading: Reading,
    errors: Mapping[str, Sequence[FieldError]],
    failed: tuple[HTTPStatus, str, str] | None = None,
) -> Page:
    """Return the page that shows what is wrong and keeps the visitor's answers, files aside.

    failed: status, code and sentence, where no answer is wrong.
    """
    language = reading.controls.language
    say = phrases_of(language)
    inputs, hidden = returned_inputs(form, reading, errors)
    complaints = _complaints(inputs, errors, language)
    title = _title(say, failed[0]) if failed else say["fix_title"]
    happened = trouble_of(failed[1], language, failed[2]) if failed else ""
    if is_out_of_reach(form):
        sentence = happened or say["summary_title"]
        return _message(language, form.brand, title, sentence, complaints, has_way_back=True)
    return _render_form(
        form,
        language,
        title=title,
        intro=f"{happened} {say['kept_text']}" if failed else say["fix_text"],
        query=reading.query,
        inputs=inputs,
        hidden=hidden,
        complaints=complaints,
        button=say["send_again"],
    )


def message_page(
    status: HTTPStatus, code: str = "", sentence: str = "", language: str = "", brand: Brand | None = None
) -> Page:
    """Return the page of a failure that no other answer can correct.

    code: of the PostError. sentence: in English, for a code without a phrase.
    """
    title, happened = _title(phrases_of(language), status), trouble_of(code, language, sentence)
    return _message(language, brand or Brand(), title, happened, has_way_back=status not in _NO_BACK_LINK)


def _message(
    language: str,
    brand: Brand,
    title: str,
    sentence: str,
    complaints: Sequence[Complaint] = (),
    *,
    has_way_back: bool = False,
) -> Page:
    """Return a page without a form. If only the operator's own page has the captcha, the visitor must go back."""
    return _render(
        "message.html",
        language,
        brand,
        title=title,
        sentence=sentence,
        complaints=complaints,
        has_way_back=has_way_back,
    )


def _complaints(
    inputs: Sequence[Input], errors: Mapping[str, Sequence[FieldError]], language: str
) -> tuple[Complaint, ...]:
    """Return the errors in the order of the page; those without an input come last."""
    beside = [Complaint(each.id, sentence) for each in inputs for sentence in each.errors]
    last = [Complaint(PLACE, complaint_of(each.code, PLACE, language, each.message)) for each in errors.get(PLACE, ())]
    return (*beside, *last)


def _title(say: Mapping[str, str], status: HTTPStatus) -> str:
    return say.get(f"message_title.{status.value}", say["message_title"])


def _policy(page: Page, form: Form | None) -> str:
    allowed = dict(_POLICY)
    if page.brand.logo_url:
        allowed["img-src"] = page.brand.logo_source
    if form is None or form.allowed_origins:
        allowed["frame-ancestors"] = " ".join(_framing_sites(form)) or "'none'"
    for directive, hosts in (page.widget.sources if page.widget else {}).items():
        allowed[directive] = f"{allowed.get(directive, '')} {hosts}".strip()
    return "; ".join(f"{directive} {hosts}" for directive, hosts in allowed.items())


def _framing_sites(form: Form | None) -> Iterator[str]:
    """Return the sites that may frame a form's page: those that may post to it; without such a list, any site."""
    if form is None:
        return
    yield "'self'"
    for origin in form.allowed_origins:  # with and without "www.", as for posts
        scheme, _, host = origin.partition("://")
        bare = host.removeprefix("www.")
        yield from (f"{scheme}://{bare}", f"{scheme}://www.{bare}")
    for domain in form.attribution.own_domains:
        yield from (domain, f"*.{domain}")


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(_HERE / "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals["script"] = _SCRIPT
    return made


def _render_form(form: Form, language: str, query: str, **values: object) -> Page:
    more = {"hidden": (), "complaints": (), "is_hosted": False, **values}
    action = f"/f/{form.name}?{query}" if query else f"/f/{form.name}"
    called = form.title_in(language)
    return _render("form.html", language, form.brand, widget_of(form), form=form, called=called, action=action, **more)


def _render(template: str, language: str, brand: Brand, widget: Widget | None = None, **values: object) -> Page:
    known = language if language in languages() else languages()[0]
    values |= {"language": known, "say": phrases_of(known), "brand": brand, "widget": widget}
    return Page(_environment().get_template(template).render(**values), known, brand, widget)
