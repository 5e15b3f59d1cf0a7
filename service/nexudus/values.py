"""Values in the CRM's records, texts cut to fit its fields and taken from responses, and names of its enumerations."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MAX_MESSAGE_CHARS = 500
"""Maximum characters of a message of the CRM that are kept."""

Row = dict[str, Any]
"""A record under the CRM's own field names. Lists leave out fields."""

_TAG = re.compile(r"</?[a-zA-Z!][^>]*(?:>|$)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ELLIPSIS = "…"


def text_of(row: Row, name: str) -> str:
    """Return a text; "" if null or missing."""
    return str(row.get(name) or "")


def id_of(row: Row, name: str) -> int | None:
    """Return an id; None if null, missing, or 0, which the CRM uses for unset."""
    return row.get(name) or None


def ids_of(row: Row, name: str) -> tuple[int, ...] | None:
    """Return the ids of a collection of ids or records; None if it is not shown."""
    items = row.get(name)
    if not isinstance(items, list):
        return None
    return tuple(item["Id"] if isinstance(item, dict) else item for item in items)


def instant_of(row: Row, name: str) -> datetime | None:
    """Return an instant; None if null or unreadable. An instant without a zone is taken for UTC."""
    try:
        instant = datetime.fromisoformat(text_of(row, name))
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def clean(text: str, *, lines: bool = False) -> str:
    """Return text without control characters and lone surrogates, trimmed; on one line unless `lines`.

    With `lines`, line ends become "\\n"; without, every run of white space becomes one space.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", text)
    return text.strip() if lines else " ".join(text.split())


def fit(text: str, max_units: int) -> str:
    """Return at most `max_units` (>= 1) characters as the CRM counts them; "…" shows a cut.

    Its fields are measured in UTF-16 units (.NET strings), so an emoji counts twice.
    """
    if _units(text) <= max_units:
        return text
    room = max_units - _units(_ELLIPSIS)
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * room].decode("utf-16-le", "ignore")
    return kept.rstrip() + _ELLIPSIS


def plain(text: str) -> str:
    """Return a message of the CRM for our logs and pages: one line, no HTML, at most MAX_MESSAGE_CHARS."""
    return fit(clean(_TAG.sub(" ", text)), MAX_MESSAGE_CHARS)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


# -- numbers of the CRM's enumerations and their names


def _enumerations() -> dict[str, dict[int, str]]:
    tables = json.loads(Path(__file__).with_name("enumerations.json").read_text(encoding="utf-8"))
    return {enum: {int(number): name for number, name in names.items()} for enum, names in tables.items()}


_ENUMERATIONS = _enumerations()

LEAD_SOURCES: Mapping[int, str] = _ENUMERATIONS["eCrmOpportunitySource"]
"""eCrmOpportunitySource, from the REST reference of CrmOpportunity; there is no 3."""

LOSS_REASONS: Mapping[int, str] = _ENUMERATIONS["eCrmOpportunityLossReason"]
"""eCrmOpportunityLossReason."""


def lead_source_name(number: int) -> str:
    """Return the vendor's name of a lead source; the number itself if it is new."""
    return LEAD_SOURCES.get(number, str(number))


def loss_reason_name(number: int) -> str:
    """Return the vendor's name of a loss reason; the number itself if it is new."""
    return LOSS_REASONS.get(number, str(number))
