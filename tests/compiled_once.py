"""What is compiled once in a test process, not anew for each application and each database: routes and SQL.

Compiling takes two thirds of the time that an application or a simulator takes to make, and a quarter of a test of
delivery. The tests make thousands of each.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from flask import Flask
from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

MAX_STATEMENTS = 4000


class SharedRule(Rule):
    """A route that shares its address builders with the same route of other applications."""

    _builders: ClassVar[dict[tuple[object, ...], Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (tuple(self._trace), repr(self.defaults), append_unknown)
        if key not in self._builders:
            self._builders[key] = super()._compile_builder(append_unknown)
        return self._builders[key]


class SharedStatements(LRUCache[Any, Any]):
    """Compiled statements of all engines.

    A key of SQLAlchemy begins with the dialect, and each engine has an object of its own: here its name stands for it.
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
