"""`lead-capture conversions`: the outcomes of leads, as a file for Google Ads or as events for Meta."""

import argparse
import io
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import shtab

from service import clock
from service.cli.commands import Failed
from service.cli.configuration import form_named
from service.cli.installation import open_installation
from service.cli.terminal import counted, instant, operator
from service.conversions import ConversionQuery, ConversionSelection, Exclusion, select_conversions
from service.forms import Setup
from service.lead import LeadId
from service.platforms.registry import PLATFORMS as AD_PLATFORMS
from service.store import Act, Subject, SubjectKind, Transaction

PLATFORMS = {each.conversions: each for each in AD_PLATFORMS.values() if each.conversions}
"""Name of a platform in this command -> the platform."""

REASONS: dict[Exclusion, str] = {
    "reported": "reported before (--again reports them again)",
    "refused": "of people who refused consent",
    "no_id": "without an id of {platform}: they came from elsewhere",
    "late": "too late for {platform}",
    "lost": "lost, which {platform} has no use for",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """google or meta, --since --form --out --again --hashed --json."""
    parser.add_argument("platform", choices=sorted(PLATFORMS), help="a CSV for Google Ads, or JSON lines for Meta")
    parser.add_argument("--since", type=instant, help="outcomes at or after, e.g. 2026-11-01 (all)")
    parser.add_argument("--form", default="", help="leads of this form only")
    out = parser.add_argument("--out", type=Path, metavar="FILE", help="output file (default: standard output)")
    out.complete = shtab.FILE  # type: ignore[attr-defined] # as shtab documents it
    parser.add_argument("--again", action="store_true", help="include those reported before")
    parser.add_argument("--hashed", action="store_true", help="Meta: also e-mail and phone, hashed")
    parser.add_argument("--json", action="store_true", help="what was reported and left out, as one object")


def run(arguments: argparse.Namespace) -> int:
    """Write the new conversions, then record them as reported; if their file cannot be written, they stay new."""
    with open_installation() as installation:
        _check(installation.setup, arguments.form)
        query = ConversionQuery(arguments.platform, arguments.since, arguments.form, arguments.again)
        now = clock.now()
        writer = PLATFORMS[arguments.platform].load("conversions")
        selection = select_conversions(installation.store, installation.setup.forms, query, writer.fit_at(now))
        text = io.StringIO(newline="")
        writer.write(selection.conversions, installation.setup.forms, text, hashed=arguments.hashed)
        _write(arguments.out, text.getvalue())
        reported = [(conversion.lead.id, conversion.name) for conversion in selection.conversions]
        installation.store.write(lambda tx: _record(tx, arguments, reported, now))
        if arguments.json:  # the conversions themselves may go to the standard output
            print(json.dumps(_as_row(selection, arguments)), file=sys.stdout if arguments.out else sys.stderr)
        else:
            print("\n".join(_lines(selection, arguments)), file=sys.stderr)
        return 0


def _record(
    tx: Transaction, arguments: argparse.Namespace, reported: Sequence[tuple[LeadId, str]], now: datetime
) -> None:
    tx.crm.record_conversions(arguments.platform, reported, now)
    subject = Subject(SubjectKind.LEADS, arguments.form)
    after = {"to": PLATFORMS[arguments.platform].title, "conversions": len(reported), "hashed": arguments.hashed}
    tx.acts.record(operator(), Act.EXPORT, subject, None, None, after, now)


def _check(setup: Setup, name: str) -> None:
    """Raise Failed if no form can have conversions."""
    chosen = [form_named(name, setup)] if name else list(setup.forms.values())
    forms = [each for form in chosen for each in (form, *(route.form for route in form.routes))]
    if not any(form.conversions for form in forms):
        subject = f"the form {name!r} has no" if name else "no form has"
        raise Failed(
            f'{subject} `conversions` in the set-up: write what counts, such as conversions = {{ won = "Lead won" }}'
        )


def _write(path: Path | None, text: str) -> None:
    """Write all of it or nothing, so that a program that fetches the file never reads half of one."""
    if path is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    except OSError as error:
        raise Failed(f"{path} cannot be written ({error.strerror}): nothing was reported") from error


def _as_row(selection: ConversionSelection, arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "platform": arguments.platform,
        "file": str(arguments.out) if arguments.out else None,
        "conversions": len(selection.conversions),
        "left_out": {reason: selection.left_out.get(reason, 0) for reason in REASONS},
    }


def _lines(selection: ConversionSelection, arguments: argparse.Namespace) -> Iterator[str]:
    platform = PLATFORMS[arguments.platform].title
    where = f" in {arguments.out}" if arguments.out else ""
    yield f"{platform}: {counted(len(selection.conversions), 'conversion')}{where}"
    for reason, meaning in REASONS.items():
        if number := selection.left_out.get(reason, 0):
            yield f"  left out: {number} {meaning.format(platform=platform)}"
