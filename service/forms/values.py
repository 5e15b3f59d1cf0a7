"""Readers of values and tables in the forms file: a TOML value in, ours out, or a ValidationError with a sentence."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime, time
from functools import partial
from typing import Any, ClassVar, Self

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validates_schema

from service.forms.problems import suggest

Read = Callable[[Any], Any]

MAX_TAG_CHARS = 255
EMPTY_TAGS = frozenset(["null", "undefined", "none", "nan", "n/a", "-", "not set", "not provided", "direct", "$direct"])
"""Words that mean "no UTM value", whatever wrote them."""

MIN_INTERVAL_S, MAX_INTERVAL_S = 600, 7 * 86400
MAX_ID = 2**31 - 1
"""Nexudus's ids are 32-bit integers."""

ENV_PREFIX, SECRET_PREFIX = "env:", "secret:"
"""Prefixes of values that refer to a variable of the environment, or to a secret in the database."""


class ReferencedText(str):  # noqa: SLOT000 - text cannot carry slots with a value
    """Text to which `reference`, env:NAME or secret:NAME, refers. Its repr is safe to print: it may be a secret."""

    reference: str

    def __new__(cls, text: str, reference: str) -> Self:
        """Wrap `text`."""
        self = super().__new__(cls, text)
        self.reference = reference
        return self

    def __repr__(self) -> str:
        return repr(self.reference)


class FormKey(fields.Field[Any]):
    """A key of a table; `read` with its options converts the value."""

    def __init__(self, read: Callable[..., Any], **options: Any) -> None:
        super().__init__()
        self._read = partial(read, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return self._read(value)


# -- text


def name_kind(value: Any) -> str:
    """Return the kind of a TOML value, in plain words."""
    kinds = (
        (bool, "true or false"),  # before int: Python's bool is an int
        (str, "text"),
        (int, "a whole number"),
        (float, "a number with a point"),
        ((date, datetime, time), "a date or time"),
        (list, "a list"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "a table")


def read_text(value: Any) -> str:
    """Read any text."""
    if not isinstance(value, str):
        raise ValidationError(f"must be text in quotes, not {name_kind(value)}")
    return str(value)


def read_trimmed(value: Any) -> str:
    """Read text without surrounding space; "" overrides a value of [defaults]."""
    return read_text(value).strip()


def read_name(value: Any) -> str:
    """Read text that is not empty, trimmed."""
    if not (text := read_trimmed(value)):
        raise ValidationError("is empty: write a value, or leave the line out")
    return text


def read_answer(value: Any) -> str:
    """Read an expected answer: text, or a number, which a form would send as text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return read_name(value)


def read_choice(value: Any, choices: tuple[str, ...]) -> str:
    """Read one of a few words."""
    word = read_name(value)
    if word not in choices:
        raise ValidationError(f"{value!r} is unknown{suggest(word, choices)}")
    return word


def read_flag(value: Any) -> bool:
    """Read true or false; text is accepted only by reference."""
    if isinstance(value, ReferencedText) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ValidationError(f"must be true or false, without quotes, not {name_kind(value)}")
    return value


def read_email(value: Any) -> str:
    """Read an e-mail address, in lower case; its mailbox is not looked up."""
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 (few forms files hold an address)

    try:
        address = validate_email(read_name(value), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValidationError(f"{value!r} is not an e-mail address: write one such as canary@example.com") from None
    return address.normalized.lower()


def read_country(value: Any) -> str:
    """Read a country with a telephone numbering plan as two capital letters; "" for none."""
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 (few forms files hold a country)

    code = read_trimmed(value).upper()
    if code == "UK":
        raise ValidationError("the United Kingdom's code is GB: write 'GB'")
    if code and code not in SUPPORTED_REGIONS:
        raise ValidationError(f"{value!r} is not a country code of two letters: write one such as 'GB'")
    return code


def read_tag(value: Any) -> str:
    """Read a UTM value that attribution keeps unchanged."""
    text = read_name(value)
    if len(text) > MAX_TAG_CHARS or re.search(r"[<>{}\[\]%$@\"*]|__|^[=+-]|\+\d{8}", text) or not text.isprintable():
        raise ValidationError(f"{value!r} is not a UTM value: write plain words, such as 'qr' or 'spring-fair'")
    if text.strip("()").casefold() in EMPTY_TAGS:
        raise ValidationError(f"{value!r} means none: write another word, or leave the line out")
    return text


# -- numbers


def read_interval(value: Any, least_s: int = MIN_INTERVAL_S, most_s: int = MAX_INTERVAL_S) -> float:
    """Read an interval such as `30m`, `6h` or `1d`, in seconds; by default between ten minutes and a week."""
    parts = re.fullmatch(r"([0-9]{1,4})([mhd])", read_name(value))
    seconds = int(parts[1]) * {"m": 60, "h": 3600, "d": 86400}[parts[2]] if parts else 0
    if not least_s <= seconds <= most_s:
        raise ValidationError(
            f"{value!r} is not a time from {least_s // 60}m to {most_s // 86400}d: write one such as 6h"
        )
    return float(seconds)


def read_whole(value: Any, least: int = 1, most: int = MAX_ID) -> int:
    """Read a whole number from `least` to `most`; text is accepted only by reference."""
    if isinstance(value, ReferencedText) and value.isascii() and value.isdigit() and len(value) <= len(str(most)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValidationError(f"must be a whole number{_instead_of(value)}")
    if not least <= value <= most:
        raise ValidationError(f"must be from {least} to {most}, not {value}")
    return value


def read_number(value: Any, most: int) -> float:
    """Read a number from 0 to `most`, with or without a point; text is accepted only by reference."""
    if isinstance(value, ReferencedText):
        with suppress(ValueError):
            value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValidationError(f"must be a number{_instead_of(value)}")
    if not math.isfinite(value) or not 0 <= value <= most:
        raise ValidationError(f"must be from 0 to {most}, not {value}")
    return float(value)


read_amount = partial(read_number, most=MAX_ID)
"""Read a sum of money in the board's currency."""


def read_name_or_id(value: Any) -> str | int:
    """Read a name, or the id of the record that has it."""
    return read_name(value) if isinstance(value, str) else read_whole(value)


def _origin_of(value: ReferencedText) -> str:
    kind, _, name = value.reference.partition(":")
    return f"variable {name}" if kind + ":" == ENV_PREFIX else f"secret {name}"


def _instead_of(value: Any) -> str:
    if isinstance(value, ReferencedText):
        return f", which the {_origin_of(value)} is not"
    if isinstance(value, str):
        return ": write it without quotes" if value.strip().isdecimal() else ", not text"
    return f", not {name_kind(value)}"


# -- lists and tables


def read_list(value: Any, each: Read = read_name) -> tuple[Any, ...]:
    """Read a list whose items `each` reads; the problems of all items are raised at once."""
    if not isinstance(value, list):
        raise ValidationError(f"must be a list in [ ], not {name_kind(value)}")
    return tuple(_read_all(enumerate(value), each).values())


def read_one_or_more(value: Any) -> tuple[str, ...]:
    """Read one name, or a list of names."""
    if not isinstance(value, str | list):
        raise ValidationError(f"must be a name in quotes or a list of names, not {name_kind(value)}")
    names = read_list([value] if isinstance(value, str) else value)
    if not names:
        raise ValidationError("is empty: write a name, or leave the line out")
    return names


def read_table(value: Any, each: Read, key: Callable[[str], object] = str) -> dict[str, Any]:
    """Read a table: `key` checks each name, `each` reads each value; all problems are raised at once."""
    if not isinstance(value, Mapping):
        raise ValidationError(f"must be a table, not {name_kind(value)}")

    def read_pair(pair: tuple[str, Any]) -> Any:
        key(pair[0])
        return each(pair[1])

    return _read_all(((name, (name, below)) for name, below in value.items()), read_pair)


def _read_all(items: Iterable[tuple[Any, Any]], each: Read) -> dict[Any, Any]:
    values: dict[Any, Any] = {}
    problems: dict[Any, Any] = {}
    for place, value in items:
        try:
            values[place] = each(value)
        except ValidationError as error:
            problems[place] = error.messages
    if problems:
        raise ValidationError(problems)
    return values


class TableSchema(Schema):
    """A table with known keys; an unknown one is an error that names the nearest known one.

    elsewhere: keys that people write here by mistake -> what to do instead. barred: keys of a similar table that cannot
    work in this one -> why, and what to write instead.
    """

    elsewhere: ClassVar[Mapping[str, str]] = {}
    barred: ClassVar[Mapping[str, str]] = {}

    class Meta:
        """Unknown keys get a better sentence from `name_unknown_keys`."""

        unknown = EXCLUDE

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def name_unknown_keys(self, _data: Any, original: Any, **_: Any) -> None:
        """Raise ValidationError with one sentence for every unknown key."""
        if not isinstance(original, Mapping):
            return
        problems = {key: [self._describe(key)] for key in original if key not in self.fields}
        if problems:
            raise ValidationError(problems)

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
    """Return the schema of a table with these keys; elsewhere and barred: as in TableSchema.

    Keys come in a mapping and not as attributes, because `fields` is both a key of the forms file and an attribute of
    marshmallow's schemas.
    """
    attributes = {"elsewhere": elsewhere or {}, "barred": barred or {}, "error_messages": {"type": "must be a table"}}
    schema: type[TableSchema] = type("Table", (TableSchema,), {**keys, **attributes})
    return schema()


def read_tables(value: Any, table: TableSchema, check: Callable[[str], object]) -> dict[str, Any]:
    """Read tables by name, `[forms.NAME]`; `check` judges each name."""
    return read_table(value, each=table.load, key=check)


def read_table_list(value: Any, table: TableSchema) -> tuple[Any, ...]:
    """Read tables in order, `[[forms.tour.routes]]`."""
    if not isinstance(value, list):
        raise ValidationError(f"must be tables in two brackets, such as [[forms.tour.routes]], not {name_kind(value)}")
    return read_list(value, each=table.load)
