"""Captcha widgets on our own pages, and the hosts that each may load from."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.forms import Form

PLACE = "captcha"
"""Key of a failed captcha among the errors of a form; it is no field."""


@dataclass(frozen=True, slots=True)
class Widget:
    """One provider's widget.

    script: its URL, with "{language}" to fill in. style: the CSS class that it looks for. sources: hosts by directive
    of the Content-Security-Policy, from the provider's documentation.
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
    """Return the widget for our pages of a form, None for a form without captcha or without a site key."""
    return WIDGETS[form.captcha.provider] if form.captcha and form.captcha.site_key else None


def is_out_of_reach(form: Form) -> bool:
    """Return whether only the operator's own pages can send the form: ours cannot show its captcha."""
    return form.captcha is not None and not form.captcha.site_key
