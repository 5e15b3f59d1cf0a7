"""Every setting: its type, reader, default and meaning."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from zoneinfo import ZoneInfo

from service.platforms.registry import PLATFORMS
from service.settings.values import (
    MIN_PASSWORD_CHARS,
    MIN_TOKEN_CHARS,
    Daily,
    RateLimit,
    read_addresses,
    read_choice,
    read_count,
    read_daily,
    read_database_url,
    read_domains,
    read_durations,
    read_encryption_keys,
    read_flag,
    read_host,
    read_issuer,
    read_limits,
    read_long_enough,
    read_otlp_endpoint,
    read_seconds,
    read_secret_key,
    read_sentry_dsn,
    read_submit_limit,
    read_totp_secret,
    read_url,
    read_zone,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    read: text -> value; ValueError with problem and remedy. default: as an operator would write it; "" for none, if
    `note` says what happens and `absent` is the value. name, key (of Settings) and secret are filled in by SETTINGS.
    """

    read: Callable[[str], Any]
    default: str
    meaning: str
    note: str = ""
    absent: Any = ""
    name: str = ""
    key: str = ""
    secret: bool = False


_HOST_URL = partial(read_url, path=False)
_LOG_FORMAT = partial(read_choice, choices=("console", "json"))
_LOG_LEVEL = partial(read_choice, choices=("debug", "info", "warning", "error"))
_LIMITS = "10/s 60w/min 120/min 5000/h 5000w/day"
_RETRIES = "5s 30s 2m 10m 30m 1h 2h 4h 8h 12h 24h 24h 24h 24h 24h"
_KEPT = "generated once, stored in the database"
_SHOWN_ONCE = "generated at the first start of `up`, printed once"
_TERMINAL = "`console` on a terminal, else `json`"


SIMULATOR_USERNAME = "simulator@leadcapture.example"
"""The user of the simulator that `up` starts; nothing real is behind it."""


def _count(least: int, most: int) -> Callable[[str], int]:
    return partial(read_count, least=least, most=most)


PLATFORM_URLS = tuple(
    Setting(read_url, url.default, url.meaning, name=url.setting)
    for platform in PLATFORMS.values()
    for url in platform.api_urls
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, checked. Secrets are not printed.

    platform_urls: by setting. log_format: "" decides by whether the output is a terminal. hints: variables that look
    like misspelt settings, one line each.
    """

    database_url: Annotated[
        str,
        Setting(
            read_database_url,
            "sqlite:///lead-capture.db",
            "where leads are stored: SQLite, or `postgresql://...` for several machines",
        ),
    ] = field(repr=False)
    forms_file: Annotated[
        Path,
        Setting(
            Path,
            "forms.toml",
            "the forms file; only if this is not set may it be missing: then the set-up is kept in the database",
        ),
    ]
    nexudus_base_url: Annotated[str, Setting(_HOST_URL, "https://spaces.nexudus.com", "scheme and host of Nexudus")]
    nexudus_allow_http: Annotated[
        bool, Setting(read_flag, "false", "allow `http://` addresses of Nexudus outside this machine")
    ]
    nexudus_username: Annotated[str, Setting(str, "", "user name (e-mail address) of the service account")]
    nexudus_password: Annotated[str, Setting(str, "", "its password")] = field(repr=False)
    nexudus_totp_secret: Annotated[str, Setting(read_totp_secret, "", "its TOTP seed, only if 2FA is on")] = field(
        repr=False
    )
    nexudus_token: Annotated[str, Setting(str, "", "instead of the three above: a bearer token")] = field(repr=False)
    nexudus_app_key: Annotated[str, Setting(str, "", "instead of a user: the key of your application")]
    nexudus_app_secret: Annotated[
        str, Setting(str, "", "its secret; without `NEXUDUS_APP_TOKEN`, the MD5 hash of token and secret")
    ] = field(repr=False)
    nexudus_app_token: Annotated[
        str, Setting(str, "", "the parameter `t` that Nexudus added to its installation URL")
    ] = field(repr=False)
    nexudus_client_id: Annotated[str, Setting(str, "", "identifies this deployment to Nexudus", _KEPT)]
    public_url: Annotated[str, Setting(read_url, "http://localhost:8000", "public address of the service")]
    admin_password: Annotated[
        str,
        Setting(
            partial(read_long_enough, least=MIN_PASSWORD_CHARS),
            "",
            f"password of the dashboard's user `admin`; {MIN_PASSWORD_CHARS} characters or more",
            _SHOWN_ONCE,
        ),
    ] = field(repr=False)
    admin_token: Annotated[
        str,
        Setting(
            partial(read_long_enough, least=MIN_TOKEN_CHARS),
            "",
            f"bearer token for `/api/v1`; {MIN_TOKEN_CHARS} characters or more",
        ),
    ] = field(repr=False)
    metrics_token: Annotated[
        str,
        Setting(
            partial(read_long_enough, least=MIN_TOKEN_CHARS),
            "",
            "bearer token that `/metrics` requires; `/metrics` then also shows forms, senders, accounts and workers; "
            f"{MIN_TOKEN_CHARS} characters or more",
        ),
    ] = field(repr=False)
    oidc_issuer: Annotated[
        str,
        Setting(
            read_issuer, "", "issuer of the OpenID Connect provider that signs people in, as the provider writes it"
        ),
    ]
    oidc_client_id: Annotated[str, Setting(str, "", "client ID of this service at the provider")]
    oidc_client_secret: Annotated[str, Setting(str, "", "its client secret")] = field(repr=False)
    oidc_domains: Annotated[
        tuple[str, ...],
        Setting(
            read_domains,
            "",
            "e-mail domains, comma-separated, whose people may sign in with the provider without an invitation",
            absent=(),
        ),
    ]
    oidc_role_claim: Annotated[
        str, Setting(str, "", "claim of the provider with a person's role: `agent`, or `agent:harbour` for one account")
    ]
    sentry_dsn: Annotated[
        str, Setting(read_sentry_dsn, "", "reports errors to this project at Sentry; needs the extra `sentry`")
    ] = field(repr=False)
    otel_exporter_otlp_endpoint: Annotated[
        str,
        Setting(
            read_otlp_endpoint,
            "",
            "sends a trace of each lead to this OpenTelemetry collector (OTLP over HTTP); needs the extra `otel`",
        ),
    ]
    secret_key: Annotated[
        str, Setting(read_secret_key, "", "key that signs sessions; 16 characters or more", _KEPT)
    ] = field(repr=False)
    encryption_key: Annotated[
        tuple[str, ...],
        Setting(
            read_encryption_keys,
            "",
            "encrypts tokens in the database; 32 characters or more; several, comma-separated, newest first",
            "derived from `SECRET_KEY`",
            absent=(),
        ),
    ] = field(repr=False)
    alert_urls: Annotated[
        tuple[str, ...],
        Setting(read_addresses, "", "where alerts go: Apprise addresses, comma-separated", absent=()),
    ] = field(repr=False)
    digest_at: Annotated[
        Daily | None,
        Setting(
            read_daily, "07:00 UTC", "when the daily digest goes to `ALERT_URLS`: time and zone; `off` disables it"
        ),
    ]
    time_zone: Annotated[
        ZoneInfo | None,
        Setting(
            read_zone,
            "",
            "time zone of pages and reports, and of the days that are counted: its IANA name",
            "the zone of `DIGEST_AT`, else UTC",
            absent=None,
        ),
    ]
    trusted_proxies: Annotated[
        int, Setting(_count(0, 16), "0", "number of reverse proxies whose `X-Forwarded-For` and `-Proto` are trusted")
    ]
    store_ip: Annotated[bool, Setting(read_flag, "false", "store the visitor's IP address with the lead")]
    retention_days: Annotated[
        int,
        Setting(
            _count(0, 36500), "90", "days after which personal data of finished and parked leads is erased; 0 keeps it"
        ),
    ]
    log_format: Annotated[str, Setting(_LOG_FORMAT, "", "`console` or `json`", _TERMINAL)]
    log_level: Annotated[str, Setting(_LOG_LEVEL, "info", "`debug`, `info`, `warning` or `error`")]
    web_processes: Annotated[int, Setting(_count(1, 64), "2", "web server processes")]
    web_threads: Annotated[int, Setting(_count(1, 256), "8", "threads in each web server process")]
    delivery_threads: Annotated[int, Setting(_count(1, 64), "4", "leads that one worker sends in parallel")]
    nexudus_limits: Annotated[
        tuple[RateLimit, ...],
        Setting(
            read_limits,
            _LIMITS,
            "rate limit for one Nexudus account, shared by all processes: `COUNT[w]/[N]UNIT`, "
            "unit `s min h day`; `w` counts writes only",
        ),
    ]
    nexudus_timeout_s: Annotated[
        float,
        Setting(partial(read_seconds, most=600), "30", "seconds to wait for a response from Nexudus (5 to connect)"),
    ]
    lease_s: Annotated[
        float,
        Setting(
            partial(read_seconds, most=3600),
            "90",
            "seconds for which a worker owns a lead, renewed while it works on it",
        ),
    ]
    submit_limit: Annotated[
        RateLimit | None,
        Setting(
            read_submit_limit,
            "30/min",
            "rate limit for form posts from one IP address (IPv6: one /64) to one form; `off` disables it",
        ),
    ]
    retry_schedule_s: Annotated[
        tuple[float, ...],
        Setting(
            read_durations,
            _RETRIES,
            "waits between attempts (`s m h d`), about 7 days; then the lead is parked",
            name="RETRY_SCHEDULE",
        ),
    ]
    platform_urls: Annotated[Mapping[str, str], PLATFORM_URLS]
    host: Annotated[
        str,
        Setting(
            read_host,
            "",
            "address to listen on, default of `--host`: `0.0.0.0` or `::` for all of this machine's",
            "`127.0.0.1` for `up` and the simulator, `0.0.0.0` for `web`",
        ),
    ]
    port: Annotated[
        int | None, Setting(_count(1, 65535), "", "default of `--port`", "8000, for the simulator 8010", absent=None)
    ]
    sample_page: Annotated[bool, Setting(read_flag, "false", "show the sample landing page; `up` sets it")]
    hints: tuple[str, ...] = ()

    @property
    def zone(self) -> tzinfo:
        """The operator's time zone."""
        return self.time_zone or (self.digest_at.zone if self.digest_at else UTC)

    @property
    def encryption_keys(self) -> tuple[str, ...]:
        """The operator's keys for secrets in the database, newest first; without any, the database's own is used."""
        return (*self.encryption_key, *([self.secret_key] if self.secret_key else []))

    @property
    def is_simulated(self) -> bool:
        """Whether the credentials are those that `up` sets for its simulator."""
        return self.nexudus_username == SIMULATOR_USERNAME

    @property
    def has_nexudus_login(self) -> bool:
        """Whether there are credentials for the account "default"."""
        return bool(self.nexudus_username or self.nexudus_token or self.nexudus_app_key)


def _list_settings() -> Iterator[Setting]:
    hints = get_type_hints(Settings, include_extras=True)
    for each in fields(Settings):
        for metadata in getattr(hints[each.name], "__metadata__", ()):
            for setting in metadata if isinstance(metadata, tuple) else (metadata,):
                name = setting.name or each.name.upper()
                yield replace(setting, name=name, key=each.name, secret=not each.repr)


SETTINGS: tuple[Setting, ...] = tuple(_list_settings())
"""All settings, in the order of the docs."""
