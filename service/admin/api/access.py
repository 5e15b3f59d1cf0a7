"""Who may call the API, and how a call is refused: with a problem document (RFC 9457)."""

import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Response, request
from flask_smorest import Blueprint, abort
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from service.admin.api.schemas.base import Answer, ProblemBody
from service.store import StoreUnavailable

View = Callable[..., Any]

JSON, PROBLEM = "application/json", "application/problem+json"
STORE_RETRY_S = 5
"""What a program is asked to wait when the store is down."""

MOST_BYTES = 1 << 20
"""Size of a body."""

MEANINGS = {
    400: "The body is no JSON.",
    401: "The token is missing or wrong.",
    404: "There is no such thing.",
    409: "The lead's state does not allow it; `detail` says why.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not sent as JSON.",
    503: "The database does not answer; try again after `Retry-After` seconds.",
}
"""Status -> what it means in every call."""

OF_A_BODY = (400, 413, 415)
"""What else becomes of a call with a body."""


def refuse(status: HTTPStatus, message: str, **more: Any) -> NoReturn:
    """Answer with a problem document."""
    abort(status, message=message, **more)
    raise AssertionError(status)  # abort is untyped: it always raises


def tell(error: HTTPException) -> Response:
    """The problem document (RFC 9457) of a call that was refused, without a trace."""
    told: dict[str, Any] = getattr(error, "data", None) or {}
    status = HTTPStatus(error.code or 500)
    document: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value}
    errors = told.get("errors") or told.get("messages")
    wrong = "; ".join(each for place in (errors or {}).values() for each in _sentences("", place))
    if detail := told.get("message") or wrong or error.description:
        document["detail"] = detail
    if errors:
        document["errors"] = errors
    return Response(json.dumps(document), status, told.get("headers"), content_type=PROBLEM)


def _sentences(name: str, wrong: Any) -> Iterator[str]:
    """What is wrong, each with the name of what it is wrong with."""
    if isinstance(wrong, Mapping):
        for inner, more in wrong.items():
            yield from _sentences(str(inner), more)
    elif isinstance(wrong, list):
        yield f"{name}: {' '.join(map(str, wrong))}" if name else " ".join(map(str, wrong))
    else:
        yield f"{name}: {wrong}" if name else str(wrong)


def guarded(name: str, token: str, description: str) -> Blueprint:
    """A part of /api/v1, for those who bring the token."""
    blueprint = Blueprint(name, name, url_prefix="/api/v1", description=description)
    blueprint.before_request(_guard(token))
    blueprint.after_request(_keep_from_caches)
    blueprint.register_error_handler(StoreUnavailable, _store_is_down)
    blueprint.register_error_handler(HTTPException, tell)
    return blueprint


def answers(blueprint: Blueprint, schema: type[Answer], *errors: int) -> Callable[[View], View]:
    """Describes what a view answers: JSON of `schema`, or one of `errors`, a 401 and a 503 besides."""

    def decorate(view: View) -> View:
        view = blueprint.doc(operationId=view.__name__)(view)
        for status in (401, *errors, 503):
            view = blueprint.alt_response(status, schema=ProblemBody, description=MEANINGS[status])(view)
        said: View = blueprint.response(200, schema, description="Done.", content_type=JSON)(view)
        return said

    return decorate


def takes_json(view: View) -> View:
    """Refuses a body that is no JSON, or says that it is something else: it would be taken for none at all."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        request.max_content_length = MOST_BYTES
        if not request.is_json:
            refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send JSON, with the header Content-Type: application/json")
        try:
            return view(*args, **kwargs)
        except RecursionError:
            refuse(HTTPStatus.BAD_REQUEST, "the body is nested too deeply")

    return checked


def of_whole_characters(view: View) -> View:
    """Refuses half of a surrogate pair, which JSON can spell but no database keeps or looks for."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            json.dumps(request.get_json(silent=True), ensure_ascii=False).encode()
        except UnicodeEncodeError:
            refuse(HTTPStatus.BAD_REQUEST, "the body has half a character: a \\ud800 without its other half")
        return view(*args, **kwargs)

    return checked


def _guard(token: str) -> Callable[[], None]:
    def check() -> None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        is_theirs = hmac.compare_digest(given.strip().encode(), token.encode())
        if not token or scheme.lower() != "bearer" or not is_theirs:
            wanted = "send Authorization: Bearer ADMIN_TOKEN" if token else "set ADMIN_TOKEN and restart to use the API"
            refuse(HTTPStatus.UNAUTHORIZED, wanted, headers={"WWW-Authenticate": "Bearer"})

    return check


def _keep_from_caches(answer: Response) -> Response:
    """What is told of people stays nowhere on the way."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _store_is_down(_error: StoreUnavailable) -> Response:
    answer = tell(ServiceUnavailable("the database does not answer"))
    answer.headers["Retry-After"] = str(STORE_RETRY_S)
    return answer
