"""A new installation's first steps, which tick themselves off; the list disappears when all are done."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from service.admin.pages.form_pages import checked_at
from service.admin.pages.rendering import PREFIX
from service.alerts.decisions import account_without_access
from service.forms import Form
from service.i18n import _
from service.lead import Status
from service.store import NO_CREDENTIALS, Query, Transaction

STAGE_KINDS = ("stage", "setup")
"""Kinds of alerts that are open while a form has no stage to deliver to, or one that is not safe."""

IN_USE = 20
"""Number of leads from which an installation is in use: an operator may use only the hosted pages."""


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One step. address: where it is done, "" where it is done outside the dashboard."""

    title: str
    sentence: str
    is_done: bool
    address: str = ""
    link_text: str = ""


def first_steps(tx: Transaction, forms: Mapping[str, Form], public_url: str) -> list[FirstStep]:
    """The steps in their order; empty once a lead of a website or platform has been delivered."""
    is_delivered = bool(tx.search.ids(Query(status=Status.DELIVERED.value), 1))
    has_foreign_page = _has_foreign_page(tx, public_url)
    if is_delivered and has_foreign_page:
        return []
    form = next(iter(forms), "contact")
    is_connected = _is_connected(tx, forms)
    steps = [
        FirstStep(
            _("Connect Nexudus"),
            _("Enter the user name and password of a user for this service, and test them."),
            is_connected,
            f"{PREFIX}/connections/nexudus/default",
            _("Connect it"),
        ),
        FirstStep(
            _("Choose where leads go"),
            _("Give each form a board and a stage. The check says whether they are safe."),
            is_connected and not _has_open_stage(tx),
            f"{PREFIX}/setup",
            _("Open forms & connections"),
        ),
        FirstStep(
            _("Put the form on your website"),
            _("Paste the snippet, or connect your form tool or ad platform."),
            has_foreign_page,
            f"{PREFIX}/setup/{form}",
            _("Snippets and addresses"),
        ),
        FirstStep(
            _("Send a test enquiry"),
            _("Fill in the form once, and see it arrive here and in Nexudus."),
            is_delivered,
            f"/f/{form}",
            _("Open the form"),
        ),
    ]
    return [] if all(step.is_done for step in steps) else steps


def _is_connected(tx: Transaction, forms: Mapping[str, Form]) -> bool:
    """Whether the sign-in to every account works: it was checked, or a lead was delivered before the first check."""
    accounts = {account for form in forms.values() for account in form.accounts} or {"default"}
    lacking = {account_without_access(alert.cause) for alert in tx.alerts.open()}
    return all(
        (checked_at(tx, account) or tx.statistics.last_delivered(account)) is not None
        and account not in lacking
        and tx.accounts.call_pause(account, NO_CREDENTIALS) is None
        and not tx.accounts.is_login_refused(account)
        for account in accounts
    )


def _has_open_stage(tx: Transaction) -> bool:
    return any(alert.kind in STAGE_KINDS for alert in tx.alerts.open())


def _has_foreign_page(tx: Transaction, public_url: str) -> bool:
    """Whether leads came from a page other than our hosted or sample page, or so many came that those are in use."""
    if len(tx.search.ids(Query(), IN_USE)) == IN_USE:
        return True
    own = urlsplit(public_url).netloc
    return any(
        lead.submission.sender != "browser" or urlsplit(lead.submission.evidence.page_url).netloc not in ("", own)
        for lead in tx.search.leads(Query(), IN_USE)
    )
