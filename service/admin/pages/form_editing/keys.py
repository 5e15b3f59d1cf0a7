"""Every key of a form with its label, help and widget: the one table from which the pages are drawn and read.

A key that the schema of the forms file has and this table lacks fails a test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.admin.pages.form_editing.widgets import (
    DAYS,
    FLAG,
    LINES,
    LISTS,
    LONG,
    NAMES,
    NUMBER,
    NUMBER_CHOICE,
    NUMBERS,
    PAIRS,
    TEXT,
    TOML,
    KeyWidget,
    choice,
)
from service.forms.questions import LANGUAGES as VISITOR_LANGUAGES
from service.forms.schema import PROVIDERS
from service.i18n import N_, _

Path = tuple[str, ...]

LANGUAGE_NAMES = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
    "pt": "Português",
}
"""Languages of the pages for visitors, each by its own name."""

ADDRESSES_HELP = N_(
    "One per line: webhook addresses of Slack, Teams, Discord or Google Chat, or Apprise addresses, such as "
    "mailtos://user:password@smtp.example.com?to=ann@example.com."
)


@dataclass(frozen=True, slots=True)
class FormField:
    """One key of a form.

    path: from the form's table down. options: values and their words, for a choice. usual: what holds without the key.
    """

    path: Path
    widget: KeyWidget
    label_message: str
    help_message: str = ""
    options: Sequence[tuple[str, str]] = ()
    usual: str = ""

    @property
    def name(self) -> str:
        """The name of its input."""
        return ".".join(self.path)

    @property
    def label(self) -> str:
        """The words beside its input."""
        return _(self.label_message)

    @property
    def help(self) -> str:
        """One sentence on what the key does."""
        return _(self.help_message)

    def value_in(self, keys: Mapping[str, Any]) -> Any:
        """Return its value in a form's table, None where it is not there."""
        value: Any = keys
        for step in self.path:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    def widget_for(self, value: Any) -> KeyWidget:
        """Return the widget that can show this value."""
        return self.widget if value is None or self.widget.shows(value) else TOML


@dataclass(frozen=True, slots=True)
class Section:
    """Keys that are grouped under a title. is_open: shown at once; other sections are folded."""

    name: str
    title_message: str
    fields: Sequence[FormField]
    help_message: str = ""
    is_open: bool = False

    @property
    def title(self) -> str:
        """Its heading."""
        return _(self.title_message)

    @property
    def help(self) -> str:
        """One sentence on what the section is about."""
        return _(self.help_message)


def _key(path: str, widget: KeyWidget, label: str, help_text: str = "", usual: str = "", **more: Any) -> FormField:
    return FormField(tuple(path.split(".")), widget, label, help_text, usual=usual, **more)


QUESTIONS = Section(
    "questions",
    N_("Title and questions"),
    (
        _key(
            "title", TEXT, N_("Title"), N_("Visitors see it above the form. The dashboard uses it as the form's name.")
        ),
        _key(
            "require",
            NAMES,
            N_("Required answers"),
            N_("Visitors who leave one out are asked again. Additional questions have a box of their own."),
            usual="email",
        ),
    ),
    is_open=True,
)

AFTERWARDS = Section(
    "afterwards",
    N_("Hosted page and thank-you page"),
    (
        _key(
            "redirect",
            TEXT,
            N_("Thank-you page"),
            N_("Where visitors are sent afterwards. Left empty, they see a built-in page."),
            "https://www.example.com/thanks",
        ),
        _key(
            "language",
            choice(),
            N_("Language of the page"),
            N_("Left empty: the language of the visitor's browser."),
            options=tuple((code, LANGUAGE_NAMES[code]) for code in VISITOR_LANGUAGES),
        ),
        _key("titles", PAIRS, N_("Title in other languages"), N_("One per line: de = Besichtigung buchen")),
        _key("privacy_url", TEXT, N_("Privacy policy"), N_("Linked from the page."), "https://www.example.com/privacy"),
    ),
)

PEOPLE = Section(
    "people",
    N_("Notifications and answer times"),
    (
        _key("notify", LINES, N_("Notify of new leads"), ADDRESSES_HELP),
        _key("report_to", LINES, N_("Send the Monday report to"), ADDRESSES_HELP),
        _key(
            "answer_within",
            TEXT,
            N_("Answer within"),
            N_("Minutes (m), hours (h) or days (d) of working time; then a reminder is sent."),
            "2h",
        ),
        _key("escalate_after", TEXT, N_("Escalate after"), N_("Counted from when the lead arrives."), "4h"),
        _key("escalate_to", LINES, N_("Escalate to"), ADDRESSES_HELP),
        _key("hours", TEXT, N_("Working hours"), "", "Mo-Fr 09:00-18:00"),
        _key("holidays", LINES, N_("Holidays"), N_("Dates or ranges, one per line: 2026-12-24/2027-01-01")),
        _key("time_zone", TEXT, N_("Time zone of the working hours"), "", "Europe/London"),
        _key("silence_alarm", FLAG, N_("Alert when no leads arrive"), usual="yes"),
    ),
)

SPAM = Section(
    "spam",
    N_("Allowed websites and spam"),
    (
        _key(
            "allowed_origins",
            LINES,
            N_("Allowed websites"),
            N_("One per line, such as https://www.example.com. Left empty, every site may send."),
        ),
        _key("block", LINES, N_("Hold as spam"), N_("Addresses, @domains, networks or words, one per line.")),
        _key("honeypot", TEXT, N_("Honeypot field"), N_("The name of a hidden field that only bots fill in.")),
        _key("min_fill_seconds", NUMBER, N_("Minimum seconds to fill in the form"), usual="1"),
        _key("max_links", NUMBER, N_("Maximum links in a message"), usual="2"),
        _key("same_text", NUMBER, N_("Maximum people with the same text"), N_("0 turns this rule off.")),
        _key(
            "captcha.provider",
            choice(),
            N_("Captcha"),
            N_("Checks that visitors are human."),
            options=tuple((each, each) for each in PROVIDERS),
        ),
        _key("captcha.secret", choice("secret"), N_("Captcha: secret key")),
        _key("captcha.site_key", TEXT, N_("Captcha: site key"), N_("It is public, and needed for the hosted page.")),
        _key("captcha.min_score", NUMBER, N_("Captcha: minimum score"), N_("For reCAPTCHA: 0 to 1."), "0.5"),
        _key("captcha.url", TEXT, N_("Captcha: verification URL")),
        _key("duplicate_window", NUMBER, N_("Merge identical enquiries within (seconds)"), usual="300"),
    ),
)

ORIGIN = Section(
    "origin",
    N_("Attribution"),
    (
        _key(
            "touch",
            choice(),
            N_("Visit to credit"),
            options=(("last", N_("the last")), ("first", N_("the first"))),
        ),
        _key(
            "own_domains",
            LINES,
            N_("Your own sites"),
            N_("Domains, one per line. Links between them do not count as a source."),
        ),
        _key(
            "ignored_referrers",
            LINES,
            N_("Sites to ignore as a source"),
            N_("Such as payment and sign-in pages, one per line."),
        ),
        _key("lead_source", NUMBER_CHOICE, N_("Lead source for every lead")),
        _key("default_lead_source", NUMBER_CHOICE, N_("Lead source when nothing is known"), usual="1"),
        _key("answer_field", TEXT, N_("Question about how people heard of you"), N_("Its field name."), "how_heard"),
        _key("answer_map", NUMBERS, N_("Lead sources of its answers"), N_("One per line: A friend = 8")),
        _key(
            "source_map",
            NUMBERS,
            N_("Lead sources of your own sources"),
            N_("A utm_source or site, one per line: valve = 26"),
        ),
        _key("utm.source", TEXT, N_("Default source"), "", "qr"),
        _key("utm.medium", TEXT, N_("Default medium"), "", "flyer"),
        _key("utm.campaign", TEXT, N_("Default campaign")),
        _key("utm.content", TEXT, N_("Default content")),
        _key("utm.term", TEXT, N_("Default term")),
        _key(
            "conversions",
            PAIRS,
            N_("Conversions for ad platforms"),
            N_("Won, lost, received or a stage, one per line: won = Lead won"),
        ),
    ),
)

RECORD = Section(
    "record",
    N_("Opportunity and contact fields"),
    (
        _key("name", TEXT, N_("Name of the opportunity"), N_("Put field names in braces."), "{full_name}"),
        _key("notes_prefix", LONG, N_("Text above the message"), N_("Put field names in braces: {team_size} desks")),
        _key("value", TOML, N_("Expected value"), N_('A number, or from an answer: { from = "budget" }')),
        _key("due_date", TOML, N_("Follow-up date"), N_('From an answer: { from = "move_in_date", days = -14 }')),
        _key("due_in_days", NUMBER, N_("Follow-up after (days)")),
        _key("position", NUMBER, N_("Position within the stage"), usual="1"),
        _key("team_id", NUMBER, N_("Team (ID)")),
        _key("referrer_id", NUMBER, N_("Referring customer (ID)")),
        _key("agent_id", NUMBER, N_("Agent (ID)")),
        _key("custom", PAIRS, N_("Custom fields"), N_("One per line: Team size = {team_size}")),
        _key("extra", TOML, N_("Other fields of the opportunity"), N_("As TOML, one per line.")),
        _key("contact.business_id", NUMBER, N_("New contacts: location (ID)")),
        _key("contact.country_id", NUMBER, N_("New contacts: country (ID)")),
        _key("contact.time_zone_id", NUMBER, N_("New contacts: time zone (ID)")),
        _key("contact.tag", TEXT, N_("New contacts: tag"), "", "web-lead"),
        _key("contact.custom", PAIRS, N_("New contacts: custom fields"), N_("One per line: Team size = {team_size}")),
        _key("contact.extra", TOML, N_("New contacts: other fields"), N_("As TOML, one per line.")),
        _key("days_off", DAYS, N_("Owners’ days off"), N_("One per line: ann@example.com = Fr | 2026-12-24")),
    ),
)

REST = Section(
    "rest",
    N_("Advanced"),
    (
        _key(
            "fields",
            LISTS,
            N_("Your own field names"),
            N_("One per line: email = your-email. Most names are recognised without it."),
        ),
        _key("country", TEXT, N_("Default country of phone numbers"), N_("Two letters, such as GB."), "GB"),
        _key("retention_days", NUMBER, N_("Erase personal data after (days)"), N_("0 keeps it forever.")),
        _key("canary.every", TEXT, N_("Test leads: interval"), N_("Use a separate form with a stage for tests."), "6h"),
        _key("canary.email", TEXT, N_("Test leads: e-mail address"), "", "canary@example.com"),
        _key("paused", FLAG, N_("Paused"), N_("Leads are stored here, not sent to Nexudus."), "no"),
    ),
)

SECTIONS: tuple[Section, ...] = (QUESTIONS, AFTERWARDS, PEOPLE, SPAM, ORIGIN, RECORD, REST)
"""The sections of a form's page; the target in Nexudus and the routes come between the first and the second."""

OWN_EDITORS = frozenset(
    (
        *("questions", "routes", "webhooks", "account"),
        *("stage_id", "board", "stage", "opportunity_type_id", "responsible_id", "responsible"),
    )
)
"""Keys with an editor of their own: questions.py, target.py, routes.py, senders.py."""

FIELDS: tuple[FormField, ...] = tuple(each for section in SECTIONS for each in section.fields)
