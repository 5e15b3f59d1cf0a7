"""What became of leads in Nexudus, in words: on a lead's page, and whether all accounts agree."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from service.admin.pages.journey import Event
from service.admin.pages.words import counted, span
from service.store import Reconciliation, Sale, SaleChange, SaleStatus

STATUSES = {SaleStatus.IN_PROGRESS: "In progress", SaleStatus.WON: "Won", SaleStatus.LOST: "Lost"}


def sale_facts(sale: Sale | None) -> list[tuple[str, str]]:
    """How the opportunity stands, as it was last seen; nothing where it was not seen yet."""
    if sale is None:
        return []
    lost = f"{STATUSES[sale.status]}: {sale.loss_reason}" if sale.loss_reason else STATUSES[sale.status]
    gone = f"since {sale.missing_since:%Y-%m-%d}" if sale.missing_since else ""
    return [
        ("Stage", sale.stage),
        ("Board", sale.board),
        ("State", lost),
        ("Value", worth(sale)),
        ("Not in Nexudus any more", gone),
    ]


def worth(sale: Sale) -> str:
    """What it is worth, "" where nobody said."""
    return "" if not sale.value else f"{sale.value:,.2f} {sale.currency}".strip()


def sale_events(sale: Sale | None, changes: Sequence[SaleChange]) -> Iterator[Event]:
    """What happened to it, after it was delivered."""
    was_closed = False
    for change in changes:
        if change.kind == "stage":
            yield Event(f"In the stage {change.name}", change.at)
        elif change.name == SaleStatus.IN_PROGRESS and was_closed:
            yield Event("Opened again", change.at)
        elif change.name == SaleStatus.WON:
            yield Event("Won", change.at, "good", detail=worth(sale) if sale else "")
        elif change.name == SaleStatus.LOST:
            yield Event("Lost", change.at, "warn", detail=sale.loss_reason if sale else "")
        was_closed = was_closed or (change.kind == "status" and change.name != SaleStatus.IN_PROGRESS)


def agreement(made: Reconciliation, now: datetime) -> tuple[str, str, str]:
    """Whether all accounts agreed at the last comparison: word, tone, sentence."""
    told = made.result
    counts = (
        f"{told['nexudus']['found']:,} opportunities of ours were found in Nexudus, {span(now - made.ended_at)} ago."
    )
    if told["is_right"]:
        return "All agrees", "good", counts
    number = told["number"]
    why = counts if number else next(iter(told["remarks"]), "")
    word = counted(number, "difference") if number else "Not read"
    return word, "warn", f"{why} The command lead-capture reconcile lists each with its remedy."
