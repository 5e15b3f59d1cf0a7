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
from service.forms.schema import BARRED_IN_ROUTES, PROVIDERS
from service.i18n import N_, _

Path = tuple[str, ...]


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
        """What it does, in a sentence."""
        return _(self.help_message)

    @property
    def is_for_routes(self) -> bool:
        """Whether a route may have it."""
        return self.path[0] not in BARRED_IN_ROUTES and self.path[0] not in ("canary", "paused")

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
    """Keys that stand together under a title. is_open: shown at once; the others are folded."""

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
        """What it is about."""
        return _(self.help_message)


def _key(path: str, widget: KeyWidget, label: str, help_text: str = "", usual: str = "", **more: Any) -> FormField:
    return FormField(tuple(path.split(".")), widget, label, help_text, usual=usual, **more)


QUESTIONS = Section(
    "questions",
    N_("Title and questions"),
    (
        _key("title", TEXT, N_("Title"), N_("People read it above the form. Here it names the form.")),
        _key(
            "require",
            LINES,
            N_("Answers that must be given"),
            N_("One a line, such as email, phone, company. Without them a visitor is asked again."),
            usual="email",
        ),
    ),
    is_open=True,
)

AFTERWARDS = Section(
    "afterwards",
    N_("After the form is sent, and its page"),
    (
        _key(
            "redirect",
            TEXT,
            N_("Thank-you page"),
            N_("Where visitors go on to. Without it they see a built-in page."),
            "https://www.example.com/thanks",
        ),
        _key(
            "language",
            choice(),
            N_("Language of the page"),
            N_("Otherwise the language of the visitor's browser."),
            options=tuple((code, code) for code in VISITOR_LANGUAGES),
        ),
        _key("titles", PAIRS, N_("Title in other languages"), N_("One a line: de = Besichtigung buchen")),
        _key("privacy_url", TEXT, N_("Privacy policy"), N_("The page links to it."), "https://www.example.com/privacy"),
    ),
)

PEOPLE = Section(
    "people",
    N_("Who is told, and answering in time"),
    (
        _key("notify", LINES, N_("Tell of every new lead"), N_("Addresses of Apprise, one a line.")),
        _key("report_to", LINES, N_("Send the Monday report to"), N_("Addresses of Apprise, one a line.")),
        _key(
            "answer_within", TEXT, N_("Answer within"), N_("In m, h or d of working time; then comes a reminder."), "2h"
        ),
        _key("escalate_after", TEXT, N_("Escalate after"), N_("Counted from the arrival of the lead."), "4h"),
        _key("escalate_to", LINES, N_("Escalate to"), N_("Addresses of Apprise, one a line.")),
        _key("hours", TEXT, N_("Working hours"), "", "Mo-Fr 09:00-18:00"),
        _key("holidays", LINES, N_("Holidays"), N_("Dates or spans, one a line: 2026-12-24/2027-01-01")),
        _key("time_zone", TEXT, N_("Time zone of the hours"), "", "Europe/London"),
        _key("silence_alarm", FLAG, N_("Alert when leads stay away"), usual="yes"),
    ),
)

SPAM = Section(
    "spam",
    N_("Websites that may send, and spam"),
    (
        _key(
            "allowed_origins",
            LINES,
            N_("Websites that may send"),
            N_("One a line, https://www.example.com. Without any, every site may."),
        ),
        _key("block", LINES, N_("Hold as spam"), N_("Addresses, @domains, networks or words, one a line.")),
        _key("honeypot", TEXT, N_("Hidden trap"), N_("The name of a hidden field that only robots fill in.")),
        _key("min_fill_seconds", NUMBER, N_("Seconds that filling in takes at least"), usual="1"),
        _key("max_links", NUMBER, N_("Links that a message may have"), usual="2"),
        _key("same_text", NUMBER, N_("People who may send the same text"), N_("With 0 all of them may.")),
        _key(
            "captcha.provider",
            choice(),
            N_("Captcha"),
            N_("A check that visitors are people."),
            options=tuple((each, each) for each in PROVIDERS),
        ),
        _key("captcha.secret", choice("secret"), N_("Captcha: secret key")),
        _key("captcha.site_key", TEXT, N_("Captcha: site key"), N_("It is public; our own pages need it.")),
        _key("captcha.min_score", NUMBER, N_("Captcha: lowest score"), N_("Of reCAPTCHA, from 0 to 1."), "0.5"),
        _key("captcha.url", TEXT, N_("Captcha: another address for checks")),
        _key("duplicate_window", NUMBER, N_("Seconds in which the same words are one lead"), usual="300"),
    ),
)

ORIGIN = Section(
    "origin",
    N_("Where people came from"),
    (
        _key(
            "touch",
            choice(),
            N_("The visit that counts"),
            options=(("last", N_("the last one")), ("first", N_("the first one"))),
        ),
        _key("own_domains", LINES, N_("Your own sites"), N_("Domains, one a line. Links between them are no source.")),
        _key("ignored_referrers", LINES, N_("Sites that are no source"), N_("Payment and login pages, one a line.")),
        _key("lead_source", NUMBER_CHOICE, N_("Lead source of every lead")),
        _key("default_lead_source", NUMBER_CHOICE, N_("Lead source where nothing is known"), usual="1"),
        _key("answer_field", TEXT, N_("Question how people heard of you"), N_("The name of its answer."), "how_heard"),
        _key("answer_map", NUMBERS, N_("What its answers mean"), N_("One a line: A friend = 8")),
        _key("source_map", NUMBERS, N_("What your sources mean"), N_("One a line, utm_source or site: valve = 26")),
        _key("utm.source", TEXT, N_("Source, where a visit has none"), "", "qr"),
        _key("utm.medium", TEXT, N_("Medium, where a visit has none"), "", "flyer"),
        _key("utm.campaign", TEXT, N_("Campaign, where a visit has none")),
        _key("utm.content", TEXT, N_("Content, where a visit has none")),
        _key("utm.term", TEXT, N_("Term, where a visit has none")),
        _key(
            "conversions",
            PAIRS,
            N_("Outcomes that ad platforms hear of"),
            N_("One a line, received, won, lost or a stage: won = Lead won"),
        ),
    ),
)

RECORD = Section(
    "record",
    N_("More for the record in Nexudus"),
    (
        _key("name", TEXT, N_("Name of the opportunity"), N_("Answers stand in braces."), "{full_name}"),
        _key("notes_prefix", LONG, N_("Text above the message"), N_("Answers stand in braces: {team_size} desks")),
        _key("value", TOML, N_("Expected value"), N_('A number, or by an answer: { from = "budget" }')),
        _key("due_date", TOML, N_("Follow-up on a date"), N_('By an answer: { from = "move_in_date", days = -14 }')),
        _key("due_in_days", NUMBER, N_("Follow-up after so many days")),
        _key("position", NUMBER, N_("Place within the stage"), usual="1"),
        _key("team_id", NUMBER, N_("Team (ID)")),
        _key("referrer_id", NUMBER, N_("Referring customer (ID)")),
        _key("agent_id", NUMBER, N_("Agent (ID)")),
        _key("custom", PAIRS, N_("Custom fields"), N_("One a line: Team size = {team_size}")),
        _key("extra", TOML, N_("Other fields of the opportunity"), N_("As TOML, one a line.")),
        _key("contact.business_id", NUMBER, N_("New contacts: location (ID)")),
        _key("contact.country_id", NUMBER, N_("New contacts: country (ID)")),
        _key("contact.time_zone_id", NUMBER, N_("New contacts: time zone (ID)")),
        _key("contact.tag", TEXT, N_("New contacts: tag"), "", "web-lead"),
        _key("contact.custom", PAIRS, N_("New contacts: custom fields"), N_("One a line: Team size = {team_size}")),
        _key("contact.extra", TOML, N_("New contacts: other fields"), N_("As TOML, one a line.")),
        _key("days_off", DAYS, N_("Days off of the owners"), N_("One a line: ann@example.com = Fr | 2026-12-24")),
    ),
)

REST = Section(
    "rest",
    N_("Rarely needed"),
    (
        _key(
            "fields",
            LISTS,
            N_("Your own field names"),
            N_("One a line: email = your-email. Most names are understood without."),
        ),
        _key("country", TEXT, N_("Country of phone numbers"), N_("Two letters."), "GB"),
        _key("retention_days", NUMBER, N_("Days until personal data is erased"), N_("With 0 it is kept.")),
        _key("canary.every", TEXT, N_("Test leads: one every"), N_("For a form of its own, with a test stage."), "6h"),
        _key("canary.email", TEXT, N_("Test leads: e-mail address"), "", "canary@example.com"),
        _key("paused", FLAG, N_("Paused"), N_("Leads are kept here and not sent to Nexudus."), "no"),
    ),
)

SECTIONS: tuple[Section, ...] = (QUESTIONS, AFTERWARDS, PEOPLE, SPAM, ORIGIN, RECORD, REST)
"""The sections of a form's page; the target in Nexudus and the routes stand between the first and the second."""

OWN_EDITORS = frozenset(
    (
        *("questions", "routes", "webhooks", "account"),
        *("stage_id", "board", "stage", "opportunity_type_id", "responsible_id", "responsible"),
    )
)
"""Keys with an editor of their own: questions.py, target.py, routes.py, senders.py."""

FIELDS: tuple[FormField, ...] = tuple(each for section in SECTIONS for each in section.fields)
