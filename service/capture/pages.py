"""The pages that visitors of a form may see: plain, phone first, light and dark, without anything from elsewhere."""

from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus
from pathlib import Path

from flask import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.capture.inputs import hosted_inputs, returned_inputs
from service.capture.phrases import languages, phrases_of
from service.capture.reading import Reading
from service.capture.schemas import FieldError
from service.forms import Form

_HERE = Path(__file__).parent
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",  # an error page holds what somebody wrote
    # No form-action: it would stop the redirect to the form's own site.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}
_WITHOUT_WAY_BACK = frozenset((HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED))


def answer(html: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Wrap a page with the headers that keep it to itself."""
    return Response(html, status, _HEADERS)


def thank_you(form: Form, language: str = "") -> str:
    """Return the page after a post that was kept."""
    return _render("thanks.html", language, form=form)


def hosted_form(form: Form, language: str = "") -> str:
    """Return the page of a form that needs no website of its own."""
    say = phrases_of(language)
    return _render(
        "form.html",
        language,
        title=form.title or say["default_title"],
        intro=say["hosted_intro"],
        action=f"/f/{form.name}",
        inputs=hosted_inputs(form, language),
        hidden=(),
        is_hosted=True,
        button=say["send"],
    )


def error_page(
    form: Form,
    reading: Reading,
    errors: Mapping[str, Sequence[FieldError]],
    failed: tuple[HTTPStatus, str] | None = None,
) -> str:
    """Return the page that says what is wrong and keeps all that was written, files aside.

    failed: status and what happened, where no answer is to blame.
    """
    language = reading.controls.language
    say = phrases_of(language)
    inputs, hidden = returned_inputs(form, reading, errors)
    return _render(
        "form.html",
        language,
        title=_title(say, failed[0]) if failed else say["fix_title"],
        intro=f"{failed[1]} {say['kept_text']}" if failed else say["fix_text"],
        action=f"/f/{form.name}?{reading.query}" if reading.query else f"/f/{form.name}",
        inputs=inputs,
        hidden=hidden,
        is_hosted=False,
        button=say["send_again"],
    )


def message_page(sentence: str, status: HTTPStatus, language: str = "") -> str:
    """Return the page of a failure that no input can mend; `sentence` says what happened."""
    say = phrases_of(language)
    return _render(
        "message.html",
        language,
        title=_title(say, status),
        sentence=sentence,
        has_way_back=status not in _WITHOUT_WAY_BACK,
    )


def _title(say: Mapping[str, str], status: HTTPStatus) -> str:
    return say.get(f"message_title.{status.value}", say["message_title"])


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(_HERE / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _render(template: str, language: str, **values: object) -> str:
    known = language if language in languages() else "en"
    return _environment().get_template(template).render(language=known, say=phrases_of(known), **values)
