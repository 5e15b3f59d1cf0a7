"""The costs of a period, matched to the campaigns of its leads.

A platform's campaign matches leads whose utm_campaign is its id, or its name in any spelling. If a report lists
sources, channels or LeadSources, a campaign's cost is divided among them in proportion to its leads.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from service.attribution import attribute
from service.attribution.signals import read_source
from service.forms import AttributionConfig
from service.lead import Evidence
from service.platforms.registry import COSTS
from service.store import NOT_SET, OUTCOME_JOINT, CampaignCost

Amounts = Mapping[str, int]
"""Currency -> amount in ten-thousandths."""


class Origin(NamedTuple):
    """The origin of a campaign's leads."""

    source_medium: str
    channel: str
    lead_source: str


DIVIDED = Origin._fields
"""Groupings of a report among which a campaign's cost is divided."""


class Spending:
    """The costs of a period. origins: `campaign_origin` -> number of leads that count."""

    def __init__(self, costs: Sequence[CampaignCost] = (), origins: Mapping[str, int] = MappingProxyType({})) -> None:
        self._costs = costs
        self._origins: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for value, number in origins.items():
            campaign, _, origin = value.partition(OUTCOME_JOINT)
            if campaign:
                self._origins[campaign][origin] = number

    def total(self) -> Amounts:
        """Return all costs, including those of unknown campaigns."""
        amounts: Counter[str] = Counter()
        for cost in self._costs:
            amounts[cost.currency] += cost.amount
        return amounts

    def by_value(self, by: str, leads: Mapping[str, int]) -> dict[str, Amounts]:
        """Return the costs of each value of a report. leads: of each value; empty if costs cannot be divided."""
        shares: defaultdict[str, Counter[str]] = defaultdict(Counter)
        if by == "campaign":
            campaigns = CampaignIndex(leads)
            for cost in self._costs:
                shares[campaigns.find(cost) or name_of(cost)][cost.currency] += cost.amount
        elif by in DIVIDED:
            campaigns = CampaignIndex({name: sum(origins.values()) for name, origins in self._origins.items()})
            for cost in self._costs:
                for value, amount in self._divided(by, cost, campaigns.find(cost)).items():
                    shares[value][cost.currency] += amount
        return dict(shares)

    def _divided(self, by: str, cost: CampaignCost, campaign: str) -> Amounts:
        """Divide a cost among the values of its campaign's leads; the remainder goes to the largest."""
        leads: Counter[str] = Counter()
        for origin, number in self._of_platform(cost.source, campaign).items():
            leads[getattr(origin, by)] += number
        total = sum(leads.values())
        if not total:
            return {getattr(default_origin(cost.source, name_of(cost)), by): cost.amount}
        amounts = {value: cost.amount * number // total for value, number in leads.items()}
        largest = min(leads, key=lambda value: (-leads[value], value))
        amounts[largest] += cost.amount - sum(amounts.values())
        return amounts

    def _of_platform(self, source: str, campaign: str) -> Counter[Origin]:
        """Return the origins of a campaign's leads at the platform; all of them if its sources are unknown."""
        known = self._origins.get(campaign, {})  # most campaigns have no costs: only the others are parsed
        origins = Counter({Origin(*one.split(OUTCOME_JOINT)): number for one, number in known.items()})
        own = Counter({one: number for one, number in origins.items() if _is_from(one, source)})
        return own or origins


class CampaignIndex:
    """Campaigns of leads, looked up by a platform's name or id for them."""

    def __init__(self, leads: Mapping[str, int]) -> None:
        self._by_fold: dict[str, str] = {}
        for name in sorted(leads, key=lambda name: (-leads[name], name)):
            if name != NOT_SET:
                self._by_fold.setdefault(fold(name), name)

    def find(self, cost: CampaignCost) -> str:
        """Return the campaign of leads with the cost's id or name; "" without one."""
        for name in (cost.campaign_id, cost.campaign):
            if name and (known := self._by_fold.get(fold(name))):
                return known
        return ""


def fold(name: str) -> str:
    """Return a campaign's name without capitals, spaces and marks: platforms and tags spell it differently."""
    return "".join(letter for letter in name.casefold() if letter.isalnum()) or name


def name_of(cost: CampaignCost) -> str:
    """Return the name under which a campaign is listed while none of its leads is known."""
    return cost.campaign or cost.campaign_id or NOT_SET


def _is_from(origin: Origin, source: str) -> bool:
    name = origin.source_medium.partition(" / ")[0]
    row = read_source(name).row
    if source in COSTS:
        return row is not None and row.name in COSTS[source].costs.origins
    return fold(name) == fold(source)


@lru_cache(maxsize=1024)
def default_origin(source: str, campaign: str) -> Origin:
    """Return the origin that a lead of a campaign would have, by the platform's usual tags."""
    usual = COSTS[source].tags if source in COSTS else None
    utm_source, utm_medium = (usual.source, usual.medium) if usual else (source, "cpc")
    tags = {"utm_source": utm_source, "utm_medium": utm_medium, "utm_campaign": campaign}
    shown = attribute(Evidence(fields=tags), AttributionConfig())
    return Origin(f"{shown.utm_source} / {shown.utm_medium}", shown.channel, str(shown.lead_source))
