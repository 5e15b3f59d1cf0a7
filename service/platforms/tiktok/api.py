"""TikTok's Business API: an export of leads that the webhook missed, the state of the subscription, error codes."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from service import clock
from service.capture.fields.enquiries import Enquiry, LeadNotice
from service.capture.parsing.json_values import Json, table_at, tables_at, text_at
from service.platforms.reader import (
    MAX_RESPONSE_BYTES,
    Disconnected,
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
from service.platforms.tiktok import webhook

REGIONS = ("", "eu", "us")
"""Leads are kept by region, and an account may have some in each; "": the rest of the world."""

EXPORT_POLL_INTERVAL_S, EXPORT_TIMEOUT_S = 2.0, 120.0

MAX_EXPORT_BYTES = 20 * MAX_RESPONSE_BYTES
"""Size of an unpacked export."""

_OK_CODES = {"0", "20001"}
_TRANSIENT_CODES = {"40016", "40100", "40132", "40133"}
_TOKEN_CODES = {"40102", "40104", "40105"}
_PERMISSION_CODES = {"40001"}

_RESTART = "Then start the worker again."


class TikTokReader:
    """The Business API for the leads of one form."""

    def __init__(self, context: ReaderContext) -> None:
        self._url = context.urls["TIKTOK_API_URL"]
        self._config = context.config
        self._section = context.section
        self._address = f"/webhooks/tiktok/{context.form}"

    def fetch(self, notice: LeadNotice) -> Enquiry:
        """Refuse: TikTok's webhook brings the answers, and a single lead cannot be read again."""
        raise Unusable(f"TikTok does not let one lead be read again: {notice.external_id}")

    def pull(self, since: datetime, until: datetime) -> Iterator[PulledItem]:
        """Read the exports of all accounts. An export holds every lead; those outside the period are skipped."""
        accounts = self._config.get("accounts", ())
        if not accounts:
            raise Unusable(f"no advertiser is known: name it in `accounts` of {self._section}")
        yield from chain(self._pull(account, region, since, until) for account in accounts for region in REGIONS)

    def check(self, now: datetime) -> datetime | None:  # noqa: ARG002 (its token has no end)
        """Check the subscription, which ends without notice when the advertiser withdraws the token."""
        if not self._config.get("app_id"):
            return None
        query = {"app_id": self._config["app_id"], "secret": self._config["app_secret"], "subscribe_entity": "LEAD"}
        payload = self._json(self._call("GET", "/subscription/get/", query=query))
        subscriptions = tables_at(payload, "data", "subscriptions") or tables_at(payload, "data", "list")
        paths = [urlsplit(text_at(subscription, "callback_url")).path for subscription in subscriptions]
        if not any(self._address in path for path in paths):
            remedy = f"Let an administrator of the ad account subscribe {self._address} again."
            raise Disconnected("TikTok has no subscription for this address", remedy)
        return None

    # -- exports

    def _pull(self, account: str, region: str, since: datetime, until: datetime) -> Iterator[PulledItem]:
        enquiries, skipped = webhook.read_export(self._export(account, region), self._config)
        for enquiry in enquiries:
            at = enquiry.submitted_at
            # Leads of unknown time are taken: the ids tell which of them are here already.
            if at is None or since.timestamp() <= at < until.timestamp():
                yield replace(enquiry, place=enquiry.place or account)
        yield from [UnreadableLead("a row without a lead id", "TikTok's export holds it without one")] * skipped

    def _export(self, account: str, region: str) -> str:
        """Return the CSV of all leads of an account in one region."""
        headers = {"x-lead-region": region} if region else {}
        task = self._task(headers, {"advertiser_id": account})
        task_id = text_at(task, "task_id")
        deadline = clock.monotonic() + EXPORT_TIMEOUT_S
        while text_at(task, "status") not in ("SUCCEED", "SUCCESS"):
            if not task_id or text_at(task, "status") in ("FAILED", "CANCELED") or clock.monotonic() > deadline:
                raise NotNow(f"TikTok did not make the export: {text_at(task, 'status') or 'no task'}")
            clock.sleep(EXPORT_POLL_INTERVAL_S if text_at(task, "status") else 0)
            task = self._task(headers, {"advertiser_id": account, "task_id": task_id})
        query = {"advertiser_id": account, "task_id": task_id}
        response = self._call("GET", "/page/lead/task/download/", headers, query)
        if response.json() is not None or not response.is_ok:
            self._json(response)
        return _unpack(response.body)

    def _task(self, headers: Mapping[str, str], body: Mapping[str, str]) -> Json:
        return table_at(self._json(self._call("POST", "/page/lead/task/", headers, body=body)), "data")

    # -- calls

    def _call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
    ) -> PlatformResponse:
        token = self._config.get("access_token", "")
        if not token:
            raise Disconnected(f"{self._section} holds no access_token", f"Add one. {_RESTART}")
        all_headers = {"Access-Token": token, "Content-Type": "application/json", **(headers or {})}
        content = None if body is None else json.dumps(body).encode()
        return call(method, f"{self._url}{path}", all_headers, query or {}, content)

    def _json(self, response: PlatformResponse) -> Json:
        payload = response.json()
        if response.is_ok and payload is not None and text_at(payload, "code") in _OK_CODES:
            return payload
        raise self._error(response, payload)

    def _error(self, response: PlatformResponse, payload: Json | None) -> PlatformError:
        """Return what a code means. Source: business-api.tiktok.com, Return codes."""
        code, status = text_at(payload, "code"), response.status
        message = clean_message(text_at(payload, "message") or f"HTTP {status}", self._config)
        is_outage = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if payload is None or is_outage or code in _TRANSIENT_CODES or code.startswith("5"):
            return NotNow(message, status)
        if code in _TOKEN_CODES:
            remedy = f"Let the advertiser authorise the app again, and put the new access_token into {self._section}."
            return Disconnected(message, f"{remedy} {_RESTART}", status)
        if code in _PERMISSION_CODES:
            return Disconnected(message, f"Give the app the permission to read leads. {_RESTART}", status)
        return Unusable(message, status)


def _unpack(body: bytes) -> str:
    """Return the CSV of a download, which is zipped where it is large.

    Raises: Unusable.
    """
    if not body.startswith(b"PK"):
        return body.decode("utf-8-sig", "replace")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".csv"))
            if archive.getinfo(name).file_size > MAX_EXPORT_BYTES:
                raise Unusable("TikTok's export is larger than 200 MB: export a shorter period in TikTok Ads Manager")
            return archive.read(name).decode("utf-8-sig", "replace")
    except (zipfile.BadZipFile, StopIteration) as error:
        raise Unusable("TikTok's export is a broken zip file") from error


READER = TikTokReader
