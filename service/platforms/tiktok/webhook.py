"""TikTok's lead generation: the webhook brings the answers; an export brings what it missed."""

import csv
import io
import re
from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item
from service.capture.fields.instants import read_instant
from service.capture.parsing.errors import Unreadable
from service.capture.parsing.nesting import flatten
from service.capture.parsing.shapes import Json, table_at, tables_at, text_at, value_at
from service.capture.parsing.texts import clean
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import check_hex, hmac_hex, is_same
from service.platforms.events import known, read_event, unfit
from service.platforms.questions import PlatformQuestion, answers_of
from service.platforms.tags import utm_of

_A_LEAD = "1"
_TEST_ADDRESS = "test_email_address@mail.com"
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
    """A character -> as JSON escapes it; found out when it is first met."""

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


def verify(call: WebhookCall, table: SenderConfig) -> None:
    """Check the HMAC: over the bytes as they came, or with their non-ASCII characters escaped.

    TikTok documents the second and does not say whether the bytes come escaped already.
    Raises: InvalidSignature.
    """
    header, secret = call.headers.get("x-open-signature", ""), table["app_secret"]
    as_it_came = is_same(header.lower(), hmac_hex(secret, call.body))
    check_hex(header, secret, call.body if as_it_came else _escaped(call.body))


def _escaped(body: bytes) -> bytes:
    if body.isascii():
        return body
    try:
        return body.decode().translate(_Escapes()).encode("ascii")
    except UnicodeDecodeError:
        return body


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """All leads of the call; notices of other kinds, such as of ad reviews, are none.

    Raises: Unreadable.
    """
    body = read_event(call)
    if text_at(body, "object") not in {_A_LEAD, ""}:
        return
    entries = value_at(body, "entry")
    if not isinstance(entries, list):
        raise Unreadable("The JSON is no lead of TikTok's.")
    for entry in entries:
        yield _read_entry(entry, table)


def _read_entry(entry: object, table: SenderConfig) -> Item:
    lead_id = text_at(entry, "id")
    asked = [
        PlatformQuestion(text_at(change, "field"), text_at(change, "field"), change.get("value"))
        for change in tables_at(entry, "changes")
    ]
    if not lead_id and not asked:
        return unfit(entry, "TikTok sent a lead with neither an id nor answers.")
    facts = known({name: text_at(entry, name) for name in _FACTS})
    return _enquiry(lead_id, asked, facts, table_at(entry), table)


def _enquiry(
    lead_id: str, asked: list[PlatformQuestion], facts: dict[str, str], more: Json, table: SenderConfig
) -> Enquiry:
    """more: `page_name`, a time, and `is_test` where it is told."""
    at = text_at(more, "create_time") or text_at(more, "created_time")
    return Enquiry(
        answers_of(asked),
        external_id=lead_id,
        form_name=text_at(more, "page_name"),
        place=facts.get("advertiser_id", "") or facts.get("library_id", ""),
        utm=utm_of("tiktok", facts, table.get("names", {})),
        details=facts,
        submitted_at=read_instant(at) or read_instant(f"{at}+00:00"),  # exports write UTC without saying so
        is_test=_is_mock(asked) or _is_test(text_at(more, "is_test").lower(), facts),
    )


def _is_mock(asked: list[PlatformQuestion]) -> bool:
    return any(text.lower() == _TEST_ADDRESS for each in asked for _, text in flatten(each.value))


def _is_test(told: str, facts: Mapping[str, str]) -> bool:
    """What an export says. The webhook does not: there a test comes from no ad, though a conversation may, too."""
    if told:
        return told in {"true", "1", "yes"}
    return facts.get("lead_source") != _DIRECT_MESSAGE and not any(facts.get(name) for name in _IDS)


def read_export(text: str, table: SenderConfig) -> tuple[list[Enquiry], int]:
    """Read the CSV of a download task: its enquiries, and how many rows had no lead id and were skipped.

    Raises: nothing.
    """
    rows = _rows(text.lstrip("\ufeff"))
    header = [clean(name) for name in next(rows, None) or ()]
    found = [_read_row(header, row, table) for row in rows if row is None or any(row)]
    enquiries = [each for each in found if each is not None]
    return enquiries, len(found) - len(enquiries)


def _rows(text: str) -> Iterator[list[str] | None]:
    """The rows; None for one that is broken. A file that went through Excel may have other separators."""
    first_line = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first_line.count))
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None


def _read_row(header: list[str], row: list[str] | None, table: SenderConfig) -> Enquiry | None:
    if row is None:
        return None
    labels = [*header, *(f"column {n}" for n in range(len(header) + 1, len(row) + 1))]
    cells = [(label, _word(label), cell) for label, cell in zip(labels, row, strict=False)]
    told = {word: _unprotected(cell) for _, word, cell in cells if word in _COLUMNS}
    asked = [PlatformQuestion(word, label, cell) for label, word, cell in cells if word not in _COLUMNS]
    lead_id, facts = told.get("lead_id", ""), known({name: told.get(name, "") for name in _FACTS})
    return _enquiry(lead_id, asked, facts, told, table) if lead_id else None


def _word(label: str) -> str:
    return "_".join(label.lower().split())


def _unprotected(cell: str) -> str:
    """A cell without what keeps Excel from rounding it: '123 or ="123"."""
    found = _PROTECTED.match(clean(cell))
    return clean(found[1] if found else cell)


SENDER = WebhookSender(read, verify, proof_key="app_secret", is_platform=True)
"""What it sends once cannot be read again."""
