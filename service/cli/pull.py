"""`lead-capture pull`: leads that a platform has and its webhook did not bring."""

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import timedelta

from service import clock
from service.cli.arguments import instant
from service.cli.installation import Installation, open_installation
from service.cli.main import Failed
from service.delivery.identity import is_gone, worker_name
from service.fetching.connection import PlatformConnection
from service.fetching.lines import make_lines
from service.fetching.pull import PullResult, pull, told
from service.platforms.registry import PLATFORMS
from service.store import Identity

BACK = timedelta(days=7)
"""How far back to look where nobody says it."""

SHOWN = 10
"""Leads that could not be read and are named; how many more there are is said."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The form, from when on, and --json."""
    parser.add_argument("form", metavar="FORM", help="its name in the forms file")
    parser.add_argument("--since", type=instant, help="submitted at or after, e.g. 2026-11-01 (a week ago)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line: sender, said, problems")


def run(arguments: argparse.Namespace) -> int:
    """A line for each platform of the form; 1 where one could not be read, or a lead of it."""
    installation = open_installation()
    form = installation.setup.forms.get(arguments.form)
    if form is None:
        raise Failed(f"the forms file has no form {arguments.form!r}; it has {', '.join(installation.setup.forms)}")
    senders = [sender for sender in form.webhooks if sender in PLATFORMS]
    if not senders:
        raise Failed(f"no ad platform is set up for {form.name!r}: see docs/ad-platforms.md")
    lines = {line.sender: line for line in _lines(installation, form.name)}
    return max(_pull(sender, lines, installation, arguments) for sender in senders)


def _lines(installation: Installation, form: str) -> list[PlatformConnection]:
    return make_lines(
        {form: installation.setup.forms[form]},
        installation.settings.platform_urls,
        installation.store,
        Identity(f"pull/{worker_name()}", is_gone),
    )


def _pull(
    sender: str, lines: dict[str, PlatformConnection], installation: Installation, arguments: argparse.Namespace
) -> int:
    if sender not in lines:
        platform = PLATFORMS[sender]
        sentence = f"{platform.title}: leads cannot be listed. {platform.download.format(form=arguments.form)}"
        return _tell(sender, sentence, [], as_json=arguments.json)
    now = clock.now()
    tally = pull(lines[sender], installation.store, arguments.since or now - BACK, now)
    return _tell(sender, told(tally, lines[sender]), list(_problems(tally)), as_json=arguments.json)


def _tell(sender: str, said: str, problems: Sequence[str], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"sender": sender, "said": said, "problems": problems}, ensure_ascii=False))
    else:
        print("\n".join([said, *(f"  {problem}" for problem in problems)]))
    return 1 if problems else 0


def _problems(tally: PullResult) -> Iterator[str]:
    yield from tally.broken
    yield from tally.odd[:SHOWN]
    if len(tally.odd) > SHOWN:
        yield f"and {len(tally.odd) - SHOWN} more that could not be read"
