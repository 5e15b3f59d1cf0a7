"""The systemd units, judged by systemd itself where it is installed."""

import subprocess
from pathlib import Path

import pytest

from tests.programs import installed
from tests.test_deploy import UNITS

MAX_EXPOSURE = 3.0
"""On systemd's scale from 0 (locked up) to 10."""


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """Copies whose program exists, as after the installation."""
    installed("systemd-analyze", package="systemd")
    copies = [tmp_path / path.name for path in UNITS]
    for path, copy in zip(UNITS, copies, strict=True):
        copy.write_text(path.read_text().replace("/opt/lead-capture/.venv/bin/lead-capture", "/bin/true"))
    return copies


def test_systemd_finds_no_fault_in_the_units(units: list[Path]) -> None:
    ended = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    ours = [line for line in ended.stderr.splitlines() if "lead-capture" in line]

    assert (ours, ended.returncode) == ([], 0)


def test_the_units_are_hardly_exposed(units: list[Path]) -> None:
    threshold = f"--threshold={MAX_EXPOSURE * 10:.0f}"
    for path in units:
        command = ["systemd-analyze", "security", "--offline=true", threshold, str(path)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)

        assert ended.returncode == 0, ended.stdout[-300:]
        assert "Overall exposure level" in ended.stdout
