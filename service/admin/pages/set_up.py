"""Set-up: each form with its addresses and snippets, what was last received, what the checks found, a preview."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request

from service import clock
from service.admin.pages import snippets
from service.admin.pages.shell import Shell
from service.admin.pages.window import Window
from service.delivery.setup_check.job import checked_flag
from service.forms import Form
from service.lead import Lead
from service.store import Alert, Query, Rejection, Transaction

CHECKS = ("setup", "stage", "cap")
"""Kinds of concerns that the daily check of the set-up finds."""

LONGEST = 20_000
"""Letters of what is pasted to be previewed."""

EXAMPLE = "full_name: Ada Lovelace\nemail: ada@example.com\nmessage: Desks for six?"
ADDRESS = "https://www.example.com/tour?utm_source=google&utm_medium=cpc&utm_campaign=spring"


@dataclass(frozen=True, slots=True)
class Shown:
    """One form in the list. refused: senders whose last call was refused."""

    form: Form
    address: str
    last: Lead | None
    found: Sequence[Alert]
    refused: Sequence[Rejection]


@dataclass(frozen=True, slots=True)
class Pasted:
    """What is to be previewed, as it was typed."""

    fields: str = EXAMPLE
    page_url: str = ADDRESS
    referrer: str = ""

    @property
    def asked(self) -> dict[str, Any]:
        """As the preview takes it."""
        return {"fields": answers(self.fields), "page_url": self.page_url, "referrer": self.referrer}


def add(routes: Blueprint, window: Window, shell: Shell) -> None:
    """/admin/setup and a page for each form."""

    @routes.get("/setup")
    def setup() -> Response:
        """All forms."""
        with window.store.read() as tx:
            found = findings(tx)
            shown = [_shown(tx, window, form, found) for form in window.forms.values()]
            checked = {account: _checked(tx, account) for account in _accounts(window)}
            general = [concern for concern in found if not any(concern in each.found for each in shown)]
            return shell.page(
                "setup.html", here="setup", shown=shown, general=general, checked=checked, title_of=window.title_of
            )

    @routes.get("/setup/<name>")
    def form_setup(name: str) -> Response:
        """One form."""
        return _form_page(window, shell, name, Pasted(), None)

    @routes.post("/setup/<name>")
    def form_preview(name: str) -> Response:
        """One form, with what a submission would become."""
        given = (request.form.get(each, "")[:LONGEST] for each in ("fields", "page_url", "referrer"))
        pasted = Pasted(*given)
        return _form_page(window, shell, name, pasted, window.preview(name, pasted.asked))


def _accounts(window: Window) -> list[str]:
    return list(dict.fromkeys(account for form in window.forms.values() for account in form.accounts))


def _checked(tx: Transaction, account: str) -> datetime | None:
    """When the set-up of an account was last looked at; None: never, as far as is known."""
    found = tx.flags.get(checked_flag(account))
    return None if found is None else datetime.fromisoformat(found)


def findings(tx: Transaction) -> list[Alert]:
    """What the last check of the set-up found and nobody has put right."""
    return [concern for concern in tx.alerts.open() if concern.kind in CHECKS]


def _shown(tx: Transaction, window: Window, form: Form, found: Iterable[Alert]) -> Shown:
    mine = [concern for concern in found if _is_about(concern, form)]
    return Shown(form, snippets.endpoint(window.public_url, form), _last(tx, form), mine, list(_refused(tx, form)))


def _refused(tx: Transaction, form: Form) -> Iterator[Rejection]:
    """What was refused lately and is not mended: no call of that sender was accepted since."""
    now = clock.now()
    return (refusal for refusal in tx.platforms.rejections_of(form.name) if refusal.is_recent(now))


def _is_about(concern: Alert, form: Form) -> bool:
    kind, _, rest = concern.cause.partition(":")
    return kind == "setup" and rest.split(":")[1:2] == [form.name]


def _last(tx: Transaction, form: Form) -> Lead | None:
    return next(iter(tx.search.page(Query(form=form.name), 1).leads), None)


def _last_from(tx: Transaction, form: Form, sender: str) -> Lead | None:
    found = tx.statistics.last_lead_from(form.name, sender)
    return None if found is None else tx.leads.get(found)


def _form_page(window: Window, shell: Shell, name: str, pasted: Pasted, preview: dict[str, Any] | None) -> Response:
    form = window.forms.get(name)
    if form is None:
        return shell.message(HTTPStatus.NOT_FOUND, "No such form", "The forms file has no form of that name.")
    with window.store.read() as tx:
        mouths = [(mouth, _last_from(tx, form, mouth.name)) for mouth in snippets.mouths(window.public_url, form)]
        shown = _shown(tx, window, form, findings(tx))
        return shell.page(
            "form_setup.html",
            here="setup",
            shown=shown,
            form=form,
            html=snippets.html(window.public_url, form),
            fetch=snippets.fetch(window.public_url, form),
            mouths=mouths,
            pasted=pasted,
            preview=preview,
            bodies=_bodies(preview),
            origins=[(origin["field"], origin["reason"]) for origin in preview["origins"]] if preview else [],
            title_of=window.title_of,
        )


def _bodies(preview: Mapping[str, Any] | None) -> dict[str, str]:
    if preview is None:
        return {}
    names = {"opportunity": "The opportunity in Nexudus", "coworker": "The contact, if it does not exist yet"}
    return {
        title: json.dumps(preview[name], indent=2, ensure_ascii=False) for name, title in names.items() if preview[name]
    }


def answers(text: str) -> dict[str, Any]:
    """Answers as they are pasted: a JSON object, or one `name: value` or `name=value` a line; others go on."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if isinstance(told, dict):
        return told
    found: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        name, value = _pair(line)
        if name:
            last = name
            found[name] = value
        elif last and line.strip():
            found[last] += f"\n{line.strip()}"
    return found


def _pair(line: str) -> tuple[str, str]:
    """Name and value at the first : or =; a name "" where there is none."""
    places = [place for mark in ":=" if (place := line.find(mark)) > 0]
    if not places:
        return "", ""
    return line[: min(places)].strip(), line[min(places) + 1 :].strip()
