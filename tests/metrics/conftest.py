"""Fixtures for the tests of the metrics: Prometheus' own checker, and the files that it and Grafana read."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.programs import installed

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = yaml.safe_load((PROMETHEUS / "rules/lead-capture.yml").read_text())
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/dashboards/lead-capture.json").read_text())


@pytest.fixture(scope="session")
def promtool() -> str:
    """The program that checks files for Prometheus, from Debian's package prometheus."""
    return installed("promtool", package="prometheus")


def expressions() -> dict[str, str]:
    """Place of a PromQL expression, in the rules or the dashboard -> the expression."""
    rules = {rule["alert"]: rule["expr"] for group in RULES["groups"] for rule in group["rules"]}
    panels = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", ())
    }
    return rules | panels


def documented() -> dict[str, tuple[str, set[str]]]:
    """The metrics of docs/monitoring.md: name -> its type and its labels."""
    page = (ROOT / "docs/monitoring.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", page, re.MULTILINE)
    return {name: (kind, set(re.findall(r"\w+", labels))) for name, kind, labels in rows}
