"""Who may call the API, and how a call is refused: with a problem document (RFC 9457)."""

import hmac
import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache, wraps
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Response, g, request
from flask_smorest import Blueprint, abort
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from service import clock
from service.actors import Actor, administrator
from service.admin import AdminDeps
from service.admin.api.schemas import ApiRequest, ApiResponse, ProblemBody
from service.admin.guesses import Guesses
from service.admin.permissions import is_allowed, permission_of_request
from service.operations.keys import key_of_token
from service.store import StoreUnavailable

View = Callable[..., Any]

JSON, PROBLEM = "application/json", "application/problem+json"

STORE_RETRY_S = 5
"""Seconds that a program is asked to wait when the database does not answer."""

MAX_BODY_BYTES = 1 << 20

DESCRIPTIONS = {
    400: "The body is not valid JSON.",
    401: "The token is missing or wrong.",
    403: "The token lacks the scope that the call requires, or would grant more than it has; `detail` says which.",
    404: "Not found.",
    409: "The current state does not allow the action; `detail` says why.",
    412: "Another version has been published in the meantime; nothing was changed.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not sent as JSON.",
    428: "`If-Match` is missing.",
    429: "Too many wrong tokens came; try again after `Retry-After` seconds.",
    503: "The database does not answer; try again after `Retry-After` seconds.",
}
"""Status -> its description, the same for every call."""

BODY_ERRORS = (400, 413, 415)
"""Further statuses of a call with a body."""


def refuse(status: HTTPStatus, message: str, **more: Any) -> NoReturn:
    """End the request with a problem document."""
    abort(status, message=message, **more)
    raise AssertionError(status)  # abort is untyped: it always raises


def problem_response(error: HTTPException) -> Response:
    """The problem document of a refused call, without a trace."""
    data: dict[str, Any] = getattr(error, "data", None) or {}
    status = HTTPStatus(error.code or 500)
    document: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value}
    errors = data.get("errors") or data.get("messages")
    by_location = errors.values() if isinstance(errors, Mapping) else ()
    sentences = "; ".join(sentence for location in by_location for sentence in _sentences("", location))
    if detail := data.get("message") or sentences or error.description:
        document["detail"] = detail
    if errors:
        document["errors"] = errors
    return Response(json.dumps(document), status, data.get("headers"), content_type=PROBLEM)


def _sentences(name: str, errors: Any) -> Iterator[str]:
    """Each problem of nested marshmallow errors, preceded by the name of its member."""
    if isinstance(errors, Mapping):
        for inner, more in errors.items():
            yield from _sentences(str(inner), more)
    elif isinstance(errors, list):
        yield f"{name}: {' '.join(map(str, errors))}" if name else " ".join(map(str, errors))
    else:
        yield f"{name}: {errors}" if name else str(errors)


def protected_blueprint(name: str, deps: AdminDeps, description: str) -> Blueprint:
    """Return a blueprint below /api/v1 whose calls require a token."""
    blueprint = Blueprint(name, __name__, url_prefix="/api/v1", description=description)
    blueprint.before_request(_token_check(deps))
    blueprint.register_error_handler(StoreUnavailable, _store_unavailable)
    blueprint.register_error_handler(HTTPException, problem_response)
    return blueprint


class Shared(dict[Any, Any]):
    """Documentation of one view, which copies of its container share.

    flask-smorest copies an operation's documentation with each of its decorators, in case a view is registered twice:
    a third of the time to make an application.
    """

    def __deepcopy__(self, memo: object) -> "Shared":
        return self


def responds(
    blueprint: Blueprint, schema: type[ApiResponse], *errors: int, words: Mapping[int, str] | None = None
) -> Callable[[View], View]:
    """Describe a view's responses: 200 with JSON of `schema`, the `errors`, and always 401, 403, 429 and 503.

    words: descriptions of its own.
    """
    problem = {PROBLEM: {"schema": ProblemBody}}
    described = {**DESCRIPTIONS, **(words or {})}
    problems = Shared(
        (status, {"description": described[status], "content": problem}) for status in (401, 403, *errors, 429, 503)
    )

    def decorate(view: View) -> View:
        described: View = blueprint.response(200, _instance(schema), description="Done.", content_type=JSON)(view)
        # Not by `blueprint.doc`, which makes a copy of what is shared.
        manual = {"operationId": view.__name__, "responses": problems}
        described.__dict__["_apidoc"] = Shared({**described.__dict__["_apidoc"], "manual_doc": manual})
        return described

    return decorate


@cache
def _instance(schema: type[ApiResponse]) -> ApiResponse:
    """Return the schema's one instance: making one copies all of its fields."""
    return schema()


def takes(blueprint: Blueprint, schema: type[ApiRequest], **options: Any) -> Callable[[View], View]:
    """Read a view's JSON body, which will be stored. options: of Blueprint.arguments, such as an example."""

    def decorate(view: View) -> View:
        return takes_json(takes_whole_characters(blueprint.arguments(schema, **options)(view)))

    return decorate


def takes_json(view: View) -> View:
    """Refuse a body that is not declared as JSON: marshmallow would read it as empty."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        request.max_content_length = MAX_BODY_BYTES
        if not request.is_json:
            refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send JSON, with the header Content-Type: application/json")
        try:
            return view(*args, **kwargs)
        except RecursionError:
            refuse(HTTPStatus.BAD_REQUEST, "the body is nested too deeply")

    return checked


def takes_whole_characters(view: View) -> View:
    """Refuse a lone surrogate, which JSON can spell but no database can store or search for."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            json.dumps(request.get_json(silent=True), ensure_ascii=False).encode()
        except UnicodeEncodeError:
            refuse(HTTPStatus.BAD_REQUEST, "the body has an unpaired surrogate, such as \\ud800")
        return view(*args, **kwargs)

    return checked


def _token_check(deps: AdminDeps) -> Callable[[], None]:
    """Let in callers with ADMIN_TOKEN or a key, however many wrong tokens came before, and check their permission."""
    guesses = Guesses(deps.counters, deps.store)

    def check() -> None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        g.actor = _caller(deps, given.strip() if scheme.lower() == "bearer" else "", guesses)
        permission = permission_of_request()
        if not is_allowed(g.actor, permission):
            refuse(HTTPStatus.FORBIDDEN, f"this needs the scope {permission or 'that its route declares'}")

    return check


def _caller(deps: AdminDeps, token: str, guesses: Guesses) -> Actor:
    """Return the actor of the request's token; refuse any other request."""
    address, now = request.remote_addr or "", clock.now()
    if deps.api_token and hmac.compare_digest(token.encode(), deps.api_token.encode()):
        return administrator(address)
    key = key_of_token(deps.store, token, now)
    if key is not None and not key.is_over(now):
        return key.actor(address)
    wait_s = guesses.count_wrong_token(address, now) if token and key is None else 0.0
    if wait_s:
        retry = {"Retry-After": str(math.ceil(wait_s))}
        refuse(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong tokens came: try again later", headers=retry)
    remedy = "send Authorization: Bearer and a key, or ADMIN_TOKEN" if key is None else "this key has expired"
    refuse(HTTPStatus.UNAUTHORIZED, remedy, headers={"WWW-Authenticate": "Bearer"})


def _store_unavailable(_error: StoreUnavailable) -> Response:
    response = problem_response(ServiceUnavailable("the database does not answer"))
    response.headers["Retry-After"] = str(STORE_RETRY_S)
    return response
