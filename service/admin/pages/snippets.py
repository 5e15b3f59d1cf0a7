"""Snippets to paste elsewhere: a form for a website, a script that sends one, addresses for platforms and tools."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from service.admin.pages.labels import field_name, sender_name
from service.forms import Form, Question
from service.forms.questions import TICKS
from service.i18n import N_, MessageTable, _
from service.lead import CONSENT
from service.platforms.registry import PLATFORMS

DEFAULT_FIELDS = ("full_name", "email", "phone", "message")

INPUT_ATTRIBUTES = {
    "email": ' type="email" autocomplete="email"',
    "phone": ' type="tel" autocomplete="tel"',
    "full_name": ' autocomplete="name"',
    "first_name": ' autocomplete="given-name"',
    "last_name": ' autocomplete="family-name"',
    "company": ' autocomplete="organization"',
}

PROOFS = MessageTable(
    {
        "token": N_("Add ?token=… with the token from the set-up, or send it in the header X-Webhook-Token."),
        "app_secret": N_("It signs its calls with the app secret."),
        "client_secret": N_("It signs its calls with the client secret."),
        "secret": N_("It signs its calls with the secret from the set-up."),
        "key": N_("Its key is the one in the set-up."),
    }
)
"""Key of a sender's table -> how the sender is authenticated; the first that applies counts."""

NO_PROOF = N_("Anyone who knows this address can send: set a token if the tool can send one.")


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """The address to which one sender posts. proof: how it is authenticated; guide: the documentation's page."""

    sender: str
    title: str
    address: str
    proof: str
    guide: str


def form_address(public_url: str, form: Form) -> str:
    """The address to which the form is posted."""
    return f"{public_url.rstrip('/')}/f/{form.name}"


def html(public_url: str, form: Form) -> str:
    """A form to start from, with the attribution script."""
    own = [question.name for question in form.questions]
    names = dict.fromkeys((*DEFAULT_FIELDS[:-1], *form.require, *own, *DEFAULT_FIELDS[-1:]))
    lines = [
        f'<script src="{escape(public_url.rstrip("/"))}/attribution.js" defer></script>',
        "",
        f'<form action="{escape(form_address(public_url, form))}" method="post">',
        *(f"  {_field(form, name)}" for name in names),
        f'  <div hidden><input name="{escape(form.honeypot or "_gotcha")}" tabindex="-1" autocomplete="off"></div>',
        f"  <button>{escape(form.title or 'Send')}</button>",
        "</form>",
    ]
    return "\n".join(lines)


def _field(form: Form, name: str) -> str:
    question = form.question(name)
    submitted = escape(next(iter(form.fields.get(name, ())), name))
    required = " required" if name in form.require or question.required else ""
    title = escape(question.label.in_language(form.language or "en") or field_name(name))
    if question.choices:
        return _choices(question, form.language or "en", submitted, title, required)
    if question.kind in TICKS or (name == CONSENT and question.label):
        value = title if name == CONSENT or question.kind == "consent" else "yes"
        return f'<label><input type="checkbox" name="{submitted}" value="{value}"{required}> {title}</label>'
    if name == "message" or question.kind == "textarea":
        return f'<label>{title} <textarea name="{submitted}"{required}></textarea></label>'
    attributes = INPUT_ATTRIBUTES.get(name) or (f' type="{question.kind}"' if question.kind else "")
    return f'<label>{title} <input name="{submitted}"{attributes}{required}></label>'


def _choices(question: Question, language: str, submitted: str, title: str, required: str) -> str:
    """A list to choose from, or a group of boxes; of boxes of which several may be ticked none can be required."""
    options = [
        (escape(each.value), escape(each.label.in_language(language) or each.value)) for each in question.choices
    ]
    if question.kind == "select":
        shown = "".join(f'<option value="{value}">{text}</option>' for value, text in options)
        return f'<label>{title} <select name="{submitted}"{required}><option value=""></option>{shown}</select></label>'
    kind, needed = ("radio", required) if question.kind == "radio" else ("checkbox", "")
    boxes = " ".join(
        f'<label><input type="{kind}" name="{submitted}" value="{value}"{needed}> {text}</label>'
        for value, text in options
    )
    return f"<fieldset><legend>{title}</legend> {boxes}</fieldset>"


def fetch(public_url: str, form: Form) -> str:
    """The form as a script that a page uses to send it."""
    email = next(iter(form.fields.get("email", ())), "email")
    return f"""const response = await fetch({json.dumps(form_address(public_url, form))}, {{
  method: "POST",
  headers: {{ "Content-Type": "application/json", Accept: "application/json" }},
  body: JSON.stringify({{ {json.dumps(email)}: email, message, ...window.LeadCapture?.fields() }}),
}});
const result = await response.json();
// success: {{"ok": true, "id": "…", "repeat": false, "next": null}}
// failure: {{"ok": false, "error": "a sentence", "errors": [{{"field": "email", "message": "…"}}]}}"""


def webhook_endpoints(public_url: str, form: Form) -> Iterator[WebhookEndpoint]:
    """The addresses for the senders that the forms file allows."""
    for sender, table in sorted(form.webhooks.items()):
        guide = _("Leads of ad platforms") if sender in PLATFORMS else _("Form tools")
        address = f"{public_url.rstrip('/')}/webhooks/{sender}/{form.name}"
        proof = next((PROOFS[key] for key in PROOFS if table.get(key)), "") or _(NO_PROOF)
        yield WebhookEndpoint(sender, sender_name(sender), address, proof, guide)
