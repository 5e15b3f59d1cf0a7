"""`lead-capture reattribute`: attribution again, for all that was kept, after the rules or the forms file changed."""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.attribution import attribute
from service.cli.arguments import instant
from service.cli.installation import open_installation
from service.forms import Form
from service.lead import Attribution, Lead, Status
from service.store import Store

PAGE = 200
"""Leads read at a time, and changed in one short transaction at most."""

SENT = ("channel", "lead_source", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
"""What figures and Nexudus tell of a verdict; a change of the rest is no difference that anybody looks for."""

LEFT_ALONE = (Status.ERASED, Status.ANNOUNCED)
"""Where no evidence is: erased with the person, or not fetched yet."""

SUMMARIES = {
    "changed": "changed",
    "would change": "would change",
    "reworded": "told in other words only",
    "left as sent": "delivered, and left as Nexudus was told; today they would be credited otherwise",
    "busy": "being delivered at this moment, so left: run it again",
    "unchanged": "as they were",
    "left alone": "erased or not fetched yet, left alone",
}
"""What became of a lead -> how the summary says it, in its order."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One lead, what it would be credited to today, and what became of that."""

    lead: Lead
    verdict: Attribution
    fate: str

    @property
    def differences(self) -> Mapping[str, tuple[Any, Any]]:
        """Name of a value -> what is stored, and what it would be."""
        pairs = {name: (getattr(self.lead.attribution, name), getattr(self.verdict, name)) for name in SENT}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--since, --form, --dry-run, --json."""
    parser.add_argument("--since", type=instant, help="received at or after, e.g. 2026-11-01 or 2026-11-01T09:00Z")
    parser.add_argument("--form", default="", help="leads of this form only")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would change")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, the summary last")


def run(arguments: argparse.Namespace) -> int:
    """Credit the leads again: a line for each that differs, then a summary."""
    installation = open_installation()
    counts: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for page in _pages(installation.store, arguments):
        known = [lead for lead in page if lead.submission.form in installation.setup.forms]
        lost.update(lead.submission.form for lead in page if lead.submission.form not in installation.setup.forms)
        for finding in credit_again(known, installation.setup.forms, installation.store, is_dry=arguments.dry_run):
            counts[finding.fate] += 1
            if finding.differences and finding.fate != "left alone":
                print(_as_json(finding) if arguments.json else _line(finding))
    print(_json_summary(counts, lost) if arguments.json else "\n".join(_summary(counts, lost)))
    return 0


def _pages(store: Store, arguments: argparse.Namespace) -> Iterator[list[Lead]]:
    """The leads, oldest first. Those that arrive meanwhile are credited by today's rules anyway."""
    after = ""
    while True:
        with store.read() as tx:
            page = tx.leads.oldest(after, PAGE, arguments.form, arguments.since)
        if page:
            yield page
        if len(page) < PAGE:
            return
        after = page[-1].id


def credit_again(
    page: Sequence[Lead], forms: Mapping[str, Form], store: Store, *, is_dry: bool = False
) -> list[Finding]:
    """Compute the verdicts of some leads again, and store those that differ and were not sent.

    Every lead's form must be among `forms`. Raises: StoreUnavailable.
    """
    found = []
    for lead in page:
        form = forms[lead.submission.form].for_answers(lead.submission)
        found.append((lead, attribute(lead.submission.evidence, form.attribution)))
    revised = {
        lead.id: verdict
        for lead, verdict in found
        if verdict != lead.attribution and lead.status not in (*LEFT_ALONE, Status.DELIVERED)
    }
    is_written = revised and not is_dry
    changed = store.write(lambda tx: tx.leads.reattribute(revised)) if is_written else revised.keys()
    return [_find(lead, verdict, is_done=lead.id in changed, is_dry=is_dry) for lead, verdict in found]


def _find(lead: Lead, verdict: Attribution, *, is_done: bool, is_dry: bool) -> Finding:
    plain = Finding(lead, verdict, "unchanged")
    if lead.status in LEFT_ALONE:
        fate = "left alone"
    elif lead.attribution == verdict or (lead.status is Status.DELIVERED and not plain.differences):
        fate = "unchanged"
    elif lead.status is Status.DELIVERED:
        fate = "left as sent"
    elif not is_done:
        fate = "busy"
    elif not plain.differences:
        fate = "reworded"
    else:
        fate = "would change" if is_dry else "changed"
    return Finding(lead, verdict, fate)


def _line(finding: Finding) -> str:
    changes = ", ".join(f"{name} {_shown(was)} -> {_shown(now)}" for name, (was, now) in finding.differences.items())
    return f"{finding.lead.id}  {finding.lead.status.value:<11}  {finding.fate}: {changes}"


def _shown(value: object) -> str:
    return '""' if value == "" else str(value)


def _as_json(finding: Finding) -> str:
    return json.dumps(
        {
            "id": finding.lead.id,
            "form": finding.lead.submission.form,
            "status": finding.lead.status.value,
            "fate": finding.fate,
            "was": {name: was for name, (was, _) in finding.differences.items()},
            "now": {name: now for name, (_, now) in finding.differences.items()},
        },
        ensure_ascii=False,
    )


def _summary(counts: Mapping[str, int], lost: Mapping[str, int]) -> Iterator[str]:
    number = sum(counts.values()) + sum(lost.values())
    yield f"{number} lead{'' if number == 1 else 's'} looked at"
    yield from (f"{counts[fate]:>7} {words}" for fate, words in SUMMARIES.items() if counts.get(fate))
    for form, number in sorted(lost.items()):
        yield f"{number:>7} of the form {form!r}, which the forms file does not have any more: left alone"


def _json_summary(counts: Mapping[str, int], lost: Mapping[str, int]) -> str:
    return json.dumps({"summary": {fate: counts.get(fate, 0) for fate in SUMMARIES}, "forms_gone": dict(lost)})
