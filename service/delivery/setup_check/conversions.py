"""Checks of `conversions`: the stages exist, the names mean what they seem to mean, and the times are exact."""

from collections.abc import Iterable, Iterator

from service.delivery.setup_check.cached_reader import CachedReader
from service.delivery.setup_check.destination import STAGE_ROLES, STAGES, read_actions
from service.delivery.setup_check.problem import FormVariant, SetupProblem
from service.forms import LOST, RECEIVED, STAGE, WON, key_of_stage
from service.nexudus import boards
from service.nexudus.boards import Stage
from service.nexudus.client import Nexudus
from service.nexudus.errors import Refused
from service.nexudus.pipeline import HISTORY_PATH
from service.nexudus.values import plain

MEANINGS = {
    RECEIVED: "that the lead came",
    WON: "that the opportunity was won",
    LOST: "that the opportunity was lost",
}
CLOSING = {WON: "WinOpportunity", LOST: "LoseOpportunity"}
"""Key -> the flag of a stage that closes the opportunity that way: then key and stage mean the same moment."""

HISTORY_ROLE = "CrmOpportunityHistory-List"


def check_conversions(reader: CachedReader, variant: FormVariant) -> Iterator[SetupProblem]:
    """Compare the conversions of the forms file with the stages of the account.

    Raises: PartUnreadable.
    """
    keys = variant.form.conversions
    if not keys:
        return
    stages = reader.read(STAGES, "stage", boards.all_stages, STAGE_ROLES)
    yield from _collisions(reader, variant, stages)
    known = {key_of_stage(stage.name) for stage in stages}
    named = [key for key in keys if key not in MEANINGS]
    for key in named:
        if key not in known:
            problem = f"conversions name {key!r}, but no board has a stage of that name"
            yield variant.problem("warning", "conversions", problem, "correct the name, or take it out")
    if named and not reader.read("the stage history", "conversions", _shows_history, HISTORY_ROLE):
        problem = "Nexudus does not show its stage history, so stages of conversions get the time of a later change"
        yield variant.problem("warning", "conversions", problem, f"give the service user {HISTORY_ROLE}")


def _collisions(reader: CachedReader, variant: FormVariant, stages: Iterable[Stage]) -> Iterator[SetupProblem]:
    keys = variant.form.conversions
    for word, meaning in MEANINGS.items():
        name = STAGE + word
        if word not in keys or name in keys:
            continue
        named = (
            read_actions(reader, stage, f"stage {stage.id}") for stage in stages if key_of_stage(stage.name) == name
        )
        called = next((stage for stage in named if CLOSING.get(word) not in stage.flags), None)
        if called:
            problem = (
                f"{word!r} of conversions means {meaning}, not that it came into the stage "
                f"{plain(called.name)!r} of the board {plain(called.board_name)!r}"
            )
            yield variant.problem("warning", "conversions", problem, f'if you mean the stage, write "{name}" instead')


def _shows_history(nexudus: Nexudus) -> bool:
    try:
        nexudus.page(HISTORY_PATH, {}, size=1)
    except Refused:
        return False
    return True
