"""How long a form was open before it was sent, as the page's script tells it behind the form view's key."""

import re
from collections.abc import Mapping

from service.capture.parsing.texts import Answer

_KEY = re.compile(r"(\d+(?:-\d+){3})\.(\d{1,9})")  # exactly what the script writes: keys of others stay whole


def take_fill_time(answers: Mapping[str, Answer]) -> tuple[Mapping[str, Answer], float | None]:
    """Return the answers with the bare key, and the seconds between the page's opening and the sending.

    None where the script did not run or an older one did. Both moments are by the visitor's own
    clock, so that its errors do not count. The time differs between two clicks, the key must not;
    nor is it given back in a page to correct, where it would be old.
    """
    found = next((name for name in answers if name.lower() == "lc_key"), "")
    told = answers.get(found, "")
    parts = _KEY.fullmatch(told) if isinstance(told, str) else None
    if not parts:
        return answers, None
    return {**answers, found: parts[1]}, int(parts[2]) / 1000
