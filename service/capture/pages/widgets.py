"""The check for robots on our own pages: each provider's widget, and what it must be allowed to load."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.forms import Form

PLACE = "captcha"
"""What a check that was not passed is called among the errors of a form; it is no answer."""


@dataclass(frozen=True, slots=True)
class Widget:
    """One provider's checkbox.

    script: where it is loaded from, "{language}" filled in. style: the class it looks for.
    sources: hosts by directive of the Content-Security-Policy, as the provider asks for.
    """

    script: str
    style: str
    sources: Mapping[str, str]


_HCAPTCHA = "https://hcaptcha.com https://*.hcaptcha.com"
_RECAPTCHA = "https://www.google.com/recaptcha/"
WIDGETS: Mapping[str, Widget] = {
    "turnstile": Widget(
        "https://challenges.cloudflare.com/turnstile/v0/api.js",
        "cf-turnstile",
        dict.fromkeys(("script-src", "frame-src"), "https://challenges.cloudflare.com"),
    ),
    "hcaptcha": Widget(
        "https://js.hcaptcha.com/1/api.js?hl={language}",
        "h-captcha",
        dict.fromkeys(("script-src", "frame-src", "style-src", "connect-src"), _HCAPTCHA),
    ),
    "recaptcha": Widget(
        "https://www.google.com/recaptcha/api.js?hl={language}",
        "g-recaptcha",
        {
            "script-src": f"{_RECAPTCHA} https://www.gstatic.com/recaptcha/",
            "frame-src": f"{_RECAPTCHA} https://recaptcha.google.com/recaptcha/",
            "connect-src": _RECAPTCHA,
        },
    ),
}


def widget_of(form: Form) -> Widget | None:
    """Return the widget that our pages of a form show, None where they need or can have none."""
    return WIDGETS[form.captcha.provider] if form.captcha and form.captcha.site_key else None


def is_out_of_reach(form: Form) -> bool:
    """Whether the form can be sent from the operator's own pages only: it wants a check that ours cannot show."""
    return form.captcha is not None and not form.captcha.site_key
