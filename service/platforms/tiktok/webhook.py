"""TikTok's lead generation: the webhook brings the answers; an export brings what it missed."""

import csv
import io
import re
from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item
from service.capture.parsing import Unreadable
from service.capture.parsing.json_values import Json, read_instant, table_at, tables_at, text_at, value_at
from service.capture.parsing.nesting import flatten
from service.capture.parsing.texts import clean
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender, check_hex, hmac_hex, is_same
from service.platforms.events import PlatformQuestion, answers_of, known, read_event, unreadable_item
from service.platforms.registry import utm_of
from service.platforms.tiktok import TIKTOK

_LEAD_OBJECT = "1"
_DIRECT_MESSAGE = "DIRECT_MESSAGE"
_IDS = ("campaign_id", "adgroup_id", "ad_id")
_FACTS = (
    *("lead_source", "page_id", "advertiser_id", "advertiser_name", "library_id"),
    *("campaign_id", "campaign_name", "adgroup_id", "adgroup_name", "ad_id", "ad_name"),
)
_COLUMNS = frozenset((*_FACTS, "lead_id", "created_time", "create_time", "page_name", "is_test"))
_PROTECTED = re.compile(r"""^(?:'|=")(.*?)"?$""", re.DOTALL)
_ASCII_END = 0x80
_PLANE_END = 0x10000


class _Escapes(dict[int, str]):
    """Code point -> its JSON escape, filled on first use."""

    def __missing__(self, code: int) -> str:
        if code < _ASCII_END:
            text = chr(code)
        elif code < _PLANE_END:
            text = f"\\u{code:04x}"
        else:
            high, low = divmod(code - _PLANE_END, 0x400)
            text = f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
        self[code] = text
        return text


def verify(call: WebhookCall, config: SenderConfig) -> None:
    """Check the HMAC, over the bytes as they arrived or with their non-ASCII characters escaped.

    TikTok documents the latter and does not say whether the bytes arrive escaped.
    Raises: InvalidSignature.
    """
    header, secret = call.headers.get("x-open-signature", ""), config["app_secret"]
    is_unescaped = is_same(header.lower(), hmac_hex(secret, call.body))
    check_hex(header, secret, call.body if is_unescaped else _escaped(call.body))


def _escaped(body: bytes) -> bytes:
    if body.isascii():
        return body
    try:
        return body.decode().translate(_Escapes()).encode("ascii")
    except UnicodeDecodeError:
        return body


def read(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Yield all leads of the call; skip other events, such as ad reviews.

    Raises: Unreadable.
    """
    body = read_event(call)
    if text_at(body, "object") not in {_LEAD_OBJECT, ""}:
        return
    entries = value_at(body, "entry")
    if not isinstance(entries, list):
        raise Unreadable("The JSON is not a TikTok lead.")
    for entry in entries:
        yield _read_entry(entry, config)


def _read_entry(entry: object, config: SenderConfig) -> Item:
    lead_id = text_at(entry, "id")
    questions = [
        PlatformQuestion(text_at(change, "field"), text_at(change, "field"), change.get("value"))
        for change in tables_at(entry, "changes")
    ]
    if not lead_id and not questions:
        return unreadable_item(entry, "TikTok sent a lead with neither an id nor answers.")
    facts = known({name: text_at(entry, name) for name in _FACTS})
    return _enquiry(lead_id, questions, facts, table_at(entry), config)


def _enquiry(
    lead_id: str, questions: list[PlatformQuestion], facts: dict[str, str], more: Json, config: SenderConfig
) -> Enquiry:
    """more: `page_name`, a time, and `is_test` where it is given."""
    at = text_at(more, "create_time") or text_at(more, "created_time")
    return Enquiry(
        answers_of(questions),
        external_id=lead_id,
        form_name=text_at(more, "page_name"),
        place=facts.get("advertiser_id", "") or facts.get("library_id", ""),
        utm=utm_of("tiktok", facts, config.get("names", {})),
        details=facts,
        submitted_at=read_instant(at) or read_instant(f"{at}+00:00"),  # exports write UTC without a zone
        is_test=_is_mock(questions) or _is_test(text_at(more, "is_test").lower(), facts),
    )


def _is_mock(questions: list[PlatformQuestion]) -> bool:
    return any(text.lower() in TIKTOK.test_addresses for each in questions for _, text in flatten(each.value))


def _is_test(flag: str, facts: Mapping[str, str]) -> bool:
    """Exports carry a flag. In the webhook a test is a lead without an ad; but a conversation may have none, too."""
    if flag:
        return flag in {"true", "1", "yes"}
    return facts.get("lead_source") != _DIRECT_MESSAGE and not any(facts.get(name) for name in _IDS)


def read_export(text: str, config: SenderConfig) -> tuple[list[Enquiry], int]:
    """Return the enquiries in the CSV of a download task, and the number of rows skipped for lack of a lead id.

    Raises: nothing.
    """
    rows = _rows(text.lstrip("\ufeff"))
    header = [clean(name) for name in next(rows, None) or ()]
    results = [_read_row(header, row, config) for row in rows if row is None or any(row)]
    enquiries = [each for each in results if each is not None]
    return enquiries, len(results) - len(enquiries)


def _rows(text: str) -> Iterator[list[str] | None]:
    """Yield the rows, None for a broken one. A file saved by Excel may have other separators."""
    first_line = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first_line.count))
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None


def _read_row(header: list[str], row: list[str] | None, config: SenderConfig) -> Enquiry | None:
    if row is None:
        return None
    labels = [*header, *(f"column {n}" for n in range(len(header) + 1, len(row) + 1))]
    cells = [(label, _column_key(label), cell) for label, cell in zip(labels, row, strict=False)]
    facts_by_column = {key: _unprotected(cell) for _, key, cell in cells if key in _COLUMNS}
    questions = [PlatformQuestion(key, label, cell) for label, key, cell in cells if key not in _COLUMNS]
    lead_id, facts = facts_by_column.get("lead_id", ""), known({name: facts_by_column.get(name, "") for name in _FACTS})
    return _enquiry(lead_id, questions, facts, facts_by_column, config) if lead_id else None


def _column_key(label: str) -> str:
    return "_".join(label.lower().split())


def _unprotected(cell: str) -> str:
    """Return a cell without the marks that keep Excel from rounding it: '123 or ="123"."""
    match = _PROTECTED.match(clean(cell))
    return clean(match[1] if match else cell)


SENDER = WebhookSender(read, verify, proof_key="app_secret")
"""Brings whole leads; one cannot be fetched again."""
