"""JSON with parts of it missing or of another kind: what a platform may send one day."""

from collections.abc import Iterator
from typing import Any


def mutations(value: Any) -> Iterator[Any]:
    """The same JSON, each time with one part of it gone, or of another kind."""
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
