"""What people do with opportunities in the admin pages: move them, win and lose them, delete them."""

from collections.abc import Mapping
from typing import Any

from service.simulator import opportunities
from service.simulator.enums import STATUS_LOST, STATUS_WON
from service.simulator.exchange import Answer, Record, missing
from service.simulator.instants import now_text, read_instant, text_of
from service.simulator.seed import OWNER_USER_ID
from service.simulator.settings import Problems
from service.simulator.world import World

STATUSES = {"in_progress": 1, "won": STATUS_WON, "lost": STATUS_LOST}
YEARS = range(1970, 2100)
KEYS = {"stage_id": "CrmBoardColumnId", "status": "Status", "value": "Value", "loss_reason": "LossReason"}


def handle(world: World, ident: int, wanted: Mapping[str, Any]) -> Answer:
    """Change one opportunity as its owner would; `{"delete": true}` removes it. The caller holds the lock.

    wanted: stage_id, status (in_progress, won, lost), value, loss_reason (a number), any of them; at: when, in ISO
    8601, instead of now.
    Raises: Problems for keys and words that are not known, and a time that cannot be read.
    """
    _check(wanted)
    if wanted.get("delete"):
        return opportunities.delete(world, ident)
    old = world.row("CrmOpportunity", ident)
    if old is None:
        return missing()
    at = _time_of(wanted)
    return opportunities.replace(world, _body(old, wanted, at), OWNER_USER_ID, at)


def _check(wanted: Mapping[str, Any]) -> None:
    sentences = [
        f"unknown key {key!r}: known are delete, at, {', '.join(KEYS)}"
        for key in wanted.keys() - {*KEYS, "delete", "at"}
    ]
    if wanted.get("status", "won") not in STATUSES:
        sentences.append(f"unknown status {wanted['status']!r}: known are {', '.join(STATUSES)}")
    instant = read_instant(str(wanted.get("at", "")))
    if "at" in wanted and (instant is None or instant.year not in YEARS):
        sentences.append(f"{wanted['at']!r} is no instant: write one such as 2026-11-24T15:02:11Z")
    if sentences:
        raise Problems(sentences)


def _time_of(wanted: Mapping[str, Any]) -> str:
    instant = read_instant(str(wanted.get("at", "")))
    return text_of(instant) if instant else now_text()


def _body(old: Record, wanted: Mapping[str, Any], at: str) -> Record:
    """The whole record with the changes, as the API wants it."""
    kept = {name: old[name] for name in opportunities.WRITABLE}
    changed = {KEYS[key]: value for key, value in wanted.items() if key in KEYS}
    if "status" in wanted:
        changed |= _closing(STATUSES[wanted["status"]], changed.get("LossReason"), at)
    return {**kept, **changed, "Id": old["Id"]}


def _closing(status: int, loss_reason: object, at: str) -> Record:
    """What the admin pages fill in by themselves when an opportunity is closed, or opened again."""
    return {
        "Status": status,
        "WonOn": at if status == STATUS_WON else None,
        "LostOn": at if status == STATUS_LOST else None,
        "LossReason": loss_reason if status == STATUS_LOST else None,
    }
