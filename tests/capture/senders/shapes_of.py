"""JSON with missing or changed parts, and questions and rows in any wrapping, as senders may send one day."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any


def mutations(value: Any) -> Iterator[Any]:
    """Yield copies of JSON, each with one part missing or of another kind."""
    yield from (None, "x", True, [None], {"": []})
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in members:
        yield _without(value, key)
        yield from (_with(value, key, mutated) for mutated in mutations(below))


def _without(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return {name: member for name, member in value.items() if name != key}
    return [*value[:key], *value[key + 1 :]]


def _with(value: Any, key: Any, member: Any) -> Any:
    if isinstance(value, dict):
        return {**value, key: member}
    return [*value[:key], member, *value[key + 1 :]]


Members = list[dict[str, Any]]


def _by_id(members: Members) -> dict[str, Any]:
    return {f"q{number}x": member for number, member in enumerate(members)}


WRAPPINGS: Mapping[str, Callable[[Members], Any]] = {
    "a list at the top": lambda members: members,
    "in a list of one": lambda members: [{"fields": members}],
    "data.fields": lambda members: {"event": "x", "data": {"formName": "Tour", "fields": members}},
    "submission.questions": lambda members: {"submission": {"submissionId": "s1", "questions": members}},
    "form_response.answers": lambda members: {"form_response": {"token": "t", "answers": members}},
    "any name": lambda members: {"zap": {"whatever": members}},
    "as text": lambda members: {"payload": json.dumps({"fields": members})},
    "a map by id": lambda members: {"fields": _by_id(members)},
    "a map at the top": _by_id,
    "a map, two levels down": lambda members: {"body": {"submission": {"answers": _by_id(members)}}},
}
"""Wrappers in which a tool may send its questions."""

ROWS: Mapping[str, Callable[[Members], Any]] = {
    "a list at the top": lambda rows: rows,
    "data.rows": lambda rows: {"type": "records.after.insert", "data": {"table_id": "m1", "rows": rows}},
    **{
        f"batch in {key}": partial(lambda key, rows: {"external_id": "batch-000001", key: rows}, key)
        for key in ("data", "leads", "items", "submissions", "records", "entries", "results", "responses", "anything")
    },
    "batch, two levels down": lambda rows: {"id": "batch-000001", "result": {"page": 1, "list": rows}},
    "as text": lambda rows: {"payload": json.dumps(rows)},
}
"""Wrappers in which a tool may send the rows of several people."""
