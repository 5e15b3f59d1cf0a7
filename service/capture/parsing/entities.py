"""Answers that a tool made HTML: `Smith &amp; Sons` is "Smith & Sons" again.

WordPress and its like escape what people type before they send it on. A value was escaped where each of its "&" begins
a whole entity and no bracket of a tag is left; then it is read once. Who typed an escape meant it, so that one of two
is left, and of a text that may be about HTML itself what was sent is kept beside it.
"""

import html
import re
from collections.abc import Mapping
from html.entities import html5

from service.capture.fields.claims import Answer, unwrap
from service.capture.parsing.texts import clean

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NO_WORDS = re.compile(r"[{\[]|(?:[A-Za-z][A-Za-z0-9+.-]{0,20}:/)?/\S*\Z|[?&]\S*=\S*\Z")
"""JSON, which is read as such, and addresses, whose pairs attribution knows to tell apart."""

_ABOUT_HTML = re.compile(r"&[lg]t;|html", re.IGNORECASE)


def unescape(answers: Mapping[str, Answer]) -> Mapping[str, Answer]:
    """Return the answers as people typed them."""
    escaped = [name for name, answer in answers.items() if _may_be_escaped(answer)]
    if not escaped:
        return answers
    typed = dict(answers)
    for name in escaped:
        sent = answers[name]
        typed[name] = unescape_answer(sent)
        if typed[name] != sent and _ABOUT_HTML.search(sent if isinstance(sent, str) else " ".join(sent)):
            typed.setdefault(f"{name} (as sent)", sent)
    return typed


def unescape_answer(answer: Answer) -> Answer:
    """Return one answer as it was typed."""
    if not _may_be_escaped(answer):
        return answer
    return _unescape(answer) if isinstance(answer, str) else unwrap([_unescape(text) for text in answer])


def _may_be_escaped(answer: Answer) -> bool:
    if isinstance(answer, str):
        return "&" in answer and ";" in answer
    return any("&" in text and ";" in text for text in answer)


def _unescape(text: str) -> str:
    entities = _ENTITY.findall(text)
    if len(entities) != text.count("&") or "<" in text or ">" in text or _NO_WORDS.match(text):
        return text
    if not all(entity[1] == "#" or entity[1:] in html5 for entity in entities):
        return text
    return clean(_ENTITY.sub(lambda found: html.unescape(found[0]), text))
