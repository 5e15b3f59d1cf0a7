"""Where leads of a form go in Nexudus: stage, type and owner, chosen from what the worker last read there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.admin.pages.form_editing.widgets import LINES, TEXT, read_number
from service.forms import Form
from service.forms.layers import STAGE_KEYS
from service.i18n import N_, MessageTable, _, ngettext
from service.store import CrmLook

AS_WRITTEN = "as-written"
"""The choice that leaves the names of board and stage as they are."""

DANGERS = MessageTable(
    {
        "deletes the customer": N_("deletes the customer"),
        "deactivates the customer": N_("deactivates the customer"),
        "marks the opportunity as won": N_("marks the opportunity as won"),
        "marks the opportunity as lost": N_("marks the opportunity as lost"),
    }
)
"""Action that makes a stage unsafe -> its words for people."""

TARGET_KEYS = (*STAGE_KEYS, "opportunity_type_id", "responsible_id", "responsible")


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """One record of the CRM. why_not: why it cannot be chosen, "" where it can."""

    value: str
    text: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class TargetChoices:
    """The choices in one account. stages: board -> its stages. is_known: whether a worker ever read them."""

    look: CrmLook
    stages: Mapping[str, Sequence[TargetChoice]] = field(default_factory=dict)
    types: Sequence[TargetChoice] = ()
    owners: Sequence[TargetChoice] = ()

    @property
    def is_known(self) -> bool:
        """Whether there is anything to choose from."""
        return bool(self.stages)

    @property
    def is_awaited(self) -> bool:
        """Whether a worker has been asked to read them and has not done so yet."""
        return self.look.requested_at is not None

    def stage_text(self, value: str) -> str:
        """Return board and stage in words, "" for a stage that was not read."""
        places = ((board, each) for board, stages in self.stages.items() for each in stages)
        return next((f"{board} / {each.text}" for board, each in places if each.value == value), "")


def choices_of(look: CrmLook) -> TargetChoices:
    """Return the choices that the last look at an account found."""
    places = look.contents.get("locations", ())
    several = len([place for place in places if place["boards"]]) > 1
    stages: dict[str, list[TargetChoice]] = {}
    for place in places:
        for board in place["boards"]:
            name = f"{place['name']}: {board['name']}" if several and place["name"] else board["name"]
            stages.setdefault(name, []).extend(map(_stage, board["stages"]))
    return TargetChoices(look, stages, _once(places, "opportunity_types"), _once(places, "owners"))


def _stage(stage: Mapping[str, Any]) -> TargetChoice:
    why_not = ", ".join(DANGERS.get(danger, danger) for danger in stage["dangers"])
    return TargetChoice(str(stage["id"]), stage["name"], why_not)


def _once(places: Sequence[Mapping[str, Any]], kind: str) -> list[TargetChoice]:
    """The records of all locations, without duplicates."""
    rows = {row["id"]: row["name"] for place in places for row in place[kind]}
    return [TargetChoice(str(number), name) for number, name in sorted(rows.items(), key=lambda row: row[1].casefold())]


def show_target(keys: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of the inputs: stage, type, owner, owners."""
    stage = keys.get("stage_id", "")
    if "board" in keys or "stage" in keys:
        stage = AS_WRITTEN
    people = keys.get("responsible", [])
    return {
        "stage": str(stage),
        "type": str(keys.get("opportunity_type_id", "")),
        "owner": str(keys.get("responsible_id", "")),
        "owners": LINES.show(people) if people else "",
    }


def describe_destination(form: Form, choices: TargetChoices) -> str:
    """Describe where leads of a form go in one account: board and stage, owner, and whether there are routes."""
    place = form.destination
    keys = {key: value for key in STAGE_KEYS if (value := getattr(place, key)) is not None}
    owner = next((each.text for each in choices.owners if each.value == str(place.responsible_id)), "")
    words = [describe_stage(keys, choices), owner or ", ".join(place.responsible)]
    if form.routes:
        words.append(ngettext("%(num)s route", "%(num)s routes", len(form.routes)))
    return " · ".join(filter(None, words))


def written_stage(keys: Mapping[str, Any]) -> str:
    """Return how board and stage are named in the set-up, "" where they are not."""
    return " / ".join(str(keys[key]) for key in ("board", "stage") if key in keys)


def read_target(texts: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of the target.

    texts: as show_target. before: the keys until now, kept where a text is the same.
    """
    shown = show_target(before)
    keys: dict[str, Any] = {}
    for name, affected in _AFFECTED:
        text = texts.get(name, shown[name]).strip()
        if text == shown[name].strip():
            keys |= {key: before[key] for key in affected if key in before}
        elif text:
            keys[affected[0]] = LINES.read(text) if name == "owners" else read_number(TEXT.read(text))
    return keys


_AFFECTED = (
    ("stage", STAGE_KEYS),
    ("type", ("opportunity_type_id",)),
    ("owner", ("responsible_id",)),
    ("owners", ("responsible",)),
)


def describe_stage(keys: Mapping[str, Any], choices: TargetChoices) -> str:
    """Return the stage that a form names, in words."""
    if "stage_id" in keys:
        return choices.stage_text(str(keys["stage_id"])) or _("stage %(number)s", number=keys["stage_id"])
    return written_stage(keys) or _("the first safe stage")
