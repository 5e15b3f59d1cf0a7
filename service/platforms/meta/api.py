"""Meta: a lead by its id, the questions of its form, all leads of a form; and what the Graph API's errors mean."""

import hashlib
import hmac
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qs, quote, urlsplit

from service.capture.fields.enquiries import Enquiry
from service.capture.parsing.shapes import Json, table_at, tables_at, text_at, value_at
from service.capture.tools.sender import SenderConfig
from service.fetching.connection import ConnectionMemory, Pulled, UnreadableLead, in_turn, spoken
from service.platforms.calls import PlatformResponse, call
from service.platforms.errors import Disconnected, Gone, NotNow, PlatformError, Unusable
from service.platforms.meta import webhook
from service.store import FetchNotice

FIELDS = (
    "id,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,is_organic,platform,"
    "field_data,custom_disclaimer_responses"
)
FORM_FIELDS = "id,name,locale,status,questions"

PAGE = 100
"""Leads that are asked for at a time."""

THROTTLE_S = 300.0
"""How long to leave a Page alone that is asked too often and does not say for how long."""

_LATER = {"1", "2"}
_THROTTLED = {"4", "17", "32", "341", "368", "613", *(str(code) for code in range(80000, 80015))}
_TOKEN = {"190", "102"}
_RIGHTS = {"3", "10", *(str(code) for code in range(200, 300))}
_OURS = {"803", "2500"}


class MetaReader:
    """The Graph API for the leads of one form."""

    announces = True

    def __init__(self, url: str, table: SenderConfig, section: str, memory: ConnectionMemory) -> None:
        self._url = url
        self._table = table
        self._section = section
        self._memory = memory

    def fetch(self, notice: FetchNotice) -> Enquiry:
        """See Reader."""
        lead = self._get(f"/{quote(notice.external_id, safe='')}", {"fields": FIELDS}, notice.place)
        form_id = text_at(lead, "form_id") or notice.details.get("form_id", "")
        self._memory.learn("pages", form_id, notice.place)
        form = self._form(form_id, lead, notice.place)
        return self._enquiry(lead, form, notice.details, notice.place)

    def pull(self, since: datetime, until: datetime) -> Iterator[Pulled]:  # noqa: ARG002 (Meta reads up to now)
        """See Reader. Of the forms named in `lead_forms`, and of those that leads came from before."""
        pages = self._memory.recall("pages")
        named = self._table.get("lead_forms", ())
        if not pages and not named:
            raise Unusable(f"no lead form is known yet: name it in `lead_forms` of {self._section}")
        home = next(iter(self._table.get("pages", ())), "")
        forms = dict.fromkeys((*named, *pages))
        yield from in_turn(self._pull_form(form_id, pages.get(form_id) or home, since) for form_id in forms)

    def check(self, now: datetime) -> datetime | None:
        """See Reader."""
        if not self._table.get("app_id"):
            for place in self._table.get("page_tokens", {}) or ("",):
                self._get("/me", {"fields": "id"}, place)
            return None
        ends = [self._check_token(token, now) for token in self._tokens()]
        return min((end for end in ends if end is not None), default=None)

    # -- tokens

    def _tokens(self) -> list[str]:
        return list(self._table.get("page_tokens", {}).values()) or [self._token("")]

    def _token(self, place: str) -> str:
        token: str = self._table.get("page_tokens", {}).get(place) or self._table.get("access_token", "")
        if not token:
            raise Disconnected(
                f"{self._section} holds no access_token", f"Put one in as docs/ad-platforms.md says. {START}"
            )
        return token

    def _check_token(self, token: str, now: datetime) -> datetime | None:
        app = f"{self._table['app_id']}|{self._table.get('app_secret', '')}"
        headers = {"Authorization": f"Bearer {app}"}
        answer = call("GET", f"{self._url}/debug_token", headers, {"input_token": token})
        found = table_at(self._read(answer, token, ""), "data")
        if text_at(found, "is_valid") != "true":
            raise self._reconnect(text_at(found, "error", "message") or "the token is not valid any more", "")
        ends = [float(text_at(found, name) or 0) for name in ("expires_at", "data_access_expires_at")]
        coming = [end for end in ends if end > now.timestamp()]
        return datetime.fromtimestamp(min(coming), UTC) if coming else None

    # -- calls

    def _get(self, path: str, query: Mapping[str, str], place: str) -> Json:
        token = self._token(place)
        headers = {"Authorization": f"Bearer {token}"}
        answer = call("GET", f"{self._url}{path}", headers, query)
        if not answer.is_ok and b"appsecret_proof" in answer.body:  # the app demands it; others need not send it
            secret = self._table.get("app_secret", "")
            proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
            answer = call("GET", f"{self._url}{path}", headers, {**query, "appsecret_proof": proof})
        return self._read(answer, token, place)

    def _read(self, answer: PlatformResponse, token: str, place: str) -> Json:
        found = answer.json()
        if found is not None and answer.is_ok and "error" not in found:
            return found
        raise self._trouble(answer, found, token, place)

    def _form(self, form_id: str, lead: Json, place: str) -> Json | None:
        """What is known of a lead's form; a form that cannot be read does not hold up the lead."""
        known: Json | None = self._memory.recall("forms").get(form_id)
        if known is not None or not form_id or not webhook.needs_form(lead):
            return known
        try:
            form = self._get(f"/{quote(form_id, safe='')}", {"fields": FORM_FIELDS}, place)
        except NotNow:
            raise
        except PlatformError:
            return None
        self._memory.learn("forms", form_id, dict(form))
        return form

    def _pull_form(self, form_id: str, place: str, since: datetime) -> Iterator[Pulled]:
        newer = {"field": "time_created", "operator": "GREATER_THAN", "value": math.floor(since.timestamp())}
        query = {"fields": FIELDS, "filtering": json.dumps([newer]), "limit": str(PAGE)}
        details = {"form_id": form_id, "page_id": place}
        while True:
            page = self._get(f"/{quote(form_id, safe='')}/leads", query, place)
            for lead in tables_at(page, "data"):
                yield self._listed(lead, details, place)
            after = _next_of(page)
            if not after or after == query.get("after"):
                return
            query = {**query, "after": after}

    def _listed(self, lead: Json, details: Mapping[str, str], place: str) -> Pulled:
        if not text_at(lead, "id"):
            return UnreadableLead("a lead without an id", "Meta listed it without one")
        form_id = text_at(lead, "form_id") or details["form_id"]
        return self._enquiry(lead, self._form(form_id, lead, place), {**details, "form_id": form_id}, place)

    def _enquiry(self, lead: Json, form: Json | None, details: Mapping[str, str], place: str) -> Enquiry:
        found = webhook.enquiry(lead, form, details, self._table)
        return replace(found, place=found.place or place, external_id=found.external_id or text_at(lead, "id"))

    # -- errors

    def _trouble(self, answer: PlatformResponse, found: Json | None, token: str, place: str) -> PlatformError:
        """What an error means. Source: developers.facebook.com, Handling Errors."""
        code, status = text_at(found, "error", "code"), answer.status
        said = spoken(text_at(found, "error", "message") or f"HTTP {status}", self._table, token)
        if code in _THROTTLED:
            return NotNow(said, status, _regained_s(answer))
        is_outage = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if found is None or is_outage or code in _LATER or value_at(found, "error", "is_transient") is True:
            return NotNow(said, status)
        if code in _TOKEN:
            return self._reconnect(said, place, status)
        if code in _RIGHTS:
            return Disconnected(said, f"{_rights(place)} {START}", status, place)
        if code == "100" and text_at(found, "error", "error_subcode") == "33":
            return Gone(said, status)
        return Unusable(said, status) if code in _OURS or code == "100" else NotNow(said, status)

    def _reconnect(self, said: str, place: str, status: int | None = None) -> Disconnected:
        own = place in self._table.get("page_tokens", {})
        name = f"page_tokens.{place}" if own else "access_token"
        remedy = f"Make a new token, best of a system user, and put it into {name} of {self._section}. {START}"
        return Disconnected(said, remedy, status, place if own else "")


START = "Then start the worker again, or retry one of the leads."


def _rights(place: str) -> str:
    return (
        f"See that the token's owner may read leads of Page {place or '(unknown)'} (leads_retrieval, Leads Access), "
        "and that the app is assigned there."
    )


def _regained_s(answer: PlatformResponse) -> float:
    """Seconds until calls are allowed again: Meta tells minutes, in the JSON of a header."""
    try:
        usage = json.loads(answer.headers.get("x-business-use-case-usage", "{}"))
        told = [entry["estimated_time_to_regain_access"] for entries in usage.values() for entry in entries]
        minutes = max(float(each) for each in told)
    except (ValueError, TypeError, KeyError, AttributeError):
        return THROTTLE_S
    return minutes * 60 if minutes > 0 else THROTTLE_S


def _next_of(page: Json) -> str:
    """The cursor of the next page; its address is not followed: it holds the token and names a host."""
    following = text_at(page, "paging", "next")
    told = parse_qs(urlsplit(following).query).get("after", [""])[0]
    return (text_at(page, "paging", "cursors", "after") or told) if following else ""
