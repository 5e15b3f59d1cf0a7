"""The record of acts for its readers: as JSON, as CSV, and the verification of its chain."""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import StringIO
from typing import Any

from service.actors import Actor
from service.capture.sheets.cells import protect
from service.lead import Lead
from service.operations.exports import BYTE_ORDER_MARK
from service.operations.grants import accounts_json
from service.operations.lead_json import instant
from service.operations.leads import subject_of
from service.store import Act, ActPage, ActQuery, RecordedAct, Store, Subject, SubjectKind, Transaction

CHANGES = "changes"
"""Member of a publication with each changed key: form, key, from, to."""

SEARCHED_VERSIONS = 200
"""The newest publications of the set-up that are searched for changes of one form."""

EXPORT_PAGE = 500
"""Acts read at a time."""

LEADS, RECORD = Subject(SubjectKind.LEADS), Subject(SubjectKind.ACTS)
"""Subjects of an export, besides single leads."""

COLUMNS = ("id", "hash", "at", "who", "from", "act", "kind", "subject", "accounts", "before", "after")
"""Columns of the CSV. Number and hash stand side by side for `acts --verify`."""


def acts_page(store: Store, actor: Actor, query: ActQuery, size: int) -> ActPage:
    """Return the acts that the actor may see.

    For an actor who sees only some accounts, numbers are those of ActNumbers: in the page, and in `before`.
    Raises: StoreUnavailable.
    """
    if actor.accounts is None:
        return _page_in_chain(store, actor, query, size)
    numbers = ActNumbers(store.secret_key())
    page = _page_in_chain(store, actor, replace(query, before=numbers.number_of(query.before)), size)
    return replace(page, acts=_renumbered(page.acts, numbers), next=numbers.shown(page.next))


def _page_in_chain(store: Store, actor: Actor, query: ActQuery, size: int) -> ActPage:
    """Return a page with the numbers of the chain."""
    with store.read() as tx:
        return tx.acts.page(replace(query, accounts=actor.accounts), size)


def _renumbered(acts: Sequence[RecordedAct], numbers: "ActNumbers") -> list[RecordedAct]:
    return [replace(act, id=numbers.shown(act.id)) for act in acts]


def act_pages(store: Store, actor: Actor, query: ActQuery, size: int = EXPORT_PAGE) -> Iterator[Sequence[RecordedAct]]:
    """Yield all acts that match, newest first; each page is read in a short transaction of its own.

    Raises: StoreUnavailable.
    """
    while True:
        page = acts_page(store, actor, query, size)
        yield page.acts
        if not page.next:
            return
        query = replace(query, before=page.next)


def acts_about(store: Store, actor: Actor, queries: Sequence[ActQuery], size: int, form: str = "") -> list[RecordedAct]:
    """Return the newest acts that match any of the queries and that the actor may see.

    form: include publications of the set-up that changed this form. Raises: StoreUnavailable.
    """
    pages = [_page_in_chain(store, actor, query, size).acts for query in queries]
    if form:
        published = _page_in_chain(store, actor, ActQuery(kind=SubjectKind.SETUP), SEARCHED_VERSIONS).acts
        pages.append([act for act in published if any(each.get("form") == form for each in act.after.get(CHANGES, ()))])
    by_number = {act.id: act for page in pages for act in page}
    newest = [by_number[number] for number in sorted(by_number, reverse=True)[:size]]
    return newest if actor.accounts is None else _renumbered(newest, ActNumbers(store.secret_key()))


def who_did(store: Store, actor: Actor, number: int) -> str:
    """Return who did an act, by its number in acts_page(); "" if the actor may not see it, or there is none.

    Raises: StoreUnavailable.
    """
    number = number if actor.accounts is None else ActNumbers(store.secret_key()).number_of(number)
    with store.read() as tx:
        act = tx.acts.get(number, actor.accounts)
    return act.who if act else ""


class ActNumbers:
    """Numbers of acts for people who see only some: gaps in the chain's own numbers would count the acts of others.

    A permutation of the numbers up to 2^40, which cannot be reversed without the key.
    """

    _HALF = 20
    _MASK = (1 << _HALF) - 1
    _ROUNDS = 4  # of a Feistel network: enough to make it indistinguishable from a random permutation

    def __init__(self, key: str) -> None:
        """key: the deployment's own."""
        self._key = hashlib.sha256(f"acts {key}".encode()).digest()

    def shown(self, number: int) -> int:
        """Return the number to show; 0, and any number out of range, is returned as it is."""
        return self._turned(number, range(self._ROUNDS))

    def number_of(self, shown: int) -> int:
        """Return the number in the chain."""
        return self._turned(shown, reversed(range(self._ROUNDS)))

    def _turned(self, number: int, rounds: Iterable[int]) -> int:
        if not 0 < number < 1 << 2 * self._HALF:
            return number
        left, right = number >> self._HALF, number & self._MASK
        for each in rounds:
            left, right = right, left ^ self._mix(each, right)
        return right << self._HALF | left  # the same steps in reverse order undo it

    def _mix(self, round_number: int, half: int) -> int:
        digest = hashlib.blake2b(b"%d %d" % (round_number, half), key=self._key, digest_size=4).digest()
        return int.from_bytes(digest) & self._MASK


def act_json(act: RecordedAct) -> dict[str, Any]:
    """Return an act as the API shows it."""
    return {
        "id": act.id,
        "at": instant(act.at),
        "who": act.who,
        "from": act.origin or None,
        "act": act.act,
        "kind": act.subject.kind.value,
        "subject": act.subject.id or act.subject.kind.value,
        "accounts": accounts_json(act.accounts),
        "before": dict(act.before) or None,
        "after": dict(act.after) or None,
        "erased": act.is_erased,
        "hash": act.hash,
    }


@dataclass(frozen=True, slots=True)
class ActChange:
    """One member of an act, before and after, as text; "" if there was or is none."""

    name: str
    before: str
    after: str


def changes_of(act: RecordedAct) -> list[ActChange]:
    """Return what an act changed, by member; nested ones as `answers.phone`."""
    plain = {name: value for name, value in act.after.items() if name != CHANGES}
    before, after = dict(_flat(act.before)), dict(_flat(plain))
    members = [ActChange(name, before.get(name, ""), after.get(name, "")) for name in {**before, **after}]
    return [*members, *_of_setup(act)]


def _of_setup(act: RecordedAct) -> Iterator[ActChange]:
    """Yield the changed keys of a publication, which the act records."""
    for each in act.after.get(CHANGES, ()):
        path = ".".join(filter(None, [each.get("form") or "", each.get("key") or ""]))
        yield ActChange(path, *("" if each.get(side) is None else _text(each[side]) for side in ("from", "to")))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _flat(members: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in members.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            yield f"{prefix}{name}", ", ".join(map(_text, value))
        else:
            yield f"{prefix}{name}", _text(value)


def acts_csv(store: Store, actor: Actor, query: ActQuery) -> Iterator[str]:
    """Yield all acts that match, newest first, as parts of one CSV.

    Raises: StoreUnavailable.
    """
    yield BYTE_ORDER_MARK + _lines([COLUMNS])
    yield from (_lines(map(_cells, acts)) for acts in act_pages(store, actor, query) if acts)


def _cells(act: RecordedAct) -> Sequence[object]:
    row = act_json(act)
    row["accounts"] = row["accounts"] if row["accounts"] == "all" else " ".join(row["accounts"])
    for side in ("before", "after"):
        row[side] = "" if row[side] is None else json.dumps(row[side], ensure_ascii=False)
    return [protect(value) if isinstance(value, str) else value for value in (row[name] for name in COLUMNS)]


def _lines(rows: Any) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def record_export(
    store: Store, actor: Actor, subject: Subject, now: datetime, account: str = "", **details: Any
) -> None:
    """Record, before the first line is written, that the actor exports data.

    subject: a lead, all leads of a form, the record, the database. account: the only one that it is limited to, "" for
    all that the actor sees. details: format and filters, without the words of a search, which may name a person.
    Raises: StoreUnavailable.
    """
    whose = account or actor.accounts
    after = {name: value for name, value in details.items() if value not in ("", None)}
    store.write(lambda tx: tx.acts.record(actor, Act.EXPORT, subject, whose, None, after, now))


def record_leads_export(store: Store, actor: Actor, leads: Sequence[Lead], now: datetime) -> None:
    """Record that the actor exports all stored data of a person's leads.

    Raises: StoreUnavailable.
    """

    def record(tx: Transaction) -> None:
        for lead in leads:
            tx.acts.record(actor, Act.EXPORT, subject_of(lead.id), lead.account, None, {"format": "json"}, now)

    store.write(record)
