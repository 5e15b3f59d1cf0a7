"""`lead-capture reattribute`: computes attribution again after the rules or the forms file changed."""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service import clock
from service.attribution import attribute, other_touch
from service.cli.installation import open_installation
from service.cli.terminal import counted, instant, operator
from service.forms import Form
from service.lead import Attribution, Lead, LeadId, OtherTouch, Status
from service.store import Act, Store, Subject, SubjectKind, Transaction, reported

PAGE_SIZE = 200
"""Leads read at a time, and changed in one short transaction."""

COMPARED = ("channel", "lead_source", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
"""Values that reports and Nexudus use; a change of other values alone is not reported."""

WITHOUT_EVIDENCE = (Status.ERASED, Status.ANNOUNCED)
"""Statuses without evidence: erased with the person, or not fetched yet."""

SUMMARIES = {
    "changed": "changed",
    "would change": "would change",
    "reworded": "only the reason is worded differently",
    "left as sent": "delivered, so left as sent to Nexudus; they would now be attributed differently",
    "busy": "being delivered right now, so left alone: run it again",
    "unchanged": "unchanged",
    "left alone": "erased or not fetched yet, left alone",
}
"""Fate of a lead -> its name in the summary, in this order."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """One lead, its attribution by today's rules, and what was done about it."""

    lead: Lead
    attribution: Attribution
    fate: str

    @property
    def differences(self) -> Mapping[str, tuple[Any, Any]]:
        """Name of a value -> the stored one, and today's."""
        pairs = {name: (getattr(self.lead.attribution, name), getattr(self.attribution, name)) for name in COMPARED}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--since, --form, --dry-run, --json."""
    parser.add_argument("--since", type=instant, help="received at or after, e.g. 2026-11-01 or 2026-11-01T09:00Z")
    parser.add_argument("--form", default="", help="leads of this form only")
    parser.add_argument("--dry-run", action="store_true", help="only show what would change")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, the summary last")


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each lead that differs, then a summary."""
    with open_installation() as installation:
        forms = installation.setup.forms
        counts: Counter[str] = Counter()
        removed_forms: Counter[str] = Counter()
        for page in _pages(installation.store, arguments):
            known = [lead for lead in page if lead.submission.form in forms]
            removed_forms.update(lead.submission.form for lead in page if lead.submission.form not in forms)
            for result in recompute(known, forms, installation.store, is_dry=arguments.dry_run):
                counts[result.fate] += 1
                if result.differences and result.fate != "left alone":
                    print(_as_json(result) if arguments.json else _line(result))
        if not arguments.dry_run:
            _record(installation.store, counts, arguments)
        if arguments.json:
            summary = {fate: counts.get(fate, 0) for fate in SUMMARIES}
            print(json.dumps({"summary": summary, "forms_gone": dict(removed_forms)}))
        else:
            print("\n".join(_summary(counts, removed_forms)))
        return 0


def _record(store: Store, counts: Mapping[str, int], arguments: argparse.Namespace) -> None:
    done = {fate: counts[fate] for fate in ("changed", "reworded") if counts.get(fate)}
    if done:
        subject, after = Subject(SubjectKind.LEADS, arguments.form), {**done, "since": arguments.since}
        store.write(lambda tx: tx.acts.record(operator(), Act.REATTRIBUTE, subject, None, None, after, clock.now()))


def _pages(store: Store, arguments: argparse.Namespace) -> Iterator[list[Lead]]:
    """Yield the leads, oldest first. Leads that arrive meanwhile are attributed by today's rules anyway."""
    after = ""
    while True:
        with store.read() as tx:
            page = tx.leads.oldest(after, PAGE_SIZE, arguments.form, arguments.since)
        if page:
            yield page
        if len(page) < PAGE_SIZE:
            return
        after = page[-1].id


def recompute(
    page: Sequence[Lead], forms: Mapping[str, Form], store: Store, *, is_dry: bool = False
) -> list[Recomputed]:
    """Compute the attribution of some leads again, and store differences that were not sent yet.

    Every lead's form must be among `forms`. Raises: StoreUnavailable.
    """
    today = []
    others: dict[LeadId, OtherTouch | None] = {}
    for lead in page:
        form, evidence = forms[lead.submission.form].for_answers(lead.submission), lead.submission.evidence
        attribution = attribute(evidence, form.attribution)
        today.append((lead, attribution))
        others[lead.id] = other_touch(evidence, form.attribution, attribution)
    with store.read() as tx:
        stored = tx.leads.other_touches(list(others))
    revised = {
        lead.id: attribution
        for lead, attribution in today
        if lead.status not in (*WITHOUT_EVIDENCE, Status.DELIVERED)
        and (attribution != lead.attribution or reported(others[lead.id]) != reported(stored.get(lead.id)))
    }

    def revise(tx: Transaction) -> set[LeadId]:
        changed = tx.leads.reattribute(revised, others)
        if changed and (version := next(iter(forms.values())).setup_version) is not None:
            tx.setups.renew(changed, version)
        return changed

    changed = store.write(revise) if revised and not is_dry else revised.keys()
    return [_compared(lead, new, is_done=lead.id in changed, is_dry=is_dry) for lead, new in today]


def _compared(lead: Lead, attribution: Attribution, *, is_done: bool, is_dry: bool) -> Recomputed:
    is_different = bool(Recomputed(lead, attribution, "").differences)
    if lead.status in WITHOUT_EVIDENCE:
        fate = "left alone"
    elif lead.attribution == attribution or (lead.status is Status.DELIVERED and not is_different):
        fate = "unchanged"
    elif lead.status is Status.DELIVERED:
        fate = "left as sent"
    elif not is_done:
        fate = "busy"
    elif not is_different:
        fate = "reworded"
    else:
        fate = "would change" if is_dry else "changed"
    return Recomputed(lead, attribution, fate)


def _line(result: Recomputed) -> str:
    def shown(value: object) -> str:
        return '""' if value == "" else str(value)

    changes = ", ".join(f"{name} {shown(was)} -> {shown(now)}" for name, (was, now) in result.differences.items())
    return f"{result.lead.id}  {result.lead.status.value:<11}  {result.fate}: {changes}"


def _as_json(result: Recomputed) -> str:
    row = {
        "id": result.lead.id,
        "form": result.lead.submission.form,
        "status": result.lead.status.value,
        "fate": result.fate,
        "was": {name: was for name, (was, _) in result.differences.items()},
        "now": {name: now for name, (_, now) in result.differences.items()},
    }
    return json.dumps(row, ensure_ascii=False)


def _summary(counts: Mapping[str, int], removed_forms: Mapping[str, int]) -> Iterator[str]:
    yield f"{counted(sum(counts.values()) + sum(removed_forms.values()), 'lead')} checked"
    yield from (f"{counts[fate]:>7} {meaning}" for fate, meaning in SUMMARIES.items() if counts.get(fate))
    for form, number in sorted(removed_forms.items()):
        yield f"{number:>7} of the form {form!r}, which is no longer in the set-up: left alone"
