"""Each key of a form: what it takes, and the sentence for what it does not."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.forms import AttributionConfig, Canary, Captcha, ContactRule, Destination, Form
from tests.forms.texts import form_of, problems_of, setup_of
from tests.tables import each_row

WRONG = [
    # line in [forms.tour], place below forms.tour, sentence
    ("redirct = 'x'", "redirct", "unknown key 'redirct': did you mean 'redirect'?"),
    ("Title = 'x'", "Title", "unknown key 'Title': did you mean 'title'?"),
    ("wombat = 1", "wombat", "unknown key 'wombat': the documentation of the forms file lists all"),
    ('"two\\nlines" = 1', '"two\\nlines"', "unknown key 'two\\nlines': the documentation of the forms file lists all"),
    ("business_id = 5", "business_id", "unknown key 'business_id': write contact.business_id"),
    (
        "password = 'p'",
        "password",
        "unknown key 'password': credentials belong in [accounts.NAME]; here write account = \"NAME\"",
    ),
    ("when = {}", "when", "unknown key 'when': it belongs in a route, [[forms.NAME.routes]]"),
    ("title = 5", "title", "must be text in quotes, not a whole number"),
    ("title = 2026-01-01", "title", "must be text in quotes, not a date or time"),
    ("title = true", "title", "must be text in quotes, not true or false"),
    ("stage_id = '1001'", "stage_id", "must be a whole number: write it without quotes"),
    ("stage_id = 'Sales'", "stage_id", "must be a whole number, not text"),
    ("stage_id = 10.5", "stage_id", "must be a whole number, not a number with a point"),
    ("stage_id = true", "stage_id", "must be a whole number, not true or false"),
    ("stage_id = 0", "stage_id", "must be from 1 to 2147483647, not 0"),
    ("stage_id = 9999999999", "stage_id", "must be from 1 to 2147483647, not 9999999999"),
    ("value = '10'", "value", "must be a number: write it without quotes"),
    ("value = -1", "value", "must be from 0 to 2147483647, not -1"),
    ("value = nan", "value", "must be from 0 to 2147483647, not nan"),
    ("due_in_days = -1", "due_in_days", "must be from 0 to 36500, not -1"),
    ("duplicate_window = 86401", "duplicate_window", "must be from 0 to 86400, not 86401"),
    ("retention_days = 1.5", "retention_days", "must be a whole number, not a number with a point"),
    ("touch = 'Last'", "touch", "'Last' is unknown: did you mean 'last'?"),
    ("touch = 'middle'", "touch", "'middle' is unknown: choose from last, first"),
    ("lead_source = 3", "lead_source", "3 is not a LeadSource of Nexudus: write 1, 2, 4 to 26, 98 or 99"),
    (
        "default_lead_source = 27",
        "default_lead_source",
        "27 is not a LeadSource of Nexudus: write 1, 2, 4 to 26, 98 or 99",
    ),
    (
        "source_map = { partner = 0 }",
        "source_map.partner",
        "0 is not a LeadSource of Nexudus: write 1, 2, 4 to 26, 98 or 99",
    ),
    ("source_map = { 'a.example' = '5' }", 'source_map."a.example"', "must be a whole number: write it without quotes"),
    (
        "redirect = 'thanks.html'",
        "redirect",
        "'thanks.html' is not a web address: write one such as https://www.example.com/thanks",
    ),
    (
        "redirect = 'javascript:alert(1)'",
        "redirect",
        "'javascript:alert(1)' is not a web address: write one such as https://www.example.com/thanks",
    ),
    ("allowed_origins = 'https://a.example'", "allowed_origins", "must be a list in [ ], not text"),
    (
        "allowed_origins = ['www.example.com']",
        "allowed_origins[1]",
        "'www.example.com' is not an origin: write one such as https://www.example.com",
    ),
    (
        "allowed_origins = ['https://a.example', 'https://b.example/shop']",
        "allowed_origins[2]",
        "'https://b.example/shop' has a part after the host: write https://b.example",
    ),
    (
        "allowed_origins = ['*']",
        "allowed_origins[1]",
        "'*' is not needed: leave allowed_origins out, and any site may post",
    ),
    (
        "own_domains = ['*.example.com']",
        "own_domains[1]",
        "'*.example.com' needs no star: write 'example.com', which includes its subdomains",
    ),
    ("own_domains = ['our site']", "own_domains[1]", "'our site' is not a domain: write one such as 'example.com'"),
    ("ignored_referrers = ['']", "ignored_referrers[1]", "is empty: write a value, or leave the line out"),
    ("country = 'UK'", "country", "the United Kingdom's code is GB: write 'GB'"),
    ("country = 'England'", "country", "'England' is not a country code of two letters: write one such as 'GB'"),
    (
        "honeypot = 'email'",
        "honeypot",
        "'email' is an answer of the form, so every lead would be quarantined: use another name",
    ),
    ("account = 'harbor'", "account", "there is no account 'harbor': choose from default"),
    ("require = ['emial']", "require[1]", "unknown answer 'emial': did you mean 'email'?"),
    ("require = ['desk', 'Full-Name']", "require[2]", "unknown answer 'Full-Name': did you mean 'full_name'?"),
    ("name = '{fullname}'", "name", "unknown answer '{fullname}': did you mean 'full_name'?"),
    (
        "name = '{wombat}'",
        "name",
        "unknown answer '{wombat}': if the form asks for it, write questions = [\"wombat\"]",
    ),
    (
        "name = '{email.x}'",
        "name",
        "unknown answer '{email.x}': did you mean 'email'? If the form asks for it, write questions = [\"email.x\"]",
    ),
    (
        "name = '{full_name'",
        "name",
        "'{full_name' has an unmatched brace: write answers as {full_name}, and any other brace twice",
    ),
    ("name = ''", "name", "is empty: write a value, or leave the line out"),
    (
        "notify = ['hooks.example.com/secret']",
        "notify[1]",
        "is not an Apprise address: write one such as mailto://user:password@example.com",
    ),
    ("silence_alarm = 'no'", "silence_alarm", "must be true or false, without quotes, not text"),
    (
        "stage_id = 1\ncanary = { every = '6h' }",
        "canary",
        'needs email: write canary = { every = "6h", email = "canary@example.com" }',
    ),
    (
        "canary = { every = '6h', email = 'canary@example.com' }",
        "canary",
        "needs a test stage: write stage_id, or board and stage, of a board for tests",
    ),
    (
        "stage_id = 1\ncanary = { every = '5m', email = 'canary@example.com' }",
        "canary.every",
        "'5m' is not a time from 10m to 7d: write one such as 6h",
    ),
    (
        "stage_id = 1\ncanary = { every = '6h', email = 'canary' }",
        "canary.email",
        "'canary' is not an e-mail address: write one such as canary@example.com",
    ),
    ("titles = { de = '' }", "titles.de", "is empty: write a value, or leave the line out"),
    ("titles = { gr = 'x' }", "titles.gr", "'gr' is unknown: choose from en, de, es, fr, it, nl, pt"),
    ("language = 'German'", "language", "'German' is unknown: choose from en, de, es, fr, it, nl, pt"),
    (
        "privacy_url = '/privacy'",
        "privacy_url",
        "'/privacy' is not a web address: write one such as https://www.example.com/privacy",
    ),
    (
        "captcha = { provider = 'turnstile', secret = 's', site_key = '' }",
        "captcha.site_key",
        "is empty: write a value, or leave the line out",
    ),
    ("captcha = 'turnstile'", "captcha", "must be a table"),
    (
        "captcha = { provider = 'recapcha', secret = 's' }",
        "captcha.provider",
        "'recapcha' is unknown: did you mean 'recaptcha'?",
    ),
    (
        "captcha = { provider = 'hcaptcha' }",
        "captcha",
        'needs secret: write captcha = { provider = "turnstile", secret = "env:NAME" }',
    ),
    (
        "captcha = { provider = 'turnstile', secret = 's', min_score = 0.7 }",
        "captcha.min_score",
        "does nothing with this provider: only reCAPTCHA v3 gives scores",
    ),
    (
        "captcha = { provider = 'recaptcha', secret = 's', min_score = 7 }",
        "captcha.min_score",
        "must be from 0 to 1, not 7",
    ),
    (
        "captcha = { provider = 'recaptcha', secret = 's', url = 'recaptcha.net' }",
        "captcha.url",
        "'recaptcha.net' is not a web address: write one such as https://www.example.com/check",
    ),
    ("block = 'casino'", "block", "must be a list in [ ], not text"),
    ("block = ['']", "block[1]", "is empty: write a value, or leave the line out"),
    ("block = ['casino', 'ad']", "block[2]", "'ad' would quarantine nearly every lead: write a longer word"),
    ("block = ['!!!']", "block[1]", "'!!!' would quarantine nearly every lead: write a longer word"),
    (
        "block = ['192.0.2.0/33']",
        "block[1]",
        "'192.0.2.0/33' is not a network: write one such as 192.0.2.0/24, or a single address",
    ),
    ("block = ['0.0.0.0/0']", "block[1]", "'0.0.0.0/0' would quarantine every lead: write a smaller network"),
    (
        "block = ['*.ru']",
        "block[1]",
        "'*.ru' needs no star: write '@ru', which covers the domain and its subdomains",
    ),
    (
        "block = ['*@spam.example']",
        "block[1]",
        "'*@spam.example' needs no star: '@spam.example' covers a domain and its subdomains",
    ),
    (
        "block = ['bob@']",
        "block[1]",
        "'bob@' is not an e-mail address: write bob@spam.example, or @spam.example for all of them",
    ),
    ("min_fill_seconds = 61", "min_fill_seconds", "must be from 0 to 60, not 61"),
    ("min_fill_seconds = '2'", "min_fill_seconds", "must be a number: write it without quotes"),
    ("max_links = -1", "max_links", "must be from 0 to 1000, not -1"),
    ("same_text = 1", "same_text", "would quarantine every lead: write 2 or more people, or 0 to turn the rule off"),
    ("fields = { mail = 'your-email' }", "fields.mail", "unknown key 'mail': did you mean 'email'?"),
    (
        "fields = { email = 5 }",
        "fields.email",
        "must be a name in quotes or a list of names, not a whole number",
    ),
    ("fields = { email = [] }", "fields.email", "is empty: write a name, or leave the line out"),
    (
        "fields = { email = 'a', phone = ['b', 'a'] }",
        "fields.phone",
        "'a' is already given to 'email': a submitted name fills one answer",
    ),
    (
        "contact.bussiness_id = 55",
        "contact.bussiness_id",
        "unknown key 'bussiness_id': did you mean 'business_id'?",
    ),
    ("contact = 5", "contact", "must be a table"),
    (
        "contact.extra.email = 'x'",
        "contact.extra.email",
        "Email cannot be set here: it comes from the lead",
    ),
    (
        "contact.extra.CreateUser = true",
        "contact.extra.CreateUser",
        "CreateUser cannot be set here: it would send a welcome e-mail",
    ),
    (
        "contact.extra.createuser = true",
        "contact.extra.createuser",
        "CreateUser cannot be set here: it would send a welcome e-mail",
    ),
    (
        "contact.extra.TariffId = 3",
        "contact.extra.TariffId",
        "TariffId cannot be set here: it would put the person on a paid plan",
    ),
    (
        "contact.extra.NextTariffId = 3",
        "contact.extra.NextTariffId",
        "NextTariffId cannot be set here: it bills the person",
    ),
    (
        "contact.extra.InvoiceDueDays = 3",
        "contact.extra.InvoiceDueDays",
        "InvoiceDueDays cannot be set here: it bills the person",
    ),
    (
        "contact.extra.TariffInvoiceEvery = 1",
        "contact.extra.TariffInvoiceEvery",
        "must be 0: any other number would bill",
    ),
    (
        "contact.extra.NotifyOnNewEvent = true",
        "contact.extra.NotifyOnNewEvent",
        "NotifyOnNewEvent cannot be set here: it is the person's own consent",
    ),
    (
        "contact.extra.CanMakeBookings = true",
        "contact.extra.CanMakeBookings",
        "CanMakeBookings cannot be set here: it gives access or holds secrets",
    ),
    (
        "contact.extra.InvoicingBusinessId = 56",
        "contact.extra.InvoicingBusinessId",
        "InvoicingBusinessId cannot be set here: write business_id",
    ),
    (
        "contact.extra.taxratetype = 2",
        "contact.extra.taxratetype",
        "taxratetype may not be set here: did you mean TaxRateType?",
    ),
    (
        "contact.extra.Favourite = 'blue'",
        "contact.extra.Favourite",
        "Favourite cannot be set here: the documentation of the forms file lists those that may",
    ),
    (
        "extra.coworker = { CreateUser = true }",
        "extra.coworker",
        "Coworker cannot be set here: an existing customer is never changed",
    ),
    ("extra.WonOn = '2026-01-01'", "extra.WonOn", "WonOn cannot be set here: a new opportunity is open"),
    (
        "extra.CoworkerId = 5",
        "extra.CoworkerId",
        "CoworkerId cannot be set here: the contact is found or created from the lead",
    ),
    ("extra.Status = 2", "extra.Status", "Status cannot be set here: a new opportunity is always in progress"),
    (
        "extra.Custom1 = 2026-01-01",
        "extra.Custom1",
        "must be text, a number, or true or false, not a date or time: put it in quotes",
    ),
    ("extra.Custom1 = inf", "extra.Custom1", "is too large"),
    (
        "stage_id = 1\nboard = 'Sales'\nstage = 'New'",
        "stage_id",
        "cannot be combined with board or stage: keep either stage_id, or board and stage",
    ),
    ("answer_field = 'how'", "answer_field", "does nothing without answer_map: write that too"),
    ("answer_map = { Radio = 99 }", "answer_map", "does nothing without answer_field: write that too"),
]


@each_row(("line", "place", "sentence"), WRONG, ids=[f"{place}: {line}" for line, place, _ in WRONG])
def test_a_wrong_line_gives_exactly_one_sentence_at_its_place(line: str, place: str, sentence: str) -> None:
    assert problems_of(f"[forms.tour]\n{line}") == [f"forms.toml: forms.tour.{place}: {sentence}"]


RIGHT: list[tuple[str, Any, Any]] = [
    # line in [forms.tour], what it becomes, as an attribute of the form
    ("title = ' Book a tour '", lambda form: form.title, "Book a tour"),
    ("account = 'default'", lambda form: form.account, "default"),
    (
        "require = ['email', 'desks wanted', 'locations']",
        lambda form: form.require,
        ("email", "desks wanted", "locations"),
    ),
    ("require = ['emial']\nfields.email = 'emial'", lambda form: form.require, ("email",)),
    ("require = []", lambda form: form.require, ()),
    ("redirect = 'http://localhost:3000/thanks?a=b'", lambda form: form.redirect, "http://localhost:3000/thanks?a=b"),
    ("redirect = ''", lambda form: form.redirect, ""),
    (
        "title = 'Tour'\ntitles = { de = 'Besuch' }",
        lambda form: [*map(form.title_in, ("de", "fr"))],
        ["Besuch", "Tour"],
    ),
    ("language = 'pt'", lambda form: form.language, "pt"),
    ("privacy_url = 'https://a.example/privacy'", lambda form: form.privacy_url, "https://a.example/privacy"),
    (
        "captcha = { provider = 'turnstile', secret = '0x0', site_key = '1x0' }",
        lambda form: form.captcha and form.captcha.site_key,
        "1x0",
    ),
    (
        "allowed_origins = ['https://WWW.Example.com/', 'http://localhost:3000']",
        lambda form: form.allowed_origins,
        ("https://www.example.com", "http://localhost:3000"),
    ),
    ("honeypot = 'fax_2'", lambda form: form.honeypot, "fax_2"),
    (
        "captcha = { provider = 'hcaptcha', secret = '0x0' }",
        lambda form: form.captcha,
        Captcha("hcaptcha", "0x0"),
    ),
    (
        """captcha = { provider = 'recaptcha', secret = 's', min_score = 0.7,
           url = 'https://www.recaptcha.net/recaptcha/api/siteverify' }""".replace("\n", " "),
        lambda form: form.captcha,
        Captcha("recaptcha", "s", 0.7, "https://www.recaptcha.net/recaptcha/api/siteverify"),
    ),
    (
        "block = ['Bob@Spam.example', '@Spam.example', '@ru', '192.0.2.7/24', '2001:DB8::1', ' Free  Coins ', '赌场']",
        lambda form: [(block.kind, block.pattern) for block in form.block],
        [
            ("address", "bob@spam.example"),
            ("domain", "spam.example"),
            ("domain", "ru"),
            ("network", "192.0.2.0/24"),
            ("network", "2001:db8::1/128"),
            ("words", "free coins"),
            ("words", "赌场"),
        ],
    ),
    ("block = []", lambda form: form.block, ()),
    ("min_fill_seconds = 1.5", lambda form: form.min_fill_s, 1.5),
    ("min_fill_seconds = 0", lambda form: form.min_fill_s, 0),
    ("max_links = 0", lambda form: form.max_links, 0),
    ("same_text = 0", lambda form: form.same_text, 0),
    ("duplicate_window = 0", lambda form: form.duplicate_window_s, 0),
    ("retention_days = 0", lambda form: form.retention_days, 0),
    ("country = 'gb'", lambda form: form.country, "GB"),
    ("notify = ['slack://a/b/c']", lambda form: form.notify, ("slack://a/b/c",)),
    ("silence_alarm = false", lambda form: form.silence_alarm, False),
    (
        "stage_id = 1\ncanary = { every = '6h', email = 'Canary@example.com' }",
        lambda form: form.canary,
        Canary(21600, "canary@example.com"),
    ),
    ("fields.email = ['a', 'b']", lambda form: form.fields, {"email": ("a", "b")}),
    (
        """touch = 'first'
           lead_source = 11
           answer_field = 'how'
           answer_map = { 'A friend' = 8 }
           source_map = { valve = 26 }
           default_lead_source = 98
           own_domains = ['example.com', 'https://www.example.org/']
           ignored_referrers = ['pay.example']""",
        lambda form: form.attribution,
        AttributionConfig(
            "first",
            11,
            "how",
            {"A friend": 8},
            {"valve": 26},
            98,
            ("example.com", "https://www.example.org/"),
            ("pay.example",),
        ),
    ),
    (
        """stage_id = 1
           position = 2
           opportunity_type_id = 3
           responsible_id = 4
           team_id = 5
           referrer_id = 6
           agent_id = 7
           value = 8.5
           due_in_days = 0
           name = '{company}, {title} ({form})'
           extra = { BusinessId = 55, Custom1 = 'x', Tags = ['a', 1] }""",
        lambda form: form.destination,
        Destination(
            stage_id=1,
            position=2,
            opportunity_type_id=3,
            responsible_id=4,
            team_id=5,
            referrer_id=6,
            agent_id=7,
            value=8.5,
            due_in_days=0,
            name="{company}, {title} ({form})",
            extra={"BusinessId": 55, "Custom1": "x", "Tags": ["a", 1]},
        ),
    ),
    ("board = 'Sales'", lambda form: form.destination, Destination(board="Sales")),
    ("stage = 'New'", lambda form: form.destination, Destination(stage="New")),
    ("board = 'Sales'\nstage = 9", lambda form: form.destination, Destination(board="Sales", stage=9)),
    (
        "contact.extra = { TariffInvoiceEvery = 0, Custom30 = 'x' }",
        lambda form: form.contact.extra,
        {"TariffInvoiceEvery": 0, "Custom30": "x"},
    ),
    (
        "contact = { business_id = 1, country_id = 2, time_zone_id = 3, tag = 't', extra = { TaxRateType = 2 } }",
        lambda form: form.contact,
        ContactRule(1, 2, 3, "t", {"TaxRateType": 2}),
    ),
]


@each_row(("line", "part", "wanted"), RIGHT, ids=[line.split()[0] + f"-{i}" for i, (line, *_) in enumerate(RIGHT)])
def test_a_right_line_becomes_its_value(line: str, part: Callable[[Form], object], wanted: object) -> None:
    assert part(form_of(line)) == wanted


@settings(deadline=None)
@given(st.integers())
def test_only_nexudus_s_own_lead_sources_are_taken(number: int) -> None:
    known = {1, 2, *range(4, 27), 98, 99}

    if number in known:
        assert form_of(f"lead_source = {number}").attribution.lead_source == number
    else:
        assert "lead_source" in problems_of(f"[forms.tour]\nlead_source = {number}")[0]


@pytest.mark.parametrize("name", ["tour", "2nd", "book-a-tour", "tour_2"])
def test_a_form_s_name_may_be_what_fits_into_a_url(name: str) -> None:
    assert list(setup_of(f"[forms.{name}]").forms) == [name]


@each_row("name", ["Tour", "book a tour", "-tour", "tour/london", "führung", "", "a" * 65])
def test_any_other_form_name_is_refused(name: str) -> None:
    [problem] = problems_of(f'[forms."{name}"]')

    assert problem.endswith(": a form's name becomes part of a URL: use a-z, 0-9, - and _ only, 64 at most")
