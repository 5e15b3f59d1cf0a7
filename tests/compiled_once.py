"""Compiles routes and SQL once in a test process, not anew for each application and database.

Compiling takes two thirds of the time for making an application or a simulator, and a quarter of a delivery test. The
tests make thousands of each.
"""

from typing import Any, ClassVar

from flask import Flask
from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

MAX_STATEMENTS = 4000


class SharedRule(Rule):
    """A route that shares what is compiled of it with the same route of other applications."""

    _compiled: ClassVar[dict[tuple[object, ...], Rule]] = {}

    def compile(self) -> None:
        """Take over the parts and address builders of an equal route, or compile them."""
        key = (self.rule, self.subdomain, self.merge_slashes, repr(self.defaults), self.map.host_matching, self.host)
        equal = self._compiled.get(key)
        if equal is None:
            super().compile()
            self._compiled[key] = self
            return
        self._trace, self._parts, self._converters = equal._trace, equal._parts, equal._converters
        self.arguments = equal.arguments
        self._build = equal._build.__func__.__get__(self)  # type: ignore[attr-defined]
        self._build_unknown = equal._build_unknown.__func__.__get__(self)  # type: ignore[attr-defined]


class SharedStatements(LRUCache[Any, Any]):
    """Compiled statements of all engines.

    SQLAlchemy's keys begin with the dialect, an object of each engine's own: here its name replaces it.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the compiled statement."""
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), value)


def share() -> None:
    """Share from now on, in this process."""
    Flask.url_rule_class = SharedRule
    statements = SharedStatements(MAX_STATEMENTS)

    @event.listens_for(Engine, "engine_connect")
    def use_shared(connection: Connection) -> None:
        connection.execution_options(compiled_cache=statements)
