"""LinkedIn's Lead Sync API: a response by its id, all responses of an account, and the meaning of its errors."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

import structlog

from service import clock
from service.capture.fields.enquiries import Enquiry, LeadNotice
from service.capture.parsing.json_values import Json, table_at, tables_at, text_at
from service.platforms.linkedin import webhook
from service.platforms.linkedin.tokens import LinkedInTokens
from service.platforms.linkedin.webhook import id_of
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

log = structlog.get_logger()

API_VERSION = "202610"
"""LinkedIn answers 426 once a version has ended, after about a year; `version` in the forms file replaces it."""

RESPONSE_FIELDS = (
    "id,submittedAt,testLead,leadType,owner,versionedLeadGenFormUrn,leadMetadata,leadMetadataInfo,associatedEntity,"
    "formResponse,form:(id,name,hiddenFields,content)"
)
PAGE_SIZE = 100

LEAD_TYPES = {"sponsoredAccount": ("SPONSORED",), "organization": ("EVENT", "COMPANY", "ORGANIZATION_PRODUCT")}
"""Kind of owner -> the types of lead that it can have."""


class LinkedInReader:
    """Lead Sync for the leads of one form."""

    def __init__(self, context: ReaderContext) -> None:
        self._url = context.urls["LINKEDIN_API_URL"]
        self._tokens = LinkedInTokens(context)
        self._config = context.config
        self._section = context.section
        self._state = context.state

    def fetch(self, notice: LeadNotice) -> Enquiry:
        """Read one announced response, and remember its owner."""
        path = f"/leadFormResponses/{quote(notice.external_id, safe='')}"
        response = self._get(path, f"fields={RESPONSE_FIELDS}", notice.place)
        for kind in LEAD_TYPES:
            self._state.learn("owners", text_at(response, "owner", kind), kind)
        return self._enquiry(response, notice.details, notice.place)

    def pull(self, since: datetime, until: datetime) -> Iterator[PulledItem]:
        """Read the responses of `accounts` and `organizations`, else of the owners that leads came from before."""
        owners = self._owners()
        if not owners:
            raise Unusable(f"no ad account is known yet: name it in `accounts` of {self._section}")
        yield from chain(
            self._pull_owner(kind, urn, lead_type, since, until)
            for urn, kind in owners.items()
            for lead_type in LEAD_TYPES[kind]
        )

    def check(self, now: datetime) -> datetime | None:
        """Ask each owner for one lead: no cheaper call shows whether leads may be read."""
        ends_at = self._tokens.ends_at(now)
        for urn, kind in self._owners().items():
            self._get("/leadFormResponses", _query(kind, urn, LEAD_TYPES[kind][0], now, now, 0, 1), id_of(urn))
        return ends_at

    def _owners(self) -> dict[str, str]:
        """Return URN -> kind of the owners in the forms file, else of the owners of earlier leads."""
        configured = {
            f"urn:li:{kind}:{id_of(owner)}": kind
            for kind, key in (("sponsoredAccount", "accounts"), ("organization", "organizations"))
            for owner in self._config.get(key, ())
        }
        return configured or self._state.facts("owners")

    # -- calls

    def _get(self, path: str, query: str, place: str) -> Json:
        token = self._tokens.access()
        response = self._call(path, query, token)
        if response.status == HTTPStatus.UNAUTHORIZED and self._tokens.can_renew:
            token = self._tokens.renew(token)
            response = self._call(path, query, token)
        payload = response.json()
        if response.is_ok and payload is not None:
            return payload
        log.warning("linkedin_refused", status=response.status, uuid=response.headers.get("x-li-uuid", ""))
        raise self._error(response, payload, token, place)

    def _call(self, path: str, query: str, token: str) -> PlatformResponse:
        headers = {
            "Authorization": f"Bearer {token}",
            "LinkedIn-Version": self._config.get("version", API_VERSION),
            "X-Restli-Protocol-Version": "2.0.0",
        }
        return call("GET", f"{self._url}{path}", headers, query)

    def _form(self, response: Json, place: str) -> Json | None:
        """Return the form where the response does not hold it; an unreadable form does not stop the lead."""
        if not webhook.needs_form(response):
            return None
        form_id, version = _form_version(response)
        name = f"{form_id},{version}"
        form: Json | None = self._state.facts("forms").get(name)
        if form is not None or not form_id:
            return form
        try:
            form = self._get(f"/leadForms/{quote(form_id, safe='')}", "", place)
        except NotNow:
            raise
        except PlatformError:
            return None
        self._state.learn("forms", name, dict(form))
        return form

    def _pull_owner(
        self, kind: str, urn: str, lead_type: str, since: datetime, until: datetime
    ) -> Iterator[PulledItem]:
        start = 0
        while True:
            query = _query(kind, urn, lead_type, since, until, start, PAGE_SIZE)
            responses = tables_at(self._get("/leadFormResponses", query, id_of(urn)), "elements")
            for response in responses:
                if text_at(response, "id"):
                    details = {"owner": urn, "lead_type": text_at(response, "leadType") or lead_type}
                    yield self._enquiry(response, details, id_of(urn))
                else:
                    yield UnreadableLead("a response without an id", "LinkedIn listed it without one")
            if len(responses) < PAGE_SIZE:
                return
            start += PAGE_SIZE

    def _enquiry(self, response: Json, details: Mapping[str, str], place: str) -> Enquiry:
        enquiry = webhook.enquiry(response, self._form(response, place), details, self._config)
        response_id = id_of(text_at(response, "id"))
        return replace(enquiry, place=enquiry.place or place, external_id=enquiry.external_id or response_id)

    # -- errors

    def _error(self, response: PlatformResponse, payload: Json | None, token: str, place: str) -> PlatformError:
        """Return what an error response means. Source: learn.microsoft.com (LinkedIn), Error responses."""
        status = response.status
        message = clean_message(text_at(payload, "message") or f"HTTP {status}", self._config, token)
        if status in _REMEDIES:
            remedy = _REMEDIES[HTTPStatus(status)].format(section=self._section, place=place or "(unknown)")
            return Disconnected(message, remedy, status, place if status == HTTPStatus.FORBIDDEN else "")
        if status == HTTPStatus.NOT_FOUND:
            return Gone(message, status)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return NotNow(message, status, _seconds_to_midnight(clock.now()))
        is_outage = status >= HTTPStatus.INTERNAL_SERVER_ERROR or payload is None
        return NotNow(message, status) if is_outage else Unusable(message, status)


_REMEDIES = {
    HTTPStatus.UNAUTHORIZED: "Put a new access_token and refresh_token into {section}, and start the worker again.",
    HTTPStatus.FORBIDDEN: (
        "Check that the person who gave the token has a role on account {place} (for events: page or content "
        "administrator), and that the app has r_marketing_leadgen_automation. Then start the worker again, or retry "
        "one of the leads."
    ),
    HTTPStatus.UPGRADE_REQUIRED: (
        "LinkedIn has retired this version of its API: update this service, or write a newer one, such as "
        'version = "202710", into {section}. Then start the worker again.'
    ),
}


def _query(kind: str, urn: str, lead_type: str, since: datetime, until: datetime, start: int, count: int) -> str:
    """Return a Rest.li query: parentheses, colons and commas as they are, URNs encoded."""
    between = f"(start:{int(since.timestamp() * 1000)},end:{int(until.timestamp() * 1000)})"
    return (
        f"q=owner&owner=({kind}:{quote(urn, safe='')})&leadType=(leadType:{lead_type})&limitedToTestLeads=false"
        f"&submittedAtTimeRange={between}&fields={RESPONSE_FIELDS}&count={count}&start={start}"
    )


def _seconds_to_midnight(now: datetime) -> float:
    """Return the seconds until daily quotas reset at 00:00 UTC, and a minute more, as clocks may differ."""
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=1, second=0, microsecond=0)
    return (midnight - now).total_seconds()


def _form_version(response: Json) -> tuple[str, str]:
    """Return id and version of urn:li:versionedLeadGenForm:(urn:li:leadGenForm:ID,VERSION)."""
    inside = text_at(response, "versionedLeadGenFormUrn").partition("(")[2].rstrip(")")
    form, _, version = inside.partition(",")
    return id_of(form) or text_at(table_at(response, "form"), "id"), version.strip()


READER = LinkedInReader
