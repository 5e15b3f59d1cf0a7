"""The responses to senders: JSON for a script, a page or a redirect for a person, and where that leads."""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Response, request
from werkzeug.exceptions import HTTPException

from service.capture.fields.evidence import host_of, is_below, own_hosts
from service.capture.fields.reading import FieldError, Reading
from service.capture.http.incoming import setup_of_request
from service.capture.pages import rendering
from service.capture.pages.inputs import PLACE
from service.capture.pages.phrases import choose_language
from service.capture.parsing import InvalidBody
from service.edge import note_refused
from service.forms import Form
from service.forms.templates import Find, fill_address, no_answer
from service.lead import Receipt

_LOCAL_HOSTS = frozenset(("localhost", "127.0.0.1", "::1"))
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class PostError:
    """Why a post was not accepted. `code` is stable, `sentence` is for the visitor."""

    status: HTTPStatus
    code: str
    sentence: str
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)
    retry_after_s: int | None = None

    @classmethod
    def unknown_form(cls) -> "PostError":
        """No form has this name."""
        return cls(HTTPStatus.NOT_FOUND, "FORM_NOT_FOUND", "There is no form at this address.")

    @classmethod
    def store_is_down(cls, wait_s: int) -> "PostError":
        """Nothing could be kept."""
        sentence = "Your enquiry could not be saved just now. Please send it again in a moment."
        return cls(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", sentence, retry_after_s=wait_s)

    @classmethod
    def too_many(cls, wait_s: float) -> "PostError":
        """The visitor has exceeded the rate limit."""
        sentence = "Too many enquiries came from your address. Please wait a moment and send it again."
        return cls(HTTPStatus.TOO_MANY_REQUESTS, "TOO_MANY", sentence, retry_after_s=math.ceil(wait_s))

    @classmethod
    def too_many_unreadable(cls, wait_s: float) -> "PostError":
        """The form has no room for further unreadable posts today."""
        sentence = "The form could not be read, and neither could too many before it. Please try again later."
        return cls(HTTPStatus.TOO_MANY_REQUESTS, "UNREADABLE", sentence, retry_after_s=math.ceil(wait_s))

    @classmethod
    def too_large(cls, max_bytes: int) -> "PostError":
        """The body is over the size limit."""
        sentence = f"The form is larger than {max_bytes // 1024} KiB. Please shorten it or leave files out."
        return cls(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TOO_LARGE", sentence)

    @classmethod
    def of_body(cls, error: InvalidBody) -> "PostError":
        """The body holds no enquiry."""
        return cls(HTTPStatus(error.status), error.code, error.sentence)

    @classmethod
    def invalid(cls, errors: Mapping[str, Sequence[FieldError]]) -> "PostError":
        """Some answers are missing or wrong."""
        sentence = "Please check what is marked and send it again."
        return cls(HTTPStatus.UNPROCESSABLE_ENTITY, "INVALID", sentence, errors)

    @classmethod
    def captcha(cls, code: str, sentence: str) -> "PostError":
        """The captcha was not solved."""
        return cls(HTTPStatus.UNPROCESSABLE_ENTITY, code, sentence, {PLACE: (FieldError(code, sentence),)})

    @classmethod
    def of_http(cls, error: HTTPException) -> "PostError":
        """Return Flask's own refusal: a wrong address, a wrong method, or an internal error."""
        status = HTTPStatus(error.code or 500)
        sentences = {
            HTTPStatus.NOT_FOUND: "There is nothing at this address.",
            HTTPStatus.METHOD_NOT_ALLOWED: 'This method is not allowed here. Does your form say method="post"?',
        }
        sentence = sentences.get(status, "Something went wrong here. Please try again in a moment.")
        return cls(status, status.name, sentence)


def success(receipt: Receipt, target: str, form: Form, reading: Reading, *, as_json: bool) -> Response:
    """Return the response to a post that is on disk.

    target: the page to show next, "" for the built-in one, in the language of `reading`. The JSON has the members of
    the form services that people come from.
    """
    if not as_json:
        location = target or _thanks_address(form, reading.controls.language)
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})
    return json_response(
        {
            "ok": True,
            "success": True,
            "id": receipt.lead_id,
            "repeat": receipt.repeat,
            "next": target or None,
            "message": "Thank you. We have your enquiry.",
        }
    )


def redirect_target(wanted: str, form: Form, headers: Mapping[str, str], find: Find = no_answer) -> str:
    """Return where to send the visitor, "" for our own thank-you page.

    wanted: what the page asked for: an https URL on one of the form's own sites, or a path on the site that posted.
    Anything else is ignored, and the form's own `redirect` counts. find: returns the answers that its template names.
    """
    wanted = wanted.strip()
    if wanted and not _UNSAFE.search(wanted):
        if wanted.startswith("/") and not wanted.startswith("//"):
            site = _origin(headers.get("origin", "")) or _origin(headers.get("referer", ""))
            wanted = f"{site}{wanted}" if site else ""
        if _is_own_page(wanted, own_hosts(form)):
            return wanted
    return fill_address(form.redirect, find) if form.redirect else ""


def _is_own_page(url: str, own: Iterable[str]) -> bool:
    host = host_of(url)
    scheme = url.partition(":")[0].lower()
    if not host or not (scheme == "https" or (scheme == "http" and host in _LOCAL_HOSTS)):
        return False
    return "@" not in urlsplit(url).netloc and is_below(host, own)


def _origin(url: str) -> str:
    """Return the scheme and authority of a URL, "" when it has none."""
    return f"{url.partition(':')[0]}://{urlsplit(url).netloc}" if host_of(url) and "://" in url else ""


def failure(error: PostError, *, as_json: bool, form: Form | None = None, reading: Reading | None = None) -> Response:
    """Return the response to a post that was not accepted: a problem document (RFC 9457) for a script, else a page.

    reading: the post, with the answers for the page to return.
    """
    note_refused(request.environ, error.code)
    response = _problem_document(error) if as_json else _error_page(error, form, reading)
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def json_response(
    payload: Mapping[str, Any], status: int = HTTPStatus.OK, content_type: str = "application/json"
) -> Response:
    """Return a JSON response."""
    return Response(json.dumps(payload), status, content_type=content_type)


def _thanks_address(form: Form, language: str) -> str:
    """Return the path of the thank-you page, with the language if the next request would choose another one."""
    usual = choose_language(request.headers.get("Accept-Language", ""), form.language)
    return f"/f/{form.name}/thanks" + (f"?lang={language}" if language not in {usual, ""} else "")


def _error_page(error: PostError, form: Form | None, reading: Reading | None) -> Response:
    if form is not None and reading is not None:
        failed = None if error.errors else (error.status, error.code, error.sentence)
        return rendering.respond(rendering.error_page(form, reading, error.errors, failed), error.status, form)
    language = reading.controls.language if reading else rendering.spoken_language(form)
    brand = form.brand if form else setup_of_request().brand
    page = rendering.message_page(error.status, error.code, error.sentence, language, brand)
    return rendering.respond(page, error.status, form)


def _problem_document(error: PostError) -> Response:
    errors = [
        {**_place(name, each), "code": each.code, "message": each.message}
        for name, several in error.errors.items()
        for each in several
    ]
    payload = {
        "type": "about:blank",
        "title": error.status.phrase,
        "status": error.status.value,
        "detail": error.sentence,
        "ok": False,
        "success": False,
        "error": error.sentence,
        "errors": errors or [{"code": error.code, "message": error.sentence}],
    }
    return json_response(payload, error.status, "application/problem+json")


def _place(name: str, error: FieldError) -> dict[str, str]:
    """Return the field and input of an error; a captcha's error has neither, and belongs to the whole form."""
    return {} if name == PLACE else {"field": name, "input": error.name or name}
