"""`lead-capture conversions`: what became of leads, as a file for Google Ads or as events for Meta."""

import argparse
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from service import clock
from service.cli.arguments import instant
from service.cli.installation import Installation, open_installation
from service.cli.main import Failed
from service.conversions.selection import ConversionQuery, ConversionSelection, Fit, Reason, select_conversions
from service.platforms.google_ads import conversions as google
from service.platforms.meta import conversions as meta

PLATFORMS = {"google": "Google Ads", "meta": "Meta"}

WHY: dict[Reason, str] = {
    "told": "told before (--again tells them again)",
    "refused": "of people who refused consent",
    "no_id": "without an id of {platform}: they came another way",
    "late": "too late for {platform}",
    "lost": "lost, which is nothing that {platform} can bid for",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """google or meta, --since --form --out --again --hashed --json."""
    parser.add_argument("platform", choices=PLATFORMS, help="a CSV for Google Ads, or JSON lines for Meta")
    parser.add_argument("--since", type=instant, help="what happened at or after, e.g. 2026-11-01 (all)")
    parser.add_argument("--form", default="", help="leads of this form only")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write (the standard output)")
    parser.add_argument("--again", action="store_true", help="also what was told before")
    parser.add_argument("--hashed", action="store_true", help="Meta: also e-mail and phone, hashed")
    parser.add_argument("--json", action="store_true", help="what was told and left out, as one object")


def run(arguments: argparse.Namespace) -> int:
    """Write what is new, then note it as told: a file that could not be written is told again."""
    installation = open_installation()
    _check(installation, arguments)
    wish = ConversionQuery(arguments.platform, arguments.since, arguments.form, arguments.again)
    now = clock.now()
    fit: Fit = google.fit if arguments.platform == "google" else meta.fits(now)
    chosen = select_conversions(installation.store, installation.setup.forms, wish, fit)
    _write(arguments.out, lambda out: _fill(installation, arguments, chosen, out))
    made = [(one.lead.id, one.name) for one in chosen.conversions]
    installation.store.write(lambda tx: tx.crm.record_conversions(arguments.platform, made, now))
    if arguments.json:  # beside the conversions themselves, where those go to the standard output
        print(json.dumps(_numbers(chosen, arguments)), file=sys.stdout if arguments.out else sys.stderr)
    else:
        print("\n".join(_told(chosen, arguments)), file=sys.stderr)
    return 0


def _check(installation: Installation, arguments: argparse.Namespace) -> None:
    """Raises: Failed where nothing can come out of it."""
    forms = installation.setup.forms
    if arguments.form and arguments.form not in forms:
        raise Failed(f"there is no form {arguments.form!r}; the forms file has {', '.join(forms)}")
    asked = [forms[arguments.form]] if arguments.form else list(forms.values())
    whole = [each for form in asked for each in (form, *(route.form for route in form.routes))]
    if not any(form.conversions for form in whole):
        which = f"the form {arguments.form!r} has no" if arguments.form else "no form has"
        raise Failed(
            f"{which} `conversions` in the forms file: write what counts, such as "
            'conversions = { won = "Lead won" }; see docs/closed-loop.md'
        )


def _fill(installation: Installation, arguments: argparse.Namespace, chosen: ConversionSelection, out: TextIO) -> None:
    if arguments.platform == "google":
        google.write(chosen.conversions, out)
    else:
        meta.write(chosen.conversions, installation.setup.forms, out, hashed=arguments.hashed)


def _write(path: Path | None, fill: Callable[[TextIO], None]) -> None:
    """Write all of it or nothing: whoever fetches the file finds no half of one."""
    whole = io.StringIO(newline="")
    fill(whole)
    if path is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        sys.stdout.write(whole.getvalue())
        sys.stdout.flush()
        return
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(whole.getvalue(), encoding="utf-8", newline="")
        part.replace(path)
    except OSError as error:
        raise Failed(f"{path} cannot be written ({error.strerror}): nothing was told") from error


def _numbers(chosen: ConversionSelection, arguments: argparse.Namespace) -> dict[str, Any]:
    file = str(arguments.out) if arguments.out else None
    return {
        "platform": arguments.platform,
        "file": file,
        "conversions": len(chosen.conversions),
        "left_out": {reason: chosen.left_out.get(reason, 0) for reason in WHY},
    }


def _told(chosen: ConversionSelection, arguments: argparse.Namespace) -> list[str]:
    platform = PLATFORMS[arguments.platform]
    where = f" in {arguments.out}" if arguments.out else ""
    number = len(chosen.conversions)
    lines = [f"{platform}: {number} conversion{'' if number == 1 else 's'}{where}"]
    for reason, words in WHY.items():
        if number := chosen.left_out.get(reason, 0):
            lines.append(f"  left out: {number} {words.format(platform=platform)}")
    return lines
