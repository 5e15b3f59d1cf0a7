"""What an opportunity carries besides the lead: its type, and who is tied to it. People are told by id only."""

from collections.abc import Callable, Iterator
from functools import partial

from service.delivery.behaviour import notes_fact
from service.delivery.setup_check.cached_reader import CachedReader
from service.delivery.setup_check.problem import SetupProblem
from service.delivery.setup_check.routes import Variant
from service.nexudus import boards, coworkers, opportunity_types
from service.nexudus.boards import Placed, Stage
from service.nexudus.client import Nexudus
from service.nexudus.opportunity_types import OpportunityType
from service.nexudus.text import plain

Check = Callable[[CachedReader, Variant, Stage | None], Iterator[SetupProblem]]
"""Each may raise Unseen."""


def check_type(seen: CachedReader, variant: Variant, stage: Stage | None) -> Iterator[SetupProblem]:
    """The type exists, at the stage's location, and has no template that may take the place of the enquiry."""
    type_id = variant.form.destination.opportunity_type_id
    if not type_id:
        return
    known = seen.ask("the opportunity types", "type", opportunity_types.opportunity_types, "OpportunityType-List")
    kind = next((each for each in known if each.id == type_id), None)
    remedy = "correct opportunity_type_id, or leave it out"
    yield from _placed(variant, "type", f"opportunity type {type_id}", kind, stage, remedy)
    if kind is not None:
        yield from _check_template(seen, variant, kind)


def _check_template(seen: CachedReader, variant: Variant, kind: OpportunityType) -> Iterator[SetupProblem]:
    named = f"opportunity type {kind.id} ({plain(kind.name)})"
    template = seen.ask(
        f"the template of {named}",
        "type",
        lambda nexudus: opportunity_types.notes_template(nexudus, kind),
        "OpportunityType-Read",
    )
    fate = seen.behaviour.values.get(notes_fact(kind.id))
    if template and fate != "kept":
        takes = "may take" if fate is None else "takes"
        what = f"{takes} the place of the enquiry's text and this service's mark"
        remedy = "empty the template in Nexudus, or leave opportunity_type_id out"
        tries = "; `lead-capture doctor --live` tries it" if fate is None else ""
        yield variant.finding("warning", "type", f"{named} has a template for notes, which {what}", remedy + tries)


def _placed(
    variant: Variant, check: str, what: str, found: Placed | None, stage: Stage | None, remedy: str
) -> Iterator[SetupProblem]:
    """Something of one location exists, and at the stage's location."""
    if found is None:
        yield variant.finding("error", check, f"Nexudus has no {what}", remedy)
    elif stage and stage.business_id and found.business_id not in (None, stage.business_id):
        problem = f"{what} is of location {found.business_id}, stage {stage.id} of {stage.business_id}"
        yield variant.finding("error", check, problem, remedy)


def check_owner(seen: CachedReader, variant: Variant, stage: Stage | None) -> Iterator[SetupProblem]:
    """The owner is an active admin of the stage's location."""
    owner_id = variant.form.destination.responsible_id
    if not owner_id:
        return
    owner = seen.ask(f"user {owner_id}", "owner", lambda nexudus: boards.user(nexudus, owner_id), "User-Read")
    remedy = "correct responsible_id, or leave it out"
    if owner is None:
        yield variant.finding("error", "owner", f"Nexudus has no user {owner_id}", remedy)
    elif not owner.active or not owner.admin:
        what = "an admin" if owner.active else "active"
        yield variant.finding("error", "owner", f"user {owner_id} is not {what}", remedy)
    elif stage and stage.business_id and owner.business_ids and stage.business_id not in owner.business_ids:
        problem = f"user {owner_id} does not reach location {stage.business_id} of stage {stage.id}"
        yield variant.finding("error", "owner", problem, f"{remedy}, or add the location to the user")


def check_team(seen: CachedReader, variant: Variant, stage: Stage | None) -> Iterator[SetupProblem]:
    """The team exists, at the stage's location."""
    team_id = variant.form.destination.team_id
    if not team_id:
        return
    team = seen.ask(f"team {team_id}", "team", lambda nexudus: boards.team(nexudus, team_id), "Team-Read")
    yield from _placed(variant, "team", f"team {team_id}", team, stage, "correct team_id, or leave it out")


def check_customers(seen: CachedReader, variant: Variant, _stage: Stage | None) -> Iterator[SetupProblem]:
    """The customers who referred or represent the person exist."""
    wanted = variant.form.destination
    for check, customer_id in (("referrer", wanted.referrer_id), ("agent", wanted.agent_id)):
        if not customer_id:
            continue
        if not seen.ask(f"customer {customer_id}", check, partial(_exists, customer_id=customer_id), "Coworker-Read"):
            problem = f"Nexudus has no customer {customer_id}"
            yield variant.finding("error", check, problem, f"correct {check}_id, or leave it out")


def _exists(nexudus: Nexudus, customer_id: int) -> bool:
    return nexudus.one(f"{coworkers.PATH}/{customer_id}") is not None


CHECKS: tuple[Check, ...] = (check_type, check_owner, check_team, check_customers)
