"""The page at /: the boards with their cards."""

from itertools import islice

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from service.simulator.entities import ENUMS
from service.simulator.exchange import Record
from service.simulator.world import World

MAX_CARDS = 30  # in each column, the newest; the page stays quick under load
MAX_SIDE_EFFECTS_SHOWN = 20
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'"
WARNINGS = {
    "DeleteAccount": "deletes the customer",
    "DeactivateAccount": "deactivates the customer",
    "WinOpportunity": "wins",
    "LoseOpportunity": "loses",
    "CannedResponseId": "sends a message",
    "TaskListId": "opens tasks",
    "ConfirmTour": "confirms the tour",
    "ActivateAccount": "activates the customer",
}


def create_board(world: World) -> Blueprint:
    """Return the board page, and the JSON that it requests twice a second."""
    pages = Blueprint("board", __name__)

    @pages.get("/")
    def show_board() -> ResponseReturnValue:
        page = Response(render_template("board.html"), content_type="text/html; charset=utf-8")
        page.headers["Content-Security-Policy"] = POLICY
        return page

    @pages.get("/_sim/board")
    def show_cards() -> ResponseReturnValue:
        seen = request.args.get("seen", "")
        with world.lock:
            if seen == str(world.revision):
                return Response(status=204)
            return jsonify(read_boards(world))

    return pages


def read_boards(world: World) -> Record:
    """Return the content of the page, with its revision. The caller holds the lock."""
    return {
        "revision": world.revision,
        "opportunities": len(world.tables["CrmOpportunity"]),
        "coworkers": len(world.tables["Coworker"]),
        "requests": world.calls_count,
        "side_effects": list(islice(reversed(world.side_effects), MAX_SIDE_EFFECTS_SHOWN)),
        "boards": [_board(world, board) for board in world.tables["CrmBoard"].rows.values() if not board["Archived"]],
    }


def _board(world: World, board: Record) -> Record:
    columns = [column for column in world.tables["CrmBoardColumn"].rows.values() if column["CrmBoardId"] == board["Id"]]
    columns.sort(key=lambda column: int(column["Position"]))
    return {
        "id": board["Id"],
        "name": board["Name"],
        "place": board["BusinessName"],
        "columns": [_column(world, column) for column in columns],
    }


def _column(world: World, column: Record) -> Record:
    arrived = world.tables["CrmOpportunity"].having("CrmBoardColumnId", column["Id"])
    newest = islice(reversed(list(arrived)), MAX_CARDS)
    return {
        "id": column["Id"],
        "name": column["Name"],
        "does": [words for name, words in WARNINGS.items() if column[name]],
        "count": len(arrived),
        "cards": [_card(world, opportunity) for opportunity in newest],
    }


def _card(world: World, opportunity: Record) -> Record:
    coworker = world.row("Coworker", opportunity["CoworkerId"]) or {}
    return {
        "id": opportunity["Id"],
        "title": opportunity["Name"] or opportunity["CoworkerFullName"],
        "person": opportunity["CoworkerFullName"],
        "email": opportunity["CoworkerEmail"],
        "phone": coworker.get("MobilePhone"),
        "company": opportunity["CoworkerCompanyName"],
        "type": opportunity["OpportunityTypeName"],
        "source": ENUMS["eCrmOpportunitySource"].get(opportunity["LeadSource"]),
        "utm": {
            name.removeprefix("Utm").lower(): opportunity[name]
            for name in ("UtmSource", "UtmMedium", "UtmCampaign", "UtmContent", "UtmTerm")
            if opportunity[name]
        },
        "notes": opportunity["Notes"],
        "status": ENUMS["eCrmOpportunityStatus"].get(opportunity["Status"]),
        "loss": ENUMS["eCrmOpportunityLossReason"].get(opportunity["LossReason"]),
        "value": opportunity["Value"],
        "currency": opportunity.get("CrmBoardColumnCrmBoardBusinessCurrencyCode"),
        "column": opportunity["CrmBoardColumnId"],
        "at": opportunity["CreatedOn"],
    }
