"""What every command reads first: settings and forms file."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from service import logs
from service.forms import Form, Setup, SetupProblems, read_setup
from service.settings import (
    IN_THE_CLEAR,
    Settings,
    SettingsProblems,
    crosses_in_the_clear,
    lookup,
    read_settings,
)
from service.settings.kinds import read_addresses

NO_CREDENTIALS = (
    "no Nexudus credentials are set: set NEXUDUS_USERNAME and NEXUDUS_PASSWORD, or NEXUDUS_TOKEN, or NEXUDUS_APP_KEY "
    "and NEXUDUS_APP_SECRET"
)

_HOW = "see https://github.com/caronc/apprise/wiki for how to write it"


def read_configuration(environ: Mapping[str, str] = os.environ, *, alerts: bool = False) -> tuple[Settings, Setup]:
    """Settings and forms file, checked; logging configured, and names that look misspelt told.

    alerts: also see whether Apprise can read ALERT_URLS and each form's `notify`, which takes half a second where
    there are any.
    Raises: SettingsProblems with all problems of both, SetupProblems.
    """
    unread = _problems_of_alerts(environ) if alerts else ()
    try:
        settings = read_settings(environ)
    except SettingsProblems as found:
        raise SettingsProblems((*found.problems, *unread, *_problems_of_setup(environ))) from found
    if unread:
        raise SettingsProblems((*unread, *_problems_of_setup(environ)))
    logs.configure(settings.log_format, settings.log_level)
    for hint in settings.hints:
        print(f"lead-capture: {hint}", file=sys.stderr)
    setup = read_setup(settings.forms_file, lambda name: lookup(name, environ))
    check_addresses(settings, setup)
    unheard = _problems_of_notify(settings.forms_file, setup) if alerts else ()
    if unheard:
        raise SetupProblems(unheard)
    return settings, setup


def check_addresses(settings: Settings, setup: Setup) -> None:
    """See that no account of the forms file is spoken to in the clear.

    Raises: SetupProblems.
    """
    exposed = [
        f"{settings.forms_file.name}: accounts.{account.name}.base_url: {IN_THE_CLEAR}"
        for account in setup.accounts.values()
        if crosses_in_the_clear(account.base_url) and not settings.nexudus_allow_http
    ]
    if exposed:
        raise SetupProblems(tuple(exposed))


def _problems_of_alerts(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Which of ALERT_URLS Apprise cannot read: by number, as they hold secrets."""
    try:
        addresses = read_addresses(lookup("ALERT_URLS", environ) or "")
    except ValueError:  # told with the settings
        return ()
    if not addresses:
        return ()
    from service.alerts import channels  # noqa: PLC0415 (only where there is anybody to tell)

    return tuple(
        f"ALERT_URLS: Apprise cannot read address {number} of {len(addresses)}: {_HOW}"
        for number in channels.unreadable(addresses)
    )


def _problems_of_notify(path: Path, setup: Setup) -> tuple[str, ...]:
    """Which addresses of the forms' `notify` Apprise cannot read: by place, as they hold secrets."""
    told = [
        (f"{path.name}: forms.{form.name}{place}notify[{number}]", address)
        for form in setup.forms.values()
        for place, addresses in _notified(form)
        for number, address in enumerate(addresses, 1)
    ]
    if not told:
        return ()
    from service.alerts import channels  # noqa: PLC0415 (only where there is anybody to tell)

    unread = channels.unreadable([address for _, address in told])
    return tuple(f"{told[number - 1][0]}: Apprise cannot read this address: {_HOW}" for number in unread)


def _notified(form: Form) -> Iterator[tuple[str, Sequence[str]]]:
    """The addresses of a form, and of each of its routes that names others, with their places."""
    yield ".", form.notify
    for number, route in enumerate(form.routes, 1):
        if route.form.notify != form.notify:
            yield f".routes[{number}].", route.form.notify


def _problems_of_setup(environ: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong with the forms file, where the settings are wrong already: all is told at once."""
    try:
        path = lookup("FORMS_FILE", environ) or "forms.toml"
        read_setup(Path(path), lambda name: lookup(name, environ))
    except SetupProblems as found:
        return found.problems
    except ValueError:  # FORMS_FILE itself cannot be read: told with the settings
        return ()
    return ()


def number_within(least: int, most: int) -> Callable[[str], int]:
    """How argparse reads a number: outside these bounds it is wrong usage."""

    def number(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
        return int(text)

    return number


def instant(text: str) -> datetime:
    """How argparse reads a date or time; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-11-01") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def with_port(settings: Settings, port: int | None, default: int) -> int:
    """--port, else PORT, else the command's own."""
    return port or settings.port or default
