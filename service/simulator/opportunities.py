"""Opportunities: the checks of a create or a replacing PUT, and the automatic actions of the stage."""

from service.simulator import checks, custom_fields
from service.simulator.entities import OPPORTUNITY, STATUS_LOST, STATUS_WON
from service.simulator.exchange import Flaw, Record, SimulatorResponse, invalid, not_found, now_text, saved, text_before
from service.simulator.seed import SERVICE_USER_ID
from service.simulator.world import World

REQUIRED = ("Position", "Status")
REQUIRED_RELATIONS = ("CrmBoardColumn", "Coworker")
CHECKS: dict[str, checks.Check] = {
    **dict.fromkeys(
        ("Name", "Notes", "SystemId", "UtmSource", "UtmMedium", "UtmCampaign", "UtmContent", "UtmTerm"), checks.text
    ),
    "Position": checks.whole,
    "Status": checks.one_of("eCrmOpportunityStatus"),
    "LeadSource": checks.one_of("eCrmOpportunitySource"),
    "LossReason": checks.one_of("eCrmOpportunityLossReason"),
    "Value": checks.decimal,
    **dict.fromkeys(("DueDate", "WonOn", "LostOn"), checks.instant),
    **dict.fromkeys(("Completed", "Reminded"), checks.flag),
}
CUSTOM = {"CustomFields": custom_fields.check_values}
WRITABLE = (*CHECKS, *(f"{relation}Id" for relation in OPPORTUNITY.relations))
POSITION_STEP = 100  # the server renumbers


def create(world: World, body: Record) -> SimulatorResponse:
    """Answer POST: 400 with all flaws or at the location's limit, else the new Id; then the stage acts."""
    flaws = _flaws(world, body) or _lacking(world, body) or _over_cap(world, body)
    if flaws:
        return invalid(flaws)
    record = world.put("CrmOpportunity", _fields(world, body), custom_fields.values_on_create(world, body))
    world.held[record["CrmBoardColumnCrmBoardBusinessId"]] += 1
    _arrive(world, record, None, SERVICE_USER_ID)
    return saved(record["Id"], record["UpdatedOn"], record["UpdatedBy"])


def replace(world: World, body: Record, user_id: int = SERVICE_USER_ID, at: str = "") -> SimulatorResponse:
    """Answer PUT: the body replaces the record; a field left out is cleared.

    user_id: of the person who makes the change. at: the time as the API writes it; "": now.
    """
    old = world.row("CrmOpportunity", body.get("Id"))
    if old is None:
        return not_found()
    flaws = _flaws(world, body)
    if flaws:
        return invalid(flaws)
    kept = {key: old[key] for key in ("Id", "UniqueId", "CreatedOn", "IsNew", "LocalizationDetails")}
    fields = {**_fields(world, body), "Position": body["Position"]}
    record = world.put("CrmOpportunity", {**fields, **kept, "CustomFields": custom_fields.kept_values(body)}, at=at)
    world.held[old["CrmBoardColumnCrmBoardBusinessId"]] -= 1
    world.held[record["CrmBoardColumnCrmBoardBusinessId"]] += 1
    if record["CrmBoardColumnId"] != old["CrmBoardColumnId"]:
        _arrive(world, record, old["CrmBoardColumnId"], user_id)
    return saved(record["Id"], record["UpdatedOn"], record["UpdatedBy"])


def add_bare(world: World, count: int, stage_id: int, days_old: float) -> None:
    """Add empty opportunities without checks; they count towards the limit, and the stage does not act."""
    board_id = world.tables["CrmBoardColumn"].rows[stage_id]["CrmBoardId"]
    place = world.tables["CrmBoard"].rows[board_id]["BusinessId"]
    shared = {"CrmBoardColumnId": stage_id, "CrmBoardColumnCrmBoardBusinessId": place}
    for _ in range(count):
        bare = dict.fromkeys(
            (*WRITABLE, "CoworkerFullName", "CoworkerEmail", "CoworkerCompanyName", "OpportunityTypeName")
        )
        world.put("CrmOpportunity", {**bare, **shared})["CreatedOn"] = text_before(days_old)
    world.held[place] += count


def delete(world: World, ident: int) -> SimulatorResponse:
    """Answer DELETE."""
    if world.row("CrmOpportunity", ident) is None:
        return not_found()
    world.drop_opportunity(ident)
    return saved(ident, now_text(), world.settings.username, "The record was deleted.")


def _flaws(world: World, body: Record) -> list[Flaw]:
    _note_unknown(world, body)
    flaws = checks.find_dangling(world, body, OPPORTUNITY.relations, REQUIRED_RELATIONS)
    flaws += checks.find_flaws(body, REQUIRED, CHECKS | CUSTOM)
    if body.get("LossReason") is not None and body.get("Status") != STATUS_LOST:
        flaws.append(Flaw("LossReason", "is for lost opportunities only", body["LossReason"]))
    return flaws


def _note_unknown(world: World, body: Record) -> None:
    unknown = set(body) - {*WRITABLE, *CUSTOM}
    if unknown and "Id" not in body:  # a PUT may repeat the fields of a GET
        world.ignored.update(f"CrmOpportunity.{name}" for name in unknown)


def _lacking(world: World, body: Record) -> list[Flaw]:
    place = world.tables["CrmBoardColumn"].rows[body["CrmBoardColumnId"]]["CrmBoardBusinessId"]
    return custom_fields.lacking(world, custom_fields.OPPORTUNITY, body, [place])


def _over_cap(world: World, body: Record) -> list[Flaw]:
    """Return the flaw at the limit, which also counts closed ones; the real response is not documented."""
    cap = world.settings.cap
    place = world.tables["CrmBoardColumn"].rows[body["CrmBoardColumnId"]]["CrmBoardBusinessId"]
    if cap is None or world.held[place] < cap:
        return []
    return [Flaw("CrmBoard", f"has reached the limit of {cap} opportunities for this location", place)]


def _fields(world: World, body: Record) -> Record:
    """Return the record with the server's additions: names of relations, and Notes from the type's template."""
    column = world.tables["CrmBoardColumn"].rows[body["CrmBoardColumnId"]]
    board = world.tables["CrmBoard"].rows[column["CrmBoardId"]]
    coworker = world.tables["Coworker"].rows[body["CoworkerId"]]
    kind = world.row("OpportunityType", body.get("OpportunityTypeId")) or {}
    team = world.row("Team", body.get("TeamId")) or {}
    responsible = world.row("User", body.get("ResponsibleId")) or {}
    return {
        **{name: body.get(name) for name in WRITABLE},
        "SystemId": body.get("SystemId") if world.settings.systemid_round_trips else None,
        "Notes": _notes(world, body.get("Notes"), kind.get("NotesTemplate")),
        "Position": (world.held[board["BusinessId"]] + 1) * POSITION_STEP,
        "CrmBoardColumnName": column["Name"],
        "CrmBoardColumnCrmBoardName": board["Name"],
        "CrmBoardColumnCrmBoardBusinessId": board["BusinessId"],
        "CrmBoardColumnCrmBoardBusinessName": board["BusinessName"],
        "CrmBoardColumnCrmBoardBusinessCurrencyId": board["BusinessCurrencyId"],
        "CrmBoardColumnCrmBoardBusinessCurrencyCode": board["BusinessCurrencyCode"],
        "CoworkerFullName": coworker["FullName"],
        "CoworkerCompanyName": coworker["CompanyName"],
        "CoworkerEmail": coworker["Email"],
        "TeamName": team.get("Name"),
        "OpportunityTypeName": kind.get("Name"),
        "ResponsibleFullName": responsible.get("FullName"),
        "ToStringText": body.get("Name") or coworker["FullName"],
    }


def _notes(world: World, sent: str | None, template: str | None) -> str | None:
    """Return the notes. The documents say that a template fills them, not whether it replaces notes that were sent."""
    wins = {"none": "", "fill": "" if sent else template, "overwrite": template}[world.settings.type_template]
    text = wins or sent or None
    return text and text[: world.settings.notes_max]


def _arrive(world: World, record: Record, came_from: int | None, user_id: int) -> None:
    """Add a row to the history, then apply the stage's actions on arrival, at the time of the last change.

    The documents do not say whether an arrival by API counts; here it does, the harder case for a client.
    """
    column = world.tables["CrmBoardColumn"].rows[record["CrmBoardColumnId"]]
    at = record["UpdatedOn"]
    _add_history(world, record, came_from, user_id)
    coworker = world.tables["Coworker"].rows[record["CoworkerId"]]
    if column["WinOpportunity"]:
        record.update(Status=STATUS_WON, WonOn=at)
    if column["LoseOpportunity"]:
        record.update(Status=STATUS_LOST, LostOn=at)
    if column["ActivateAccount"] or column["DeactivateAccount"]:
        coworker["Active"] = bool(column["ActivateAccount"])
    if column["CannedResponseId"]:
        world.add_side_effect(f"message {column['CannedResponseId']} sent to {coworker['Email']}")
    if column["TaskListId"]:
        world.add_side_effect(f"task list {column['TaskListId']} opened for {coworker['Email']}")
    if column["ConfirmTour"]:
        world.add_side_effect(f"tour confirmed to {coworker['Email']}")
    if column["DeleteAccount"]:
        world.add_side_effect(f"customer {coworker['Email']} deleted by stage {column['Name']}")
        world.drop_coworker(coworker["Id"])


def _add_history(world: World, record: Record, came_from: int | None, user_id: int) -> None:
    """Add one row for each arrival. FromTime: when it entered the previous stage (null at first); ToTime: left it.

    Source: REST reference, entity CrmOpportunityHistory. The first placement has no old stage.
    """
    at = record["UpdatedOn"]
    past = list(world.tables["CrmOpportunityHistory"].having("CrmOpportunityId", record["Id"]))
    before = world.row("CrmBoardColumn", came_from) or {}
    user = world.row("User", user_id) or {}
    row = {
        "CrmOpportunityId": record["Id"],
        "OldCrmBoardColumnId": came_from,
        "OldCrmBoardColumnName": before.get("Name"),
        "NewCrmBoardColumnId": record["CrmBoardColumnId"],
        "NewCrmBoardColumnName": record["CrmBoardColumnName"],
        "FromTime": (past[-1]["ToTime"] or past[-1]["CreatedOn"]) if past else None,
        "ToTime": at if world.settings.history_to_times else None,
        "UserId": user.get("Id"),
        "UserFullName": user.get("FullName"),
    }
    world.put("CrmOpportunityHistory", row, at=at)
