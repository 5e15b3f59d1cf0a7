"""Differences between two documents of the set-up: each key that was added, changed or removed, by form."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from service.forms.file import with_plain_ends
from service.forms.problems import Place, write_place
from service.setup.withholding import is_secret

FORMS = "forms"

_WITHHELD = "(a secret)"


@dataclass(frozen=True, slots=True)
class Change:
    """One key with its values, None if it is absent. form: "" for defaults, accounts and the brand.

    key: dotted, below the form; "" for a form as such. Secrets in the clear are withheld.
    """

    form: str
    key: str
    before: Any
    after: Any

    def as_row(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {"form": self.form, "key": self.key, "from": self.before, "to": self.after}


def tables_of(document: str) -> Mapping[str, Any]:
    """Return the tables of a document that was checked once; {} if it can no longer be read."""
    try:
        return tomllib.loads(with_plain_ends(document))
    except ValueError:
        return {}


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return every difference between two documents' tables, grouped by form."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    places = [place for place in dict.fromkeys((*new, *old)) if old.get(place) != new.get(place)]
    return [
        _change(place, old.get(place), new.get(place)) for place in places if not _is_shown_by_keys(place, old, new)
    ]


def written_secrets(tables: Mapping[str, Any]) -> list[str]:
    """Return the places of secrets in the clear, which are therefore unencrypted in the database."""
    return [
        write_place(place)
        for place, value in _leaves(tables)
        if any(is_secret(place, each) for each in (value if isinstance(value, list) else [value]))
    ]


def _change(place: Place, before: Any, after: Any) -> Change:
    is_of_form = len(place) > 1 and place[0] == FORMS
    form, key = (str(place[1]), place[2:]) if is_of_form else ("", place)
    return Change(form, write_place(key), _shown(place, before), _shown(place, after))


def _is_shown_by_keys(place: Place, old: Mapping[Place, Any], new: Mapping[Place, Any]) -> bool:
    """Return whether an added or removed table has keys, which show the change."""
    table = old.get(place, new.get(place))
    return table == {} and any(other[: len(place)] == place for other in (*old, *new) if len(other) > len(place))


def _leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield each value with its place. An empty table counts as a value."""
    if isinstance(value, Mapping):
        if not value and place:
            yield place, {}
        for key, below in value.items():
            yield from _leaves(below, (*place, key))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        for number, below in enumerate(value):
            yield from _leaves(below, (*place, number))
    else:
        yield place, value


def _shown(place: Place, value: Any) -> Any:
    """Return a value as JSON takes it."""
    if is_secret(place, value):
        return _WITHHELD
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list):
        return [_shown((*place, number), each) for number, each in enumerate(value)]
    return value
