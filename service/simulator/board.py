"""The page at /: the boards with their cards, as a CRM shows them."""

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from service.simulator.enums import ENUMS
from service.simulator.exchange import Record
from service.simulator.world import World

CARDS_SHOWN = 60  # in each column, the newest; the page stays quick under load
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
    """The board page and the JSON that it asks for twice a second."""
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
    """What the page draws. The caller holds the lock."""
    cards: dict[int, list[Record]] = {}
    for opportunity in reversed(world.tables["CrmOpportunity"].rows.values()):
        cards.setdefault(opportunity["CrmBoardColumnId"], []).append(opportunity)
    boards = [board for board in world.tables["CrmBoard"].rows.values() if not board["Archived"]]
    return {
        "revision": world.revision,
        "opportunities": len(world.tables["CrmOpportunity"]),
        "coworkers": len(world.tables["Coworker"]),
        "side_effects": list(world.side_effects)[:-21:-1],
        "boards": [
            {
                "id": board["Id"],
                "name": board["Name"],
                "place": board["BusinessName"],
                "columns": _columns(world, board["Id"], cards),
            }
            for board in boards
        ],
    }


def _columns(world: World, board_id: int, cards: dict[int, list[Record]]) -> list[Record]:
    columns = [column for column in world.tables["CrmBoardColumn"].rows.values() if column["CrmBoardId"] == board_id]
    return [
        {
            "id": column["Id"],
            "name": column["Name"],
            "does": [words for name, words in WARNINGS.items() if column[name]],
            "count": len(cards.get(column["Id"], ())),
            "cards": [_card(world, opportunity) for opportunity in cards.get(column["Id"], ())[:CARDS_SHOWN]],
        }
        for column in sorted(columns, key=lambda column: int(column["Position"]))
    ]


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
        "at": opportunity["CreatedOn"],
    }
