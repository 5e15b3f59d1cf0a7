"""docs/ad-platforms.md says what the code does."""

import re
from pathlib import Path

import pytest

from service.forms import read_setup
from service.platforms.registry import PLATFORMS

PAGE = Path(__file__, "../../../../docs/ad-platforms.md").resolve().read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: re.findall(r"webhooks\.([a-z-]+)", text)[-1])
def test_every_example_loads(example: str, tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(example, encoding="utf-8")

    assert read_setup(path, lambda name: f"a-{name}").forms


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_s_address_is_told(platform: str) -> None:
    assert f"https://leads.example.com/webhooks/{platform}/tour" in PAGE
