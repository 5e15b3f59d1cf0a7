"""Texts by which a tool answers its visitor, such as "Thank you, we will be in touch", among the visitor's own."""

import re
from collections.abc import Mapping

from service.capture.claims import Answer, text_of, texts_of, unwrap

_FLAGS = ("success", "ok", "status", "result")
_DONE = frozenset(("true", "1", "yes", "ok", "success", "succeeded", "sent", "mail_sent", "submitted", "200"))
_NOTICE = re.compile(
    r"\s*(?:<(?:p|div|span|h\d|strong|b)\b|thank|thanks|your (?:message|enquiry|inquiry|request|submission) (?:has|was)"
    r"|form (?:was )?submitted|we(?:'ll| will) (?:be in touch|get back)|success|vielen dank|danke|merci|gracias|grazie"
    r"|obrigad[oa]|bedankt|dank u|dank je|dziękuj|tack|tak for|takk|kiitos)",
    re.IGNORECASE,
)


def is_a_reply(answers: Mapping[str, Answer]) -> bool:
    """Tell whether answers are what a tool told its visitor's browser, with the visitor's own words within."""
    return any(flag in answers and text_of(answers[flag]).lower() in _DONE for flag in _FLAGS)


def without_notices(answer: Answer) -> tuple[Answer, Answer]:
    """Part the person's words from the tool's."""
    texts = texts_of(answer)
    said = [text for text in texts if not _NOTICE.match(text)]
    return unwrap(said), unwrap([text for text in texts if text not in said])
