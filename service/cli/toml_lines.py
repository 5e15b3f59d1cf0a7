"""What an account has, as lines of TOML: each `key = id` can be pasted under a form, and the whole is TOML, too."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from service.cli.lines import printable
from service.delivery.setup_check.inventory import AccountInventory, LocationOptions
from service.nexudus.boards import Stage

WIDTH = 80


def lines_of(shelves: AccountInventory) -> Iterator[str]:
    """All lines of one account. A header stands before each key that the table above has already."""
    used: set[str] | None = None
    for line in _lines_of(shelves):
        key, equals, _ = line.partition(" = ")
        if equals and not line.startswith("#"):
            if used is None or key in used:
                yield "[[choice]]"
                used = set()
            used.add(key)
        yield line


def _lines_of(shelves: AccountInventory) -> Iterator[str]:
    yield from _comment(f"Account {shelves.account}. Paste a line under [forms.NAME] or [defaults].", "#### ")
    for sentence in shelves.unread:
        yield from _comment(sentence, "#  ! ")
    for shelf in shelves.shelves:
        yield ""
        yield from _location(shelf)
        for _, stages in groupby(shelf.stages, key=lambda stage: stage.board_id):
            yield from _board(list(stages))
        for kind in shelf.types:
            yield _line(f"opportunity_type_id = {kind.id}", kind.name)
            if kind.notes_template:
                yield from _comment("its template for notes may take the place of the enquiry's text", "#  ! ")
        for user in shelf.owners:
            yield _line(f"responsible_id = {user.id}", user.name)
    yield ""


def _location(shelf: LocationOptions) -> Iterator[str]:
    place = shelf.business
    if place is None:
        yield from _comment("Of no location that shows", "#### ")
        return
    yield from _comment(f"Location {place.id}: {_clean(place.name)}", "#### ")
    yield _line(f"contact.business_id = {place.id}", place.name)
    if place.country_id:
        yield _line(f"contact.country_id = {place.country_id}", "the location's own")
    if place.time_zone_id:
        yield _line(f"contact.time_zone_id = {place.time_zone_id}", "the location's own")


def _board(stages: Sequence[Stage]) -> Iterator[str]:
    yield from _comment(f"Board {stages[0].board_id}: {_clean(stages[0].board_name)}", "#### ")
    for stage in stages:
        words = f"{stage.board_name} / {stage.name}"
        if stage.dangers:
            yield _line(f"# NEVER: stage_id = {stage.id}", words)
            yield from _comment(f"REFUSED: it {', '.join((*stage.dangers, *stage.warnings))}", "#  !! ")
            continue
        if not stage.is_judged:
            yield _line(f"# NOT CHECKED: stage_id = {stage.id}", words)
            yield from _comment("could not check what it does on arrival: look at it in Nexudus", "#  ! ")
            continue
        yield _line(f"stage_id = {stage.id}", words)
        if stage.warnings:
            yield from _comment(f"it {', '.join(stage.warnings)}", "#  ! ")


def _line(start: str, words: str) -> str:
    """A line to paste, with what it is as a comment, cut where the line is full."""
    shown = _clean(words)
    room = WIDTH - len(start) - len("  # ")
    return f"{start}  # {shown if len(shown) <= room else shown[: room - 1] + '…'}"


def _comment(text: str, mark: str) -> Iterator[str]:
    later = "#" + " " * (len(mark) - 1)
    yield from textwrap.wrap(_clean(text), WIDTH, initial_indent=mark, subsequent_indent=later)


def _clean(text: str) -> str:
    """A name that an operator gave, in one line."""
    return " ".join(printable(text).split())
