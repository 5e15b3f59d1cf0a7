"""`lead-capture pull`: fetches leads that a platform has and its webhook did not deliver."""

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import timedelta

from service import clock
from service.background import is_gone, worker_name
from service.cli.commands import Failed
from service.cli.configuration import form_named
from service.cli.installation import open_installation
from service.cli.terminal import instant, operator
from service.fetching.connection import make_connections
from service.fetching.pull import PullResult, pull
from service.forms import Form
from service.platforms.registry import PLATFORMS
from service.store import Act, Identity, Store, Subject, SubjectKind

DEFAULT_PERIOD = timedelta(days=7)
"""Period to look back without --since."""

MAX_PROBLEMS_SHOWN = 10
"""Maximum unreadable leads that are listed; of the others only the number is printed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FORM, --since and --json."""
    parser.add_argument("form", metavar="FORM", help="name of the form")
    parser.add_argument("--since", type=instant, help="submitted at or after, e.g. 2026-11-01 (a week ago)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line: sender, summary, problems")


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each platform of the form; 1 if a platform or a lead could not be read."""
    with open_installation() as installation:
        form = form_named(arguments.form, installation.setup)
        senders = [sender for sender in form.webhooks if sender in PLATFORMS]
        if not senders:
            raise Failed(f"no ad platform is set up for {form.name!r}: its `webhooks` name none")
        identity = Identity(f"pull/{worker_name()}", is_gone)
        store, urls = installation.store, installation.settings.platform_urls
        connections = make_connections({form.name: form}, urls, store, identity)
        by_sender = {connection.sender: connection for connection in connections}
        code = 0
        for sender in senders:
            now = clock.now()
            if sender in by_sender:
                result = pull(by_sender[sender], store, arguments.since or now - DEFAULT_PERIOD, now)
                _record(store, form, sender, result)
                sentence, problems = result.summary(PLATFORMS[sender].title), [*_problems(result)]
            else:
                platform = PLATFORMS[sender]
                sentence = f"{platform.title}: leads cannot be listed. {platform.download.format(form=form.name)}"
                problems = []
            _print(sender, sentence, problems, as_json=arguments.json)
            code = 1 if problems else code
        return code


def _record(store: Store, form: Form, sender: str, result: PullResult) -> None:
    subject = Subject(SubjectKind.CONNECTION, f"{form.name}/{sender}")
    after = {"listed": result.listed, "new": result.new, "known": result.known}
    store.write(lambda tx: tx.acts.record(operator(), Act.PULL, subject, form.accounts, None, after, clock.now()))


def _print(sender: str, sentence: str, problems: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"sender": sender, "summary": sentence, "problems": problems}, ensure_ascii=False))
    else:
        print("\n".join([sentence, *(f"  {problem}" for problem in problems)]))


def _problems(result: PullResult) -> Iterator[str]:
    yield from result.errors
    yield from result.unreadable[:MAX_PROBLEMS_SHOWN]
    if len(result.unreadable) > MAX_PROBLEMS_SHOWN:
        yield f"and {len(result.unreadable) - MAX_PROBLEMS_SHOWN} more that could not be read"
