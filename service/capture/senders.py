"""Every webhook sender by its name in the URL: a new one is a file of its own and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from service.capture.sender import Sender
from service.capture.tools.plain import PLAIN

SENDERS: Mapping[str, Sender] = MappingProxyType(
    {
        "meta": PLAIN,
        "google-ads": PLAIN,
        "linkedin": PLAIN,
        "tiktok": PLAIN,
        "typeform": PLAIN,
        "webflow": PLAIN,
        "elementor": PLAIN,
        "gravity-forms": PLAIN,
        "contact-form-7": PLAIN,
        "wpforms": PLAIN,
        "ninja-forms": PLAIN,
        "fluent-forms": PLAIN,
        "unbounce": PLAIN,
        "instapage": PLAIN,
        "leadpages": PLAIN,
        "jotform": PLAIN,
        "tally": PLAIN,
        "calendly": PLAIN,
        "cal-com": PLAIN,
        "hubspot": PLAIN,
        "squarespace": PLAIN,
        "wix": PLAIN,
        "framer": PLAIN,
        "netlify": PLAIN,
        "formspree": PLAIN,
        "basin": PLAIN,
        "google-forms": PLAIN,
        "json": PLAIN,
    }
)
"""Name -> how it speaks; the same names as in the forms file."""
