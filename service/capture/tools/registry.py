"""Every webhook sender by its name in the URL. To add a form tool: a reader in a file of tools/, and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from service.capture.tools.cal_com import CAL_COM
from service.capture.tools.calendly import CALENDLY
from service.capture.tools.form_services import BASIN, FORMSPREE, NETLIFY
from service.capture.tools.google_forms import GOOGLE_FORMS
from service.capture.tools.hubspot import HUBSPOT
from service.capture.tools.jotform import JOTFORM
from service.capture.tools.json_posts import JSON_POSTS, PLAIN
from service.capture.tools.sender import WebhookSender
from service.capture.tools.site_builders import FRAMER, UNBOUNCE, WEBFLOW, WIX
from service.capture.tools.tally import TALLY
from service.capture.tools.typeform import TYPEFORM
from service.capture.tools.wordpress import ELEMENTOR, FLUENT_FORMS, GRAVITY_FORMS, NINJA_FORMS, WPFORMS
from service.platforms.registry import PLATFORMS

SENDERS: Mapping[str, WebhookSender] = MappingProxyType(
    {
        **{name: platform.load("webhook").SENDER for name, platform in PLATFORMS.items()},
        "typeform": TYPEFORM,
        "webflow": WEBFLOW,
        "elementor": ELEMENTOR,
        "gravity-forms": GRAVITY_FORMS,
        "contact-form-7": PLAIN,
        "wpforms": WPFORMS,
        "ninja-forms": NINJA_FORMS,
        "fluent-forms": FLUENT_FORMS,
        "unbounce": UNBOUNCE,
        "instapage": JSON_POSTS,
        "leadpages": JSON_POSTS,
        "jotform": JOTFORM,
        "tally": TALLY,
        "calendly": CALENDLY,
        "cal-com": CAL_COM,
        "hubspot": HUBSPOT,
        "squarespace": JSON_POSTS,
        "wix": WIX,
        "framer": FRAMER,
        "netlify": NETLIFY,
        "formspree": FORMSPREE,
        "basin": BASIN,
        "google-forms": GOOGLE_FORMS,
        "json": JSON_POSTS,
    }
)
"""Name of a sender, in the URL and in the forms file -> the sender."""
