"""A draft: the keys that one form will have, made from one version of the set-up. It exists only in the page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.setup.editing import (
    Place,
    put_form,
    put_table,
    read_tables,
    read_value,
    remove_form,
    same,
    write_rows,
)

ALL_FORMS = "*"
"""In place of a form's name: the keys of [defaults]."""

BRAND = "*brand"
"""In place of a form's name: the keys of [brand]; "*brand:NAME" those of one account's."""


def place_of(form: str) -> Place:
    """Return the table that a draft changes."""
    if form == ALL_FORMS:
        return ("defaults",)
    brand, _, account = form.partition(":")
    if brand == BRAND:
        return ("accounts", account, "brand") if account else ("brand",)
    return ("forms", form)


def is_of_form(name: str) -> bool:
    """Whether this is a form's name, not that of another table."""
    return not name.startswith(ALL_FORMS)


@dataclass(frozen=True, slots=True)
class Draft:
    """One change of one form. keys: None to delete the form. version: the version that it was made from."""

    form: str
    version: int
    keys: Mapping[str, Any] | None

    def dump(self) -> str:
        """Return the draft as a text for the page; it contains TOML, because JSON has no dates."""
        rows = None if self.keys is None else write_rows(self.keys)
        return json.dumps({"form": self.form, "version": self.version, "rows": rows})

    @classmethod
    def load(cls, text: str) -> "Draft":
        """Return the draft that a page sent back. Raises: ValueError."""
        try:
            parts = json.loads(text)
            rows = parts["rows"]
            keys = None if rows is None else (read_value(rows) if rows.strip() else {})
            if not isinstance(keys, dict | None) or type(parts["version"]) is not int:
                raise ValueError
            return cls(str(parts["form"]), parts["version"], keys)
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError from error

    def applied_to(self, document: str) -> str:
        """Return the document with this change. Raises: EditRefused; ValueError where it is not TOML."""
        if not is_of_form(self.form):
            return put_table(document, place_of(self.form), self.keys or {})
        if self.keys is None:
            return remove_form(document, self.form) if is_form(document, self.form) else document
        return put_form(document, self.form, self.keys)

    def moved_onto(self, base: str, newest: str, version: int) -> "Draft":
        """Return this change applied to a newer version, whose keys are kept where the draft left them alone.

        base: the document that it was made from.
        """
        if self.keys is None:
            return replace(self, version=version)
        before, after = keys_in(base, self.form), keys_in(newest, self.form)
        changed = {
            key
            for key in before.keys() | self.keys.keys()
            if not same(before.get(key), self.keys.get(key)) or (key in before) != (key in self.keys)
        }
        kept = {key: value for key, value in after.items() if key not in changed}
        own = {key: value for key, value in self.keys.items() if key in changed}
        return replace(self, version=version, keys={**kept, **own})


def keys_in(document: str, form: str) -> dict[str, Any]:
    """Return the keys of a form's own table, or of the other table that `form` stands for."""
    table: Any = read_tables(document)
    for step in place_of(form):
        table = table.get(step) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def is_form(document: str, name: str) -> bool:
    """Return whether the document has a form of this name."""
    return name in read_tables(document).get("forms", {})
