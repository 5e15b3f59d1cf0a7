"""Walls between accounts: what a person of some accounts reads and changes is limited in every statement.

An account is an operator; rows of an account that an actor may not see do not exist for that actor. No query has to
remember this: a transaction within walls adds the condition to each SELECT, UPDATE and DELETE of a table with an owner,
in subqueries as well. A statement on a table that OWNERS does not list fails. The condition never changes how a query
is planned; a query that is faster with an index of accounts asks for it itself.

A statement is limited when it is compiled. SQLAlchemy keeps compiled statements, so the next one of the same form takes
no longer than one without walls, whoever it is for: accounts and forms are parameters.

`beyond_walls` marks the few statements whose rows do not leave the store; tests/test_house.py lists them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Alias,
    BindParameter,
    ColumnElement,
    Connection,
    CursorResult,
    Delete,
    Dialect,
    Executable,
    Insert,
    Join,
    Select,
    Table,
    Text,
    TextClause,
    Update,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal,
    or_,
)
from sqlalchemy.sql import ClauseElement, visitors
from sqlalchemy.sql.base import ExecutableOption
from sqlalchemy.sql.selectable import SelectState
from sqlalchemy.sql.visitors import InternalTraversal

from service.store.database.tables import leads

Statement = TypeVar("Statement", bound=Executable)


@dataclass(frozen=True, slots=True)
class Walls:
    """What exists for an actor: accounts, and the forms that deliver to these accounts only."""

    accounts: frozenset[str]
    forms: frozenset[str] = frozenset()

    @property
    def account(self) -> str:
        """The only account; "" if there are several or none."""
        return next(iter(self.accounts)) if len(self.accounts) == 1 else ""


class NotWalled(Exception):
    """A statement within walls would read or change what may belong to another account: a bug."""


NOWHERE = "="
"""A name that no account or form has: keeps lists of values from being empty."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Walls as parameters of statements. accounts, forms: lists of names.

    counts: the names under which one account's leads are counted, and the bounds of its forms' names.
    acts: the account as it is written among several.
    """

    accounts: BindParameter[Any]
    forms: BindParameter[Any]
    counts: Sequence[tuple[BindParameter[str], BindParameter[str], BindParameter[str]]]
    acts: Sequence[BindParameter[str]]

    @property
    def parameters(self) -> tuple[BindParameter[Any], ...]:
        """All of them, in an order that depends only on the number of accounts."""
        return (self.accounts, self.forms, *(each for of_account in self.counts for each in of_account), *self.acts)


@lru_cache(maxsize=1024)
def _limits_of(walls: Walls) -> Limits:
    names = sorted(walls.accounts)
    return Limits(
        _parameter(names or [NOWHERE], expanding=True),
        _parameter(sorted(walls.forms) or [NOWHERE], expanding=True),
        [(_parameter(counted_for(one)), _parameter(f"={one}/"), _parameter(f"={one}0")) for one in names],
        [_parameter(f"\x1f{one}\x1f") for one in names],
    )


def _parameter(value: Any, *, expanding: bool = False) -> BindParameter[Any]:
    return bindparam(None, value, Text(), unique=True, expanding=expanding)


Owner = Callable[[Any, Limits], ColumnElement[bool]]
"""Takes a table's columns; returns the condition that a row belongs to one of the accounts."""


def _of_account(name: str = "account") -> Owner:
    # An expression: else the engines might prefer an index of accounts to a better one.
    return lambda columns, limits: columns[name].concat("").in_(limits.accounts)


def _of_form(columns: Any, limits: Limits) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = columns.form.in_(limits.forms)
    return condition


def _of_lead(columns: Any, limits: Limits) -> ColumnElement[bool]:
    own = leads.alias("own_leads")
    return exists().where(own.c.id == columns.lead_id, _of_account()(own.c, limits))


def counted_for(account: str, form: str = "") -> str:
    """Return the name under which the leads of an account, or of one of its forms, are counted by day."""
    return f"={account}/{form}" if form else f"={account}"


def _of_counts(columns: Any, limits: Limits) -> ColumnElement[bool]:
    return or_(
        false(),
        *(
            or_(columns.form == name, and_(columns.form > low, columns.form < high))
            for name, low, high in limits.counts
        ),
    )


def _of_acts(columns: Any, limits: Limits) -> ColumnElement[bool]:
    """Match acts of the accounts; acts of several accounts (joined by U+001F) exist for people who see all of them."""
    rest: Any = literal("\x1f").concat(columns.account).concat("\x1f")
    for one in limits.acts:
        rest = func.replace(rest, one, "\x1f")
    return and_(columns.account != "", rest == "\x1f")


def _of_nobody(_columns: Any, _limits: Limits) -> ColumnElement[bool]:
    return false()


def _common(_columns: Any, _limits: Limits) -> None:
    return None


OWNERS: Mapping[str, Owner | Callable[[Any, Limits], None]] = {
    "leads": _of_account(),
    "deliveries": _of_account(),
    "answer_clocks": _of_account(),
    "answer_cells": _of_account(),
    "owner_turns": _of_account(),
    "turn_order": _of_account(),
    "sales": _of_account(),
    "outcome_cells": _of_account(),
    "outcome_packs": _of_account(),
    "accounts": _of_account("name"),
    "account_facts": _of_account(),
    "call_pauses": _of_account(),
    "calls": _of_account(),
    "crm_reads": _of_account(),
    "crm_looks": _of_account(),
    "reconciliations": _of_account(),
    "worker_requests": _of_account(),  # and those of the whole installation, which exist for nobody here
    "alert_channels": _of_account(),
    "delivery_counts": _of_account(),
    "attempts": _of_lead,
    "lead_keys": _of_lead,
    "lead_words": _of_lead,
    "lead_touches": _of_lead,
    "notices": _of_lead,
    "undo_records": _of_lead,
    "erasure_warnings": _of_lead,
    "sale_changes": _of_lead,
    "conversions": _of_lead,
    "connections": _of_form,
    "import_jobs": _of_form,
    "daily_counts": _of_counts,
    "delivery_times": _of_counts,
    "acts": _of_acts,
    "alerts": _of_nobody,  # AlertLog chooses by cause
    "setups": _of_nobody,  # the whole document
    "costs": _of_account("operator"),
    # Nothing that belongs to an account:
    "count_days": _common,
    "count_changes": _common,
    "outcome_blocks": _common,
    "outcome_changes": _common,
    "deployment": _common,  # values by name; Rejections selects by form
    "tallies": _common,
    "sessions": _common,
    "people": _common,  # they and keys have several accounts, or all: operations/ selects those that a person sees
    "api_keys": _common,
    **dict.fromkeys(("second_steps", "recovery_codes", "passkeys", "identities"), _common),  # of a person's own session
    "secrets": _common,  # never shown
    "workers": _common,
}
"""Table -> the owner of its rows."""


class _BeyondWalls(ExecutableOption):
    """The mark of `beyond_walls`, part of a statement's form: without it, a statement is compiled separately."""

    _is_has_cache_key = True

    def _gen_cache_key(self, _known: Any, _parameters: Any) -> tuple[type]:
        return (_BeyondWalls,)

    def _clone(self, **_options: Any) -> "_BeyondWalls":
        return self


_BEYOND = _BeyondWalls()


def beyond_walls(statement: Statement) -> Statement:
    """Mark a statement, or a subquery, that reads rows of every account; they must not leave the store."""
    return statement.options(_BEYOND)


def _is_beyond(statement: Any) -> bool:
    return _BEYOND in statement._with_options  # noqa: SLF001 (what `options` adds to; no public name)


class WalledStatement(Executable, ClauseElement):
    """Executes a statement with its limits, added when it is compiled; without them it cannot be compiled."""

    __visit_name__ = "walled_statement"
    _traverse_internals = [  # noqa: RUF012 (as SQLAlchemy types it)
        ("statement", InternalTraversal.dp_clauseelement),
        ("parameters", InternalTraversal.dp_clauseelement_tuple),
    ]

    def __init__(self, statement: Any, limits: Limits) -> None:
        self.statement = statement
        self.limits = limits
        self.parameters = limits.parameters
        self._execution_options = statement.get_execution_options()

    @property
    def _all_selected_columns(self) -> Any:
        """The columns by which its rows can be read if an earlier statement of this form was compiled."""
        return self.statement._all_selected_columns  # noqa: SLF001 (SQLAlchemy's own name, which it calls here)

    def _compiler(self, dialect: Dialect, **options: Any) -> Any:
        limited: Any = _limited(self.statement, self.limits)
        return limited._compiler(dialect, **options)  # noqa: SLF001 (as SQLAlchemy calls this one)


def walled(statement: Executable, walls: Walls) -> Executable:
    """Return a statement that reads and changes nothing of other accounts.

    When it is compiled, it raises NotWalled for a table without an owner.
    Raises: NotWalled for SQL as text.
    """
    if _is_beyond(statement):
        return statement
    if isinstance(statement, TextClause):
        raise NotWalled(str(statement)[:80])
    if isinstance(statement, Insert) and statement.select is None:
        return statement
    return WalledStatement(statement, _limits_of(walls))


def _limited(statement: Executable, limits: Limits) -> Executable:
    def limit_select(select: Any) -> None:
        if not _is_beyond(select):
            Select.where.non_generative(select, *_conditions(_tables_of(select), limits))  # type: ignore[attr-defined]

    def limit_change(change: Any) -> None:
        kind = Update if isinstance(change, Update) else Delete
        kind.where.non_generative(change, *_conditions([change.table], limits))  # type: ignore[attr-defined]

    visit = {"select": limit_select, "update": limit_change, "delete": limit_change}
    limited: Executable = visitors.cloned_traverse(cast("Any", statement), {}, visit)
    return limited


def _tables_of(select: Any) -> list[Any]:
    # Like Select.get_final_froms(), which compiles the statement as well: twenty times as slow.
    froms = SelectState(select, cast("Any", None)).froms
    return [table for each in froms for table in _tables_in(each)]


def _tables_in(part: Any) -> Iterator[Any]:
    """Yield the tables of a FROM, except the right side of an outer join: its rows belong to those on the left."""
    if isinstance(part, Join):
        yield from _tables_in(part.left)
        if not part.isouter:
            yield from _tables_in(part.right)
    elif isinstance(part, Table) or (isinstance(part, Alias) and isinstance(part.element, Table)):
        yield part


def _conditions(tables: list[Any], limits: Limits) -> list[ColumnElement[bool]]:
    names = [_name_of(table) for table in tables]
    if unknown := set(names) - OWNERS.keys():
        raise NotWalled(f"OWNERS has no line for {', '.join(sorted(unknown))}")
    conditions = []
    for table, name in zip(tables, names, strict=True):
        if OWNERS[name] is _of_lead and leads.name in names:
            continue  # joined with leads that have limits of their own
        condition = OWNERS[name](table.c, limits)
        if condition is not None:
            conditions.append(condition)
    return conditions


def _name_of(table: Any) -> str:
    name: str = getattr(table, "element", table).name
    return name


_HARMLESS = frozenset({"begin", "connection", "dialect", "exec_driver_sql", "in_transaction", "info"})
"""Other methods that a connection within walls may use: INSERTs of many rows go to the driver directly."""


class WalledConnection:
    """A connection that limits what it executes."""

    def __init__(self, connection: Connection, walls: Walls) -> None:
        self._connection = connection
        self.walls = walls

    def execute(self, statement: Executable, *parameters: Any, **options: Any) -> CursorResult[Any]:
        """Execute a statement within the walls."""
        return self._connection.execute(walled(statement, self.walls), *parameters, **options)

    def __getattr__(self, name: str) -> Any:
        """Return a harmless attribute of the connection.

        Raises: NotWalled for any other.
        """
        if name not in _HARMLESS:
            raise NotWalled(f"Connection.{name}")
        return getattr(self._connection, name)
