"""The files of deploy/ as the tests read them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from service.settings import SETTINGS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SETTING_NAMES = {each.name for each in SETTINGS} | {f"{each.name}_FILE" for each in SETTINGS}


def documents(path: Path) -> list[dict[str, Any]]:
    """All documents of a YAML file."""
    return list(yaml.safe_load_all(path.read_text()))


def schema(name: str) -> dict[str, Any]:
    """An official schema, see schemas/reduce.py."""
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / "schemas" / f"{name}.json").read_text())
    return loaded


def nested(node: Any, key: str) -> Iterator[Any]:
    """Every value under this key, however deep."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from nested(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from nested(value, key)


def assigned(text: str) -> set[str]:
    """The names in capitals that a text assigns, also in lines that are commented out."""
    return set(re.findall(r"(?:^#?|[\s,])([A-Z][A-Z_]+)=", text, re.MULTILINE))
