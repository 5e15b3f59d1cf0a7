"""The dashboard's error pages, also for addresses that no page has, and without a database."""

from collections.abc import Callable
from http import HTTPStatus

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, HTTPException, InternalServerError, NotFound

from service.admin.pages.rendering import Renderer, use_language_of_request
from service.i18n import N_, _
from service.store import StoreUnavailable

log = structlog.get_logger()

RETRY_AFTER_S = 5
"""Seconds after which a browser may ask again while the database does not answer."""

SENTENCES = {
    HTTPStatus.BAD_REQUEST: (N_("This request could not be read"), N_("Go back, reload the page, and try again.")),
    HTTPStatus.FORBIDDEN: (
        N_("This is not allowed"),
        N_("You can open other pages, but you do not have permission for this."),
    ),
    HTTPStatus.NOT_FOUND: (N_("There is no page here"), N_("The address may be mistyped, or what it showed is gone.")),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        N_("This address only takes forms"),
        N_("Go back and use the button there."),
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (N_("That was too much at once"), N_("Go back, and send less of it.")),
    HTTPStatus.TOO_MANY_REQUESTS: (
        N_("One moment, please"),
        N_("Too many requests. Try again in a minute."),
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        N_("Something went wrong here"),
        N_("The page could not be shown. Nothing was lost; the service's log says what happened."),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        N_("The database does not answer"),
        N_("Until it does, no page can be shown and no enquiry saved: visitors are asked to send theirs again."),
    ),
}
"""Status -> title and sentence; any other status is shown as a request that was not understood."""

ShowError = Callable[[HTTPException], Response]


def add(routes: Blueprint, renderer: Renderer) -> ShowError:
    """Show the errors of these routes; return the handler for addresses that have no route."""

    @routes.errorhandler(StoreUnavailable)
    def store_unavailable(_error: StoreUnavailable) -> Response:
        response = _page(renderer, HTTPStatus.SERVICE_UNAVAILABLE)
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response

    @routes.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        return _page(renderer, HTTPStatus(error.code or 500), _own_sentence(error))

    @routes.errorhandler(Exception)
    def unexpected_error(error: Exception) -> Response:
        """A bug: the page must not quote the error, which may quote a person."""
        log.error("request_failed", endpoint=request.endpoint, exc_info=error)
        return http_error(InternalServerError())

    return http_error


def _own_sentence(error: HTTPException) -> str:
    """The description of an error from one of our own pages; "" where it comes from a library."""
    is_ours = type(error) in (BadRequest, NotFound) and error.description != type(error).description
    return error.description or "" if is_ours else ""


def _page(renderer: Renderer, status: HTTPStatus, own_sentence: str = "") -> Response:
    use_language_of_request()  # which an address beside the pages has not done
    title, sentence = SENTENCES.get(status, SENTENCES[HTTPStatus.BAD_REQUEST])
    return renderer.error(status, _(title), own_sentence or _(sentence))
