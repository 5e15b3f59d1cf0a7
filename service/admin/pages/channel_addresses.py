"""Addresses for alerts, as people type them: a webhook, a mailbox with its server, or any Apprise address."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from service.i18n import _

WEBHOOK_HOSTS: Mapping[str, str] = {
    "hooks.slack.com": "slack",
    "discord.com": "discord",
    "discordapp.com": "discord",
    "chat.googleapis.com": "gchat",
    "webhook.office.com": "msteams",
    "logic.azure.com": "workflows",
    "api.powerplatform.com": "workflows",
}
"""End of a host -> the service whose webhook it is; Apprise takes these addresses as the service shows them."""

KIND_NAMES: Mapping[str, str] = {
    "slack": "Slack",
    "discord": "Discord",
    "gchat": "Google Chat",
    "msteams": "Microsoft Teams",
    "workflows": "Microsoft Teams",
    "tgram": "Telegram",
    "ntfys": "ntfy",
}
"""Scheme of an Apprise address -> the service's own name, where the two differ."""

MAX_ADDRESS_CHARS = 2000
MAX_NAME_CHARS = 80
SMTPS_PORT, SUBMISSION_PORT = 465, 587


class UnusableAddress(Exception):
    """The typed text is not an address. The message says what is wrong and what to do, in the reader's language."""


@dataclass(frozen=True, slots=True)
class TypedAddress:
    """One address. kind: its service, as Apprise names it."""

    kind: str
    address: str


def kind_name(kind: str) -> str:
    """The service as people call it."""
    return _("E-mail") if kind in {"mailto", "mailtos"} else KIND_NAMES.get(kind, kind)


def read_address(text: str) -> TypedAddress:
    """The address of a webhook, or of Apprise.

    Raises: UnusableAddress.
    """
    address = text.strip()
    scheme, separator, _rest = address.partition("://")
    if not separator or any(character.isspace() for character in address) or len(address) > MAX_ADDRESS_CHARS:
        raise UnusableAddress(_("This is not an address. Paste the whole address of the webhook, with https://."))
    if scheme.lower() not in {"http", "https"}:
        return TypedAddress(scheme.lower(), address)
    host = _host_of(address)
    for end, kind in WEBHOOK_HOSTS.items():
        if scheme.lower() == "https" and (host == end or host.endswith(f".{end}")):
            return TypedAddress(kind, address)
    raise UnusableAddress(
        _(
            "This is not a webhook of Slack, Microsoft Teams, Discord or Google Chat. For any other service, enter its "
            "Apprise address, such as json://example.com/hook."
        )
    )


def mail_address(typed: Mapping[str, str]) -> TypedAddress:
    """The address of a mailbox: `to` (one or several, by commas), and the server with its user and password.

    Raises: UnusableAddress.
    """
    recipients = [each.strip() for each in typed.get("to", "").split(",") if each.strip()]
    server, user = typed.get("server", "").strip(), typed.get("user", "").strip()
    sender = typed.get("sender", "").strip() or user
    port = typed.get("port", "").strip() or str(SUBMISSION_PORT)
    if not recipients or not all("@" in each.strip("@") for each in recipients):
        raise UnusableAddress(_("Enter the e-mail address that alerts should go to."))
    if not server or any(character in server for character in " /@:?#"):
        raise UnusableAddress(_("Enter the name of the mail server, such as smtp.example.com."))
    if not port.isdecimal() or not 0 < int(port) < 65536:  # noqa: PLR2004 (as TCP has them)
        raise UnusableAddress(_("The port must be a number, usually 587 or 465."))
    if "@" not in sender:
        raise UnusableAddress(
            _("Enter the address that alerts are sent from, or a user name that is an e-mail address.")
        )
    query = {"smtp": server, "from": sender, "to": ",".join(recipients)}
    if user:
        query |= {"user": user, "pass": typed.get("password", "")}
    query["mode"] = "ssl" if int(port) == SMTPS_PORT else "starttls"
    return TypedAddress("mailtos", f"mailtos://_:{port}?{urlencode(query, quote_via=quote)}")


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
