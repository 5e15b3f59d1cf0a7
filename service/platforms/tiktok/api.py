"""TikTok: what its webhook missed, as an export; whether the subscription still lives; and what its codes mean."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from service import clock
from service.capture.fields.enquiries import Enquiry
from service.capture.parsing.shapes import Json, table_at, tables_at, text_at
from service.capture.tools.sender import SenderConfig
from service.fetching.connection import Pulled, UnreadableLead, in_turn, spoken
from service.platforms.calls import MAX_RESPONSE_BYTES, PlatformResponse, call
from service.platforms.errors import Disconnected, NotNow, PlatformError, Unusable
from service.platforms.tiktok import webhook
from service.store import FetchNotice

REGIONS = ("", "eu", "us")
"""Leads are kept by region, and an account may have some in each; "": the rest of the world."""

POLL_S, PATIENCE_S = 2.0, 120.0
"""Between two looks at an export, and how long it may take to be made."""

_OK = {"0", "20001"}
_LATER = {"40016", "40100", "40132", "40133"}
_TOKEN = {"40102", "40104", "40105"}
_RIGHTS = {"40001"}


class TikTokReader:
    """The Business API for the leads of one form."""

    announces = False

    def __init__(self, url: str, table: SenderConfig, form: str, section: str) -> None:
        self._url = url
        self._table = table
        self._form = form
        self._section = section

    def fetch(self, notice: FetchNotice) -> Enquiry:
        """See Reader. TikTok sends the answers at once and cannot be asked for one lead."""
        raise Unusable(f"TikTok does not let one lead be read again: {notice.external_id}")

    def pull(self, since: datetime, until: datetime) -> Iterator[Pulled]:
        """See Reader. The export holds all leads of an account; those from outside the time are left out."""
        accounts = self._table.get("accounts", ())
        if not accounts:
            raise Unusable(f"no advertiser is known: name it in `accounts` of {self._section}")
        yield from in_turn(self._pull(account, region, since, until) for account in accounts for region in REGIONS)

    def check(self, now: datetime) -> datetime | None:  # noqa: ARG002 (its token does not end by itself)
        """See Reader. A subscription dies without a word when the advertiser takes the token back."""
        if not self._table.get("app_id"):
            return None
        query = {"app_id": self._table["app_id"], "secret": self._table["app_secret"], "subscribe_entity": "LEAD"}
        found = self._call("GET", "/subscription/get/", query=query)
        subscriptions = tables_at(found, "data", "subscriptions") or tables_at(found, "data", "list")
        paths = [urlsplit(text_at(each, "callback_url")).path for each in subscriptions]
        if not any(f"/webhooks/tiktok/{self._form}" in path for path in paths):
            remedy = f"Let an administrator of the ad account subscribe /webhooks/tiktok/{self._form} anew."
            raise Disconnected("TikTok has no subscription for this address", remedy)
        return None

    # -- exports

    def _pull(self, account: str, region: str, since: datetime, until: datetime) -> Iterator[Pulled]:
        enquiries, skipped = webhook.read_export(self._export(account, region), self._table)
        yield from (replace(each, place=each.place or account) for each in enquiries if _is_within(each, since, until))
        yield from [UnreadableLead("a row without a lead id", "TikTok's export holds it without one")] * skipped

    def _export(self, account: str, region: str) -> str:
        """The CSV of all leads of an account in one region."""
        headers = {"x-lead-region": region} if region else {}
        task = table_at(self._call("POST", "/page/lead/task/", headers, body={"advertiser_id": account}), "data")
        task_id = text_at(task, "task_id")
        deadline = clock.monotonic() + PATIENCE_S
        while text_at(task, "status") not in ("SUCCEED", "SUCCESS"):
            if not task_id or text_at(task, "status") in ("FAILED", "CANCELED") or clock.monotonic() > deadline:
                raise NotNow(f"TikTok did not make the export: {text_at(task, 'status') or 'no task'}")
            clock.sleep(POLL_S if text_at(task, "status") else 0)
            asked = {"advertiser_id": account, "task_id": task_id}
            task = table_at(self._call("POST", "/page/lead/task/", headers, body=asked), "data")
        query = {"advertiser_id": account, "task_id": task_id}
        answer = self._ask("GET", "/page/lead/task/download/", headers, query)
        if answer.json() is not None or not answer.is_ok:
            self._read(answer)
        return _text_of(answer.body)

    # -- calls

    def _call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
    ) -> Json:
        return self._read(self._ask(method, path, headers or {}, query or {}, body))

    def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        body: Mapping[str, str] | None = None,
    ) -> PlatformResponse:
        token = self._table.get("access_token", "")
        if not token:
            raise Disconnected(f"{self._section} holds no access_token", f"Put it in. {_START}")
        sent = {"Access-Token": token, "Content-Type": "application/json", **headers}
        return call(method, f"{self._url}{path}", sent, query, None if body is None else json.dumps(body).encode())

    def _read(self, answer: PlatformResponse) -> Json:
        found = answer.json()
        if answer.is_ok and found is not None and text_at(found, "code") in _OK:
            return found
        raise self._trouble(answer, found)

    def _trouble(self, answer: PlatformResponse, found: Json | None) -> PlatformError:
        """What a code means. Source: business-api.tiktok.com, Return codes."""
        code = text_at(found, "code")
        said = spoken(text_at(found, "message") or f"HTTP {answer.status}", self._table)
        is_outage = answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if found is None or is_outage or code in _LATER or code.startswith("5"):
            return NotNow(said, answer.status)
        if code in _TOKEN:
            remedy = (
                f"Let the advertiser allow the app anew, and put the new access_token into {self._section}. {_START}"
            )
            return Disconnected(said, remedy, answer.status)
        if code in _RIGHTS:
            return Disconnected(said, f"Give the app the right to read leads. {_START}", answer.status)
        return Unusable(said, answer.status)


_START = "Then start the worker again."


def _is_within(enquiry: Enquiry, since: datetime, until: datetime) -> bool:
    """Leads of an unknown time are taken: those that are here already are known by their ids."""
    at = enquiry.submitted_at
    return at is None or since.timestamp() <= at < until.timestamp()


def _text_of(body: bytes) -> str:
    """The CSV of a download, which is zipped where it is large.

    Raises: Unusable.
    """
    if not body.startswith(b"PK"):
        return body.decode("utf-8-sig", "replace")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            name = next(name for name in packed.namelist() if name.endswith(".csv"))
            if packed.getinfo(name).file_size > 20 * MAX_RESPONSE_BYTES:
                raise Unusable("TikTok's export is larger than 200 MB: pull a shorter time from TikTok's own page")
            return packed.read(name).decode("utf-8-sig", "replace")
    except (zipfile.BadZipFile, StopIteration) as error:
        raise Unusable("TikTok's export is a broken zip file") from error
