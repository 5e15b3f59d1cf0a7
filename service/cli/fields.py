"""`lead-capture fields`: what a form's senders sent last, and how it was understood."""

import argparse
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.cli.arrived import CHANGE, Arrived, arrived, line
from service.cli.installation import Installation, open_installation
from service.cli.main import Failed
from service.cli.output import printable
from service.forms import Form
from service.forms.senders import TARGETS
from service.lead import CANONICAL_FIELDS, Lead
from service.store import Query

LOOKED_THROUGH = 500
"""How many of the form's newest leads are looked through."""

WIDTH = 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FORM, --sender and --json."""
    parser.add_argument("form", metavar="FORM")
    parser.add_argument("--sender", default="", metavar="NAME", help="only this one, such as gravity-forms or browser")
    parser.add_argument("--json", action="store_true", help="the same as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print it, a section for each sender; 1 where nothing has arrived yet."""
    installation = open_installation()
    if arguments.form not in installation.setup.forms:
        raise Failed(f"there is no form {arguments.form!r}; the forms file has {', '.join(installation.setup.forms)}")
    found = by_sender(installation, arguments.form, arguments.sender)
    if not found:
        whose = f" of {arguments.sender}" if arguments.sender else ""
        raise Failed(
            f"form {arguments.form}: nothing{whose} has arrived yet: send a test from the sender, then look again"
        )
    form = installation.setup.forms[arguments.form]
    if arguments.json:
        print(json.dumps([_as_row(form, *each) for each in found.items()], indent=2, ensure_ascii=False))
    else:
        print("\n\n".join("\n".join(lines_of(form, *each)) for each in found.items()))
    return 0


def by_sender(installation: Installation, form: str, only: str) -> Mapping[str, Sequence[Lead]]:
    """The form's newest leads with answers, by who sent them; the latest sender first."""
    with installation.store.read() as tx:
        leads = tx.search.leads(Query(form=form), LOOKED_THROUGH)
    found: dict[str, list[Lead]] = {}
    for lead in leads:
        submission = lead.submission
        if only in ("", submission.sender) and (submission.fields or submission.extras):
            found.setdefault(submission.sender, []).append(lead)
    return found


def lines_of(form: Form, sender: str, leads: Sequence[Lead]) -> Iterator[str]:
    """One sender's names: comments, a table header, and lines that only need their # taken away."""
    rows = arrived(leads, _targets(sender))
    yield f"#### {sender}: {_leads(leads)}"
    understood = [row for row in rows if row.means]
    width = max((len(printable(row.name)) for row in understood), default=0)
    for row in understood:
        yield f"#  {printable(row.name):<{min(width, WIDTH // 3)}}  {row.means}: {printable(row.example)}"
    to_teach = [row for row in rows if row.target]
    if not to_teach:
        yield "#  All of it was understood."
        return
    yield from _lessons(form, sender, to_teach)


def _lessons(form: Form, sender: str, rows: Sequence[Arrived]) -> Iterator[str]:
    yield ""
    yield "#  Not understood, or only guessed. Take the # away where the line is right."
    if any(row.target == CHANGE for row in rows):
        words = f"Instead of {CHANGE} write one of: {', '.join(_targets(sender))}."
        yield from textwrap.wrap(words, WIDTH, initial_indent="#  ", subsequent_indent="#  ")
    if _has_mapping(form, sender):
        yield "#  The forms file has `fields` for it already: put the lines there."
    yield f"[{_table(form, sender)}]"
    for row in rows:
        yield f"# {line(row)}  # {printable(row.example)}"


def _targets(sender: str) -> Sequence[str]:
    return CANONICAL_FIELDS if sender == "browser" else TARGETS


def _has_mapping(form: Form, sender: str) -> bool:
    return bool(form.fields if sender == "browser" else form.webhooks.get(sender, {}).get("fields"))


def _table(form: Form, sender: str) -> str:
    """Where the lines belong: what a page calls its fields is the form's, what a sender does is the sender's."""
    name = form.name if form.name.replace("-", "").replace("_", "").isalnum() else json.dumps(form.name)
    return f"forms.{name}.fields" if sender == "browser" else f"forms.{name}.webhooks.{sender}.fields"


def _leads(leads: Sequence[Lead]) -> str:
    number = "1 lead" if len(leads) == 1 else f"{len(leads)} leads"
    return f"{number}, the last one at {leads[0].received_at:%Y-%m-%d %H:%M} UTC"


def _as_row(form: Form, sender: str, leads: Sequence[Lead]) -> dict[str, Any]:
    return {
        "sender": sender,
        "leads": len(leads),
        "last_at": leads[0].received_at.isoformat().replace("+00:00", "Z"),
        "table": _table(form, sender),
        "fields": [
            {
                "name": row.name,
                "example": row.example,
                "means": row.means or None,
                "line": line(row) if row.target else None,
            }
            for row in arrived(leads, _targets(sender))
        ],
    }
