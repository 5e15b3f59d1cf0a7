"""Tests of pure functions over a table: one test goes through all rows, and each row can fail by itself.

A test takes pytest and xdist about 3 ms besides its own work, in three processes; a row of `each_row` takes none.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from typing import Any

import pytest

FAILURES = (Exception, SystemExit, pytest.fail.Exception, pytest.skip.Exception)
"""A skipped row is a failure, too: the rows after it would not run."""

PARAMETERS: Any = type(pytest.param())
MAX_TITLE = 200

Test = Callable[..., None]
Title = Callable[[Any], object]


def each_row(
    names: str | Sequence[str], rows: Iterable[Any], *, ids: Iterable[str] | Title | None = None
) -> Callable[[Test], Test]:
    """Call a test with every row of a table; like `pytest.mark.parametrize`, but as one test.

    Only for tests whose rows can share their fixtures: these are made once for all rows. Several of these decorators
    combine like those of pytest. Below Hypothesis's `given`, all rows share each example, which takes far longer to
    make than to use; what a row fills then comes last among the test's parameters.
    names: the test's parameters that a row fills. ids: the rows' titles, or a function from a value to its title.
    Raises: a group of the failures of all rows, each with the number and title of its row.
    """
    parameters = [name.strip() for name in names.split(",")] if isinstance(names, str) else [*names]
    table = [(title, dict(zip(parameters, values, strict=True))) for title, values in _titled(parameters, rows, ids)]
    assert table, "a table without rows tests nothing"

    def decorate(test: Test) -> Test:
        @wraps(test)
        def test_all(*examples: Any, **fixtures: Any) -> None:
            failures: dict[str, BaseException] = {}
            for number, (title, values) in enumerate(table, 1):
                try:
                    test(*examples, **fixtures, **values)
                except FAILURES as failure:
                    failure.add_note(f"in row {number}: {title}")
                    inner = f": {failure.message}" if isinstance(failure, BaseExceptionGroup) else ""
                    failures[f"{number} ({title}){inner}"] = failure
            if failures:  # a traceback shows only the first 15 of a group; its message names all
                rows = "; ".join(failures)
                raise BaseExceptionGroup(f"{len(failures)} of {len(table)} rows fail: {rows}", [*failures.values()])

        signature = inspect.signature(test)
        others = [each for each in signature.parameters.values() if each.name not in parameters]
        assert len(others) + len(parameters) == len(signature.parameters), "a row fills parameters that are not there"
        test_all.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
        return test_all

    return decorate


def _titled(
    parameters: Sequence[str], rows: Iterable[Any], ids: Iterable[str] | Title | None
) -> Iterator[tuple[str, Sequence[Any]]]:
    """Each row's title, and its values by their place."""
    listed = [*rows]
    titles = [*ids] if ids is not None and not callable(ids) else [None] * len(listed)
    for row, title in zip(listed, titles, strict=True):
        if isinstance(row, PARAMETERS):
            assert not row.marks, "a row has no marks of its own"
            yield row.id or repr(row.values), row.values
            continue
        values = row if len(parameters) > 1 else [row]
        title_of = ids if callable(ids) else repr
        yield title or ", ".join(str(title_of(value))[:MAX_TITLE] for value in values), values
