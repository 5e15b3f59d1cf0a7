"""The operator's settings of one form, checked and complete. Frozen values, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.forms.amounts import AmountTable, AnswerAmount, AnswerDate
from service.forms.blocks import Block
from service.forms.brand import Brand
from service.forms.questions import Question
from service.forms.working_hours import AnswerRule, DaySet
from service.lead import Answers, Submission

DEFAULT_ACCOUNT = "default"
"""Name of the account of the NEXUDUS_ settings, or of the set-up if they are not set."""


@dataclass(frozen=True, slots=True)
class AttributionConfig:
    """How leads of a form are attributed. Names and hosts are as the operator wrote them."""

    touch: str = "last"  # "last" or "first"
    lead_source: int | None = None
    answer_field: str = ""
    answer_map: Mapping[str, int] = field(default_factory=dict)
    source_map: Mapping[str, int] = field(default_factory=dict)
    default_lead_source: int | None = None
    own_domains: tuple[str, ...] = ()
    ignored_referrers: tuple[str, ...] = ()
    utm: Mapping[str, str] = field(default_factory=dict)  # source, medium, ... for visits that have none

    __hash__ = object.__hash__  # by identity, as it holds dicts: results computed from it can be cached


@dataclass(frozen=True, slots=True)
class ContactRule:
    """How a new Coworker is created. None: the location's value."""

    business_id: int | None = None
    country_id: int | None = None
    time_zone_id: int | None = None
    tag: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)  # additions to the Coworker body; texts are templates
    custom: Mapping[str, str] = field(default_factory=dict)  # custom field, by name or id -> template


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an opportunity goes, and its contents besides the lead.

    The stage is `stage_id`, or looked up by `board` and `stage` (names or ids; one may be missing), or else the first
    safe stage of the first board. Templates: see templates.py.
    """

    stage_id: int | None = None
    board: str | int | None = None
    stage: str | int | None = None
    position: int = 1
    opportunity_type_id: int | None = None
    responsible_id: int | None = None
    responsible: tuple[str, ...] = field(default=(), repr=False)  # e-mail addresses of people who take turns
    days_off: Mapping[str, DaySet] = field(default_factory=dict, repr=False)  # e-mail address -> their days off
    team_id: int | None = None
    referrer_id: int | None = None
    agent_id: int | None = None
    value: float | AnswerAmount | AmountTable | None = None
    due_date: AnswerDate | None = None
    due_in_days: int | None = None  # also where due_date's answer is not a date
    name: str = "{full_name}"  # CrmOpportunity.Name, a template
    notes_prefix: str = ""  # a template, put before the message in Notes
    extra: Mapping[str, Any] = field(default_factory=dict)  # additions to the body; texts are templates
    custom: Mapping[str, str] = field(default_factory=dict)  # custom field, by name or id -> template


@dataclass(frozen=True, slots=True)
class Captcha:
    """The provider that judges visitors, and our secret there."""

    provider: str  # turnstile, hcaptcha or recaptcha
    secret: str = field(repr=False)
    min_score: float = 0.5  # of reCAPTCHA v3, 0 to 1: below it a lead is quarantined
    url: str = ""  # where tokens are checked; "": the provider's usual URL
    site_key: str = ""  # public: our own pages show the check with it


@dataclass(frozen=True, slots=True)
class Canary:
    """Test leads through the form: their interval and e-mail address."""

    every_s: float
    email: str


@dataclass(frozen=True, slots=True)
class Form:
    """One form: its senders, questions, attribution and delivery."""

    name: str
    title: str = ""
    account: str = "default"
    brand: Brand = field(default_factory=Brand)  # of the account
    require: tuple[str, ...] = ("email",)
    questions: tuple[Question, ...] = ()  # its own questions, and how standard ones are asked
    redirect: str = ""  # a template; "" shows the thank-you page
    titles: Mapping[str, str] = field(default_factory=dict)  # by language, else `title`
    language: str = ""  # language of our pages; "": the visitor's
    privacy_url: str = ""  # linked on our pages
    allowed_origins: tuple[str, ...] = ()  # empty: any
    honeypot: str = ""  # a name besides the standard ones
    captcha: Captcha | None = None
    block: tuple[Block, ...] = ()
    min_fill_s: float = 1.0  # sent sooner after the page was opened, a lead is quarantined; 0: off
    max_links: int = 2  # a message with more links is quarantined
    same_text: int | None = None  # people with the same text; None: 3, for texts with links; 0: off
    duplicate_window_s: int = 300
    retention_days: int | None = None  # None: the RETENTION_DAYS setting
    country: str = ""  # two letters, ISO 3166: how local phone numbers are read
    notify: tuple[str, ...] = field(default=(), repr=False)
    report_to: tuple[str, ...] = field(default=(), repr=False)  # of the weekly report
    answer: AnswerRule = field(default_factory=AnswerRule)  # how soon a person must react
    silence_alarm: bool = True  # alert when the form stops bringing leads
    paused: bool = False  # its leads are parked, and its page asks nothing
    canary: Canary | None = None  # test leads, for a test stage
    conversions: Mapping[str, str] = field(
        default_factory=dict
    )  # received, won, lost or a stage -> its name at platforms
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # canonical -> submitted names
    attribution: AttributionConfig = field(default_factory=AttributionConfig)
    destination: Destination = field(default_factory=Destination)
    contact: ContactRule = field(default_factory=ContactRule)
    routes: tuple["Route", ...] = ()
    webhooks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    setup_version: int | None = field(default=None, compare=False)  # number in the database; None: of a forms file

    @property
    def variants(self) -> "tuple[Form, ...]":
        """The form itself, then the form of each route."""
        return (self, *(route.form for route in self.routes))

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every Nexudus account that a lead of the form may go to, the form's own first."""
        return tuple(dict.fromkeys(variant.account for variant in self.variants))

    def question(self, name: str) -> Question:
        """Return the question for an answer; an empty one if the form describes none."""
        return next((question for question in self.questions if question.name == name), Question(name))

    @property
    def starts_clock(self) -> bool:
        """Whether some of its leads have a target time for the answer; test leads never have."""
        return self.canary is None and any(
            variant.answer.within_s or variant.answer.escalate_after_s for variant in self.variants
        )

    @property
    def takes_turns(self) -> bool:
        """Whether people take turns with its leads; test leads take none."""
        return bool(self.destination.responsible) and self.canary is None

    def title_in(self, language: str) -> str:
        """Return the form's title in a language; "" without one."""
        return self.titles.get(language, self.title)

    def for_answers(self, submission: Submission) -> "Form":
        """Return the form of the first route whose answers all match, else the form itself."""
        if not self.routes:
            return self
        answers = {**submission.extras, **submission.fields}
        return next((route.form for route in self.routes if route.matches(answers)), self)


def fold_name(name: str) -> str:
    """Return a name for comparison: letters and digits in lower case; a name without any stays as it is."""
    return "".join(filter(str.isalnum, name.casefold())) or name


def find_answer(name: str, answers: Answers) -> str | Sequence[str]:
    """Return the answer of this name, or of one that differs only in case, spaces or punctuation; else ""."""
    if name in answers:
        return answers[name]
    folded = fold_name(name)
    return next((answer for submitted, answer in answers.items() if fold_name(submitted) == folded), "")


@dataclass(frozen=True, slots=True)
class Route:
    """A form that replaces its original when all answers match.

    when: answer name -> expected answer. form: the whole form with the route's keys applied.
    """

    when: Mapping[str, str]
    form: Form

    def matches(self, answers: Answers) -> bool:
        """Return whether each answer, or one of several, is the expected one: trimmed, in any case."""
        return all(_contains(find_answer(name, answers), expected) for name, expected in self.when.items())


def _contains(answer: str | Sequence[str], expected: str) -> bool:
    texts = [answer] if isinstance(answer, str) else answer
    return any(text.strip().casefold() == expected.strip().casefold() for text in texts)


@dataclass(frozen=True, slots=True)
class Account:
    """One Nexudus account with its credentials. Secrets are never printed."""

    name: str
    base_url: str
    username: str = ""
    password: str = field(default="", repr=False)
    totp_secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)  # a ready bearer token instead of a login
    app_key: str = ""  # an application instead of a login
    app_secret: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)  # the `t` of its installation, if app_secret is the app's own

    @property
    def has_login(self) -> bool:
        """Whether there is any way to sign in."""
        return bool(self.username or self.token or self.app_key)


@dataclass(frozen=True, slots=True)
class Setup:
    """The whole set-up: every form, and every account; "default" only if it has credentials or a brand there.

    digest: identifies the text of its document; "" without one. Values of the environment are not part of it. version:
    its number in the database; None for a forms file. is_read: False until it could be read at all. brand: of pages
    that belong to no form, and of forms whose account has none of its own.
    """

    forms: Mapping[str, Form]
    accounts: Mapping[str, Account] = field(default_factory=dict)
    brand: Brand = field(default_factory=Brand)
    digest: str = field(default="", compare=False)
    version: int | None = field(default=None, compare=False)
    is_read: bool = field(default=True, compare=False)

    @property
    def has_default_login(self) -> bool:
        """Whether it has credentials of the account "default"."""
        return DEFAULT_ACCOUNT in self.accounts and self.accounts[DEFAULT_ACCOUNT].has_login

    @property
    def account_names(self) -> tuple[str, ...]:
        """Every account, "default" first."""
        return tuple(dict.fromkeys((DEFAULT_ACCOUNT, *self.accounts)))
