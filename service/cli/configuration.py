"""Reading settings and forms file, with every problem reported at once."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from service import logs
from service.cli.main import Failed
from service.forms import Form, Setup, SetupProblems, read_setup
from service.settings import (
    IN_THE_CLEAR,
    Settings,
    SettingsProblems,
    crosses_in_the_clear,
    lookup,
    read_settings,
)
from service.settings.values import read_addresses

NO_CREDENTIALS = (
    "no Nexudus credentials are set: set NEXUDUS_USERNAME and NEXUDUS_PASSWORD, or NEXUDUS_TOKEN, or NEXUDUS_APP_KEY "
    "and NEXUDUS_APP_SECRET"
)

_SYNTAX = "see https://github.com/caronc/apprise/wiki for the syntax"


def read_configuration(environ: Mapping[str, str] = os.environ, *, alerts: bool = False) -> tuple[Settings, Setup]:
    """Settings and forms file, checked. Also configures the log, and warns of variables that look misspelt.

    alerts: also have Apprise check ALERT_URLS and each form's `notify`; that takes half a second where there are any.
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
    if alerts and (problems := _notify_problems(settings.forms_file, setup)):
        raise SetupProblems(problems)
    return settings, setup


def check_addresses(settings: Settings, setup: Setup) -> None:
    """Refuse accounts of the forms file whose address would send credentials unencrypted.

    Raises: SetupProblems.
    """
    exposed = [
        f"{settings.forms_file.name}: accounts.{account.name}.base_url: {IN_THE_CLEAR}"
        for account in setup.accounts.values()
        if crosses_in_the_clear(account.base_url) and not settings.nexudus_allow_http
    ]
    if exposed:
        raise SetupProblems(tuple(exposed))


def _alert_problems(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The ALERT_URLS that Apprise cannot read: by number, because they hold secrets."""
    try:
        addresses = read_addresses(lookup("ALERT_URLS", environ) or "")
    except ValueError:  # reported with the settings
        return ()
    return tuple(
        f"ALERT_URLS: Apprise cannot read address {number} of {len(addresses)}: {_SYNTAX}"
        for number in _unreadable(addresses)
    )


def _notify_problems(path: Path, setup: Setup) -> tuple[str, ...]:
    """The `notify` addresses that Apprise cannot read: by position, because they hold secrets."""
    addresses = [
        (f"{path.name}: forms.{form.name}{place}notify[{number}]", address)
        for form in setup.forms.values()
        for place, notified in _notified(form)
        for number, address in enumerate(notified, 1)
    ]
    return tuple(
        f"{addresses[number - 1][0]}: Apprise cannot read this address: {_SYNTAX}"
        for number in _unreadable([address for _, address in addresses])
    )


def _notified(form: Form) -> Iterator[tuple[str, Sequence[str]]]:
    """The addresses of a form, and of each route that has others, with their position."""
    yield ".", form.notify
    for number, route in enumerate(form.routes, 1):
        if route.form.notify != form.notify:
            yield f".routes[{number}].", route.form.notify


def _unreadable(addresses: Sequence[str]) -> Sequence[int]:
    """The numbers, from 1, of the addresses that Apprise cannot read."""
    if not addresses:
        return ()
    from service.alerts import channels  # noqa: PLC0415 (Apprise is slow to load)

    return list(channels.unreadable(addresses))


def _setup_problems(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The problems of the forms file, to be reported together with those of the settings."""
    try:
        path = lookup("FORMS_FILE", environ) or "forms.toml"
        read_setup(Path(path), lambda name: lookup(name, environ))
    except SetupProblems as error:
        return error.problems
    except ValueError:  # FORMS_FILE itself cannot be read: reported with the settings
        return ()
    return ()


def form_named(name: str, setup: Setup) -> Form:
    """The form of that name.

    Raises: Failed.
    """
    if name not in setup.forms:
        raise Failed(f"there is no form {name!r}; the forms file has {', '.join(setup.forms)}")
    return setup.forms[name]
