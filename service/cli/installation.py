"""An installation with its database, for the commands that work on leads.

Apart from configuration.py, so that the parent of the web processes does not load the store.
"""

from dataclasses import dataclass

from service.cli.configuration import read_configuration
from service.cli.main import Failed
from service.forms import Setup
from service.settings import Settings
from service.store import Store, StoreUnavailable


@dataclass(frozen=True, slots=True)
class Installation:
    """One operator's installation."""

    settings: Settings
    setup: Setup
    store: Store


def open_installation(*, alerts: bool = False) -> Installation:
    """Read the configuration and open the database, which must be on the newest schema.

    alerts: as for read_configuration.

    Raises: SettingsProblems, SetupProblems, Failed.
    """
    settings, setup = read_configuration(alerts=alerts)
    try:
        store = Store(settings.database_url)
        ready = store.is_ready()
    except (StoreUnavailable, OSError) as error:
        raise Failed(database_problem(error)) from error
    if not ready:
        raise Failed("the database is not on the newest schema: run `lead-capture migrate`")
    return Installation(settings, setup, store)


def database_problem(error: Exception) -> str:
    """What an operator is told when the database does not answer: its driver's first line, no secret in it."""
    reason = getattr(error.__cause__, "orig", None) or error.__cause__ or error
    line = next(iter(str(reason).splitlines()), "") or type(reason).__name__
    return f"the database does not answer ({line}): check DATABASE_URL"
