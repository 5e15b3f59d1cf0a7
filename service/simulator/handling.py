"""What people do with opportunities in the admin pages: move them, win and lose them, delete them."""

from collections.abc import Mapping
from typing import Any

from service.simulator import opportunities
from service.simulator.enums import STATUS_LOST, STATUS_WON
from service.simulator.exchange import Answer, Record, missing
from service.simulator.instants import now_text
from service.simulator.settings import Problems
from service.simulator.world import World

STATUSES = {"in_progress": 1, "won": STATUS_WON, "lost": STATUS_LOST}
KEYS = {"stage_id": "CrmBoardColumnId", "status": "Status", "value": "Value", "loss_reason": "LossReason"}


def handle(world: World, ident: int, wanted: Mapping[str, Any]) -> Answer:
    """Change one opportunity as its owner would; `{"delete": true}` removes it. The caller holds the lock.

    wanted: stage_id, status (in_progress, won, lost), value, loss_reason (a number), any of them.
    Raises: Problems for keys and words that are not known.
    """
    _check(wanted)
    if wanted.get("delete"):
        return opportunities.delete(world, ident)
    old = world.row("CrmOpportunity", ident)
    if old is None:
        return missing()
    return opportunities.replace(world, _body(old, wanted))


def _check(wanted: Mapping[str, Any]) -> None:
    sentences = [
        f"unknown key {key!r}: known are delete, {', '.join(KEYS)}" for key in wanted.keys() - {*KEYS, "delete"}
    ]
    if wanted.get("status", "won") not in STATUSES:
        sentences.append(f"unknown status {wanted['status']!r}: known are {', '.join(STATUSES)}")
    if sentences:
        raise Problems(sentences)


def _body(old: Record, wanted: Mapping[str, Any]) -> Record:
    """The whole record with the changes, as the API wants it."""
    kept = {name: old[name] for name in opportunities.WRITABLE}
    changed = {KEYS[key]: value for key, value in wanted.items() if key in KEYS}
    if "status" in wanted:
        changed |= _closing(STATUSES[wanted["status"]], changed.get("LossReason"))
    return {**kept, **changed, "Id": old["Id"]}


def _closing(status: int, loss_reason: object) -> Record:
    """What the admin pages fill in by themselves when an opportunity is closed, or opened again."""
    return {
        "Status": status,
        "WonOn": now_text() if status == STATUS_WON else None,
        "LostOn": now_text() if status == STATUS_LOST else None,
        "LossReason": loss_reason if status == STATUS_LOST else None,
    }
