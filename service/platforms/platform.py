"""What the service knows of one ad platform besides its code: plain values, read by every room that names platforms."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NamedTuple

Facts = Mapping[str, str]
"""What a platform reports of a lead's campaign, such as `campaign_id`, `ad_name`, `is_organic`."""


@dataclass(frozen=True, slots=True)
class ApiUrl:
    """The base URL of an API: the setting that may replace it, its default, and its meaning for the docs."""

    setting: str
    default: str
    meaning: str


@dataclass(frozen=True, slots=True)
class CampaignTags:
    """How a campaign becomes UTM values; our own convention, the same however the lead arrives.

    content, term: facts without their ending `_id` or `_name`, the first known one counts.
    sources: the fact `platform` in lower case -> a source other than the usual one.
    """

    source: str
    content: tuple[str, ...]
    term: tuple[str, ...] = ()
    medium: str = "paid_social"
    sources: Mapping[str, str] = field(default_factory=dict)
    is_organic: Callable[[Facts], bool] = lambda _facts: False


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """How the platform's own CSV is recognised, by folded column names.

    columns: sets that only its exports have together. hint: a column that suggests the platform without proof.
    times_are_utc: its times carry no zone and are UTC.
    networks: what its column `platform` holds, in lower case. prefixed: ids and numbers with letters before them, which
    keep spreadsheets from rounding; one of the groups is the value without them.
    """

    columns: tuple[frozenset[str], ...]
    hint: re.Pattern[str]
    times_are_utc: bool = False
    networks: frozenset[str] = frozenset()
    prefixed: re.Pattern[str] | None = None


class CostHeader(NamedTuple):
    """The names of columns in an export of costs, folded; "" for a column that it lacks.

    amount: without its currency. is_usual: the amount is called as in any table of costs. names: of all columns.
    """

    day: str
    amount: str
    campaign: str
    is_usual: bool
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class CostExport:
    """What the platform's campaigns cost: how its exports by day are recognised and read, and whose leads they brought.

    source: the name of its costs in the store and in plain files.
    origins: rows of attribution/tables/sources.txt, from which its ads bring people.
    columns: meaning of a column, as in operations/cost_files.py -> names that only its exports have, folded.
    is_own: whether day, amount and campaign have names that show whose export it is. beside: names of further columns
    by which its exports differ from tables that people make, where these three do not show it.
    day_first: whether its English exports write 24/11/2026; None where that is not known.
    """

    source: str
    origins: frozenset[str]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_own: Callable[[CostHeader], bool] = lambda _header: False
    beside: frozenset[str] = frozenset()
    day_first: bool | None = None


class AdVisit(NamedTuple):
    """How a visitor comes from one of its ads. title: a message; query: of the landing page."""

    title: str
    query: str


@dataclass(frozen=True, slots=True)
class Platform:
    """One ad platform.

    name: in webhook addresses, the forms file and the store. title: for people.
    keys: the keys of its table in the forms file besides those of every sender; needs: the required ones.
    steps: messages that guide the operator through its set-up; menu: where they begin, in its own words.
    is_secret_ours: whether the operator makes up its secret.
    announces: its webhook brings only ids, and each lead is fetched afterwards.
    pull_interval_s: seconds between two searches for missed leads; None where leads cannot be listed.
    proof_remedy: what to compare when its calls are refused; `{table}` is its table in the forms file.
    after_refusal: whether it repeats a refused call. download: how to get missed leads by hand, where they cannot be
    listed; `{form}` is the form's name.
    aliases: folded names by which automations call it. lead_lists: members of a body that only its leads have.
    test_addresses: e-mail addresses of its test leads.
    conversions: its name in `lead-capture conversions`, "" where none are written for it.
    ad_visit: an example for the demo.
    """

    name: str
    title: str
    keys: tuple[str, ...]
    needs: tuple[str, ...]
    steps: tuple[str, ...]
    proof_remedy: str
    after_refusal: str
    tags: CampaignTags
    export: ExportFormat
    costs: CostExport
    menu: str = ""
    is_secret_ours: bool = False
    api_urls: tuple[ApiUrl, ...] = ()
    announces: bool = False
    pull_interval_s: float | None = None
    download: str = ""
    aliases: tuple[str, ...] = ()
    lead_lists: tuple[str, ...] = ()
    test_addresses: tuple[str, ...] = ()
    conversions: str = ""
    ad_visit: AdVisit | None = None

    def load(self, part: str) -> Any:
        """Import a module of its folder: webhook, api or conversions; on demand, as most processes need one of them."""
        return import_module(f"service.platforms.{self.name.replace('-', '_')}.{part}")
