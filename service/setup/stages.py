"""Checks of the stages that a set-up names, by the last look at the CRM: no call is made here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.forms import Form, PlacedProblem, Setup
from service.forms.problems import Place, write_place

Contents = Callable[[str], Mapping[str, Any]]
"""Returns the last look at an account as `lead-capture boards --json` shows it; {} if there was none."""

UNSAFE_REMEDY = "choose another stage, or remove that automatic action in Nexudus"


@dataclass(frozen=True, slots=True)
class KnownStage:
    """A stage as the last look showed it. dangers: actions that harm a lead on arrival; [] if it is safe."""

    id: int
    name: str
    board_id: int
    board_name: str
    is_checked: bool
    dangers: Sequence[str]


def known_stages(contents: Mapping[str, Any]) -> list[KnownStage]:
    """Return every stage of an account, as last looked at."""
    return [
        KnownStage(stage["id"], stage["name"], board["id"], board["name"], stage["checked"], stage["dangers"])
        for location in contents.get("locations", ())
        for board in location["boards"]
        for stage in board["stages"]
    ]


def judge_stages(
    setup: Setup, tables: Mapping[str, Any], contents: Contents
) -> tuple[tuple[PlacedProblem, ...], list[PlacedProblem]]:
    """Return the stages that no lead may enter, and warnings about stages never looked at, by place.

    tables: of the document, to name the place of a stage.
    """
    looks: dict[str, list[KnownStage]] = {}
    unsafe: dict[PlacedProblem, None] = {}
    warnings: dict[PlacedProblem, None] = {}
    for place, form in _variants(setup):
        if form.account not in looks:
            looks[form.account] = known_stages(contents(form.account))
        named = _named(form)
        if not named:
            continue
        path = write_place(_place_of(place, tables))
        stage = _find(form, looks[form.account])
        if stage is None or not stage.is_checked:
            warnings[PlacedProblem(path, _unknown(named, is_looked=bool(looks[form.account])))] = None
        elif stage.dangers:
            what = f"stage {stage.id} ({stage.name}) {' and '.join(stage.dangers)}"
            unsafe[PlacedProblem(path, f"{what}: {UNSAFE_REMEDY}")] = None
    return tuple(unsafe), list(warnings)


def _variants(setup: Setup) -> Iterator[tuple[Place, Form]]:
    for name, form in setup.forms.items():
        yield ("forms", name), form
        for number, route in enumerate(form.routes):
            yield ("forms", name, "routes", number), route.form


def _named(form: Form) -> str:
    """Return the form's name for its stage; "" if it leaves the choice to the service."""
    wanted = form.destination
    if wanted.stage_id:
        return f"stage {wanted.stage_id}"
    return "" if wanted.stage is None else f"stage {wanted.stage!r}"


def _find(form: Form, stages: Sequence[KnownStage]) -> KnownStage | None:
    wanted = form.destination
    if wanted.stage_id:
        return next((stage for stage in stages if stage.id == wanted.stage_id), None)
    on_board = [each for each in stages if wanted.board is None or _is(wanted.board, each.board_id, each.board_name)]
    named = [each for each in on_board if wanted.stage is not None and _is(wanted.stage, each.id, each.name)]
    return named[0] if len(named) == 1 else None


def _is(wanted: str | int, number: int, name: str) -> bool:
    return wanted == number if isinstance(wanted, int) else wanted.strip().casefold() == name.strip().casefold()


def _place_of(place: Place, tables: Mapping[str, Any]) -> Place:
    """Return where a form's or route's stage is written: at its own place, in its form, or in [defaults]."""
    for where in (place, place[:2], ("defaults",)):
        table = _below(tables, where)
        for key in ("stage_id", "stage", "board"):
            if isinstance(table, Mapping) and key in table:
                return (*where, key)
    return (*place, "stage_id")


def _below(tables: Any, place: Place) -> Any:
    for step in place:
        if isinstance(tables, Mapping):
            tables = tables.get(str(step))
        else:
            tables = tables[step] if isinstance(tables, list) and isinstance(step, int) and step < len(tables) else None
    return tables


def _unknown(named: str, *, is_looked: bool) -> str:
    if is_looked:
        return f"the last look at Nexudus showed no {named}, or not what it does: the worker checks it before any lead"
    return f"Nexudus has not been looked at yet, so {named} is not checked: the worker checks it before any lead"
