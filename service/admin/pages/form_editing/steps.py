"""How to connect each tool, step by step; an ad platform's steps are in its record.

A tool's menu is named where its own documentation names it; otherwise the step says what to look for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.forms.senders import SENDERS
from service.i18n import N_, _
from service.platforms.registry import PLATFORMS

SETTINGS = N_("Open the webhook or integration settings of the form there.")
PASTE = N_("Paste the address.")
SECRET_THERE = N_("Enter the secret there as well.")
SECRET_HERE = N_("Copy the secret that it shows into this page.")
HEADER = N_("If it can send a header, add X-Webhook-Token with the token; then leave the token out of the address.")
HIDDEN = N_("Give its form hidden fields utm_source, utm_medium, utm_campaign, utm_content, utm_term and gclid.")
ON_ADDRESS = N_("If it has no hidden fields, add tags to the address: &utm_source=…&utm_medium=…")
TRY = N_("Send a test there: it appears on the page Leads.")
NAMES = N_("Send one test, then name its fields under Advanced, Your own field names.")


@dataclass(frozen=True, slots=True)
class SenderGuide:
    """How one sender is set up. menu: the way to its webhooks, in the sender's own words. steps: what to do there.

    is_secret_ours: whether the operator makes up its secret. is_unsigned: whether it signs nothing when it is set up
    this way, so that a token in the address proves its calls.
    """

    menu: str = ""
    steps: Sequence[str] = (PASTE, TRY)
    is_secret_ours: bool = False
    is_unsigned: bool = False

    @property
    def sentences(self) -> list[str]:
        """Every step, in order."""
        first = [_("Open %(menu)s.", menu=self.menu)] if self.menu else []
        return [*first, *(_(step) for step in self.steps)]


_OURS = (PASTE, SECRET_THERE, HIDDEN, TRY)
_UNSIGNED = (PASTE, HEADER, HIDDEN, TRY)
_JSON = N_("Choose Request Method POST and Format JSON.")

GUIDES: dict[str, SenderGuide] = {
    **{name: SenderGuide(each.menu, each.steps, each.is_secret_ours) for name, each in PLATFORMS.items()},
    "typeform": SenderGuide(
        "Connect > Webhooks",
        (PASTE, SECRET_THERE, N_("Turn the webhook on: Typeform creates it switched off."), HIDDEN, TRY),
        is_secret_ours=True,
    ),
    "webflow": SenderGuide(
        "", (SETTINGS, PASTE, N_("Choose the event for submitted forms."), HIDDEN, TRY), is_unsigned=True
    ),
    "elementor": SenderGuide("Actions After Submit > Webhook", (PASTE, N_("Turn Advanced Data on."), HIDDEN, TRY)),
    "gravity-forms": SenderGuide("", (N_("Add a webhook to the form (Webhooks add-on)."), PASTE, _JSON, HEADER, NAMES)),
    "contact-form-7": SenderGuide("CF7 to Webhook", _UNSIGNED),
    "wpforms": SenderGuide(
        "", (N_("Add a webhook to the form (Webhooks add-on)."), PASTE, _JSON, SECRET_THERE, TRY), is_secret_ours=True
    ),
    "ninja-forms": SenderGuide("", (N_("Add a webhook to the form (Webhooks add-on)."), *_UNSIGNED)),
    "fluent-forms": SenderGuide("Settings & Integrations > WebHook", _UNSIGNED),
    **dict.fromkeys(("unbounce", "instapage", "leadpages", "jotform"), SenderGuide("", (SETTINGS, PASTE, HIDDEN, TRY))),
    "tally": SenderGuide("", (SETTINGS, *_OURS), is_secret_ours=True),
    "calendly": SenderGuide(
        "",
        (
            N_(
                "Calendly has no page for webhooks: the documentation, “Form tools”, has the API call that creates one."
            ),
            N_("Use the address and the secret in it: signing_key is the secret."),
        ),
        is_secret_ours=True,
    ),
    "cal-com": SenderGuide(
        "Settings > Developer > Webhooks",
        (PASTE, SECRET_THERE, N_("Choose Booking created, requested and rescheduled."), TRY),
        is_secret_ours=True,
    ),
    "hubspot": SenderGuide(
        "Automation > Workflows > Send a webhook",
        (
            PASTE,
            N_("Use the request signature of an app of yours, and copy that app's client secret into this page."),
            TRY,
        ),
    ),
    "squarespace": SenderGuide(
        "", (N_("Squarespace has no webhook: let Zapier send each submission to the address by POST."), HEADER, TRY)
    ),
    "wix": SenderGuide(
        "Automations",
        (
            N_("Choose the trigger for submitted forms, and the action that sends them to a webhook."),
            PASTE,
            N_("Send all keys and values."),
            ON_ADDRESS,
            TRY,
        ),
    ),
    "framer": SenderGuide("Send To > Webhook", _OURS, is_secret_ours=True),
    "netlify": SenderGuide(
        "Forms > Submission notifications",
        (N_("Add a notification to a webhook."), PASTE, SECRET_THERE, HIDDEN, TRY),
        is_secret_ours=True,
    ),
    "formspree": SenderGuide("", (N_("Turn on the Webhook plugin of the form."), PASTE, SECRET_HERE, HIDDEN, TRY)),
    "basin": SenderGuide("Integrations", (PASTE, HIDDEN, TRY)),
    "google-forms": SenderGuide(
        "Apps Script",
        (
            N_("Paste the script of the documentation, “Form tools”, with the address and the token."),
            N_("Add a trigger: function send, event On form submit. Then run test."),
        ),
    ),
    "json": SenderGuide("", (N_("Send a POST with JSON to the address."), HEADER, TRY)),
}

GROUPS: Sequence[tuple[str, Sequence[str]]] = (
    (N_("Ad platforms"), tuple(PLATFORMS)),
    (N_("Forms and bookings"), ("typeform", "tally", "jotform", "google-forms", "calendly", "cal-com", "hubspot")),
    (
        N_("WordPress"),
        ("elementor", "gravity-forms", "contact-form-7", "wpforms", "ninja-forms", "fluent-forms"),
    ),
    (
        N_("Website builders"),
        (
            "webflow",
            "wix",
            "squarespace",
            "framer",
            "unbounce",
            "instapage",
            "leadpages",
            "netlify",
            "formspree",
            "basin",
        ),
    ),
    (N_("Zapier, Make, your own program"), ("json",)),
)
"""Title -> its senders, in the order in which the page lists them."""


def guide_of(sender: str) -> SenderGuide:
    """Return how a sender is set up; a new one gets the usual steps."""
    return GUIDES.get(sender, SenderGuide())


def is_signed(sender: str) -> bool:
    """Whether the sender proves its calls itself, and not by a token in the address."""
    keys = SENDERS[sender].keys
    return not guide_of(sender).is_unsigned and any(
        key in keys for key in ("secret", "key", "app_secret", "client_secret")
    )
