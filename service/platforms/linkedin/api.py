"""LinkedIn: a response by its id, all responses of an account; and what Lead Sync's errors mean."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

import structlog

from service import clock
from service.capture.fields.enquiries import Enquiry
from service.capture.parsing.shapes import Json, table_at, tables_at, text_at
from service.capture.tools.sender import SenderConfig
from service.fetching.connection import ConnectionMemory, Pulled, UnreadableLead, in_turn, spoken
from service.platforms.calls import PlatformResponse, call
from service.platforms.errors import Disconnected, Gone, NotNow, PlatformError, Unusable
from service.platforms.linkedin import webhook
from service.platforms.linkedin.tokens import LinkedInTokens
from service.store import FetchNotice

log = structlog.get_logger()

VERSION = "202610"
"""Of the API, for about a year: LinkedIn answers 426 when it has ended. `version` in the forms file replaces it."""

FIELDS = (
    "id,submittedAt,testLead,leadType,owner,versionedLeadGenFormUrn,leadMetadata,leadMetadataInfo,associatedEntity,"
    "formResponse,form:(id,name,hiddenFields,content)"
)

PAGE = 100
"""Responses that are asked for at a time."""

LEAD_TYPES = {"sponsoredAccount": ("SPONSORED",), "organization": ("EVENT", "COMPANY", "ORGANIZATION_PRODUCT")}
"""Kind of owner -> what it may have."""


class LinkedInReader:
    """Lead Sync for the leads of one form."""

    announces = True

    def __init__(
        self, url: str, tokens: LinkedInTokens, table: SenderConfig, section: str, memory: ConnectionMemory
    ) -> None:
        self._url = url
        self._tokens = tokens
        self._table = table
        self._section = section
        self._memory = memory

    def fetch(self, notice: FetchNotice) -> Enquiry:
        """See Reader."""
        path = f"/leadFormResponses/{quote(notice.external_id, safe='')}"
        response = self._get(path, f"fields={FIELDS}", notice.place)
        for kind in LEAD_TYPES:
            self._memory.learn("owners", text_at(response, "owner", kind), kind)
        return self._enquiry(response, notice.details, notice.place)

    def pull(self, since: datetime, until: datetime) -> Iterator[Pulled]:
        """See Reader. Of `accounts` and `organizations`, and of those that leads came from before."""
        owners = dict.fromkeys(self._owners())
        if not owners:
            raise Unusable(f"no ad account is known yet: name it in `accounts` of {self._section}")
        yield from in_turn(
            self._pull_owner(kind, urn, lead_type, since, until)
            for kind, urn in owners
            for lead_type in LEAD_TYPES[kind]
        )

    def check(self, now: datetime) -> datetime | None:
        """See Reader. Asks each owner for one lead: nothing cheaper tells whether leads may be read."""
        ends_at = self._tokens.ends_at(now)
        for kind, urn in dict.fromkeys(self._owners()):
            self._get("/leadFormResponses", _query(kind, urn, LEAD_TYPES[kind][0], now, now, 0, 1), _tail(urn))
        return ends_at

    def _owners(self) -> Iterator[tuple[str, str]]:
        """Kind and URN: those the operator named, else those that are known."""
        named = {
            "sponsoredAccount": self._table.get("accounts", ()),
            "organization": self._table.get("organizations", ()),
        }
        for kind, ids in named.items():
            yield from ((kind, f"urn:li:{kind}:{_tail(each)}") for each in ids)
        if not any(named.values()):
            yield from ((kind, urn) for urn, kind in self._memory.recall("owners").items())

    # -- calls

    def _get(self, path: str, query: str, place: str) -> Json:
        token = self._tokens.access()
        answer = self._ask(path, query, token)
        if answer.status == HTTPStatus.UNAUTHORIZED and self._tokens.can_renew:
            token = self._tokens.renew(token)
            answer = self._ask(path, query, token)
        found = answer.json()
        if answer.is_ok and found is not None:
            return found
        log.warning("linkedin_refused", status=answer.status, uuid=answer.headers.get("x-li-uuid", ""))
        raise self._trouble(answer, found, token, place)

    def _ask(self, path: str, query: str, token: str) -> PlatformResponse:
        headers = {
            "Authorization": f"Bearer {token}",
            "LinkedIn-Version": self._table.get("version", VERSION),
            "X-Restli-Protocol-Version": "2.0.0",
        }
        return call("GET", f"{self._url}{path}", headers, query)

    def _form(self, response: Json, place: str) -> Json | None:
        """The form where the response does not hold it; one that cannot be read does not hold up the lead."""
        if not webhook.needs_form(response):
            return None
        form_id, _, version = _form_of(response).partition(",")
        name = f"{form_id},{version}"
        known: Json | None = self._memory.recall("forms").get(name)
        if known is not None or not form_id:
            return known
        try:
            form = self._get(f"/leadForms/{quote(form_id, safe='')}", "", place)
        except NotNow:
            raise
        except PlatformError:
            return None
        self._memory.learn("forms", name, dict(form))
        return form

    def _pull_owner(self, kind: str, urn: str, lead_type: str, since: datetime, until: datetime) -> Iterator[Pulled]:
        start = 0
        while True:
            query = _query(kind, urn, lead_type, since, until, start, PAGE)
            found = tables_at(self._get("/leadFormResponses", query, _tail(urn)), "elements")
            for response in found:
                if text_at(response, "id"):
                    details = {"owner": urn, "lead_type": text_at(response, "leadType") or lead_type}
                    yield self._enquiry(response, details, _tail(urn))
                else:
                    yield UnreadableLead("a response without an id", "LinkedIn listed it without one")
            if len(found) < PAGE:
                return
            start += PAGE

    def _enquiry(self, response: Json, details: Mapping[str, str], place: str) -> Enquiry:
        found = webhook.enquiry(response, self._form(response, place), details, self._table)
        response_id = _tail(text_at(response, "id"))
        return replace(found, place=found.place or place, external_id=found.external_id or response_id)

    # -- errors

    def _trouble(self, answer: PlatformResponse, found: Json | None, token: str, place: str) -> PlatformError:
        """What an error means. Source: learn.microsoft.com (LinkedIn), Error responses."""
        status = answer.status
        said = spoken(text_at(found, "message") or f"HTTP {status}", self._table, token)
        remedies = {
            HTTPStatus.UNAUTHORIZED: _NEW_TOKEN.format(self._section),
            HTTPStatus.FORBIDDEN: _RIGHTS.format(place or "(unknown)"),
            HTTPStatus.UPGRADE_REQUIRED: _SUNSET.format(self._section),
        }
        if status in remedies:
            remedy = remedies[HTTPStatus(status)]
            return Disconnected(said, remedy, status, place if status == HTTPStatus.FORBIDDEN else "")
        if status == HTTPStatus.NOT_FOUND:
            return Gone(said, status)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return NotNow(said, status, _until_midnight_s(clock.now()))
        is_outage = status >= HTTPStatus.INTERNAL_SERVER_ERROR or found is None
        return NotNow(said, status) if is_outage else Unusable(said, status)


_NEW_TOKEN = "Put a new access_token and refresh_token into {}, and start the worker again."  # noqa: S105 (a sentence)
_RIGHTS = (
    "See that the person who gave the token has a role on account {} (for events: page or content administrator), and "
    "that the app has r_marketing_leadgen_automation. Then start the worker again, or retry one of the leads."
)
_SUNSET = (
    "LinkedIn has ended this version of its API: update this service, or write a newer one, such as "
    'version = "202710", into {}. Then start the worker again.'
)


def _query(kind: str, urn: str, lead_type: str, since: datetime, until: datetime, start: int, count: int) -> str:
    """Rest.li: parentheses, colons and commas as they are, URNs encoded."""
    between = f"(start:{_millis(since)},end:{_millis(until)})"
    return (
        f"q=owner&owner=({kind}:{quote(urn, safe='')})&leadType=(leadType:{lead_type})&limitedToTestLeads=false"
        f"&submittedAtTimeRange={between}&fields={FIELDS}&count={count}&start={start}"
    )


def _millis(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _until_midnight_s(now: datetime) -> float:
    """Daily quotas open at 00:00 UTC; a minute later, so that clocks may differ."""
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=1, second=0, microsecond=0)
    return (midnight - now).total_seconds()


def _tail(urn: str) -> str:
    return urn.rpartition(":")[2]


def _form_of(response: Json) -> str:
    """Id and version of urn:li:versionedLeadGenForm:(urn:li:leadGenForm:ID,VERSION), joined by a comma."""
    inside = text_at(response, "versionedLeadGenFormUrn").partition("(")[2].rstrip(")")
    form, _, version = inside.partition(",")
    return f"{_tail(form) or text_at(table_at(response, 'form'), 'id')},{version.strip()}"
