"""Publishing: a new version of the set-up in the database, checked as a whole, or refused and nothing changed.

SetupRefusal
  ManagedByFile     a forms file holds the set-up     change the file
  StaleVersion      someone has published meanwhile   read the newest, then decide
  UnknownVersion    there is no such version          choose another
SetupProblems       the document is faulty            correct it; `placed` says where
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from service import clock
from service.actors import Actor
from service.forms import PlacedProblem, Setup, SetupProblems
from service.forms.file import Lookup, digest_of, read_document
from service.settings import SETTINGS, Settings
from service.setup.current import SetupDocument
from service.setup.differences import Change, changes_between, tables_of, written_secrets
from service.setup.reading import is_kept_in_database, setup_parser, with_secrets
from service.setup.stages import judge_stages
from service.setup.versions import DOCUMENT_NAME, FIRST_DOCUMENT
from service.setup.withholding import revealing_references
from service.store import UNPUBLISHED, Act, SetupVersion, Store, Subject, SubjectKind, Transaction

MAX_DOCUMENT_BYTES = 512 * 1024
"""Maximum size of a document: a hundred forms of a hundred lines each need half of it."""

MAX_NOTE_LENGTH = 500

OWN_SECRETS = frozenset(setting.name for setting in SETTINGS if setting.secret)
"""Variables that no document may refer to: people who change it may not know their values."""


class SetupRefusal(Exception):
    """Nothing was published; the text says why."""


class ManagedByFile(SetupRefusal):
    """The set-up is in a forms file."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the set-up is the file {name}: change it there, and it is taken up at once")


class StaleVersion(SetupRefusal):
    """Another version has been published since the one from which this one was made."""

    def __init__(self, newest: int) -> None:
        super().__init__(f"version {newest} has been published meanwhile: read it, then make your change again")
        self.newest = newest


class UnknownVersion(SetupRefusal):
    """There is no such version, or it is no longer kept."""

    def __init__(self, version: int) -> None:
        super().__init__(f"there is no version {version}")


@dataclass(frozen=True, slots=True)
class StandingSetup:
    """The document in force. version: None for a forms file, whose digest is then the identifier."""

    toml: str
    version: int | None
    identifier: str
    updated_at: datetime | None = None
    updated_by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A checked document beside the one in force.

    version: the one in force, or the one that was published. before, after: the whole set-ups. warnings: unchecked or
    doubtful settings, by place.
    """

    version: int
    before: Setup
    after: Setup
    changes: Sequence[Change]
    warnings: Sequence[PlacedProblem]


class Publisher:
    """Publishes versions of this installation's set-up."""

    def __init__(
        self, store: Store, settings: Settings, lookup: Lookup, in_force: Callable[[], Setup] = lambda: Setup({})
    ) -> None:
        """lookup: reads a variable of the environment, for "env:NAME" values. in_force: the version of this process."""
        self._store, self._settings, self._lookup, self._in_force = store, settings, lookup, in_force
        self._parse = setup_parser(settings, with_secrets(lookup, store), Setup({}))

    @property
    def is_managed_by_file(self) -> bool:
        """Whether a forms file holds the set-up, so that nothing can be published; true even after it vanished."""
        setup = self._in_force()
        is_of_file = bool(setup.digest) and setup.version is None
        return is_of_file or not is_kept_in_database(self._settings, self._lookup)

    def standing(self) -> StandingSetup:
        """Return the document in force. Raises: SetupProblems if a file cannot be read; StoreUnavailable."""
        if self.is_managed_by_file:
            return self._file()
        newest = self.version()
        at = newest.published_at if newest.version else None
        return StandingSetup(newest.toml, newest.version, str(newest.version), at, newest.published_by, newest.note)

    def _file(self) -> StandingSetup:
        path = self._settings.forms_file
        document = read_document(path) or b""
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None
        return StandingSetup(document.decode(errors="replace"), None, digest_of(document), at)

    def version(self, number: int | None = None) -> SetupVersion:
        """Return a version with its document, by default the newest; UNPUBLISHED is the one with defaults.

        Raises: UnknownVersion, StoreUnavailable.
        """
        with self._store.read() as tx:
            version = tx.setups.newest() if number is None else tx.setups.get(number)
        if version is None and number in (None, UNPUBLISHED):
            return SetupVersion(UNPUBLISHED, "", "", datetime.fromtimestamp(0, UTC), FIRST_DOCUMENT)
        if version is None:
            raise UnknownVersion(number or UNPUBLISHED)
        return version

    def editable(self) -> SetupVersion:
        """Return the newest version, to change and publish.

        Raises: ManagedByFile, StoreUnavailable.
        """
        if self.is_managed_by_file:
            raise ManagedByFile(self._settings.forms_file.name)
        return self.version()

    def history(self, limit: int, before: int | None = None) -> list[SetupVersion]:
        """Return versions without their documents, newest first. before: only older ones than this."""
        with self._store.read() as tx:
            return tx.setups.history(limit, before)

    def propose(self, document: str, expected_version: int) -> Proposal:
        """Check a document as for publishing, without changing anything.

        expected_version: the one that it was made from.
        Raises: SetupRefusal, SetupProblems, StoreUnavailable.
        """
        newest = self.editable()
        if newest.version != expected_version:
            raise StaleVersion(newest.version)
        after = self._checked(document, newest.version + 1)
        tables = tables_of(document)
        _refuse(tuple(revealing_references(tables, OWN_SECRETS)))
        with self._store.read() as tx:
            looks = {each: tx.crm.last_look(each) for form in after.forms.values() for each in form.accounts}
        if unseen := [name for name, look in looks.items() if not (look.looked_at or look.requested_at)]:
            self._request_looks(unseen)
        unsafe, warnings = judge_stages(after, tables, lambda account: looks[account].contents)
        _refuse(unsafe)
        secrets = [PlacedProblem(path, _IN_THE_CLEAR) for path in written_secrets(tables)]
        changes = changes_between(tables_of(newest.toml), tables)
        return Proposal(newest.version, self._before(newest), after, changes, [*warnings, *secrets])

    def publish(
        self, document: str, note: str, actor: Actor, expected_version: int, now: datetime, act: Act = Act.PUBLISH
    ) -> Proposal:
        """Publish a document over the version that it was made from; every process takes it up within two seconds.

        Returns the published version with its number. Raises: SetupRefusal, SetupProblems, StoreUnavailable; then
        nothing changed.
        """
        proposal = self.propose(document, expected_version)

        def insert(tx: Transaction) -> int:
            number = tx.setups.publish(document, note[:MAX_NOTE_LENGTH], actor.who, now, expected_version)
            if number is None:
                raise StaleVersion(tx.setups.newest_number())
            after = {"version": number, "note": note, "changes": [each.as_row() for each in proposal.changes]}
            tx.acts.record(actor, act, Subject(SubjectKind.SETUP), None, {"version": expected_version}, after, now)
            return number

        return replace(proposal, version=self._store.write(insert))

    def revert(self, version: int, note: str, actor: Actor, expected_version: int, now: datetime) -> Proposal:
        """Publish the document of an earlier version again, as a new one.

        Raises: SetupRefusal, SetupProblems, StoreUnavailable; then nothing changed.
        """
        self.editable()
        toml = self.version(version).toml
        return self.publish(toml, note or f"back to version {version}", actor, expected_version, now, Act.REVERT)

    def _checked(self, document: str, number: int) -> Setup:
        text = document.encode()
        if len(text) > MAX_DOCUMENT_BYTES:
            raise SetupProblems((f"{DOCUMENT_NAME}: is larger than {MAX_DOCUMENT_BYTES // 1024} KiB: shorten it",))
        return self._parse(SetupDocument(text, number))

    def _request_looks(self, accounts: Collection[str]) -> None:
        """Have a worker look at accounts that were never looked at: the next version is judged by what it sees."""

        def request(tx: Transaction) -> None:
            for account in accounts:
                tx.crm.request_look(account, clock.now())

        self._store.write(request)

    def _before(self, newest: SetupVersion) -> Setup:
        """Return the set-up in force; one without forms if a variable that it needs is missing."""
        try:
            return self._parse(SetupDocument(newest.toml.encode(), newest.version))
        except SetupProblems:
            return Setup({}, version=newest.version)


def _refuse(problems: tuple[PlacedProblem, ...]) -> None:
    if problems:
        raise SetupProblems(tuple(f"{DOCUMENT_NAME}: {each.path}: {each.message}" for each in problems), problems)


_IN_THE_CLEAR = (
    "is in the clear, so anyone with the set-up or a backup can read it: write env:NAME and set that variable"
)
