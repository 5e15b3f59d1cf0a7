"""The consent that came with a lead: the words the person saw, what they answered, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from service.lead import CONSENT, REFUSALS, Answers, Lead

_SHORT = 12
"""Characters of an answer; a longer one is the sentence itself, which many forms send as the value."""


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One answer to the question of consent. Only the answer's words are judged, not its legal effect.

    is_given: False where it was refused. text: the words beside the box, "" where the sender did not pass them. at: the
    submission, or the later one that changed it. boxes: several boxes of a platform's form, each with its words.
    """

    is_given: bool
    text: str
    at: datetime
    boxes: Mapping[str, bool] = field(default_factory=dict)


def consent_of(lead: Lead) -> ConsentRecord | None:
    """Return the consent of a lead; None where nobody asked for it."""
    submission = lead.submission
    answers, boxes = _texts(submission.fields, CONSENT), _boxes(submission.extras)
    if not answers and not boxes:
        return None
    sentences = [answer for answer in answers if len(answer) > _SHORT]
    question = submission.names.get(CONSENT, "")
    text = "\n".join(sentences) or (question if " " in question.strip() else "")
    is_given = any(answer.casefold() not in REFUSALS for answer in answers) if answers else any(boxes.values())
    return ConsentRecord(is_given, text, _given_at(lead), boxes)


def _texts(answers: Answers, name: str) -> list[str]:
    answer = answers.get(name, ())
    return [text.strip() for text in ([answer] if isinstance(answer, str) else map(str, answer)) if text.strip()]


def _boxes(extras: Answers) -> dict[str, bool]:
    """Return the boxes that platforms are kept with as `consent: words`."""
    prefix = f"{CONSENT}: "
    return {
        name.removeprefix(prefix): all(text.casefold() not in REFUSALS for text in _texts(extras, name))
        for name in extras
        if name.startswith(prefix)
    }


def _given_at(lead: Lead) -> datetime:
    changed = [each.at for each in lead.corrections if each.is_applied and CONSENT in each.became]
    submitted_at = lead.submission.evidence.submitted_at
    if changed:
        return changed[-1]
    return lead.received_at if submitted_at is None else datetime.fromtimestamp(submitted_at, UTC)
