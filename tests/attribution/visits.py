"""Builders of visits to a made-up site, and of their attribution."""

from typing import Any

from service.attribution import attribute
from service.forms import AttributionConfig
from service.lead import Attribution, Evidence, StoredTouch

SITE = "https://www.northyard.example"


def a_visit(query: str = "", referrer: str = "", **evidence: Any) -> Evidence:
    """A visit that landed with `query` behind the "?" and went on to the contact page."""
    urls = {"landing_url": f"{SITE}/?{query}", "page_url": f"{SITE}/contact"}
    return Evidence(**{**urls, "referrer": referrer, **evidence})


def attributed(
    query: str = "", referrer: str = "", config: AttributionConfig | None = None, **evidence: Any
) -> Attribution:
    """The attribution of such a visit."""
    return attribute(a_visit(query, referrer, **evidence), config or AttributionConfig())


def a_touch(query: str = "", referrer: str = "", at: float | None = None) -> StoredTouch:
    """A remembered visit."""
    return StoredTouch(url=f"{SITE}/?{query}", referrer=referrer, at=at)


def rule_of(result: Attribution, kind: str) -> str:
    """The name of the "touch", "channel" or "lead_source" rule that decided."""
    return dict(part.split(":") for part in result.rule.split(" "))[kind]
