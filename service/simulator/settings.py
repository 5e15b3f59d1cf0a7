"""Settings that can be changed while the simulator runs, as checked frozen values; rate limits among them."""

import math
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from service.simulator.exchange import TEXT, SimulatorResponse

# -- rate limits, and the response to a call beyond them


UNITS_S = {"s": 1, "min": 60, "h": 3600, "day": 86400}
LIMIT = re.compile(r"(?P<count>[1-9]\d*)(?P<writes>w?)/(?P<number>[1-9]\d*)?(?P<unit>s|min|h|day)")
CONFLICT, TOO_MANY_REQUESTS = 409, 429
REASON = "You must wait before accessing this url again."


@dataclass(frozen=True, slots=True)
class ThrottleLimit:
    """At most `count` calls (or writes only) in any `window_s` seconds."""

    count: int
    window_s: int
    writes_only: bool = False


def read_limits(text: str) -> tuple[ThrottleLimit, ...]:
    """Read limits as `COUNT[w]/[N]UNIT`, separated by spaces: "60w/min 120w/10s". "": none.

    Raises: ValueError, naming the unreadable part.
    """
    return tuple(_read_limit(part) for part in text.split())


def _read_limit(part: str) -> ThrottleLimit:
    match = LIMIT.fullmatch(part)
    if not match:
        raise ValueError(f"{part!r} is not COUNT[w]/[N]UNIT with the unit s, min, h or day")
    window_s = int(match["number"] or 1) * UNITS_S[match["unit"]]
    return ThrottleLimit(int(match["count"]), window_s, bool(match["writes"]))


class Throttle:
    """Counts calls in sliding windows. The caller holds the lock."""

    def __init__(self, limits: tuple[ThrottleLimit, ...] = ()) -> None:
        self._counts = [(limit, deque[float](maxlen=limit.count)) for limit in limits]

    def wait_s(self, now: float, *, writes: bool) -> float:
        """Return 0 if the call is allowed, and count it; else the seconds until one would be.

        now: seconds on a monotonic clock. A refused call is not counted.
        """
        concerned = [(limit, times) for limit, times in self._counts if writes or not limit.writes_only]
        waits = [times[0] + limit.window_s - now for limit, times in concerned if len(times) == limit.count]
        wait_s = max(waits, default=0.0)
        if wait_s > 0:
            return wait_s
        for _, times in concerned:
            times.append(now)
        return 0.0


def throttled(status: int, wait_s: float) -> SimulatorResponse:
    """Return the refusal: 409 in the documented form, 429 in the one seen live."""
    if status == TOO_MANY_REQUESTS:
        return SimulatorResponse(TOO_MANY_REQUESTS, f"Wait {max(wait_s, 0.01):.2f} seconds".encode(), TEXT)
    return SimulatorResponse(CONFLICT, headers={"Retry-After": str(max(1, math.ceil(wait_s)))}, reason=REASON)


# -- settings


DAY_S = 86_400


class InvalidValue(ValueError):
    """A value that is not allowed. wanted: what is."""

    def __init__(self, value: object, wanted: str) -> None:
        super().__init__(f"{value!r} is not {wanted}")


class ControlProblems(ValueError):
    """The problems of a control call, one sentence each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """The behaviour of this Nexudus."""

    latency_ms: float | tuple[float, float] = 0  # before every answer; a pair is a range
    limits: str = ""  # like "60w/min 120/min"; "" lets everything in
    throttle_status: int = 409  # or 429
    token_ttl_s: float = 7 * DAY_S - 1
    refresh_ttl_s: float = 15 * DAY_S
    cap: int | None = 5000  # opportunities per location
    coworker_quota: int | None = None  # creations left today; setting it begins a new day
    systemid_round_trips: bool = True  # False: SystemId is accepted and forgotten
    systemid_filters: bool = True  # False: lists ignore the filter, as they do any unknown one
    custom_fields_on_create: bool = True  # False: CustomFields of a create are accepted and forgotten
    custom_fields_in_lists: bool = True  # False: CustomFields of an opportunity come by id only
    custom_fields_filter: bool = True  # False: lists ignore filters by custom field, as they do any unknown one
    notes_in_lists: bool = True  # False: Notes of an opportunity come by id only
    plans_in_lists: bool = True  # False: the plan of a customer comes by id only
    history_to_times: bool = True  # False: rows of the stage history lack ToTime
    notes_max: int | None = None  # longer notes are cut silently
    email_any_case: bool = True  # False: a search for an e-mail address finds it only as it was saved
    ignored_filters: tuple[str, ...] = ()  # "from_CrmOpportunity_UpdatedOn": ignored as any unknown one is
    limit_headers: bool = False  # True: answers state the limits in X-RateLimit headers
    times_off_minutes: int = 0  # minutes from UTC: records show local time with a false Z
    search_lag_s: float = 0  # seconds until a new record appears in lists
    list_flags: str = "full"  # how lists show what stages do: "full", "absent", or all "false"; by id it always shows
    type_template: str = "fill"  # a type's template for Notes: "fill" empty ones, "overwrite" all, or "none"
    custom_fields_enforced: bool = False  # True: a create without a required custom field is refused
    denied: tuple[str, ...] = ()  # roles the login lacks: "Coworker-Create", "Crm*", "*"
    username: str = "simulator@leadcapture.example"
    password: str = "simulator"  # noqa: S105 - it opens nothing real
    totp: str | None = None  # base32 seed; set: a second factor is asked for
    bearer: str | None = "simulator"  # a token that is always valid
    app_key: str | None = None  # of an application that is installed here, with its secret and its installation's `t`
    app_secret: str = ""
    app_token: str = ""


def change(current: SimulatorSettings, wanted: Mapping[str, Any]) -> SimulatorSettings:
    """Return `current` with some values replaced.

    Raises: ControlProblems, naming every unknown key and every invalid value.
    """
    sentences, values = [], {}
    for key, value in wanted.items():
        reader = READERS.get(key)
        if reader is None:
            sentences.append(f"unknown setting {key!r}: choose from {', '.join(READERS)}")
            continue
        try:
            values[key] = reader(value)
        except ValueError as error:
            sentences.append(f"{key}: {error}")
    if sentences:
        raise ControlProblems(sentences)
    return replace(current, **values)


SECRET = frozenset({"password", "totp", "bearer", "app_secret", "app_token"})


def shown(settings: SimulatorSettings) -> dict[str, Any]:
    """Return the settings without credentials, for the state."""
    return {key: value for key, value in asdict(settings).items() if key not in SECRET}


def read_seconds(value: object) -> float:
    """Read a duration in seconds. Raises: InvalidValue."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise InvalidValue(value, "a number of 0 or more")
    return float(value)


def read_flag(value: object) -> bool:
    """Read a boolean. Raises: InvalidValue."""
    if not isinstance(value, bool):
        raise InvalidValue(value, "true or false")
    return value


def read_text(value: object) -> str:
    """Read a text. Raises: InvalidValue."""
    if not isinstance(value, str):
        raise InvalidValue(value, "text")
    return value


def read_count(value: object) -> int | None:
    """Read a whole number, or None for unlimited. Raises: InvalidValue."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidValue(value, "a whole number of 0 or more, or null")
    return value


def _latency(value: object) -> float | tuple[float, float]:
    if not isinstance(value, (list, tuple)):
        return read_seconds(value)
    match sorted(read_seconds(part) for part in value):
        case [low, high]:
            return low, high
    raise InvalidValue(value, "a number or a pair of them")


def _one_of(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise InvalidValue(value, f"one of {', '.join(words)}")
        return value

    return read


def _limits(value: object) -> str:
    text = read_text(value)
    read_limits(text)
    return text


def _throttle_status(value: object) -> int:
    if not isinstance(value, int) or value not in (CONFLICT, TOO_MANY_REQUESTS):
        raise InvalidValue(value, "409 or 429")
    return value


def _denied(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise InvalidValue(value, "a list of roles like 'Coworker-Create'")
    roles = tuple(read_text(role) for role in value)
    for role in roles:
        if not re.fullmatch(r"[\w*?-]+", role):
            raise InvalidValue(role, "a role like 'Coworker-Create'")
    return roles


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise InvalidValue(value, "a list of names of filters")
    return tuple(read_text(name) for name in value)


def _minutes(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > DAY_S // 60:
        raise InvalidValue(value, "a whole number of minutes")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else read_text(value)


READERS: dict[str, Callable[[object], Any]] = {
    "latency_ms": _latency,
    "limits": _limits,
    "throttle_status": _throttle_status,
    "token_ttl_s": read_seconds,
    "refresh_ttl_s": read_seconds,
    "cap": read_count,
    "coworker_quota": read_count,
    "systemid_round_trips": read_flag,
    "systemid_filters": read_flag,
    "custom_fields_on_create": read_flag,
    "custom_fields_in_lists": read_flag,
    "custom_fields_filter": read_flag,
    "notes_in_lists": read_flag,
    "plans_in_lists": read_flag,
    "history_to_times": read_flag,
    "notes_max": read_count,
    "email_any_case": read_flag,
    "ignored_filters": _names,
    "limit_headers": read_flag,
    "times_off_minutes": _minutes,
    "search_lag_s": read_seconds,
    "list_flags": _one_of("full", "absent", "false"),
    "type_template": _one_of("fill", "overwrite", "none"),
    "custom_fields_enforced": read_flag,
    "denied": _denied,
    "username": read_text,
    "password": read_text,
    "totp": _text_or_none,
    "bearer": _text_or_none,
    "app_key": _text_or_none,
    "app_secret": read_text,
    "app_token": read_text,
}
