"""From the bytes of a document to a Setup, with every check: its own, and those that need settings or Apprise.

The document is a forms file, or a version in the database where no forms file is configured.

The same checks apply at a start and while the service runs, so that a file that was taken up never prevents a start.
"""

from collections.abc import Container, Iterator, Sequence
from datetime import datetime

from service.forms import Form, Setup, SetupProblems
from service.forms.file import FORMS_FILE, Lookup, parse_setup
from service.forms.values import SECRET_PREFIX
from service.settings import IN_THE_CLEAR, Settings, crosses_in_the_clear
from service.setup.current import CurrentSetup, FormsFile, Parse, SetupDocument
from service.setup.versions import DOCUMENT_NAME, StoredSetup, document_in
from service.store import Store, StoreUnavailable, UnreadableSecret

APPRISE_SYNTAX = "see https://github.com/caronc/apprise/wiki for the syntax"


NOT_READ = Setup({}, is_read=False)
"""The set-up of a process that has not reached the database yet."""


def is_kept_in_database(settings: Settings, lookup: Lookup) -> bool:
    """Return whether the set-up is kept in the database: no forms file is named, and none is at the default path."""
    return not lookup(FORMS_FILE) and not settings.forms_file.exists()


def read_stored(settings: Settings, store: Store, lookup: Lookup) -> Setup:
    """Return the set-up in force in the database; NOT_READ while the database does not answer.

    Raises: SetupProblems if a variable of the environment is missing that was there when it was published.
    """
    try:
        document = document_in(store)
    except StoreUnavailable:
        return NOT_READ
    setup = parse_setup(document.text, DOCUMENT_NAME, with_secrets(lookup, store), document.version)
    check_addresses(settings, setup)
    return setup


def follow_setup(
    settings: Settings, setup: Setup, lookup: Lookup, now: datetime, store: Store | None = None
) -> CurrentSetup:
    """Return the set-up in force, as read at the start, ready to follow its source; see setup_parser.

    store: of this process; None if processes are still to be forked, which attach theirs.
    """

    def read(name: str) -> str | None:
        return lookup(name) if source.store is None else with_secrets(lookup, source.store)(name)

    parse = setup_parser(settings, read, setup)
    file = FormsFile(settings.forms_file, parse)
    source = StoredSetup(file, parse) if is_kept_in_database(settings, lookup) else file
    if store is not None:
        source.attach(store)
    return CurrentSetup(source, setup, now)


def setup_parser(settings: Settings, lookup: Lookup, known: Setup) -> Parse:
    """Return a function that reads and checks whole documents of this installation.

    lookup: reads a variable of the environment, or its file, anew for each document.
    known: the set-up in force; Apprise checks only addresses that were never in force.
    """
    seen = {address for form in known.forms.values() for _, addresses in _notified(form) for address in addresses}

    def parse(document: SetupDocument) -> Setup:
        name = settings.forms_file.name if document.version is None else DOCUMENT_NAME
        setup = parse_setup(document.text, name, lookup, document.version)
        check_addresses(settings, setup)
        if problems := notify_problems(name, setup, but=seen):
            raise SetupProblems(problems)
        seen.update(address for form in setup.forms.values() for _, each in _notified(form) for address in each)
        return setup

    return parse


def with_secrets(lookup: Lookup, store: Store) -> Lookup:
    """Return a lookup that reads "secret:NAME" from the database, and everything else as before.

    The lookup raises StoreUnavailable if the database does not answer.
    """

    def read(name: str) -> str | None:
        if not name.startswith(SECRET_PREFIX):
            return lookup(name)
        try:
            with store.read() as tx:
                return tx.secrets.read(name.removeprefix(SECRET_PREFIX))
        except UnreadableSecret as error:
            raise ValueError(str(error)) from error

    return read


def check_addresses(settings: Settings, setup: Setup) -> None:
    """Refuse accounts of the set-up whose address would send credentials unencrypted.

    Raises: SetupProblems.
    """
    name = settings.forms_file.name if setup.version is None else DOCUMENT_NAME
    exposed = [
        f"{name}: accounts.{account.name}.base_url: {IN_THE_CLEAR}"
        for account in setup.accounts.values()
        if crosses_in_the_clear(account.base_url) and not settings.nexudus_allow_http
    ]
    if exposed:
        raise SetupProblems(tuple(exposed))


def notify_problems(name: str, setup: Setup, but: Container[str] = ()) -> tuple[str, ...]:
    """Return the addresses of `notify` and `report_to` that Apprise cannot read, by position, as they hold secrets.

    name: of the document. but: addresses that need no check.
    """
    addresses = [
        (f"{name}: forms.{form.name}.{place}[{number}]", address)
        for form in setup.forms.values()
        for place, notified in _notified(form)
        for number, address in enumerate(notified, 1)
        if address not in but
    ]
    return tuple(
        f"{addresses[number - 1][0]}: Apprise cannot read this address: {APPRISE_SYNTAX}"
        for number in unreadable([address for _, address in addresses])
    )


def _notified(form: Form) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the addresses of a form, and of each route that has others, with their position."""
    yield "notify", form.notify
    yield "report_to", form.report_to
    for number, route in enumerate(form.routes, 1):
        if route.form.notify != form.notify:
            yield f"routes[{number}].notify", route.form.notify


def unreadable(addresses: Sequence[str]) -> Sequence[int]:
    """Return the numbers, from 1, of the addresses that Apprise cannot read; takes half a second if there are any."""
    if not addresses:
        return ()
    from service.alerts import channels  # noqa: PLC0415 (few installations need it before their first alert)

    return list(channels.unreadable(addresses))
