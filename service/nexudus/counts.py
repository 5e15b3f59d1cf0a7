"""How many opportunities there are: the CRM tells the length of a list, so a list of one is asked for."""

from datetime import datetime
from http import HTTPStatus

from service.nexudus.client import Nexudus, Params
from service.nexudus.errors import Unavailable
from service.nexudus.opportunities import PATH

MAX_OPPORTUNITIES = 5000
"""Opportunities that one location may hold (REST reference of CrmOpportunity); closed ones may count or not."""

NOWHERE = 2**31 - 1
"""An id that no record has: the CRM's ids are 32-bit and given in order."""

LOCATION = "CrmOpportunity_CrmBoardColumn_CrmBoard_Business_Id"
SINCE = "from_CrmOpportunity_CreatedOn"
FAR = "2999-01-01T00:00"


def count_all(nexudus: Nexudus) -> int:
    """All opportunities that the login reaches.

    Raises: as Nexudus.get; Unavailable where the answer tells no number. So do the others here.
    """
    return _count(nexudus, {})


def count_at(nexudus: Nexudus, business_id: int) -> int:
    """Those of one location; only to be believed where `tells_locations_apart`."""
    return _count(nexudus, {LOCATION: business_id})


def count_since(nexudus: Nexudus, business_id: int, since: datetime) -> int | None:
    """Those of one location made since then; None where the CRM does not look at the date."""
    if _count(nexudus, {LOCATION: business_id, SINCE: FAR}):
        return None
    return _count(nexudus, {LOCATION: business_id, SINCE: since.strftime("%Y-%m-%dT%H:%M")})


def filters_by_location(nexudus: Nexudus) -> bool:
    """Whether the filter by location is understood: an unknown one is ignored, and then everything is counted."""
    return count_at(nexudus, NOWHERE) == 0


def _count(nexudus: Nexudus, params: Params) -> int:
    value = nexudus.get(PATH, {**params, "page": 1, "size": 1})
    total = value.get("TotalItems") if isinstance(value, dict) else None
    if not isinstance(total, int) or isinstance(total, bool):
        raise Unavailable("the answer to a search tells no number of items", HTTPStatus.OK)
    return total
