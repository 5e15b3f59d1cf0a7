"""Every package that runs with the service or an extra has a licence that lets an operator use and share the whole."""

import re
from email.message import Message
from importlib.metadata import distribution
from pathlib import Path
from typing import cast

from tests.tables import each_row

ROOT = Path(__file__).parents[1]
LOCKED = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements-extras.lock").read_text(), re.MULTILINE)

ALLOWED = re.compile(r"\b(MIT|BSD|Apache|ISC|PSF|Unlicense|CNRI-Python|MPL|LGPL|Mozilla Public License 2\.0)\b")
"""MPL and LGPL ask only for the source of changes to their own files: the packages are installed as they are."""

REFUSED = re.compile(r"\b(AGPL|GPL|SSPL|BUSL|Commons Clause|Proprietary|Non-?Commercial)\b", re.IGNORECASE)


def licence_of(metadata: Message) -> str:
    """Return the licence that the package states.

    The expression of PEP 639, else the classifiers, else the free text.
    """
    if expression := metadata.get("License-Expression"):
        return str(expression)
    stated = [value for value in metadata.get_all("Classifier", []) if value.startswith("License ::")]
    return "; ".join(stated) or str(metadata.get("License", "")).partition("\n")[0]


@each_row("name", LOCKED)
def test_the_licence_of_a_dependency_is_a_permitted_one(name: str) -> None:
    licence = licence_of(cast("Message", distribution(name).metadata))

    assert ALLOWED.search(licence), licence
    assert not REFUSED.search(licence), licence


def test_a_licence_that_binds_the_whole_is_refused() -> None:
    assert REFUSED.search("GPL-3.0-or-later")
    assert not REFUSED.search("LGPL-3.0-only")
