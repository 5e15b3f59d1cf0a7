"""docs/logs.md: every event that the service logs has its row, at its level, and no other has."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}


def levels_of(expression: ast.expr, aliases: Mapping[str, set[str]]) -> set[str]:
    """The levels at which a called expression logs: `log.warning`, `log.info if … else log.error`, or a name for it."""
    if isinstance(expression, ast.IfExp):
        return levels_of(expression.body, aliases) | levels_of(expression.orelse, aliases)
    if isinstance(expression, ast.Name):
        return aliases.get(expression.id, set())
    if (
        isinstance(expression, ast.Attribute)
        and isinstance(expression.value, ast.Name)
        and expression.value.id == "log"
    ):
        return {LEVELS[expression.attr]} if expression.attr in LEVELS else set()
    return set()


def literals_of(expression: ast.expr, assigned: Mapping[str, ast.expr]) -> Iterator[str]:
    """The texts that an expression may be: a literal, one of two, or a name for either."""
    if isinstance(expression, ast.IfExp):
        yield from literals_of(expression.body, assigned)
        yield from literals_of(expression.orelse, assigned)
    elif isinstance(expression, ast.Name) and expression.id in assigned:
        yield from literals_of(assigned[expression.id], {})
    elif isinstance(expression, ast.Constant):
        yield str(expression.value)


def logged_in(source: str) -> Iterator[tuple[str, set[str]]]:
    """Each event of a module, with the levels of one call."""
    nodes = list(ast.walk(ast.parse(source)))
    aliases = {
        target.id: levels
        for node in nodes
        if isinstance(node, ast.Assign) and (levels := levels_of(node.value, {}))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assigned = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Call) and (levels := levels_of(node.func, aliases)):
            events = list(literals_of(node.args[0], assigned))
            assert events, f"an event is a literal: {ast.unparse(node)}"
            yield from ((event, levels) for event in events)


@cache
def logged() -> dict[str, set[str]]:
    """Event -> its levels, over the whole service."""
    events: defaultdict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "service").rglob("*.py"):
        for event, levels in logged_in(path.read_text(encoding="utf-8")):
            events[event] |= levels
    return dict(events)


def documented() -> dict[str, set[str]]:
    """Event -> its levels, from the page: a row may have several events, and their levels in any order."""
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\| ([a-z, ]+) \|", (ROOT / "docs/logs.md").read_text(), re.MULTILINE)
    return {event: set(levels.split(", ")) for events, levels in rows for event in re.findall(r"`(\w+)`", events)}


def test_every_event_has_its_row_and_no_row_is_out_of_date() -> None:
    page, code = documented(), logged()

    assert (code.keys() - page.keys(), page.keys() - code.keys()) == (set(), set())


def test_each_row_names_the_levels_of_its_events() -> None:
    page = documented()

    assert {event: levels for event, levels in logged().items() if not levels <= page.get(event, levels)} == {}


def test_an_event_under_another_name_is_seen() -> None:
    source = """
write = log.info if x else log.error
write("a")
log.exception("b")
event = "c" if x else "d"
log.info(event)
"""

    assert dict(logged_in(source)) == {"a": {"info", "error"}, "b": {"error"}, "c": {"info"}, "d": {"info"}}
