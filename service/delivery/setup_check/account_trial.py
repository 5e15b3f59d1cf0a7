"""A trial of a Nexudus account while a person waits: the doctor's problems, the user, locations and boards.

The account is in use, or its credentials were just typed. The latter are tried without a trace, so that a mistyped
password stops nothing that works.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from service.delivery.pacing import OutOfPace
from service.delivery.setup_check.job import examine
from service.delivery.setup_check.problem import SetupProblem
from service.forms import Account, Form
from service.forms.values import SECRET_PREFIX
from service.nexudus import boards, directory
from service.nexudus.client import Nexudus
from service.nexudus.errors import NexudusError
from service.store import Store, UnreadableSecret, WorkerRequest

MAX_NAMES = 50
"""Maximum locations and boards that the answer names."""


class AccountTrial:
    """Answers requests to try an account.

    details of a request: {"account": name}, and for one that was typed {"typed": {key: text or "secret:NAME"}} with
    the keys of [accounts.NAME]. answer: {"is_open", "problems", "user", "locations", "boards"}; nothing secret.
    """

    def __init__(
        self,
        store: Store,
        client_for: Callable[[Account], Nexudus],
        client_in_use: Callable[[str], Nexudus | None],
        forms: Callable[[], Iterable[Form]],
    ) -> None:
        """client_for: makes a client for an account on trial. client_in_use: returns that of an account in the set-up.

        forms: those in force.
        """
        self._store, self._forms = store, forms
        self._client_for, self._client_in_use = client_for, client_in_use

    def answer(self, request: WorkerRequest) -> Mapping[str, Any]:
        """Try the account. Raises: ShuttingDown, StoreUnavailable."""
        name = str(request.details["account"])
        typed = request.details.get("typed")
        try:
            client = self._client_for(self._typed_account(name, typed)) if typed else self._client_in_use(name)
        except ValueError:
            return _closed("the TOTP seed is not base32", "copy it again from where Nexudus shows it")
        except UnreadableSecret as error:
            problem, _, remedy = str(error).partition(": ")
            return _closed(problem, remedy)
        if client is None:
            return _closed("there is no such account any more", "reload the page")
        problems = examine(client, self._forms(), name)
        is_open = not any(each.level == "error" and each.check in ("access", "credentials") for each in problems)
        seen = _look_around(client) if is_open else {}
        return {"is_open": is_open, "problems": [each.as_row() for each in problems], **_NOTHING_SEEN, **seen}

    def _typed_account(self, name: str, typed: Mapping[str, str]) -> Account:
        with self._store.read() as tx:
            texts = {
                key: (tx.secrets.read(text.removeprefix(SECRET_PREFIX)) or "")
                if text.startswith(SECRET_PREFIX)
                else text
                for key, text in typed.items()
            }
        return Account(name, **texts)


_NOTHING_SEEN: Mapping[str, Any] = {"user": "", "locations": [], "boards": []}


def _look_around(client: Nexudus) -> Mapping[str, Any]:
    """Return who is signed in, and the names of locations and boards; unreadable parts are left out."""
    return {
        "user": _read_or(client, lambda nexudus: directory.me(nexudus).name, ""),
        "locations": _read_or(client, lambda nexudus: [each.name for each in directory.businesses(nexudus)], [])[
            :MAX_NAMES
        ],
        "boards": _read_or(
            client, lambda nexudus: [each.name for each in boards.boards(nexudus) if not each.archived], []
        )[:MAX_NAMES],
    }


def _read_or(client: Nexudus, read: Callable[[Nexudus], Any], otherwise: Any) -> Any:
    try:
        return read(client)
    except (NexudusError, OutOfPace):
        return otherwise


def _closed(problem: str, remedy: str) -> Mapping[str, Any]:
    row = SetupProblem("error", "credentials", "", problem, remedy).as_row()
    return {"is_open": False, "problems": [row], **_NOTHING_SEEN}
