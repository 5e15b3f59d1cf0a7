"""From the environment to Settings: variables, or the files that NAME_FILE names; all problems at once."""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from service.settings.table import SETTINGS, Setting, Settings
from service.settings.values import IN_THE_CLEAR, crosses_in_the_clear

TYPO_RATIO = 0.85
"""difflib's ratio above which a name counts as a misspelt setting."""

NEXUDUS_TYPO_RATIO = 0.6
"""The ratio for names that begin with NEXUDUS_ and are certainly meant for us."""


class SettingsProblems(Exception):
    """The environment cannot be used. `problems`: one line each, with name, problem and remedy, without secrets."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check every setting.

    Raises: SettingsProblems with every problem.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for setting in SETTINGS:
        try:
            value = read_one(setting, environ)
        except ValueError as error:
            problems.append(f"{setting.name}: {error}")
            continue
        if setting.key == "platform_urls":
            values.setdefault(setting.key, {})[setting.name] = value
        else:
            values[setting.key] = value
    problems += [*check_credentials(values), *check_base_url(values), *check_provider(values)]
    if problems:
        raise SettingsProblems(tuple(problems))
    return Settings(**values, hints=tuple(find_near_misses(environ)))


def read_one(setting: Setting, environ: Mapping[str, str]) -> Any:
    """Return the value of one setting; its default if it is unset or blank."""
    text = lookup(setting.name, environ) or ""
    if not setting.secret:
        text = text.strip()  # only a password may begin or end with a space
    text = text or setting.default
    return setting.read(text) if text else setting.absent


def lookup(name: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the text of variable `name`, or of the file that `name`_FILE names; None if both are unset or empty.

    Raises: ValueError, one sentence, if both are set or the file cannot be read.
    """
    text, file = environ.get(name, ""), environ.get(f"{name}_FILE", "")
    if text and file:
        raise ValueError(f"{name} and {name}_FILE are both set: keep one")
    return read_file(file, f"{name}_FILE") if file else text or None


def read_file(file: str, name: str) -> str:
    """Return the text of a file without newlines at its end.

    Raises: ValueError, one sentence, if it cannot be read or is empty.
    """
    try:
        text = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"the file {file!r} that {name} names is not UTF-8 text: save it as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise ValueError(
            f"cannot read the file {file!r} that {name} names ({reason}): correct the path or its permissions"
        ) from None
    if not text:
        raise ValueError(f"the file {file!r} that {name} names is empty: write the value into it")
    return text


def check_credentials(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield problems with the NEXUDUS_ credentials: missing or contradictory ones; an unreadable one counts as set."""
    username, password, totp, token, app_key, app_secret, app_token = (
        values.get(f"nexudus_{name}", "?")
        for name in ("username", "password", "totp_secret", "token", "app_key", "app_secret", "app_token")
    )
    if username and not password:
        yield "NEXUDUS_PASSWORD: missing, but NEXUDUS_USERNAME is set: write the account's password"
    if (password or totp) and not username:
        yield "NEXUDUS_USERNAME: missing, but a password or TOTP seed is set: write the account's e-mail"
    if token and (username or password):
        yield "NEXUDUS_TOKEN: set together with a user name or password: keep one way to sign in"
    if app_key and (username or password or token):
        yield "NEXUDUS_APP_KEY: set together with a user name, password or token: keep one way to sign in"
    if app_key and not app_secret:
        yield "NEXUDUS_APP_SECRET: missing, but NEXUDUS_APP_KEY is set: write the application's secret"
    if (app_secret or app_token) and not app_key:
        yield "NEXUDUS_APP_KEY: missing, but an application's secret or token is set: write the application's key"


def check_base_url(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problem of credentials that would cross a network unencrypted."""
    if not values.get("nexudus_allow_http", True) and crosses_in_the_clear(values.get("nexudus_base_url", "")):
        yield f"NEXUDUS_BASE_URL: {IN_THE_CLEAR}"


def check_provider(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the missing settings of the provider that signs people in; an unreadable value counts as set."""
    names = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
    given = [name for name in names if values.get(name, "?")]
    is_wanted = given or values.get("oidc_domains") or values.get("oidc_role_claim")
    for name in names if is_wanted else ():
        if name not in given:
            yield f"{name.upper()}: missing, but another OIDC_ setting is there: all three are needed to sign people in"


def find_near_misses(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a hint for every variable that looks like a misspelt setting; the forms file may still use it."""
    ours = {each.name for each in SETTINGS}
    known = ours | {f"{name}_FILE" for name in ours}
    for name in sorted(environ.keys() - known):
        cutoff = NEXUDUS_TYPO_RATIO if name.startswith("NEXUDUS_") else TYPO_RATIO
        for match in difflib.get_close_matches(name.upper(), known, n=1, cutoff=cutoff):
            yield f"{name} is not a setting: did you mean {match}? (ignore this if the set-up uses it)"
