"""What to do about a sender whose calls are refused: how to put it right, and how to get what it lost meanwhile."""

from datetime import datetime
from http import HTTPStatus

from service.forms import Form
from service.forms.senders import can_read, table_name
from service.platforms.registry import PLATFORMS

TOOL_RETRIES = "See in the tool which calls failed, and send those again: many do not by themselves."


def remedy(form: Form, sender: str, status: int, address: str, since: datetime) -> str:
    """What to do, in sentences. status: with which the call was refused; address: the right one; since: the first."""
    parts = [_put_right(form, sender, status, address), _get_back(form, sender, since)]
    if status == HTTPStatus.UNAUTHORIZED and sender in form.webhooks:
        parts.append("If nobody changed anything there, somebody else may be trying this address.")
    return " ".join(parts)


def _put_right(form: Form, sender: str, status: int, address: str) -> str:
    table = table_name(form.name, sender)
    if sender not in form.webhooks:
        return (
            f"Put {table} back into the forms file and start the service again, or let nothing be sent here any more."
        )
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return (
            f"Enter exactly {address} there, and let it post: an address that redirects, as from http to https or to "
            "www, turns a POST into a GET and loses what it brought. A monitor belongs on /healthz."
        )
    if status != HTTPStatus.UNAUTHORIZED:
        return f"See what is sent to {address}, and whether something on the way changes it."
    if sender in PLATFORMS:
        return PLATFORMS[sender].proof_remedy.format(table=table)
    proofs = " and ".join(name for name in ("secret", "token") if form.webhooks[sender].get(name))
    return f"See that {proofs or 'token'} in {table} and in the tool are the same."


def _get_back(form: Form, sender: str, since: datetime) -> str:
    if sender not in PLATFORMS:
        return TOOL_RETRIES
    platform = PLATFORMS[sender]
    if platform.download:
        return f"{platform.after_refusal} {platform.download.format(form=form.name)}"
    pull = f"`lead-capture pull {form.name} --since {since:%Y-%m-%d}` fetches what is missing"
    needs = "" if can_read(form.webhooks.get(sender, {})) else ", once the table has an access_token"
    return f"{platform.after_refusal} {pull}{needs}."
