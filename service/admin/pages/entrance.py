"""The last step of every way to sign in: a session, and a mark by which the browser is known the next time."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from flask import request
from werkzeug.wrappers import Response

from service import clock
from service.admin.guesses import Guesses
from service.admin.pages.auth import BROWSER_AGE, MAX_AGE, Authenticator, Session, SignedIn
from service.admin.pages.browsers import describe_browser
from service.admin.pages.rendering import PREFIX, Renderer
from service.i18n import ngettext
from service.store import Store

log = structlog.get_logger()

SESSION_COOKIE = "lead_capture_admin"

BROWSER_COOKIE = "lead_capture_browser"
"""Marks a browser that was signed in: strangers who try many passwords do not use up its attempts."""

_LEAVES = re.compile(r"(?:^|/)\.{1,2}(?:/|$)|//|\\|[^\x20-\x7e]")
"""Path parts that can lead out of a folder: dots, empty segments, and characters that browsers read as others."""

STEP_TIME = timedelta(minutes=10)
"""Time within which a step that began on one page of the sign-in must be completed on the next."""


def set_session_cookie(renderer: Renderer, response: Response, session: Session) -> None:
    """Give the browser its session."""
    renderer.set_cookie(response, SESSION_COOKIE, session.token, int(MAX_AGE.total_seconds()))


@dataclass(frozen=True, slots=True)
class Entrance:
    """Signs people in, however they proved who they are, and counts their attempts."""

    store: Store
    renderer: Renderer
    authenticator: Authenticator
    guesses: Guesses

    def known_browser(self, now: datetime) -> str:
        """The mark of the request's browser, "" for an unknown one."""
        return self.authenticator.known_browser(request.cookies.get(BROWSER_COOKIE, ""), now)

    def let_in(self, signed_in: SignedIn, now: datetime, address: str, way: str) -> Response:
        """Open a session and go to an address of the dashboard. way: for the log."""
        response = self.renderer.go(local_address(address))
        session = self.authenticator.open(now, way, signed_in, describe_browser(request.user_agent.string))
        set_session_cookie(self.renderer, response, session)
        mark = self.authenticator.mark_browser(now, signed_in, self.known_browser(now))
        self.renderer.set_cookie(response, BROWSER_COOKIE, mark, int(BROWSER_AGE.total_seconds()))
        log.info("signed_in", way=way)
        return response

    def signed_in(self, person_id: str) -> SignedIn | None:
        """Return a person who was identified by other means than the password; None if disabled or removed."""
        with self.store.read() as tx:
            credentials = tx.people.credentials_of(person_id)
        if credentials is None or credentials.person.disabled_at is not None:
            return None
        now = clock.now()
        self.store.write(lambda tx: tx.people.note_sign_in(person_id, now))
        return SignedIn(credentials.person, self.authenticator.mark_of(credentials))

    # -- from one page of the sign-in to the next

    def keep(self, response: Response, cookie: str, values: dict[str, Any], now: datetime) -> Response:
        """Have the browser carry values, signed, to the next page."""
        text = json.dumps({**values, "at": int(now.timestamp())})
        self.renderer.set_signed_cookie(response, cookie, text, int(STEP_TIME.total_seconds()))
        return response

    def kept(self, cookie: str, now: datetime) -> dict[str, Any] | None:
        """The values that the browser brought; None if there are none or they are too old."""
        text = self.renderer.signed_cookie(cookie)
        values: dict[str, Any] | None = json.loads(text) if text.startswith("{") else None
        return values if values and now.timestamp() - values["at"] < STEP_TIME.total_seconds() else None

    def forget(self, response: Response, cookie: str) -> Response:
        """Have the browser forget them."""
        response.delete_cookie(cookie, path=PREFIX)
        return response


def too_many_attempts(wait_s: float) -> str:
    """The sentence for whoever has to wait so many seconds."""
    minutes = max(1, round(wait_s / 60))
    return ngettext(
        "Too many attempts. Please try again in a minute.",
        "Too many attempts. Please try again in %(num)s minutes.",
        minutes,
    )


def with_retry(response: Response, wait_s: float) -> Response:
    """Return the response with Retry-After."""
    response.headers["Retry-After"] = str(int(wait_s) + 1)
    return response


def local_address(address: str) -> str:
    """The address of the dashboard to continue at; Today for any other.

    The path is judged as a browser reads it: a dot stays one when it is written %2e, and a backslash is a slash.
    """
    address = address.rstrip("?")
    path = unquote(urlsplit(address).path) if address.startswith(f"{PREFIX}/") else ""
    is_ours = path.startswith(f"{PREFIX}/") and not path.startswith(f"{PREFIX}/sign-") and not _LEAVES.search(path)
    return address if is_ours and "//" not in address and address.isprintable() else f"{PREFIX}/"
