"""Reading settings and forms file, with every problem reported at once."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from service import logs
from service.cli.commands import Failed
from service.forms import Form, Setup, SetupProblems, read_setup
from service.settings import Settings, SettingsProblems, lookup, read_settings
from service.settings.values import read_addresses
from service.setup.reading import APPRISE_SYNTAX, check_addresses, notify_problems, unreadable

NO_CREDENTIALS = (
    "no Nexudus credentials are set: set NEXUDUS_USERNAME and NEXUDUS_PASSWORD, or NEXUDUS_TOKEN, or NEXUDUS_APP_KEY "
    "and NEXUDUS_APP_SECRET"
)


def read_configuration(environ: Mapping[str, str] = os.environ, *, alerts: bool = False) -> tuple[Settings, Setup]:
    """Return settings and forms file, checked. Also configures the log, and warns of variables that look misspelt.

    alerts: also have Apprise check ALERT_URLS and each form's `notify`; takes half a second if there are any.
    Raises: SettingsProblems with all problems of both, SetupProblems.
    """
    problems = _alert_problems(environ) if alerts else ()
    try:
        settings = read_settings(environ)
    except SettingsProblems as error:
        raise SettingsProblems((*error.problems, *problems, *_setup_problems(environ))) from error
    if problems:
        raise SettingsProblems((*problems, *_setup_problems(environ)))
    logs.configure(settings.log_format, settings.log_level)
    for hint in settings.hints:
        print(f"lead-capture: {hint}", file=sys.stderr)
    setup = read_setup(settings.forms_file, lambda name: lookup(name, environ))
    check_addresses(settings, setup)
    if alerts and (problems := notify_problems(settings.forms_file.name, setup)):
        raise SetupProblems(problems)
    return settings, setup


def _alert_problems(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return problems with ALERT_URLS that Apprise cannot read: by number, because they hold secrets."""
    try:
        addresses = read_addresses(lookup("ALERT_URLS", environ) or "")
    except ValueError:  # reported with the settings
        return ()
    return tuple(
        f"ALERT_URLS: Apprise cannot read address {number} of {len(addresses)}: {APPRISE_SYNTAX}"
        for number in unreadable(addresses)
    )


def _setup_problems(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the problems of the forms file, to be reported together with those of the settings."""
    try:
        path = lookup("FORMS_FILE", environ) or "forms.toml"
        read_setup(Path(path), lambda name: lookup(name, environ))
    except SetupProblems as error:
        return error.problems
    except ValueError:  # FORMS_FILE itself cannot be read: reported with the settings
        return ()
    return ()


def form_named(name: str, setup: Setup) -> Form:
    """Return the form with that name.

    Raises: Failed.
    """
    if name not in setup.forms:
        raise Failed(f"there is no form {name!r}; the set-up has {', '.join(setup.forms)}")
    return setup.forms[name]
