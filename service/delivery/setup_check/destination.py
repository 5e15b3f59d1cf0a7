"""Where a form's leads go: the stage, its location, and the type, owner, team and referrers of the opportunity.

People are reported by id only.
"""

from collections.abc import Callable, Iterator
from functools import partial

from service.delivery.behaviour import notes_fact
from service.delivery.setup_check.cached_reader import CachedReader, PartUnreadable
from service.delivery.setup_check.problem import FormVariant, SetupProblem, stage_cause
from service.delivery.targets import Unroutable, choose_stage, danger
from service.nexudus import boards, coworkers, directory
from service.nexudus.boards import FILLS, WARNINGS, Stage
from service.nexudus.client import Nexudus
from service.nexudus.directory import Business, OpportunityType, Placed, User
from service.nexudus.values import plain
from service.setup.stages import UNSAFE_REMEDY

STAGES, LOCATIONS = "the stages of the boards", "the locations"
CANDIDATES = "what the stages of the boards do on arrival"
STAGE_ROLES, STAGE_ROLE = "CrmBoard-List and CrmBoardColumn-List", "CrmBoardColumn-Read"


def find_stage(reader: CachedReader, variant: FormVariant) -> tuple[Stage | None, list[SetupProblem]]:
    """Return the stage that a lead would enter, with its actions on arrival, or the problem if there is none.

    Raises: PartUnreadable.
    """
    wanted = variant.form.destination
    try:
        known = reader.read(STAGES, "stage", boards.all_stages, STAGE_ROLES)
    except PartUnreadable:
        if not wanted.stage_id:
            raise
        return _stage_by_id(reader, variant, wanted.stage_id)
    gone = [stage for stage in known if stage.id == wanted.stage_id and stage.archived]
    if gone:
        problem = f"stage {gone[0].id} ({plain(gone[0].name)}) is on the archived board {plain(gone[0].board_name)!r}"
        return None, [variant.problem("error", "stage", problem, "correct stage_id")]
    live = [stage for stage in known if not stage.archived]
    try:
        return _judged(reader, variant, choose_stage(live, wanted, partial(read_actions, reader, words=CANDIDATES)))
    except Unroutable as error:
        return None, [variant.unroutable("stage", error)]


def read_actions(reader: CachedReader, stage: Stage, words: str) -> Stage:
    """Read a stage's own record, as a delivery does: lists may hide its actions. Raises: PartUnreadable."""
    return reader.read(
        f"stage {stage.id}", "stage", lambda nexudus: boards.with_actions(nexudus, stage), STAGE_ROLE, words
    )


def _judged(reader: CachedReader, variant: FormVariant, stage: Stage) -> tuple[Stage, list[SetupProblem]]:
    """Return the chosen stage by its own record, and a problem if that does not show its actions."""
    does = f"what stage {stage.id} ({plain(stage.name)}) does on arrival"
    try:
        whole = read_actions(reader, stage, does)
    except PartUnreadable:
        return stage, []
    problem = f"could not check {does} (its record does not show it)"
    unshown = SetupProblem("warning", "stage", variant.label, problem, "check it in Nexudus yourself", skipped=True)
    return whole, [] if whole.is_judged else [unshown]


def _stage_by_id(reader: CachedReader, variant: FormVariant, stage_id: int) -> tuple[Stage | None, list[SetupProblem]]:
    """Read a stage by id if boards cannot be listed; after a 404 for the list, a 404 for the stage proves nothing."""
    stage = reader.read(f"stage {stage_id}", "stage", lambda nexudus: boards.stage(nexudus, stage_id), STAGE_ROLE)
    if stage is None and STAGES in reader.absent:
        raise PartUnreadable(STAGES)
    if stage is None:
        return None, [variant.problem("error", "stage", f"Nexudus has no stage {stage_id}", "correct stage_id")]
    return stage, []


def check_stage(variant: FormVariant, stage: Stage) -> Iterator[SetupProblem]:
    """Check the actions of the stage on arrival, and its location."""
    here = f"stage {stage.id} ({plain(stage.name)})"
    unsafe = danger(stage)
    if unsafe:
        yield SetupProblem(
            "error", "stage", variant.label, unsafe, UNSAFE_REMEDY, (stage_cause(variant.account, stage.id),)
        )
    does = [words for flag, words in WARNINGS.items() if flag in stage.flags and flag not in FILLS]
    if does:
        remedy = "choose another stage, unless that is meant for new enquiries"
        yield variant.problem("warning", "stage", f"{here} {' and '.join(does)}", remedy)
    fills = [words for flag, words in WARNINGS.items() if flag in stage.flags and flag in FILLS]
    if fills:
        remedy = "one person may be counted twice: give the leads of this service a stage of their own"
        yield variant.problem("warning", "stage", f"{here} {' and '.join(fills)}", remedy)
    at = variant.form.contact.business_id
    if at and stage.business_id and at != stage.business_id:
        problem = f"{here} is at location {stage.business_id}, but new contacts are created at location {at}"
        remedy = f"write contact.business_id = {stage.business_id}, or choose a stage of location {at}"
        yield variant.problem("warning", "location", problem, remedy)


def check_contact(
    reader: CachedReader, variant: FormVariant, stage: Stage | None, me: User | None
) -> Iterator[SetupProblem]:
    """Check what a new contact needs: a location within reach, a country and a time zone.

    Raises: PartUnreadable.
    """
    rule = variant.form.contact
    if not rule.business_id and stage is None:
        return  # a missing stage is reported already
    of_stage = stage.business_id if stage else None
    business_id = rule.business_id or of_stage or (me.default_business_id if me else None)
    if not business_id:
        yield variant.problem("error", "location", "its location is unknown", "write contact.business_id")
        return
    if me is not None and me.business_ids is not None and business_id not in me.business_ids:
        problem = f"the service user has no access to location {business_id}"
        remedy = "correct contact.business_id, or add the location to the user in Nexudus"
        yield variant.problem("error", "location", problem, remedy)
        return
    known = reader.read(LOCATIONS, "location", directory.businesses, "Business-List")
    place = next((each for each in known if each.id == business_id), None)
    if place is None:
        remedy = "correct contact.business_id"
        yield variant.problem("error", "location", f"Nexudus shows no location {business_id}", remedy)
    elif not (rule.country_id or place.country_id) or not (rule.time_zone_id or place.time_zone_id):
        problem, remedy = _lacks(place)
        yield variant.problem("error", "location", problem, remedy)


def _lacks(place: Business) -> tuple[str, str]:
    return (
        f"location {place.id} has no country or no time zone",
        "write contact.country_id and contact.time_zone_id",
    )


def check_country(reader: CachedReader, variant: FormVariant) -> Iterator[SetupProblem]:
    """Check the country. Raises: PartUnreadable."""
    country_id = variant.form.contact.country_id
    if not country_id:
        return
    known = reader.read("the countries", "country", directory.countries, "Country-List")
    if country_id not in {country.id for country in known}:
        problem = f"Nexudus has no country {country_id}"
        yield variant.problem("error", "country", problem, "correct contact.country_id, or leave it out")


def check_time_zone(reader: CachedReader, variant: FormVariant) -> Iterator[SetupProblem]:
    """Check the time zone. Raises: PartUnreadable."""
    zone_id = variant.form.contact.time_zone_id
    if not zone_id:
        return
    known = reader.read("the time zones", "time_zone", directory.time_zones, "SimpleTimeZone-List")
    if zone_id not in {zone.id for zone in known}:
        problem = f"Nexudus has no time zone {zone_id}"
        yield variant.problem("error", "time_zone", problem, "correct contact.time_zone_id, or leave it out")


Check = Callable[[CachedReader, FormVariant, Stage | None], Iterator[SetupProblem]]
"""A check of one subject; it may raise PartUnreadable."""


def check_type(reader: CachedReader, variant: FormVariant, stage: Stage | None) -> Iterator[SetupProblem]:
    """Check that the type exists, at the stage's location, without a template that may replace the enquiry."""
    type_id = variant.form.destination.opportunity_type_id
    if not type_id:
        return
    known = reader.read("the opportunity types", "type", directory.opportunity_types, "OpportunityType-List")
    kind = next((each for each in known if each.id == type_id), None)
    remedy = "correct opportunity_type_id, or leave it out"
    yield from _placed(variant, "type", f"opportunity type {type_id}", kind, stage, remedy)
    if kind is not None:
        yield from _check_template(reader, variant, kind)


def _check_template(reader: CachedReader, variant: FormVariant, kind: OpportunityType) -> Iterator[SetupProblem]:
    named = f"opportunity type {kind.id} ({plain(kind.name)})"
    template = reader.read(
        f"the template of {named}",
        "type",
        lambda nexudus: directory.notes_template(nexudus, kind),
        "OpportunityType-Read",
    )
    fate = reader.behaviour.values.get(notes_fact(kind.id))
    if template and fate != "kept":
        replaces = "may replace" if fate is None else "replaces"
        what = f"{replaces} the enquiry's text and this service's marker"
        remedy = "empty the template in Nexudus, or leave opportunity_type_id out"
        tries = "; `lead-capture doctor --live` tries it" if fate is None else ""
        yield variant.problem("warning", "type", f"{named} has a template for notes, which {what}", remedy + tries)


def _placed(
    variant: FormVariant, check: str, what: str, record: Placed | None, stage: Stage | None, remedy: str
) -> Iterator[SetupProblem]:
    """Check that a record exists, at the stage's location."""
    if record is None:
        yield variant.problem("error", check, f"Nexudus has no {what}", remedy)
    elif stage and stage.business_id and record.business_id not in (None, stage.business_id):
        problem = f"{what} is of location {record.business_id}, stage {stage.id} of {stage.business_id}"
        yield variant.problem("error", check, problem, remedy)


def check_owner(reader: CachedReader, variant: FormVariant, stage: Stage | None) -> Iterator[SetupProblem]:
    """Check that the owner is an active admin of the stage's location."""
    owner_id = variant.form.destination.responsible_id
    if not owner_id:
        return
    owner = reader.read(f"user {owner_id}", "owner", lambda nexudus: directory.user(nexudus, owner_id), "User-Read")
    remedy = "correct responsible_id, or leave it out"
    if owner is None:
        yield variant.problem("error", "owner", f"Nexudus has no user {owner_id}", remedy)
    elif not owner.active or not owner.admin:
        what = "an admin" if owner.active else "active"
        yield variant.problem("error", "owner", f"user {owner_id} is not {what}", remedy)
    elif stage and stage.business_id and owner.business_ids and stage.business_id not in owner.business_ids:
        problem = f"user {owner_id} has no access to location {stage.business_id} of stage {stage.id}"
        yield variant.problem("error", "owner", problem, f"{remedy}, or add the location to the user")


def check_people(reader: CachedReader, variant: FormVariant, stage: Stage | None) -> Iterator[SetupProblem]:
    """Check that the people who take turns are active admins of the stage's location.

    Raises: PartUnreadable.
    """
    for position, email in enumerate(variant.form.destination.responsible, 1):
        find = partial(directory.user_of_email, email=email)
        owner = reader.read(f"the user of {email}", "owner", find, "User-List", "the users of responsible")
        who = f"address {position} of responsible"
        remedy = "correct the address, or take it out; it gets no leads"
        if owner is None:
            yield variant.problem("error", "owner", f"Nexudus has no user with {who}", remedy)
        elif not owner.active or not owner.admin:
            what = "an admin" if owner.active else "active"
            yield variant.problem("error", "owner", f"user {owner.id}, {who}, is not {what}", remedy)
        elif stage and stage.business_id:
            yield from _check_reach(reader, variant, stage, owner.id, who)


def _check_reach(
    reader: CachedReader, variant: FormVariant, stage: Stage, user_id: int, who: str
) -> Iterator[SetupProblem]:
    """Check that a user may use the stage's location, which only the user's own record shows."""
    whole = reader.read(f"user {user_id}", "owner", lambda nexudus: directory.user(nexudus, user_id), "User-Read")
    if whole and whole.business_ids and stage.business_id not in whole.business_ids:
        problem = f"user {user_id}, {who}, has no access to location {stage.business_id} of stage {stage.id}"
        yield variant.problem("error", "owner", problem, "add the location to the user, or take the address out")


def check_team(reader: CachedReader, variant: FormVariant, stage: Stage | None) -> Iterator[SetupProblem]:
    """Check that the team exists, at the stage's location."""
    team_id = variant.form.destination.team_id
    if not team_id:
        return
    team = reader.read(f"team {team_id}", "team", lambda nexudus: directory.team(nexudus, team_id), "Team-Read")
    yield from _placed(variant, "team", f"team {team_id}", team, stage, "correct team_id, or leave it out")


def check_customers(reader: CachedReader, variant: FormVariant, _stage: Stage | None) -> Iterator[SetupProblem]:
    """Check that the referrer and the agent exist."""
    wanted = variant.form.destination
    for check, customer_id in (("referrer", wanted.referrer_id), ("agent", wanted.agent_id)):
        if not customer_id:
            continue
        if not reader.read(
            f"customer {customer_id}", check, partial(_exists, customer_id=customer_id), "Coworker-Read"
        ):
            problem = f"Nexudus has no customer {customer_id}"
            yield variant.problem("error", check, problem, f"correct {check}_id, or leave it out")


def _exists(nexudus: Nexudus, customer_id: int) -> bool:
    return nexudus.one(f"{coworkers.PATH}/{customer_id}") is not None


CHECKS: tuple[Check, ...] = (check_type, check_owner, check_people, check_team, check_customers)
