"""Import of campaign costs from a file, for the terminal and the dashboard alike."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from service.actors import Actor
from service.capture.sheets.cells import NoSheet
from service.operations.cost_files import CostFile, read_cost_file, source_named
from service.operations.spending import CampaignIndex, name_of
from service.store import (
    ALL_FORMS,
    AMOUNT_UNIT,
    FIRST,
    LAST,
    Act,
    CampaignCost,
    OutcomePeriod,
    Store,
    Subject,
    SubjectKind,
    Transaction,
    measure_of,
    outcome_kind,
)

LEADS_BEFORE = timedelta(days=365)
"""Time before the first day of a file in which leads of its campaigns are searched for."""

_AHEAD = timedelta(days=1)
"""Added to the present, so that leads of this moment are included."""


@dataclass(frozen=True, slots=True)
class CampaignMatch:
    """A campaign of a file. campaign: its utm_campaign in leads, "" if no lead has it.

    leads: number with that campaign. amounts: by currency.
    """

    source: str
    name: str
    campaign_id: str
    campaign: str
    leads: int
    amounts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CostImport:
    """Result of an import, or of its preview. replaced: number of earlier amounts replaced."""

    file: CostFile
    campaigns: Sequence[CampaignMatch] = ()
    replaced: int = 0
    is_dry: bool = False
    amounts: Mapping[str, float] = field(default_factory=dict)

    @property
    def sources(self) -> Sequence[str]:
        """The platforms whose costs they are."""
        return sorted({source for source, _ in self.file.days})

    @property
    def first(self) -> date | None:
        """The first day; None without costs."""
        return min((day for days in self.file.days.values() for day in days), default=None)

    @property
    def last(self) -> date | None:
        """The last day; None without costs."""
        return max((day for days in self.file.days.values() for day in days), default=None)

    @property
    def unmatched(self) -> Sequence[CampaignMatch]:
        """The campaigns without a lead."""
        return [each for each in self.campaigns if not each.campaign]


class UnreadableCosts(Exception):
    """An upload contains no table of costs; the text says what it is and what to do."""


def import_upload(
    store: Store,
    actor: Actor,
    content: bytes,
    name: str,
    now: datetime,
    source: str = "",
    operator: str = "",
    *,
    is_dry: bool = False,
) -> CostImport:
    """Import the costs of a file uploaded by a browser. name: the original file name, for messages and its ending.

    source, operator: as in import_costs.
    Raises: UnreadableCosts; OSError; StoreUnavailable.
    """
    with TemporaryDirectory(prefix="lead-capture-costs-") as folder:
        path = Path(folder) / (Path(name.replace("\\", "/")).name.replace("\0", "") or "costs")
        path.write_bytes(content)
        try:
            return import_costs(store, actor, path, now, source_named(source), operator, is_dry=is_dry)
        except NoSheet as error:
            raise UnreadableCosts(str(error)) from error


def import_costs(
    store: Store,
    actor: Actor,
    path: Path,
    now: datetime,
    source: str = "",
    operator: str = "",
    *,
    is_dry: bool = False,
) -> CostImport:
    """Import the costs of a file; days that it covers are replaced. Nothing is stored if a line cannot be read.

    source: the platform, "" to recognise it. operator: the Nexudus account that bears the costs, "" for no one in
    particular: only people who see all accounts see these. is_dry: only show what would be stored.
    Raises: NoSheet; OSError; StoreUnavailable.
    """
    file = read_cost_file(path, source)
    with store.read() as tx:
        campaigns = _matched(tx, file, now, operator)
        replaced = tx.statistics.count_costs(file.days, operator)
    taken = CostImport(file, campaigns, replaced, is_dry or bool(file.problems), _amounts(file.costs))
    if taken.is_dry or not file.days:
        return taken

    def write(tx: Transaction) -> int:
        replaced = tx.statistics.replace_costs(file.costs, file.days, now, operator)
        before, after = {"amounts": replaced} if replaced else None, _on_record(taken, path.name)
        tx.acts.record(actor, Act.IMPORT, Subject(SubjectKind.COSTS), operator or None, before, after, now)
        return replaced

    return replace(taken, replaced=store.write(write))


def _on_record(taken: CostImport, file_name: str) -> dict[str, Any]:
    return {
        "file": file_name,
        "sources": taken.sources,
        "first": taken.first,
        "last": taken.last,
        "amounts": dict(taken.amounts),
    }


def _matched(tx: Transaction, file: CostFile, now: datetime, operator: str) -> list[CampaignMatch]:
    """Match the campaigns of a file to those of leads, by either touch; the most expensive first."""
    first = min((day for days in file.days.values() for day in days), default=None)
    if first is None:
        return []
    since = datetime.combine(first, time(), UTC) - LEADS_BEFORE
    leads: Counter[str] = Counter()
    kinds = [outcome_kind("campaign", touch) for touch in (LAST, FIRST)]
    for by_form in tx.statistics.tallies(kinds, OutcomePeriod(since, now + _AHEAD, operator)).values():
        by_touch: Counter[str] = Counter()
        for written, numbers in by_form.get(ALL_FORMS, {}).items():
            if measure_of(written).name == "leads":
                by_touch.update(numbers)
        leads |= by_touch
    index = CampaignIndex(leads)
    by_campaign: dict[tuple[str, str, str], list[Any]] = {}
    for cost in file.costs:
        by_campaign.setdefault((cost.source, cost.campaign, cost.campaign_id), []).append(cost)
    matches = []
    for (source, name, number), costs in by_campaign.items():
        whole = CampaignCost(source, name, number, "", 0)
        campaign = index.find(whole)
        matches.append(CampaignMatch(source, name_of(whole), number, campaign, leads[campaign], _amounts(costs)))
    return sorted(matches, key=lambda each: (-sum(each.amounts.values()), each.source, each.name))


def _amounts(costs: Sequence[Any]) -> dict[str, float]:
    totals: Counter[str] = Counter()
    for cost in costs:
        totals[cost.currency] += cost.amount
    return {currency: amount / AMOUNT_UNIT for currency, amount in sorted(totals.items())}


def import_json(taken: CostImport) -> dict[str, Any]:
    """Return an import's result for programs."""
    return {
        "sources": taken.sources,
        "first": taken.first.isoformat() if taken.first else None,
        "last": taken.last.isoformat() if taken.last else None,
        "amounts": dict(taken.amounts),
        "rows": taken.file.rows,
        "totals_skipped": taken.file.totals,
        "replaced": taken.replaced,
        "stored": not taken.is_dry,
        "campaigns": [
            {
                "source": each.source,
                "name": each.name,
                "campaign_id": each.campaign_id or None,
                "utm_campaign": each.campaign or None,
                "leads": each.leads,
                "amounts": dict(each.amounts),
            }
            for each in taken.campaigns
        ],
        "problems": [{"line": one.line, "problem": one.sentence} for one in taken.file.problems],
    }
