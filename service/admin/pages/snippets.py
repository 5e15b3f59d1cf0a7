"""What to paste elsewhere: a form for a website, a script that sends one, the addresses for platforms and tools."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from service.admin.pages.words import field_name, sender_name
from service.forms import Form
from service.platforms.registry import PLATFORMS

USUAL = ("full_name", "email", "phone", "message")
"""What a form asks for that says nothing else."""

KINDS = {"email": ' type="email" autocomplete="email"', "phone": ' type="tel" autocomplete="tel"'}
COMPLETED = {"full_name": "name", "first_name": "given-name", "last_name": "family-name", "company": "organization"}

PROOFS = {
    "app_secret": "It signs its calls with the app secret.",
    "client_secret": "It signs its calls with the client secret.",
    "secret": "It signs its calls with the secret of the forms file.",
    "key": "Its key is the one of the forms file.",
}
"""Key of a sender's table -> how the sender proves itself."""

OPEN = "Whoever knows this address can send: add a token to the forms file, unless the tool can do without."
TOKEN = "Add ?token=… with the token of the forms file, or send it as the header X-Webhook-Token."  # noqa: S105 (a hint)


@dataclass(frozen=True, slots=True)
class Mouth:
    """Where one sender posts to. proof: how it shows that it is the sender; guide: where its set-up is told."""

    name: str
    title: str
    address: str
    proof: str
    guide: str


def endpoint(public_url: str, form: Form) -> str:
    """Where the form posts to."""
    return f"{public_url.rstrip('/')}/f/{form.name}"


def html(public_url: str, form: Form) -> str:
    """A form to begin with, and the script that tells where visitors came from."""
    asked = [*USUAL, *(name for name in form.require if name not in USUAL)]
    lines = [
        f'<script src="{escape(public_url.rstrip("/"))}/attribution.js" defer></script>',
        "",
        f'<form action="{escape(endpoint(public_url, form))}" method="post">',
        *(f"  {_field(form, name)}" for name in asked),
        f'  <div hidden><input name="{escape(form.honeypot or "_gotcha")}" tabindex="-1" autocomplete="off"></div>',
        f"  <button>{escape(form.title or 'Send')}</button>",
        "</form>",
    ]
    return "\n".join(lines)


def _field(form: Form, name: str) -> str:
    submitted = escape(next(iter(form.fields.get(name, ())), name))
    needed = " required" if name in form.require else ""
    title = escape(field_name(name))
    if name == "message":
        return f'<label>{title} <textarea name="{submitted}"{needed}></textarea></label>'
    completed = f' autocomplete="{COMPLETED[name]}"' if name in COMPLETED else ""
    return f'<label>{title} <input name="{submitted}"{KINDS.get(name, completed)}{needed}></label>'


def fetch(public_url: str, form: Form) -> str:
    """The same sent by a page's own script."""
    email = next(iter(form.fields.get("email", ())), "email")
    return f"""const answer = await fetch({json.dumps(endpoint(public_url, form))}, {{
  method: "POST",
  headers: {{ "Content-Type": "application/json" }},
  body: JSON.stringify({{ {json.dumps(email)}: email, message, ...window.LeadCapture?.fields() }}),
}});
const told = await answer.json();
// good: {{"ok": true, "id": "…", "repeat": false, "next": null}}
// else: {{"ok": false, "error": "a sentence", "errors": [{{"field": "email", "message": "…"}}]}}"""


def mouths(public_url: str, form: Form) -> Iterator[Mouth]:
    """Where each sender posts to that the forms file lets in."""
    for sender, table in sorted(form.webhooks.items()):
        page = "docs/ad-platforms.md" if sender in PLATFORMS else "docs/senders.md"
        address = f"{public_url.rstrip('/')}/webhooks/{sender}/{form.name}"
        yield Mouth(sender, sender_name(sender), address, _proof(table), page)


def _proof(table: Mapping[str, Any]) -> str:
    if table.get("token"):
        return TOKEN
    return next((said for key, said in PROOFS.items() if table.get(key)), OPEN)
