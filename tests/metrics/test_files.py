"""The files for Prometheus and Grafana: promtool accepts them, and they read metrics and labels that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.metrics.conftest import DASHBOARD, PROMETHEUS, ROOT, documented, expressions
from tests.tables import each_row

EVERYWHERE = {"job", "instance", "le"}
"""Labels that Prometheus adds itself, and the bound of a histogram's bucket."""


@pytest.mark.parametrize(
    "check", ["check rules rules/lead-capture.yml", "test rules rules.test.yml"], ids=["check", "test"]
)
def test_promtool_accepts_the_rules(promtool: str, check: str) -> None:
    result = subprocess.run([promtool, *check.split()], cwd=PROMETHEUS, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "SUCCESS" in result.stdout + result.stderr


def test_promtool_accepts_the_configuration_and_finds_the_rules_by_it(promtool: str, tmp_path: Path) -> None:
    shutil.copytree(PROMETHEUS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "metrics-token").write_text("a token\n")
    check = [promtool, "check", "config", "prometheus.yml"]

    result = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 rule files found" in result.stdout


def metrics_in(expression: str) -> set[str]:
    """The metrics that an expression of PromQL reads."""
    bare = re.sub(r'"[^"]*"|\b(?:by|without) \([^)]*\)|\{[^}]*\}', " ", expression)
    return set(re.findall(r"\b(?:lead_capture|process|up\b)\w*", bare))


def labels_in(expression: str) -> set[str]:
    """The labels by which an expression of PromQL selects or sums."""
    grouped = re.findall(r"\b(?:by|without) \(([^)]*)\)", expression)
    return set(re.findall(r"\w+(?==~?\"|!=)", expression)) | {label for each in grouped for label in each.split(", ")}


@each_row("place", expressions())
def test_rules_and_dashboard_read_metrics_and_labels_that_exist(place: str) -> None:
    expression = expressions()[place]
    metrics = documented()
    names = {re.sub("_(bucket|sum|count)$", "", name) for name in metrics_in(expression)}

    labels = {label for name in names - {"up"} for label in metrics[name][1]}

    assert names
    assert labels_in(expression) <= labels | EVERYWHERE
    assert 'job="lead-capture"' in expression


def test_the_dashboard_reads_the_data_source_that_is_provisioned() -> None:
    provisioned = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())

    sources = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if panel["type"] != "row"}

    assert sources == {source["uid"] for source in provisioned["datasources"]}


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    cells = [
        (column, row)
        for at in places
        for column in range(at["x"], at["x"] + at["w"])
        for row in range(at["y"], at["y"] + at["h"])
    ]

    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
