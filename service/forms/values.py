"""How values of the forms file are read: a TOML value in, ours out, or a ValidationError with a sentence."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from functools import partial
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validates_schema

from service.forms.problems import suggest
from service.forms.variables import FromEnvironment

Read = Callable[[Any], Any]
LONGEST_TAG = 255
NO_TAGS = frozenset(["null", "undefined", "none", "nan", "n/a", "-", "not set", "not provided", "direct", "$direct"])
"""Words that count as no Utm value wherever they come from."""
SOONEST_S, LATEST_S = 600, 7 * 86400
LARGEST_ID = 2**31 - 1  # Nexudus's ids are 32-bit integers


class FormKey(fields.Field[Any]):
    """A key of a table: `read` and its options turn the value into ours."""

    def __init__(self, read: Callable[..., Any], **options: Any) -> None:
        super().__init__()
        self._read = partial(read, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return self._read(value)


def name_kind(value: Any) -> str:
    """What a TOML value is, in plain words."""
    kinds = (
        (bool, "true or false"),  # before int: Python's bool is one
        (str, "text"),
        (int, "a whole number"),
        (float, "a number with a point"),
        ((date, datetime, time), "a date or time"),
        (list, "a list"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "a table")


def read_text(value: Any) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise ValidationError(f"must be text in quotes, not {name_kind(value)}")
    return str(value)


def read_trimmed(value: Any) -> str:
    """Text without space around it; "" takes back what [defaults] say."""
    return read_text(value).strip()


def read_name(value: Any) -> str:
    """Text with something in it, trimmed."""
    if not (text := read_trimmed(value)):
        raise ValidationError("is empty: write a value, or leave the line out")
    return text


def read_answer(value: Any) -> str:
    """An expected answer: text, or a number that a form would send as text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return read_name(value)


def read_choice(value: Any, choices: tuple[str, ...]) -> str:
    """One of a few words."""
    word = read_name(value)
    if word not in choices:
        raise ValidationError(f"{value!r} is unknown{suggest(word, choices)}")
    return word


def read_flag(value: Any) -> bool:
    """Yes or no; as text only where it comes from the environment."""
    if isinstance(value, FromEnvironment) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ValidationError(f"must be true or false, without quotes, not {name_kind(value)}")
    return value


def read_email(value: Any) -> str:
    """An e-mail address, roughly: whether it exists nobody asks."""
    text = read_name(value)
    if not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+", text):
        raise ValidationError(f"{value!r} is not an e-mail address: write one such as canary@example.com")
    return text.lower()


def read_often(value: Any) -> float:
    """How often, in seconds: `30m`, `6h`, `1d`; between ten minutes and a week."""
    parts = re.fullmatch(r"([0-9]{1,4})([mhd])", read_name(value))
    seconds = int(parts[1]) * {"m": 60, "h": 3600, "d": 86400}[parts[2]] if parts else 0
    if not SOONEST_S <= seconds <= LATEST_S:
        raise ValidationError(f"{value!r} is not a time from 10m to 7d: write one such as 6h")
    return float(seconds)


def read_whole(value: Any, least: int = 1, most: int = LARGEST_ID) -> int:
    """A whole number from `least` to `most`; as text only where it comes from the environment."""
    if isinstance(value, FromEnvironment) and value.isascii() and value.isdigit() and len(value) <= len(str(most)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValidationError(f"must be a whole number{_without_quotes(value)}")
    if not least <= value <= most:
        raise ValidationError(f"must be from {least} to {most}, not {value}")
    return value


def read_amount(value: Any) -> float:
    """A sum of money, 0 or more, in the board's currency."""
    return _read_between(value, LARGEST_ID)


def read_seconds(value: Any, most: int) -> float:
    """Seconds from 0 to `most`, with a point where need be."""
    return _read_between(value, most)


def read_share(value: Any) -> float:
    """A number from 0 to 1."""
    return _read_between(value, 1)


def read_name_or_id(value: Any) -> str | int:
    """A name, or the id of what would be looked up by it."""
    return read_name(value) if isinstance(value, str) else read_whole(value)


def read_list(value: Any, each: Read = read_name) -> tuple[Any, ...]:
    """A list whose items `each` reads; the faults of all items at once."""
    if not isinstance(value, list):
        raise ValidationError(f"must be a list in [ ], not {name_kind(value)}")
    return tuple(_read_all(enumerate(value), each).values())


def read_table(value: Any, each: Read, key: Callable[[str], object] = str) -> dict[str, Any]:
    """A table whose names `key` checks and with a values `each` reads; all faults at once."""
    if not isinstance(value, Mapping):
        raise ValidationError(f"must be a table, not {name_kind(value)}")

    def read_pair(pair: tuple[str, Any]) -> Any:
        key(pair[0])
        return each(pair[1])

    return _read_all(((name, (name, below)) for name, below in value.items()), read_pair)


def read_tag(value: Any) -> str:
    """A Utm value that attribution keeps as it is."""
    text = read_name(value)
    if len(text) > LONGEST_TAG or re.search(r"[<>{}\[\]%$@\"*]|__|^[=+-]|\+\d{8}", text) or not text.isprintable():
        raise ValidationError(f"{value!r} is not a Utm value: write plain words, such as 'qr' or 'spring-fair'")
    if text.strip("()").casefold() in NO_TAGS:
        raise ValidationError(f"{value!r} means none: write another word, or leave the line out")
    return text


def read_one_or_more(value: Any) -> tuple[str, ...]:
    """One name, or a list of them."""
    if not isinstance(value, str | list):
        raise ValidationError(f"must be a name in quotes or a list of names, not {name_kind(value)}")
    names = read_list([value] if isinstance(value, str) else value)
    if not names:
        raise ValidationError("is empty: write a name, or leave the line out")
    return names


def _read_between(value: Any, most: int) -> float:
    if isinstance(value, FromEnvironment):
        value = _read_float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValidationError(f"must be a number{_without_quotes(value)}")
    if not math.isfinite(value) or not 0 <= value <= most:
        raise ValidationError(f"must be from 0 to {most}, not {value}")
    return float(value)


def _read_all(items: Iterable[tuple[Any, Any]], each: Read) -> dict[Any, Any]:
    values: dict[Any, Any] = {}
    faults: dict[Any, Any] = {}
    for place, value in items:
        try:
            values[place] = each(value)
        except ValidationError as error:
            faults[place] = error.messages
    if faults:
        raise ValidationError(faults)
    return values


def _without_quotes(value: Any) -> str:
    if isinstance(value, FromEnvironment):
        return f", which the variable {value.name} is not"
    if isinstance(value, str):
        return ": write it without quotes" if value.strip().isdecimal() else ", not text"
    return f", not {name_kind(value)}"


def _read_float(text: FromEnvironment) -> float | FromEnvironment:
    try:
        return float(text)
    except ValueError:
        return text


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


_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY
MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM
PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS
YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_CODES.split())


def read_country(value: Any) -> str:
    """A country in two capitals; "" for none."""
    code = read_trimmed(value).upper()
    if code == "UK":
        raise ValidationError("the United Kingdom's code is GB: write 'GB'")
    if code and code not in COUNTRIES:
        raise ValidationError(f"{value!r} is not a country code of two letters: write one such as 'GB'")
    return code
