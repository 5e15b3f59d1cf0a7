"""The environment: what each setting accepts, how wrong values are reported, and that no secret is shown."""

import re
from datetime import UTC, time, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.settings import IN_THE_CLEAR, SETTINGS, Daily, RateLimit, Setting, SettingsProblems, lookup, read_settings
from tests.tables import each_row

CONTRACT_NAMES = """
    DATABASE_URL FORMS_FILE NEXUDUS_BASE_URL NEXUDUS_USERNAME NEXUDUS_PASSWORD NEXUDUS_TOTP_SECRET NEXUDUS_TOKEN
    NEXUDUS_APP_KEY NEXUDUS_APP_SECRET ENCRYPTION_KEY
    NEXUDUS_CLIENT_ID PUBLIC_URL ADMIN_PASSWORD ADMIN_TOKEN SECRET_KEY ALERT_URLS TRUSTED_PROXIES STORE_IP
    RETENTION_DAYS LOG_FORMAT LOG_LEVEL WEB_PROCESSES WEB_THREADS DELIVERY_THREADS NEXUDUS_LIMITS NEXUDUS_TIMEOUT_S
    LEASE_S SUBMIT_LIMIT RETRY_SCHEDULE META_GRAPH_URL LINKEDIN_API_URL LINKEDIN_OAUTH_URL TIKTOK_API_URL PORT HOST
    METRICS_TOKEN TIME_ZONE SENTRY_DSN OTEL_EXPORTER_OTLP_ENDPOINT
    OIDC_ISSUER OIDC_CLIENT_ID OIDC_CLIENT_SECRET OIDC_DOMAINS OIDC_ROLE_CLAIM
"""
SPECIAL = (
    "its user name or password has a special character: percent-encode each @ as %40, / as %2F, : as %3A, ? as %3F, # "
    "as %23 and % as %25"
)
WEEK_S = 7 * 86400
DOCS = Path(__file__, "../../docs/settings.md").resolve()


def problems_of(**environ: str) -> list[str]:
    with pytest.raises(SettingsProblems) as raised:
        read_settings(environ)
    return list(raised.value.problems)


def test_every_setting_of_the_contract_is_there() -> None:
    ours = {"SAMPLE_PAGE", "DIGEST_AT", "NEXUDUS_APP_TOKEN", "NEXUDUS_ALLOW_HTTP"}

    assert {each.name for each in SETTINGS} == {*CONTRACT_NAMES.split(), *ours}


def test_an_empty_environment_gives_the_contract_s_defaults() -> None:
    defaults = read_settings({})

    assert defaults.database_url == "sqlite:///lead-capture.db"
    assert defaults.forms_file == Path("forms.toml")
    assert (defaults.nexudus_base_url, defaults.public_url) == ("https://spaces.nexudus.com", "http://localhost:8000")
    assert (defaults.web_processes, defaults.web_threads, defaults.delivery_threads) == (2, 8, 4)
    assert defaults.nexudus_limits == (
        RateLimit(10, 1),
        RateLimit(60, 60, writes_only=True),
        RateLimit(120, 60),
        RateLimit(5000, 3600),
        RateLimit(5000, 86400, writes_only=True),
    )
    assert (defaults.nexudus_timeout_s, defaults.lease_s, defaults.submit_limit) == (30, 90, RateLimit(30, 60))
    assert (defaults.trusted_proxies, defaults.store_ip, defaults.retention_days) == (0, False, 90)
    assert (defaults.log_format, defaults.log_level, defaults.port, defaults.sample_page) == ("", "info", None, False)
    assert (defaults.nexudus_username, defaults.secret_key, defaults.alert_urls, defaults.hints) == ("", "", (), ())


def test_the_default_waits_between_tries_last_about_a_week() -> None:
    waits = read_settings({}).retry_schedule_s

    assert waits[:3] == (5, 30, 120)
    assert 0.8 * WEEK_S < sum(waits) < 1.2 * WEEK_S


RIGHT = [
    ("DATABASE_URL", "postgres://u:p@h/leads", "database_url", "postgresql://u:p@h/leads"),
    (
        "DATABASE_URL",
        "postgresql://u:p%40ss@[::1]:5432/leads",
        "database_url",
        "postgresql://u:p%40ss@[::1]:5432/leads",
    ),
    ("DATABASE_URL", "postgresql://h/leads?user=a@b", "database_url", "postgresql://h/leads?user=a@b"),
    ("DATABASE_URL", "postgresql+psycopg://h/leads", "database_url", "postgresql+psycopg://h/leads"),
    ("NEXUDUS_BASE_URL", "http://127.0.0.1:8010/", "nexudus_base_url", "http://127.0.0.1:8010"),
    ("NEXUDUS_BASE_URL", "http://[::1]:8010", "nexudus_base_url", "http://[::1]:8010"),
    ("NEXUDUS_BASE_URL", "http://crm.localhost", "nexudus_base_url", "http://crm.localhost"),
    ("PUBLIC_URL", "https://example.com/leads/", "public_url", "https://example.com/leads"),
    (
        "NEXUDUS_LIMITS",
        "120w/10s, 7/2day",
        "nexudus_limits",
        (RateLimit(120, 10, writes_only=True), RateLimit(7, 172800)),
    ),
    (
        "NEXUDUS_LIMITS",
        "500/s 30000w/min",
        "nexudus_limits",
        (RateLimit(500, 1), RateLimit(30000, 60, writes_only=True)),
    ),
    ("NEXUDUS_TIMEOUT_S", "2.5", "nexudus_timeout_s", 2.5),
    ("SUBMIT_LIMIT", "off", "submit_limit", None),
    ("SUBMIT_LIMIT", "5/10s", "submit_limit", RateLimit(5, 10)),
    ("RETRY_SCHEDULE", "0.5s 2m 1h 1d", "retry_schedule_s", (0.5, 120, 3600, 86400)),
    ("STORE_IP", "Yes", "store_ip", True),
    ("STORE_IP", "0", "store_ip", False),
    ("LOG_LEVEL", "DEBUG", "log_level", "debug"),
    ("LOG_FORMAT", "json", "log_format", "json"),
    ("RETENTION_DAYS", " 30 ", "retention_days", 30),
    ("RETENTION_DAYS", "", "retention_days", 90),
    ("TRUSTED_PROXIES", "   ", "trusted_proxies", 0),
    ("PORT", "8000", "port", 8000),
    ("HOST", "[::1]", "host", "::1"),
    ("HOST", "192.0.2.7", "host", "192.0.2.7"),
    ("HOST", "leads-1.internal", "host", "leads-1.internal"),
    ("ADMIN_PASSWORD", " spaced password ", "admin_password", " spaced password "),
    ("ALERT_URLS", "slack://a/b, mailto://c", "alert_urls", ("slack://a/b", "mailto://c")),
    (
        "ALERT_URLS",
        "mailtos://u:p@example.com?to=a@example.com,b@example.com,json://localhost",
        "alert_urls",
        ("mailtos://u:p@example.com?to=a@example.com,b@example.com", "json://localhost"),
    ),
    ("ALERT_URLS", "slack://a\n  ntfy://b,", "alert_urls", ("slack://a", "ntfy://b")),
    ("DIGEST_AT", "", "digest_at", Daily(time(7), ZoneInfo("UTC"))),
    ("DIGEST_AT", "8:30 Europe/London", "digest_at", Daily(time(8, 30), ZoneInfo("Europe/London"))),
    ("DIGEST_AT", "23:59", "digest_at", Daily(time(23, 59), ZoneInfo("UTC"))),
    ("DIGEST_AT", "off", "digest_at", None),
    ("TIME_ZONE", "", "time_zone", None),
    ("TIME_ZONE", "Europe/London", "time_zone", ZoneInfo("Europe/London")),
    ("SAMPLE_PAGE", "1", "sample_page", True),
    ("ENCRYPTION_KEY", f" {'n' * 32}, {'o' * 16},", "encryption_key", ("n" * 32, "o" * 16)),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel:4318/", "otel_exporter_otlp_endpoint", "http://otel:4318"),
    ("SENTRY_DSN", "https://key@sentry.io/7", "sentry_dsn", "https://key@sentry.io/7"),
    ("SENTRY_DSN", "http://key:hunter2@sentry:9000/below/7", "sentry_dsn", "http://key:hunter2@sentry:9000/below/7"),
]


@each_row(("name", "text", "key", "value"), RIGHT, ids=[f"{name}={text}" for name, text, *_ in RIGHT])
def test_a_right_text_becomes_its_value(name: str, text: str, key: str, value: object) -> None:
    assert getattr(read_settings({name: text}), key) == value


WRONG = [
    ("RETENTION_DAYS", "ninety", "'ninety' is not a whole number from 0 to 36500: write one"),
    ("WEB_THREADS", "0", "'0' is not a whole number from 1 to 256: write one"),
    *(
        (
            "DATABASE_URL",
            f"postgresql://leads:hun{sign}ter2@db/leads",
            SPECIAL,
        )
        for sign in "@/?#"
    ),
    *(
        (
            "HOST",
            text,
            f"{text!r} is not an address to listen on: write one without a port, such as 127.0.0.1, or 0.0.0.0 for all",
        )
        for text in ("127.0.0.1:8000", "http://localhost", "127.0.0.300", "[localhost]", "a b")
    ),
    ("PORT", "80000", "'80000' is not a whole number from 1 to 65535: write one"),
    ("PORT", "٣", "'٣' is not a whole number from 1 to 65535: write one"),
    ("STORE_IP", "maybe", "'maybe' is neither true nor false: write true or false"),
    ("LOG_LEVEL", "loud", "'loud' is unknown: write debug or info or warning or error"),
    ("LEASE_S", "90s", "'90s' is not a number of seconds above 0 and up to 3600: write one, without a unit"),
    ("NEXUDUS_TIMEOUT_S", "0", "'0' is not a number of seconds above 0 and up to 600: write one, without a unit"),
    ("RETRY_SCHEDULE", "5s 10", "'10' is not a time span: write a number and s, m, h or d, such as 30s or 2m"),
    (
        "NEXUDUS_LIMITS",
        "10/s 60/minute",
        "'60/minute' is not a limit: write COUNT/UNIT with unit s, min, h or day, such as 10/s or 60w/min",
    ),
    (
        "NEXUDUS_LIMITS",
        "0/s",
        "'0/s' is not a limit: write COUNT/UNIT with unit s, min, h or day, such as 10/s or 60w/min",
    ),
    ("SUBMIT_LIMIT", "3w/min", "'3w/min' has a w, but every form post is a write: write 3/min or off"),
    ("PUBLIC_URL", "leads.example.com", "this is not a web address: write one such as https://leads.example.com"),
    ("PUBLIC_URL", "https://[::1", "this is not a web address: write one such as https://leads.example.com"),
    ("PUBLIC_URL", "https://a b", "this is not a web address: write one such as https://leads.example.com"),
    (
        "META_GRAPH_URL",
        "https://u:hunter2@graph.facebook.com",
        "the address must have no user name, ? or #: write one such as https://leads.example.com",
    ),
    (
        "NEXUDUS_BASE_URL",
        "https://spaces.nexudus.com/api",
        "the address must end after the host: write https://spaces.nexudus.com",
    ),
    *(
        ("NEXUDUS_BASE_URL", url, IN_THE_CLEAR)
        for url in (
            "http://spaces.nexudus.com",
            "http://simulator:8010",
            "http://10.0.0.7",
            "http://localhost.evil.com",
        )
    ),
    (
        "DATABASE_URL",
        "mysql://u:hunter2@h/leads",
        "this is not a database address: write sqlite:///lead-capture.db or postgresql://user@host/name",
    ),
    (
        "DATABASE_URL",
        "sqlite://",
        "this is not a database address: write sqlite:///lead-capture.db or postgresql://user@host/name",
    ),
    ("SECRET_KEY", "hunter2", "is too short: write 16 random characters or more, or leave it out to have one made"),
    (
        "DIGEST_AT",
        "at seven",
        "'at seven' is not a time of day: write one such as 07:00 UTC or 08:00 Europe/London, or off",
    ),
    ("DIGEST_AT", "24:00", "'24:00' is not a time of day: write one such as 07:00 UTC or 08:00 Europe/London, or off"),
    ("TIME_ZONE", "Mars", "the time zone 'Mars' is unknown: write UTC, or one such as Europe/London"),
    ("DIGEST_AT", "7:00 Mars", "the time zone 'Mars' is unknown: write UTC, or one such as Europe/London"),
    ("DIGEST_AT", "7:00 ../etc", "the time zone '../etc' is unknown: write UTC, or one such as Europe/London"),
    ("DIGEST_AT", "7:00 Europe", "the time zone 'Europe' is unknown: write UTC, or one such as Europe/London"),
    *(
        ("SENTRY_DSN", text, "this is not a DSN: copy it from the project's settings at Sentry, Client Keys")
        for text in ("https://sentry.io/7", "https://hunter2@sentry.io/leads", "hunter2", "https://hunter2@[::1/7")
    ),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "otel:4318",
        "this is not a web address: write one such as https://leads.example.com",
    ),
    (
        "ALERT_URLS",
        "hunter2,slack://a",
        "each address needs a scheme: write addresses such as mailto://user:pass@example.com or slack://...",
    ),
    (
        "ALERT_URLS",
        "hunter2",
        "each address needs a scheme: write addresses such as mailto://user:pass@example.com or slack://...",
    ),
]


@each_row(("name", "text", "sentence"), WRONG, ids=[f"{name}={text}" for name, text, _ in WRONG])
def test_a_wrong_text_is_told_with_name_fault_and_remedy_but_no_secret(name: str, text: str, sentence: str) -> None:
    assert problems_of(**{name: text}) == [f"{name}: {sentence}"]


CREDENTIALS = [
    ({"USERNAME": "u"}, ["NEXUDUS_PASSWORD: missing, but NEXUDUS_USERNAME is set: write the account's password"]),
    ({"PASSWORD": "p"}, ["NEXUDUS_USERNAME: missing, but a password or TOTP seed is set: write the account's e-mail"]),
    (
        {"TOTP_SECRET": "JBSWY3DP"},
        ["NEXUDUS_USERNAME: missing, but a password or TOTP seed is set: write the account's e-mail"],
    ),
    (
        {"USERNAME": "u", "PASSWORD": "p", "TOKEN": "t"},
        ["NEXUDUS_TOKEN: set together with a user name or password: keep one way to sign in"],
    ),
    ({"APP_KEY": "k"}, ["NEXUDUS_APP_SECRET: missing, but NEXUDUS_APP_KEY is set: write the application's secret"]),
    (
        {"APP_SECRET": "s"},
        [
            "NEXUDUS_APP_KEY: missing, but an application's secret or token is set: write the application's key",
        ],
    ),
    (
        {"USERNAME": "u", "PASSWORD": "p", "APP_KEY": "k", "APP_SECRET": "s"},
        ["NEXUDUS_APP_KEY: set together with a user name, password or token: keep one way to sign in"],
    ),
    (
        {"TOKEN": "t", "APP_KEY": "k", "APP_SECRET": "s"},
        ["NEXUDUS_APP_KEY: set together with a user name, password or token: keep one way to sign in"],
    ),
    (
        {"USERNAME": "u", "PASSWORD": "p", "TOTP_SECRET": "hunter2!"},
        ["NEXUDUS_TOTP_SECRET: this is not a TOTP seed: write the letters A-Z and digits 2-7 shown at its set-up"],
    ),
]


@each_row(("given", "problems"), CREDENTIALS, ids=[" ".join(given) for given, _ in CREDENTIALS])
def test_credentials_that_do_not_go_together_are_told(given: dict[str, str], problems: list[str]) -> None:
    assert problems_of(**{f"NEXUDUS_{name}": text for name, text in given.items()}) == problems


@pytest.mark.parametrize(
    ("given", "is_there"),
    [
        ({}, False),
        ({"USERNAME": "u", "PASSWORD": "p"}, True),
        ({"TOKEN": "t"}, True),
        ({"APP_KEY": "k", "APP_SECRET": "s"}, True),
    ],
)
def test_each_way_to_sign_in_is_one(given: dict[str, str], is_there: bool) -> None:
    assert read_settings({f"NEXUDUS_{name}": text for name, text in given.items()}).has_nexudus_login is is_there


def test_an_address_in_the_clear_passes_where_it_is_allowed() -> None:
    environ = {"NEXUDUS_BASE_URL": "http://simulator:8010", "NEXUDUS_ALLOW_HTTP": "true"}

    assert read_settings(environ).nexudus_base_url == "http://simulator:8010"


def test_a_totp_seed_may_be_written_in_small_groups() -> None:
    environ = {"NEXUDUS_USERNAME": "u", "NEXUDUS_PASSWORD": "p", "NEXUDUS_TOTP_SECRET": "jbsw y3dp"}

    assert read_settings(environ).nexudus_totp_secret == "JBSWY3DP"


def test_all_problems_are_told_at_once_one_line_each() -> None:
    environ = {"PORT": "x", "STORE_IP": "x", "NEXUDUS_USERNAME": "u"}

    with pytest.raises(SettingsProblems) as raised:
        read_settings(environ)

    assert [line.split(":")[0] for line in str(raised.value).splitlines()] == ["STORE_IP", "PORT", "NEXUDUS_PASSWORD"]


@pytest.mark.parametrize(
    ("name", "least"), [("ADMIN_PASSWORD", 12), ("ADMIN_TOKEN", 16), ("SECRET_KEY", 16), ("ENCRYPTION_KEY", 32)]
)
def test_a_secret_that_can_be_guessed_is_refused_without_being_shown(name: str, least: int) -> None:
    (problem,) = problems_of(**{name: "s" * (least - 1)})

    assert problem.startswith(f"{name}: ")
    assert f"too short: write {least} " in problem
    assert "sss" not in problem
    read_settings({name: "s" * least})


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"OIDC_DOMAINS": "example.com"}, "OIDC_ISSUER: missing, but another OIDC_ setting is there"),
        (
            {"OIDC_ISSUER": "https://login.example.com"},
            "OIDC_CLIENT_SECRET: missing, but another OIDC_ setting is there",
        ),
        ({"OIDC_ISSUER": "http://login.example.com"}, "unencrypted: write an https:// address"),
        ({"OIDC_DOMAINS": "ann@example.com"}, "write domains of e-mail addresses, separated by commas"),
    ],
)
def test_a_provider_is_set_up_whole_or_not_at_all(environ: dict[str, str], problem: str) -> None:
    assert any(problem in each for each in problems_of(**environ))


def test_a_slash_at_the_end_of_an_issuer_belongs_to_it() -> None:
    others = {"OIDC_CLIENT_ID": "lead-capture", "OIDC_CLIENT_SECRET": "secret"}

    for issuer in ("https://login.example.com", "https://login.example.com/"):
        assert read_settings({"OIDC_ISSUER": issuer, **others}).oidc_issuer == issuer


def test_secrets_do_not_print() -> None:
    names = [each.name for each in SETTINGS if each.secret]
    app = [name for name in names if name.startswith("NEXUDUS_APP_")]
    texts = {name: f"secret://{name}/of-32-characters-or-more" for name in names} | {
        "DATABASE_URL": "postgresql://secret@h/x",
        "SENTRY_DSN": "https://secret@h/7",
        "OIDC_ISSUER": "https://login.example.com",
        "OIDC_CLIENT_ID": "lead-capture",
    }
    shown = read_settings(
        texts | {"NEXUDUS_USERNAME": "u", "NEXUDUS_TOKEN": "", "NEXUDUS_TOTP_SECRET": ""} | dict.fromkeys(app, "")
    )

    assert {"NEXUDUS_PASSWORD", "NEXUDUS_APP_SECRET", "NEXUDUS_APP_TOKEN"} <= set(names)
    assert "secret" not in repr(shown).replace("secret_", "")


@each_row("name", [each.name for each in SETTINGS])
def test_any_setting_is_looked_for_in_a_file_too(name: str, tmp_path: Path) -> None:
    file = tmp_path / "value"
    file.write_text("\n")

    assert f"{name}: the file {str(file)!r} that {name}_FILE names is empty: write the value into it" in problems_of(
        **{f"{name}_FILE": str(file)}
    )


def test_a_file_s_text_is_the_value_without_its_last_newline(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("a-token-and-space \r\n")

    assert read_settings({"ADMIN_TOKEN_FILE": str(file)}).admin_token == "a-token-and-space "


def test_a_setting_and_its_file_together_are_a_problem() -> None:
    assert problems_of(PORT="1", PORT_FILE="/etc/port") == ["PORT: PORT and PORT_FILE are both set: keep one"]


def test_a_file_that_is_not_there_is_a_problem_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "nothing"

    [problem] = problems_of(PORT_FILE=str(file))

    assert problem.startswith(f"PORT: cannot read the file {str(file)!r} that PORT_FILE names ")
    assert problem.endswith("(No such file or directory): correct the path or its permissions")


def test_a_file_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "noise"
    file.write_bytes(b"\xff\xfe")

    assert problems_of(PORT_FILE=str(file)) == [
        f"PORT: the file {str(file)!r} that PORT_FILE names is not UTF-8 text: save it as UTF-8"
    ]


def test_a_lookup_for_the_forms_file_honours_the_file_form_too(tmp_path: Path) -> None:
    file = tmp_path / "slack"
    file.write_text("slack://a\n")

    assert lookup("SALES", {"SALES_FILE": str(file)}) == "slack://a"
    assert lookup("SALES", {"SALES": "x"}) == "x"
    assert lookup("SALES", {"SALES": ""}) is None


@each_row(
    ("name", "near"),
    [
        ("NEXUDUS_USER", "NEXUDUS_USERNAME"),
        ("NEXUDUS_PASSWORD_FIEL", "NEXUDUS_PASSWORD_FILE"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("database_url", "DATABASE_URL"),
        ("FORM_FILE", "FORMS_FILE"),
        ("RETENTION_DAY", "RETENTION_DAYS"),
    ],
)
def test_a_misspelt_name_is_noticed_but_is_no_error(name: str, near: str) -> None:
    assert read_settings({name: "x"}).hints == (
        f"{name} is not a setting: did you mean {near}? (ignore this if the set-up uses it)",
    )


def test_the_usual_names_of_other_programs_are_left_alone() -> None:
    names = "PATH HOME HOST POST LANG LOGNAME PWD HTTP_PROXY SSL_CERT_FILE HOSTNAME WEB_CONCURRENCY PYTHONPATH MAIL"

    assert read_settings(dict.fromkeys(names.split(), "x")).hints == ()


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([each.name for each in SETTINGS]), st.text(max_size=30), max_size=4))
def test_any_environment_gives_settings_or_problems_that_name_a_setting(environ: dict[str, str]) -> None:
    assert set(names_in_problems(environ)) <= {each.name for each in SETTINGS}


def names_in_problems(environ: dict[str, str]) -> list[str]:
    try:
        read_settings(environ)
    except SettingsProblems as error:
        return [problem.split(":")[0] for problem in error.problems]
    return []


@each_row("each", SETTINGS, ids=lambda each: each.name)
def test_the_docs_have_every_setting_with_its_default_and_meaning(each: Setting) -> None:
    default = f"`{each.default}`" if each.default else each.note or "none"

    assert f"| `{each.name}` | {default} | {each.meaning} |" in DOCS.read_text(encoding="utf-8").splitlines()


def test_the_docs_have_no_setting_that_is_gone() -> None:
    listed = re.findall(r"^\| `([A-Z_]+)` \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(listed) == sorted(each.name for each in SETTINGS)


@pytest.mark.parametrize(
    ("variables", "zone"),
    [
        ({"DIGEST_AT": "8:30 Europe/London"}, ZoneInfo("Europe/London")),
        ({"DIGEST_AT": "8:30 Europe/London", "TIME_ZONE": "Asia/Tokyo"}, ZoneInfo("Asia/Tokyo")),
        ({"DIGEST_AT": "off"}, UTC),
    ],
)
def test_the_zone_is_the_one_that_is_set_else_the_digest_s(variables: dict[str, str], zone: tzinfo) -> None:
    assert read_settings(variables).zone == zone
