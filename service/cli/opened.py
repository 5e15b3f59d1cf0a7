"""The house with its database, for the commands that work on leads.

Apart from house.py, so that the parent of the web processes does not load what it never uses.
"""

from dataclasses import dataclass

from service.cli.house import read_house
from service.cli.main import Failed
from service.forms import Setup
from service.settings import Settings
from service.store import Store, StoreUnavailable


@dataclass(frozen=True, slots=True)
class House:
    """One operator's installation."""

    settings: Settings
    setup: Setup
    store: Store


def open_house(*, alerts: bool = False) -> House:
    """The same with the database, which must be on the newest schema. alerts: see read_house.

    Raises: SettingsProblems, SetupProblems, Failed.
    """
    settings, setup = read_house(alerts=alerts)
    try:
        store = Store(settings.database_url)
        ready = store.is_ready()
    except (StoreUnavailable, OSError) as error:
        raise Failed(unanswered(error)) from error
    if not ready:
        raise Failed("the database is not on the newest schema: run `lead-capture migrate`")
    return House(settings, setup, store)


def unanswered(error: Exception) -> str:
    """What an operator is told when the database does not answer: its driver's first line, no secret in it."""
    reason = getattr(error.__cause__, "orig", None) or error.__cause__ or error
    line = next(iter(str(reason).splitlines()), "") or type(reason).__name__
    return f"the database does not answer ({line}): check DATABASE_URL"
