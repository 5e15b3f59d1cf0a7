"""What the service knows of one ad platform besides its code: plain values, read by every room that names platforms."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

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
    """

    columns: tuple[frozenset[str], ...]
    hint: re.Pattern[str]
    times_are_utc: bool = False


@dataclass(frozen=True, slots=True)
class Platform:
    """One ad platform.

    name: in webhook addresses, the forms file and the store. title: for people.
    keys: the keys of its table in the forms file besides those of every sender; needs: the required ones.
    announces: its webhook brings only ids, and each lead is fetched afterwards.
    pull_interval_s: seconds between two searches for missed leads; None where leads cannot be listed.
    proof_remedy: what to compare when its calls are refused; `{table}` is its table in the forms file.
    after_refusal: whether it repeats a refused call. download: how to get missed leads by hand, where they cannot be
    listed; `{form}` is the form's name.
    aliases: folded names by which automations call it. lead_lists: members of a body that only its leads have.
    test_addresses: e-mail addresses of its test leads.
    conversions: its name in `lead-capture conversions`, "" where none are written for it.
    """

    name: str
    title: str
    keys: tuple[str, ...]
    needs: tuple[str, ...]
    proof_remedy: str
    after_refusal: str
    tags: CampaignTags
    export: ExportFormat
    api_urls: tuple[ApiUrl, ...] = ()
    announces: bool = False
    pull_interval_s: float | None = None
    download: str = ""
    aliases: tuple[str, ...] = ()
    lead_lists: tuple[str, ...] = ()
    test_addresses: tuple[str, ...] = ()
    conversions: str = ""

    def load(self, part: str) -> Any:
        """Import a module of its folder: webhook, api or conversions; on demand, as most processes need one of them."""
        return import_module(f"service.platforms.{self.name.replace('-', '_')}.{part}")
