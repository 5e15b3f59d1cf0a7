"""What a sender is told: JSON for a script, a page or a redirect for a person."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response
from werkzeug.exceptions import HTTPException

from service.capture.fields.validation import FieldError
from service.capture.pages import rendering
from service.capture.widgets import PLACE
from service.forms import Form
from service.lead import Receipt

if TYPE_CHECKING:
    from service.capture.fields.reading import Reading
    from service.capture.parsing.errors import InvalidBody


@dataclass(frozen=True, slots=True)
class PostError:
    """Why a post was not taken. `code` is stable, `sentence` is for the person."""

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
        sentence = "Your enquiry could not be kept just now. Please send it again in a moment."
        return cls(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", sentence, retry_after_s=wait_s)

    @classmethod
    def too_many(cls, wait_s: float) -> "PostError":
        """One visitor posts faster than anybody can fill in a form."""
        sentence = "Too many enquiries came from your address. Please wait a moment and send it again."
        return cls(HTTPStatus.TOO_MANY_REQUESTS, "TOO_MANY", sentence, retry_after_s=math.ceil(wait_s))

    @classmethod
    def too_large(cls, most_bytes: int) -> "PostError":
        """More bytes than a form has."""
        sentence = f"The form is larger than {most_bytes // 1024} KiB. Please shorten it or leave files out."
        return cls(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TOO_LARGE", sentence)

    @classmethod
    def refused(cls, refused: "InvalidBody") -> "PostError":
        """The body holds no enquiry."""
        return cls(HTTPStatus(refused.status), refused.code, refused.sentence)

    @classmethod
    def invalid(cls, errors: Mapping[str, Sequence[FieldError]]) -> "PostError":
        """Some answers are missing or wrong."""
        sentence = "Please check what is marked and send it again."
        return cls(HTTPStatus.UNPROCESSABLE_ENTITY, "INVALID", sentence, errors)

    @classmethod
    def captcha(cls, code: str, sentence: str) -> "PostError":
        """Nobody showed yet that a person sends this."""
        return cls(HTTPStatus.UNPROCESSABLE_ENTITY, code, sentence, {PLACE: (FieldError(code, sentence),)})

    @classmethod
    def of_http(cls, error: HTTPException) -> "PostError":
        """What Flask itself refused: a wrong address, a wrong method, or a mistake of ours."""
        status = HTTPStatus(error.code or 500)
        sentences = {
            HTTPStatus.NOT_FOUND: "There is nothing at this address.",
            HTTPStatus.METHOD_NOT_ALLOWED: 'This address takes other calls. Does your form say method="post"?',
        }
        return cls(
            status, status.name, sentences.get(status, "Something went wrong here. Please try again in a moment.")
        )


def success(receipt: Receipt, target: str, form: Form, language: str = "", *, as_json: bool) -> Response:
    """The lead is on disk: say so. target: the page to show next, "" for ours, which speaks `language`.

    The JSON speaks the dialects of the form services that people come from.
    """
    if not as_json:
        return Response(
            status=HTTPStatus.SEE_OTHER, headers={"Location": target or rendering.thanks_address(form, language)}
        )
    told = {
        "ok": True,
        "success": True,
        "id": receipt.lead_id,
        "repeat": receipt.repeat,
        "next": target or None,
        "message": "Thank you. We have your enquiry.",
    }
    return _json(told, HTTPStatus.OK, "application/json")


def failure(
    trouble: PostError, *, as_json: bool, form: Form | None = None, reading: "Reading | None" = None
) -> Response:
    """The lead was not taken: a problem document (RFC 9457) for a script, a page that keeps the input for a person."""
    answer = _problem(trouble) if as_json else _page(trouble, form, reading)
    if trouble.retry_after_s is not None:
        answer.headers["Retry-After"] = str(trouble.retry_after_s)
    return answer


def _page(trouble: PostError, form: Form | None, reading: "Reading | None") -> Response:
    if form is not None and reading is not None:
        failed = None if trouble.errors else (trouble.status, trouble.code, trouble.sentence)
        return rendering.answer(rendering.error_page(form, reading, trouble.errors, failed), trouble.status)
    language = reading.controls.language if reading else rendering.spoken_language(form)
    return rendering.answer(
        rendering.message_page(trouble.status, trouble.code, trouble.sentence, language), trouble.status
    )


def _problem(trouble: PostError) -> Response:
    errors = [
        {**_place(name, error), "code": error.code, "message": error.message}
        for name, found in trouble.errors.items()
        for error in found
    ]
    told = {
        "type": "about:blank",
        "title": trouble.status.phrase,
        "status": trouble.status.value,
        "detail": trouble.sentence,
        "ok": False,
        "success": False,
        "error": trouble.sentence,
        "errors": errors or [{"code": trouble.code, "message": trouble.sentence}],
    }
    return _json(told, trouble.status, "application/problem+json")


def _place(name: str, error: FieldError) -> dict[str, str]:
    """Which field and input it is about; a captcha is neither, so that error is one of the whole form."""
    return {} if name == PLACE else {"field": name, "input": error.name or name}


def _json(told: Mapping[str, Any], status: HTTPStatus, content_type: str) -> Response:
    return Response(json.dumps(told), status, content_type=content_type)
