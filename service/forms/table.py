"""What every table of the forms file has in common: an unknown key is an error that names the nearest known one."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validates_schema

from service.forms.kinds import name_kind, read_list, read_table
from service.forms.problems import suggest


class TableSchema(Schema):
    """A table with known keys.

    elsewhere: keys that people write here by mistake -> what to do instead. barred: keys of a similar table that
    could not work in this one -> why, and what to write instead.
    """

    elsewhere: ClassVar[Mapping[str, str]] = {}
    barred: ClassVar[Mapping[str, str]] = {}

    class Meta:
        """Unknown keys are named by `name_unknown_keys`, in a better sentence."""

        unknown = EXCLUDE

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def name_unknown_keys(self, _data: Any, original: Any, **_: Any) -> None:
        """Raises: ValidationError with one sentence for every unknown key."""
        if not isinstance(original, Mapping):
            return
        faults = {key: [self._describe(key)] for key in original if key not in self.fields}
        if faults:
            raise ValidationError(faults)

    def _describe(self, key: str) -> str:
        if key in self.barred:
            return self.barred[key]
        remedy = self.elsewhere.get(key)
        return f"unknown key {key!r}{f': {remedy}' if remedy else suggest(key, self.fields)}"


def make_table(
    keys: Mapping[str, fields.Field[Any]],
    elsewhere: Mapping[str, str] | None = None,
    barred: Mapping[str, str] | None = None,
) -> TableSchema:
    """The schema of a table with these keys; elsewhere and barred: as those of Table.

    They come in a mapping and not as attributes, because `fields` is a key of ours and a word of marshmallow's.
    """
    words = {"elsewhere": elsewhere or {}, "barred": barred or {}, "error_messages": {"type": "must be a table"}}
    schema: type[TableSchema] = type("Table", (TableSchema,), {**keys, **words})
    return schema()


def read_tables(value: Any, table: TableSchema, check: Callable[[str], object]) -> dict[str, Any]:
    """Tables by name, `[forms.NAME]`: `check` judges each name."""
    return read_table(value, each=table.load, key=check)


def read_table_list(value: Any, table: TableSchema) -> tuple[Any, ...]:
    """Tables in order, `[[forms.tour.routes]]`."""
    if not isinstance(value, list):
        raise ValidationError(f"must be tables in two brackets, such as [[forms.tour.routes]], not {name_kind(value)}")
    return read_list(value, each=table.load)
