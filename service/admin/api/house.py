"""/api/v1/forms and /alerts: what there is, and what is wrong."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_smorest import Blueprint

from service.admin.api.access import answers, guarded
from service.admin.api.schemas.house import AlertList, FormList
from service.forms import Form
from service.operations.lead_json import instant
from service.store import Alert, Store


def blueprint(
    store: Store, token: str, forms: Mapping[str, Form], public_url: str, title_of: Callable[[Alert], str]
) -> Blueprint:
    """The calls."""
    routes = guarded("house", token, "What there is, and what is wrong.")

    @routes.route("/forms")
    @answers(routes, FormList)
    def list_forms() -> dict[str, Any]:
        """The forms, and where each is posted to."""
        return {"forms": [_form(forms[name], public_url) for name in sorted(forms)]}

    @routes.route("/alerts")
    @answers(routes, AlertList)
    def list_alerts() -> dict[str, Any]:
        """What is wrong now and what to do; the same that is told by e-mail or chat."""
        with store.read() as tx:
            return {"alerts": [_alert(concern, title_of(concern)) for concern in tx.alerts.open()]}

    return routes


def _form(form: Form, public_url: str) -> dict[str, Any]:
    """Without secrets: a webhook's token is not part of the address here."""
    return {
        "name": form.name,
        "title": form.title or None,
        "account": form.account,
        "url": f"{public_url}/f/{form.name}",
        "webhooks": {sender: f"{public_url}/webhooks/{sender}/{form.name}" for sender in sorted(form.webhooks)},
    }


def _alert(concern: Alert, title: str) -> dict[str, Any]:
    return {
        "cause": concern.cause,
        "title": title,
        "sentence": concern.sentence,
        "since": instant(concern.since),
    }
