"""Meta's Graph API: a lead by its id, the questions of its form, all leads of a form, and the meaning of its errors."""

import hashlib
import hmac
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qs, quote, urlsplit

from service.capture.fields.enquiries import Enquiry, LeadNotice
from service.capture.parsing.json_values import Json, table_at, tables_at, text_at, value_at
from service.platforms.meta import webhook
from service.platforms.reader import (
    Disconnected,
    Gone,
    NotNow,
    PlatformError,
    PlatformResponse,
    PulledItem,
    ReaderContext,
    UnreadableLead,
    Unusable,
    call,
    chain,
    clean_message,
)

LEAD_FIELDS = (
    "id,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,is_organic,platform,"
    "field_data,custom_disclaimer_responses"
)
FORM_FIELDS = "id,name,locale,status,questions"
PAGE_SIZE = 100

DEFAULT_THROTTLE_S = 300.0
"""Pause of a throttled connection when Meta does not say how long."""

_TRANSIENT_CODES = {"1", "2"}
_THROTTLE_CODES = {"4", "17", "32", "341", "368", "613", *(str(code) for code in range(80000, 80015))}
_TOKEN_CODES = {"190", "102"}
_PERMISSION_CODES = {"3", "10", *(str(code) for code in range(200, 300))}
_INVALID_REQUEST_CODES = {"100", "803", "2500"}
_NOT_FOUND = ("100", "33")  # code and subcode

_RESTART = "Then start the worker again, or retry one of the leads."


class MetaReader:
    """The Graph API for the leads of one form."""

    def __init__(self, context: ReaderContext) -> None:
        self._url = context.urls["META_GRAPH_URL"]
        self._config = context.config
        self._section = context.section
        self._state = context.state

    def fetch(self, notice: LeadNotice) -> Enquiry:
        """Read one announced lead, and remember which Page its form belongs to."""
        lead = self._get(f"/{quote(notice.external_id, safe='')}", {"fields": LEAD_FIELDS}, notice.place)
        form_id = text_at(lead, "form_id") or notice.details.get("form_id", "")
        self._state.learn("pages", form_id, notice.place)
        return self._enquiry(lead, self._form(form_id, lead, notice.place), notice.details, notice.place)

    def pull(self, since: datetime, until: datetime) -> Iterator[PulledItem]:  # noqa: ARG002 (Meta lists up to now)
        """Read the leads of the forms named in `lead_forms` and of the forms of earlier leads."""
        pages = self._state.facts("pages")
        named = self._config.get("lead_forms", ())
        if not pages and not named:
            raise Unusable(f"no lead form is known yet: name it in `lead_forms` of {self._section}")
        default_page = next(iter(self._config.get("pages", ())), "")
        forms = dict.fromkeys((*named, *pages))
        yield from chain(self._pull_form(form_id, pages.get(form_id) or default_page, since) for form_id in forms)

    def check(self, now: datetime) -> datetime | None:
        """Check every token; their end is known only where the app's id is set."""
        page_tokens = self._config.get("page_tokens", {})
        if not self._config.get("app_id"):
            for place in page_tokens or ("",):
                self._get("/me", {"fields": "id"}, place)
            return None
        ends = [self._check_token(token, now) for token in page_tokens.values() or [self._token("")]]
        return min((end for end in ends if end is not None), default=None)

    # -- tokens

    def _token(self, place: str) -> str:
        token: str = self._config.get("page_tokens", {}).get(place) or self._config.get("access_token", "")
        if not token:
            raise Disconnected(
                f"{self._section} holds no access_token",
                f"Add one, as the documentation of ad platforms describes. {_RESTART}",
            )
        return token

    def _check_token(self, token: str, now: datetime) -> datetime | None:
        app_token = f"{self._config['app_id']}|{self._config.get('app_secret', '')}"
        headers = {"Authorization": f"Bearer {app_token}"}
        response = call("GET", f"{self._url}/debug_token", headers, {"input_token": token})
        details = table_at(self._json(response, token, ""), "data")
        if text_at(details, "is_valid") != "true":
            raise self._reconnect(text_at(details, "error", "message") or "the token is no longer valid", "")
        ends = [float(text_at(details, name) or 0) for name in ("expires_at", "data_access_expires_at")]
        future = [end for end in ends if end > now.timestamp()]
        return datetime.fromtimestamp(min(future), UTC) if future else None

    # -- calls

    def _get(self, path: str, query: Mapping[str, str], place: str) -> Json:
        token = self._token(place)
        headers = {"Authorization": f"Bearer {token}"}
        response = call("GET", f"{self._url}{path}", headers, query)
        if not response.is_ok and b"appsecret_proof" in response.body:  # only apps that demand a proof get one
            secret = self._config.get("app_secret", "")
            proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
            response = call("GET", f"{self._url}{path}", headers, {**query, "appsecret_proof": proof})
        return self._json(response, token, place)

    def _json(self, response: PlatformResponse, token: str, place: str) -> Json:
        payload = response.json()
        if payload is not None and response.is_ok and "error" not in payload:
            return payload
        raise self._error(response, payload, token, place)

    def _form(self, form_id: str, lead: Json, place: str) -> Json | None:
        """Return a lead's form where its questions are needed; an unreadable form does not stop the lead."""
        form: Json | None = self._state.facts("forms").get(form_id)
        if form is not None or not form_id or not webhook.needs_form(lead):
            return form
        try:
            form = self._get(f"/{quote(form_id, safe='')}", {"fields": FORM_FIELDS}, place)
        except NotNow:
            raise
        except PlatformError:
            return None
        self._state.learn("forms", form_id, dict(form))
        return form

    def _pull_form(self, form_id: str, place: str, since: datetime) -> Iterator[PulledItem]:
        newer = {"field": "time_created", "operator": "GREATER_THAN", "value": math.floor(since.timestamp())}
        query = {"fields": LEAD_FIELDS, "filtering": json.dumps([newer]), "limit": str(PAGE_SIZE)}
        details = {"form_id": form_id, "page_id": place}
        while True:
            page = self._get(f"/{quote(form_id, safe='')}/leads", query, place)
            for lead in tables_at(page, "data"):
                yield self._listed(lead, details, place)
            cursor = _next_cursor(page)
            if not cursor or cursor == query.get("after"):
                return
            query = {**query, "after": cursor}

    def _listed(self, lead: Json, details: Mapping[str, str], place: str) -> PulledItem:
        if not text_at(lead, "id"):
            return UnreadableLead("a lead without an id", "Meta listed it without one")
        form_id = text_at(lead, "form_id") or details["form_id"]
        return self._enquiry(lead, self._form(form_id, lead, place), {**details, "form_id": form_id}, place)

    def _enquiry(self, lead: Json, form: Json | None, details: Mapping[str, str], place: str) -> Enquiry:
        enquiry = webhook.enquiry(lead, form, details, self._config)
        return replace(enquiry, place=enquiry.place or place, external_id=enquiry.external_id or text_at(lead, "id"))

    # -- errors

    def _error(self, response: PlatformResponse, payload: Json | None, token: str, place: str) -> PlatformError:
        """Return what an error response means. Source: developers.facebook.com, Handling Errors."""
        code, status = text_at(payload, "error", "code"), response.status
        message = clean_message(text_at(payload, "error", "message") or f"HTTP {status}", self._config, token)
        if code in _THROTTLE_CODES:
            return NotNow(message, status, _throttle_s(response))
        is_outage = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        is_transient = code in _TRANSIENT_CODES or value_at(payload, "error", "is_transient") is True
        if payload is None or is_outage or is_transient:
            return NotNow(message, status)
        if code in _TOKEN_CODES:
            return self._reconnect(message, place, status)
        if code in _PERMISSION_CODES:
            remedy = (
                f"Check that the token's owner may read leads of Page {place or '(unknown)'} (leads_retrieval, Leads "
                f"Access), and that the app is assigned to it. {_RESTART}"
            )
            return Disconnected(message, remedy, status, place)
        if (code, text_at(payload, "error", "error_subcode")) == _NOT_FOUND:
            return Gone(message, status)
        return Unusable(message, status) if code in _INVALID_REQUEST_CODES else NotNow(message, status)

    def _reconnect(self, message: str, place: str, status: int | None = None) -> Disconnected:
        has_own_token = place in self._config.get("page_tokens", {})
        key = f"page_tokens.{place}" if has_own_token else "access_token"
        remedy = f"Create a new token, best of a system user, and put it into {key} of {self._section}. {_RESTART}"
        return Disconnected(message, remedy, status, place if has_own_token else "")


def _throttle_s(response: PlatformResponse) -> float:
    """Return the seconds until calls are allowed again; Meta sends minutes, as JSON in a header."""
    try:
        usage = json.loads(response.headers.get("x-business-use-case-usage", "{}"))
        waits = [entry["estimated_time_to_regain_access"] for entries in usage.values() for entry in entries]
        minutes = max(float(wait) for wait in waits)
    except (ValueError, TypeError, KeyError, AttributeError):
        return DEFAULT_THROTTLE_S
    return minutes * 60 if minutes > 0 else DEFAULT_THROTTLE_S


def _next_cursor(page: Json) -> str:
    """Return the cursor of the next page. Its URL is not followed, as it holds the token and names a host."""
    next_url = text_at(page, "paging", "next")
    if not next_url:
        return ""
    return text_at(page, "paging", "cursors", "after") or parse_qs(urlsplit(next_url).query).get("after", [""])[0]


READER = MetaReader
