"""Answers that Jotform sends in parts, put together again as people write them."""

from collections.abc import Mapping

from service.capture.shapes import text_at

_ADDRESS = ("addr_line1", "addr_line2", "city", "state", "postal", "country")


def compose(value: object) -> object:
    """One text for a name, number, date, time or address in parts; a list for ticked boxes; else `value` itself."""
    if not isinstance(value, Mapping):
        return value
    for composed in (_phone(value), _date(value), _address(value), _name(value), _time(value)):
        if composed:
            return composed
    return _boxes(value)


def _phone(value: object) -> str:
    country = text_at(value, "country").lstrip("+")
    number = " ".join(filter(None, (text_at(value, "area"), text_at(value, "phone"))))
    return text_at(value, "full") or (f"+{country} {number}" if country and number else number)


def _date(value: object) -> str:
    year, month, day = (text_at(value, part) for part in ("year", "month", "day"))
    if not (year and month and day):
        return ""
    return f"{year}-{month.zfill(2)}-{day.zfill(2)} {_time(value)}".strip()


def _time(value: object) -> str:
    clock = ":".join(filter(None, (text_at(value, "hour"), text_at(value, "min")))) or text_at(value, "timeInput")
    return f"{clock} {text_at(value, 'ampm')}".strip() if clock else ""


def _address(value: object) -> str:
    lines = [text_at(value, part) for part in _ADDRESS]
    return ", ".join(filter(None, lines)) if any(lines[:3]) else ""


def _name(value: object) -> str:
    parts = [text_at(value, part) for part in ("prefix", "first", "middle", "last", "suffix")]
    return " ".join(filter(None, parts)) if parts[1] or parts[3] else ""


def _boxes(value: Mapping[str, object]) -> object:
    """Ticked boxes are numbered, with what was written beside them under `other`."""
    is_list = all(key.isdigit() or key == "other" for key in value)
    return list(value.values()) if is_list else value
