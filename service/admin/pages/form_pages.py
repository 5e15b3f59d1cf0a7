"""Forms: each form's addresses and snippets, its last lead, the findings of the checks, a preview."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.pages import snippets
from service.admin.pages.form_editing.drafts import ALL_FORMS, is_form, keys_in
from service.admin.pages.form_editing.target import TargetChoices, choices_of, describe_destination
from service.admin.pages.form_editing.workspace import Workspace, is_awaited, published_setup
from service.admin.pages.record import acts_about_subject
from service.admin.pages.rendering import Renderer, may
from service.admin.permissions import current_actor, requires
from service.alerts.decisions import title_of
from service.delivery.setup_check.job import checked_flag
from service.forms import DEFAULT_ACCOUNT, Form
from service.i18n import _
from service.lead import CONSENT, Lead
from service.operations.preview import preview
from service.store import ActQuery, Alert, Query, Rejection, Transaction

SETUP_KINDS = ("forms", "setup", "stage", "cap")
"""Kinds of alerts raised by a refused forms file and by the daily check of the set-up."""

MAX_PASTED_LENGTH = 20_000
"""Characters of each text of a preview."""

EXAMPLE_ANSWERS = "full_name: Ada Lovelace\nemail: ada@example.com\nmessage: Desks for six?"
EXAMPLES_BY_KIND = {
    "text": "any text",
    "textarea": "any text",
    "email": "office@example.com",
    "tel": "+44 20 7946 0142",
    "url": "www.example.com",
    "number": "6",
    "date": "2027-05-01",
    "time": "10:30",
    "checkbox": "yes",
}
EXAMPLE_URL = "https://www.example.com/tour?utm_source=google&utm_medium=cpc&utm_campaign=spring"


@dataclass(frozen=True, slots=True)
class FormStatus:
    """One form in the list.

    destination: where its leads go, in words. rejections: of senders from which no call has been accepted since.
    """

    form: Form
    address: str
    destination: str
    last_lead: Lead | None
    alerts: Sequence[Alert]
    rejections: Sequence[Rejection]


@dataclass(frozen=True, slots=True)
class PastedSubmission:
    """A submission to preview, as typed."""

    fields: str = EXAMPLE_ANSWERS
    page_url: str = EXAMPLE_URL
    referrer: str = ""

    @property
    def request(self) -> dict[str, Any]:
        """The submission as a PreviewRequest."""
        return {"fields": parse_answers(self.fields), "page_url": self.page_url, "referrer": self.referrer}


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/setup, and a page for each form."""

    @routes.get("/setup")
    @requires(Scope.READ)
    def setup() -> Response:
        published = published_setup(deps)
        if is_awaited(deps, published):
            return renderer.soon(_("Forms"), here="setup")
        accounts = dict.fromkeys(account for form in deps.forms.values() for account in form.accounts)
        choices = _choices(deps, renderer, accounts)
        in_force = deps.setup_state()
        with deps.store.read() as tx:
            # A set-up refused by this process is shown in full; for one refused by another, the alert is shown.
            alerts = [alert for alert in _setup_alerts(tx) if not (alert.kind == "forms" and in_force.problems)]
            forms = [_form_status(tx, deps, form, alerts, choices) for form in deps.forms.values()]
            of_forms = {alert.cause for form in forms for alert in form.alerts}
            return renderer.page(
                "setup.html",
                here="setup",
                forms=forms,
                general=[alert for alert in alerts if alert.cause not in of_forms],
                checked={account: checked_at(tx, account) for account in accounts},
                title_of=title_of,
                in_force=in_force,
                published=published,
                is_for_all=current_actor().accounts is None,
            )

    @routes.get("/setup/<name>")
    @requires(Scope.READ)
    def form_setup(name: str) -> Response:
        return _form_page(deps, renderer, name)

    @routes.post("/setup/<name>")
    @requires(Scope.READ)
    def form_preview(name: str) -> Response:
        """The page of a form with a preview."""
        texts = (request.form.get(each, "")[:MAX_PASTED_LENGTH] for each in ("fields", "page_url", "referrer"))
        return _form_page(deps, renderer, name, PastedSubmission(*texts), is_preview=True)


def checked_at(tx: Transaction, account: str) -> datetime | None:
    """When the set-up of an account was last checked, if ever."""
    flag = tx.flags.get(checked_flag(account))
    return None if flag is None else datetime.fromisoformat(flag)


def _setup_alerts(tx: Transaction) -> list[Alert]:
    return [alert for alert in tx.alerts.open() if alert.kind in SETUP_KINDS]


def _is_seen_in(document: str, name: str) -> bool:
    """Whether a form that exists for the caller is in a document that this process may not have taken up yet."""
    own, usual = keys_in(document, name), keys_in(document, ALL_FORMS).get("account", DEFAULT_ACCOUNT)
    accounts = [table.get("account", own.get("account", usual)) for table in (own, *own.get("routes", ()))]
    return is_form(document, name) and all(map(current_actor().sees, accounts))


def _choices(deps: AdminDeps, renderer: Renderer, accounts: Iterable[str]) -> Mapping[str, TargetChoices]:
    """The choices in each account; when an editor visits, a worker is asked to read accounts that were never read."""
    seen = list(filter(current_actor().sees, accounts))
    if may("setup") and not deps.publisher.is_managed_by_file:
        workspace = Workspace(deps, renderer)
        return {account: workspace.choices(account) for account in seen}
    with deps.store.read() as tx:
        return {account: choices_of(tx.crm.last_look(account)) for account in seen}


def _form_status(
    tx: Transaction, deps: AdminDeps, form: Form, alerts: Sequence[Alert], choices: Mapping[str, TargetChoices]
) -> FormStatus:
    now = clock.now()
    return FormStatus(
        form,
        snippets.form_address(deps.public_url, form),
        describe_destination(form, choices[form.account]) if form.account in choices else "",
        next(iter(tx.search.page(Query(form=form.name), 1).leads), None),
        [alert for alert in alerts if _is_about(alert, form)],
        [rejection for rejection in tx.platforms.rejections_of(form.name) if rejection.is_recent(now)],
    )


def _is_about(alert: Alert, form: Form) -> bool:
    """Whether the cause is "setup:ACCOUNT:FORM..." of this form."""
    kind, _, rest = alert.cause.partition(":")
    return kind == "setup" and rest.split(":")[1:2] == [form.name]


def _form_page(
    deps: AdminDeps,
    renderer: Renderer,
    name: str,
    pasted: PastedSubmission | None = None,
    *,
    is_preview: bool = False,
) -> Response:
    form, published = deps.forms.get(name), published_setup(deps)
    is_new = form is None and published is not None and _is_seen_in(published.toml, name)
    if is_new or is_awaited(deps, published):
        return renderer.soon(form.title if form and form.title else name, here="setup")
    if form is None:
        return renderer.message(HTTPStatus.NOT_FOUND, _("No such form"), _("There is no form with this name."))
    pasted = pasted or PastedSubmission(example_answers(form))
    shown = preview(form, pasted.request) if is_preview else None
    choices = _choices(deps, renderer, [form.account])
    with deps.store.read() as tx:
        return renderer.page(
            "form_setup.html",
            here="setup",
            form_status=_form_status(tx, deps, form, _setup_alerts(tx), choices),
            form=form,
            html=snippets.html(deps.public_url, form),
            fetch=snippets.fetch(deps.public_url, form),
            endpoints=[
                (endpoint, _last_lead(tx, form, endpoint.sender))
                for endpoint in snippets.webhook_endpoints(deps.public_url, form)
            ],
            pasted=pasted,
            published=published,
            test_address=who if "@" in (who := current_actor().who) else "",
            preview=shown,
            bodies=_bodies(shown) if shown else {},
            origins=[(origin["field"], origin["reason"]) for origin in shown["origins"]] if shown else [],
            title_of=title_of,
            acts=acts_about_subject(deps, ActQuery(subject=form.name), form=form.name),
        )


def _last_lead(tx: Transaction, form: Form, sender: str) -> Lead | None:
    lead_id = tx.statistics.last_lead_from(form.name, sender)
    return None if lead_id is None else tx.leads.get(lead_id)


def _bodies(shown: Mapping[str, Any]) -> dict[str, str]:
    """Title -> body as JSON, without the bodies that Nexudus would reject."""
    titles = {"opportunity": _("The opportunity in Nexudus"), "coworker": _("The contact, if it does not exist yet")}
    return {
        title: json.dumps(shown[name], indent=2, ensure_ascii=False) for name, title in titles.items() if shown[name]
    }


def example_answers(form: Form) -> str:
    """Example answers for a preview, including those to the form's own questions."""
    lines = [EXAMPLE_ANSWERS]
    for question in form.questions:
        if question.choices:
            answer = question.choices[0].value
        elif CONSENT in (question.kind, question.name):
            answer = question.label.in_language(form.language or "en")
        else:
            answer = EXAMPLES_BY_KIND.get(question.kind, "")
        if answer:
            lines.append(f"{question.name}: {answer}")
    return "\n".join(lines)


def parse_answers(text: str) -> dict[str, Any]:
    """Pasted answers: a JSON object, or lines of `name: value` or `name=value`; any other line continues the last."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    if isinstance(parsed, dict):
        return parsed
    answers: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        separators = [place for separator in ":=" if (place := line.find(separator)) > 0]
        if separators:
            place = min(separators)
            name = line[:place].strip()
        if separators and name:
            last = name
            answers[last] = line[place + 1 :].strip()
        elif last and line.strip():
            answers[last] += f"\n{line.strip()}"
    return answers
