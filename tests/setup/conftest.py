"""A forms file that the test changes, and the set-up that follows it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from service.forms import Setup, read_setup
from service.settings import lookup, read_settings
from service.setup.current import CurrentSetup, Look
from service.setup.reading import follow_setup
from tests.builders import NOON


@dataclass
class FollowedFile:
    """A forms file in a folder of its own; the test sets the time."""

    path: Path
    environ: dict[str, str] = field(default_factory=dict)
    now: datetime = NOON

    def write(self, *lines: str) -> None:
        """Save as careful programs do: whole, under another name, then renamed."""
        new = self.path.with_suffix(".new")
        new.write_text("\n".join(lines) + "\n")
        new.replace(self.path)

    def follow(self, setup: Setup | None = None) -> CurrentSetup:
        """Follow the file as a process does after its start; `setup`: the set-up that it has read by then."""
        settings = read_settings({"FORMS_FILE": str(self.path)})
        read = lambda name: lookup(name, self.environ)  # noqa: E731
        return follow_setup(settings, setup or read_setup(self.path, read), read, self.now)

    def look(self, current: CurrentSetup) -> Look:
        """Look twice and return the second result: the first look only notices a change."""
        current.look(self.now)
        self.now += timedelta(seconds=1)
        return current.look(self.now)


@pytest.fixture
def file(tmp_path: Path) -> FollowedFile:
    """There is one form, contact."""
    followed = FollowedFile(tmp_path / "forms.toml")
    followed.write("[forms.contact]")
    return followed
