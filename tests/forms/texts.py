"""Forms files as text, for the tests of this room."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from service.forms import Form, Setup, SetupProblems, read_setup

CONTRACT_EXAMPLE = Path(__file__).with_name("contract-example.toml")


def no_variable(_name: str) -> None:
    """An empty environment."""


def setup_of(text: str, **variables: str) -> Setup:
    """Return the set-up of a forms file with this text and these environment variables."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "forms.toml")
        path.write_text(text, encoding="utf-8")
        return read_setup(path, variables.get)


def form_of(text: str, **variables: str) -> Form:
    """The form `tour` with these lines in its table."""
    return setup_of(f"[forms.tour]\n{text}", **variables).forms["tour"]


def problems_of(text: str, **variables: str) -> list[str]:
    """The problems of a forms file with this text."""
    with pytest.raises(SetupProblems) as raised:
        setup_of(text, **variables)
    return list(raised.value.problems)
