"""Lists: the filters of a query, and its pages.

Names ignore case. As in the real API, unknown filters are silently ignored: a misspelt filter returns everything.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from service.simulator.coworkers import PLAN
from service.simulator.custom_fields import values_by_name
from service.simulator.entities import Entity, FilterPath, find_filter_path
from service.simulator.exchange import (
    ApiCall,
    Record,
    SimulatorResponse,
    end_of,
    ok,
    read_instant,
    read_whole_number,
    text_off,
)
from service.simulator.seed import NO_ACTION
from service.simulator.world import World

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 25, 1000
PAGING = ("page", "size", "orderby", "dir")
TIMES = ("CreatedOn", "UpdatedOn", "WonOn", "LostOn", "FromTime", "ToTime")
DESCENDING = ("descending", "desc", "-1")  # "1" is documented as both directions; here it is ascending

Test = Callable[[Record], bool]


def answer_list(world: World, entity: Entity, call: ApiCall) -> SimulatorResponse:
    """Answer a GET on a collection with the requested page."""
    rows, tests = _candidates(world, entity, call)
    if world.settings.search_lag_s:
        table = world.tables[entity.name]
        tests.append(lambda row: table.age_s(row["Id"]) >= world.settings.search_lag_s)
    matches = [row for row in rows if all(test(row) for test in tests)] if tests else list(rows)
    return ok(_envelope(world, entity, matches, call))


def shown(world: World, entity: Entity, record: Record, *, in_list: bool = False) -> Record:
    """Return a record as a client sees it."""
    record = _in_local_time(world, record)
    hidden = set(entity.unlisted) if in_list else set()
    if entity.name == "CrmBoardColumn":
        hidden.add("CrmBoardBusinessId")  # not documented for stages: only their boards show the location
    if in_list and not world.settings.custom_fields_in_lists:
        hidden.add("CustomFields")
    if in_list and entity.name == "CrmOpportunity" and not world.settings.notes_in_lists:
        hidden.add("Notes")
    if in_list and entity.name == "CrmBoardColumn" and world.settings.list_flags != "full":
        hidden |= NO_ACTION.keys() if world.settings.list_flags == "absent" else set()
        record = {**record, **NO_ACTION}
    if in_list and entity.name == "Coworker" and not world.settings.plans_in_lists:
        hidden.update(PLAN)
    return {key: value for key, value in record.items() if key not in hidden} if hidden else record


def _in_local_time(world: World, record: Record) -> Record:
    minutes = world.settings.times_off_minutes
    if not minutes:
        return record
    return {**record, **{name: text_off(record[name], minutes) for name in TIMES if record.get(name)}}


def _candidates(world: World, entity: Entity, call: ApiCall) -> tuple[Iterable[Record], list[Test]]:
    """Return the records to test, from an index if possible, and the tests."""
    table = world.tables[entity.name]
    rows: Iterable[Record] = table.rows.values()
    narrowed = False
    tests: list[Test] = []
    ignored = {name.lower() for name in world.settings.ignored_filters}
    for name, text in call.query:
        if name.lower() in PAGING or not text.strip():
            continue
        if name.lower() in ignored:
            world.ignored[name] += 1
            continue
        if name.lower() == "coworker_email" and not world.settings.email_any_case:
            tests.append(partial(_is_written, "Email", text.strip()))
            continue
        equal = _equal_to(world, entity, name, text)
        if equal is None:
            test = _identity(name, text) or _range(entity, name, text) or _custom(world, entity, name, text)
            if test is None:
                world.ignored[name] += 1
            else:
                tests.append(test)
            continue
        route, value = equal
        if not narrowed and not route.hops and table.is_indexed(route.key):
            rows, narrowed = list(table.having(route.key, value)), True
        else:
            tests.append(_matching(world, route, value))
    return rows, tests


def _is_written(key: str, text: str, row: Record) -> bool:
    return bool(row.get(key) == text)


def _equal_to(world: World, entity: Entity, name: str, text: str) -> tuple[FilterPath, Any] | None:
    """Return the path and value of an `Entity_Property` filter; None if it is not one, or its value is unreadable."""
    prefix = f"{entity.name}_".lower()
    if not name.lower().startswith(prefix):
        return None
    words = name[len(prefix) :].lower()
    if words == "systemid" and not world.settings.systemid_filters:
        return None
    route = find_filter_path(entity.name, words)
    if route is None:
        return None
    value = READERS[route.kind](text)
    return None if value is None else (route, value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _flag(text: str) -> bool | None:
    return {"true": True, "false": False, "1": True, "0": False}.get(text.strip().lower())


READERS: dict[str, Callable[[str], Any]] = {
    "text": lambda text: text.strip().lower(),
    "number": _number,
    "flag": _flag,
}


def _matching(world: World, route: FilterPath, wanted: Any) -> Test:
    def test(row: Record) -> bool:
        record = row
        for key, kind in route.hops:
            record = world.row(kind, record[key]) or {}
            if not record:
                return False
        value = record.get(route.key)
        if isinstance(value, str):
            value = value.strip().lower()
        return value is not None and bool(value == wanted)

    return test


def _identity(name: str, text: str) -> Test | None:
    """Test for `id=5`, the batch form `id=[1,2,3]`, and `UniqueId`."""
    key = {"id": "Id", "uniqueid": "UniqueId"}.get(name.lower())
    if key is None:
        return None
    wanted = set(re.findall(r"[\w-]+", text.lower()))
    return lambda row: str(row[key]).lower() in wanted


def _custom(world: World, entity: Entity, name: str, text: str) -> Test | None:
    """Test for `Coworker_CustomFields_MyField=value`; the name of the field may contain underscores."""
    head, _, field = name.partition("_CustomFields_")
    if head.lower() != entity.name.lower() or not field or not world.settings.custom_fields_filter:
        return None
    wanted = text.strip().lower()
    return lambda row: values_by_name(row.get("CustomFields")).get(field.lower(), "").strip().lower() == wanted


def _range(entity: Entity, name: str, text: str) -> Test | None:
    match = re.fullmatch(rf"(from|to)_{entity.name}_(\w+)", name, re.IGNORECASE)
    key = match and next((known for known in entity.ranges if known.lower() == match[2].lower()), None)
    if not match or not key:
        return None
    upper = match[1].lower() == "to"
    bound = _number(text)
    if bound is None:
        bound_at = end_of(text) if upper else read_instant(text)
        return _instant_range(key, bound_at, upper=upper) if bound_at else None
    return _number_range(key, bound, upper=upper)


def _instant_range(key: str, bound: datetime, *, upper: bool) -> Test:
    def test(row: Record) -> bool:
        instant = read_instant(row[key]) if isinstance(row.get(key), str) else None
        return instant is not None and (instant <= bound if upper else instant >= bound)

    return test


def _number_range(key: str, bound: float, *, upper: bool) -> Test:
    def test(row: Record) -> bool:
        value = row.get(key)
        return isinstance(value, (int, float)) and (value <= bound if upper else value >= bound)

    return test


def _envelope(world: World, entity: Entity, rows: list[Record], call: ApiCall) -> Record:
    params = {name.lower(): text for name, text in call.query}
    page, size = (
        read_whole_number(params.get("page", "")) or 1,
        min(MAX_PAGE_SIZE, read_whole_number(params.get("size", "")) or DEFAULT_PAGE_SIZE),
    )
    order, descending = params.get("orderby", "Id"), params.get("dir", "").lower() in DESCENDING
    rows = _sorted(rows, order.split("_")[-1], descending=descending)
    total, pages = len(rows), -(-len(rows) // size)
    first = (page - 1) * size
    shown_rows = [shown(world, entity, row, in_list=True) for row in rows[first : first + size]]
    return {
        "Records": shown_rows,
        "CurrentPage": page,
        "CurrentPageSize": size,
        "CurrentOrderField": order,
        "CurrentSortDirection": 1 if descending else 0,
        "FirstItem": first + 1,
        "LastItem": first + len(shown_rows),
        "TotalItems": total,
        "TotalPages": pages,
        "HasNextPage": page < pages,
        "HasPreviousPage": page > 1,
    }


def _sorted(rows: list[Record], field: str, *, descending: bool) -> list[Record]:
    if field.lower() == "id":  # they are stored in this order
        return rows[::-1] if descending else rows
    key = next((known for row in rows[:1] for known in row if known.lower() == field.lower()), "Id")
    return sorted(rows, key=lambda row: (row.get(key) is not None, _comparable(row.get(key))), reverse=descending)


def _comparable(value: object) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, (int, float)) else (0.0, str(value))
