"""What most commands open first: settings, forms file, database."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from service import logs
from service.cli.main import Failed
from service.forms import Setup, read_setup
from service.settings import Settings, lookup, read_settings
from service.store import Store, StoreUnavailable


@dataclass(frozen=True, slots=True)
class House:
    """One operator's installation."""

    settings: Settings
    setup: Setup
    store: Store


def read_house(environ: Mapping[str, str] = os.environ) -> tuple[Settings, Setup]:
    """Settings and forms file, checked; logging configured.

    Raises: SettingsProblems, SetupProblems.
    """
    settings = read_settings(environ)
    logs.configure(settings.log_format, settings.log_level)
    return settings, read_setup(settings.forms_file, lambda name: lookup(name, environ))


def open_house() -> House:
    """The same with the database, which must be on the newest schema.

    Raises: SettingsProblems, SetupProblems, Failed.
    """
    settings, setup = read_house()
    store = Store(settings.database_url)
    try:
        ready = store.is_ready()
    except StoreUnavailable as error:
        raise Failed(f"the database does not answer ({error}): check DATABASE_URL") from error
    if not ready:
        raise Failed("the database is not on the newest schema: run `lead-capture migrate`")
    return House(settings, setup, store)


def with_port(settings: Settings, port: int | None, default: int) -> int:
    """--port, else PORT, else the command's own."""
    return port or settings.port or default
