"""Texts that stand for no value: what trackers, templates and form tools write when they know nothing."""

import re

_WORDS = frozenset(
    (
        *("null", "undefined", "none", "(none)", "nan", "n/a", "-", "(not set)", "not set"),
        *("(not provided)", "(direct)", "direct", "$direct", "[object object]"),
        "xxxxx",  # Typeform's word for a hidden field that nothing filled
    )
)
_TAG = r"(?:utm|mtm|pk|lc|query|get|url|hidden)[ _.:-]?[a-z _.-]*"
_WORD = "source|medium|campaign|content|term|keyword|creative|placement|referrer"
_AD = r"(?:ad|ad[ _.-]?set|ad[ _.-]?group|campaign)[ _.-]?(?:name|id)"
_CLICK_ID = r"[a-z]*cl(?:ick|k)?[ _.-]?id"
_PAGE = r"(?:page[ _.-]?url|landing[ _.-]?page)"
_NAME = f"(?:{_TAG}|{_WORD}|{_AD}|{_CLICK_ID}|{_PAGE})"
_UNFILLED = re.compile(rf"\[\[{_NAME}\]\]|\[{_NAME}\]|%{_NAME}%|\${_NAME}|__{_NAME}__")
_OPENING = ("[", "%", "$", "__")


def is_placeholder(text: str) -> bool:
    """Tell whether a text, given in lower case, is a placeholder as a whole: "null", "[utm_source]", "%campaign%".

    Words in such brackets that name nothing of ours ("[brand]", "%balle%") are a value.
    """
    return text in _WORDS or (text.startswith(_OPENING) and _UNFILLED.fullmatch(text) is not None)
