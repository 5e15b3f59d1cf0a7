"""What an operator said about one form, checked and complete. Frozen values, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.forms.amounts import AmountTable, AnswerAmount, AnswerDate
from service.forms.answer_names import find_answer
from service.forms.blocks import Block
from service.lead import Answers, Submission


@dataclass(frozen=True, slots=True)
class AttributionConfig:
    """How leads of a form are attributed (attribution.md sections 3 and 4).

    Names in answer_map and source_map are as the operator wrote them; hosts likewise.
    """

    touch: str = "last"  # "last" or "first"
    lead_source: int | None = None
    answer_field: str = ""
    answer_map: Mapping[str, int] = field(default_factory=dict)
    source_map: Mapping[str, int] = field(default_factory=dict)
    default_lead_source: int | None = None
    own_domains: tuple[str, ...] = ()
    ignored_referrers: tuple[str, ...] = ()
    utm: Mapping[str, str] = field(default_factory=dict)  # source, medium, ... where the visit has none


@dataclass(frozen=True, slots=True)
class ContactRule:
    """How a Coworker that does not exist yet is made; None: taken from the location."""

    business_id: int | None = None
    country_id: int | None = None
    time_zone_id: int | None = None
    tag: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)  # additions to the Coworker body; texts are templates
    custom: Mapping[str, str] = field(default_factory=dict)  # custom field, by name or id -> template


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an opportunity goes and what it carries besides the lead.

    Either `stage_id`, or `board` and `stage` (names or ids, looked up in Nexudus; either may stand
    alone), or nothing: then the first safe stage of the first board. Templates are texts with answers in
    braces (service/forms/templates.py).
    """

    stage_id: int | None = None
    board: str | int | None = None
    stage: str | int | None = None
    position: int = 1
    opportunity_type_id: int | None = None
    responsible_id: int | None = None
    team_id: int | None = None
    referrer_id: int | None = None
    agent_id: int | None = None
    value: float | AnswerAmount | AmountTable | None = None
    due_date: AnswerDate | None = None
    due_in_days: int | None = None  # also where due_date's answer is no date
    name: str = "{full_name}"  # CrmOpportunity.Name, a template
    notes_prefix: str = ""  # a template, in front of the message in Notes
    extra: Mapping[str, Any] = field(default_factory=dict)  # additions to the body; texts are templates
    custom: Mapping[str, str] = field(default_factory=dict)  # custom field, by name or id -> template


@dataclass(frozen=True, slots=True)
class Captcha:
    """Which provider judges visitors, and the secret for asking it."""

    provider: str  # turnstile, hcaptcha or recaptcha
    secret: str = field(repr=False)
    min_score: float = 0.5  # of reCAPTCHA v3, 0 to 1: below it a lead is held
    url: str = ""  # where tokens are checked; "": at the provider's usual address
    site_key: str = ""  # public: with it our own pages show the check


@dataclass(frozen=True, slots=True)
class Canary:
    """How often a test lead is sent through the form, and whose it is."""

    every_s: float
    email: str


@dataclass(frozen=True, slots=True)
class Form:
    """One form: who may post, what is required, how it is credited and delivered."""

    name: str
    title: str = ""
    account: str = "default"
    require: tuple[str, ...] = ("email",)
    questions: tuple[str, ...] = ()  # answers besides those that other keys name
    redirect: str = ""  # a template; "" shows the thank-you page
    titles: Mapping[str, str] = field(default_factory=dict)  # by language, where it is not `title`
    language: str = ""  # of our pages; "": the visitor's
    privacy_url: str = ""  # linked on our pages
    allowed_origins: tuple[str, ...] = ()  # empty: any
    honeypot: str = ""  # a name besides the well-known ones
    captcha: Captcha | None = None
    block: tuple[Block, ...] = ()
    min_fill_s: float = 1.0  # sent sooner after the page was opened, a lead is held; 0 lifts it
    max_links: int = 2  # a message with more links is held
    same_text: int | None = None  # people whose same text is held; None: 3, of texts that lead elsewhere; 0 lifts it
    duplicate_window_s: int = 300
    retention_days: int | None = None  # None: the RETENTION_DAYS setting
    country: str = ""  # ISO 3166 two letters: how local phone numbers are read
    notify: tuple[str, ...] = field(default=(), repr=False)
    silence_alarm: bool = True  # tell when the form brings no leads any more
    canary: Canary | None = None  # a form of its own, for a test stage
    conversions: Mapping[str, str] = field(
        default_factory=dict
    )  # received, won, lost or a stage -> the platforms' name
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # canonical -> submitted names
    attribution: AttributionConfig = field(default_factory=AttributionConfig)
    destination: Destination = field(default_factory=Destination)
    contact: ContactRule = field(default_factory=ContactRule)
    routes: tuple["Route", ...] = ()
    webhooks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def variants(self) -> "tuple[Form, ...]":
        """The form itself, then what each of its routes makes of it."""
        return (self, *(route.form for route in self.routes))

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every Nexudus account that a lead of the form may be owed to, the form's own first."""
        return tuple(dict.fromkeys(variant.account for variant in self.variants))

    def title_in(self, language: str) -> str:
        """What people call the form in a language, "" where it has no name."""
        return self.titles.get(language, self.title)

    def for_answers(self, submission: Submission) -> "Form":
        """The form, or the variant of it that the lead's answers ask for: the first route whose answers all match."""
        if not self.routes:
            return self
        answers = {**submission.extras, **submission.fields}
        return next((route.form for route in self.routes if route.matches(answers)), self)


@dataclass(frozen=True, slots=True)
class Route:
    """When all answers match (trimmed, any case), `form` takes the place of the one it came from.

    when: answer name -> expected answer. form: the whole form with the route's keys applied.
    """

    when: Mapping[str, str]
    form: Form

    def matches(self, answers: Answers) -> bool:
        """Whether each answer, or one of several, is the wanted one: trimmed, any case."""
        return all(_says(find_answer(name, answers), wanted) for name, wanted in self.when.items())


def _says(given: str | Sequence[str], wanted: str) -> bool:
    several = [given] if isinstance(given, str) else given
    return any(one.strip().casefold() == wanted.strip().casefold() for one in several)


@dataclass(frozen=True, slots=True)
class Account:
    """One Nexudus account: where it is and who signs in. Secrets never print."""

    name: str
    base_url: str
    username: str = ""
    password: str = field(default="", repr=False)
    totp_secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)  # a ready bearer token instead of a login
    app_key: str = ""  # an application instead of a login
    app_secret: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)  # the `t` of its installation, where app_secret is the app's own

    @property
    def has_login(self) -> bool:
        """Whether there is any way to sign in."""
        return bool(self.username or self.token or self.app_key)


@dataclass(frozen=True, slots=True)
class Setup:
    """The whole forms file: every form and every account besides "default"."""

    forms: Mapping[str, Form]
    accounts: Mapping[str, Account] = field(default_factory=dict)
