"""The web application as a test sees it from outside: its client, and the leads that it kept."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.test import TestResponse

from service import clock
from service.forms import Form
from service.lead import Lead
from service.maintenance import DailyCounter
from service.settings import read_settings
from service.setup.current import CurrentSetup
from service.store import Query, Store
from service.web import create_app
from tests.builders import a_form, in_force

TOKEN = "a-token-of-the-test"
ANN = {"email": "ann@example.com", "name": "Ann Lee", "message": "Two desks, please."}
PERSON = {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}
SCRIPT = {"Accept": "application/json", "Origin": "https://www.example.com"}
BEACON = {"Sec-Fetch-Mode": "no-cors", "Origin": "https://www.example.com"}
FORM_TYPE = "application/x-www-form-urlencoded"


class Front:
    """An application of the test's own on `store`, and its client."""

    def __init__(self, store: Store, *forms: Form | CurrentSetup, **settings: str) -> None:
        """forms: those in force; or, alone, a set-up that the test changes."""
        environ = {"ADMIN_TOKEN": TOKEN, "FORMS_FILE": "no-such-file.toml", "SUBMIT_LIMIT": "off", **settings}
        self.store = store
        current = next((each for each in forms if isinstance(each, CurrentSetup)), None)
        current = current or in_force(*([each for each in forms if isinstance(each, Form)] or [a_form()]))
        self.app = create_app(read_settings(environ), current, store=store)
        self.client = self.app.test_client()

    def post(
        self,
        fields: Mapping[str, Any] | bytes,
        form: str = "contact",
        headers: Mapping[str, str] | None = None,
        address: str = "192.0.2.1",
        content_type: str = FORM_TYPE,
    ) -> TestResponse:
        """Post a form as a browser does; bytes go as they are."""
        body: Any = fields if isinstance(fields, bytes) else dict(fields)
        return self.client.post(
            f"/f/{form}",
            data=body,
            content_type=content_type,
            headers=dict(headers or {}),
            environ_base={"REMOTE_ADDR": address},
        )

    def post_json(
        self, fields: object, form: str = "contact", headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """Post JSON as a page's script does."""
        return self.post(json.dumps(fields).encode(), form, headers, content_type="application/json")

    def ask(self, path: str, method: str = "GET", **more: Any) -> TestResponse:
        """Call /api/v1 with the token."""
        return self.client.open(f"/api/v1{path}", method=method, headers={"Authorization": f"Bearer {TOKEN}"}, **more)

    def leads(self) -> list[Lead]:
        """Everything that was kept, newest first."""
        with self.store.read() as tx:
            return tx.search.leads(Query(), 1000)

    def lead(self) -> Lead:
        """The only lead that was kept."""
        (only,) = self.leads()
        return only


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    """A store on a migrated SQLite file in `folder`."""
    path = folder / "leads.db"
    path.write_bytes(_migrated())
    store = Store(f"sqlite:///{path}")
    yield store
    store.close()


def count_days(store: Store, zone: str = "UTC") -> int:
    """Count leads by day as the worker does in the background; return the number of steps."""
    counter, steps = DailyCounter(store, ZoneInfo(zone)), 0
    while counter.step(clock.now()) is not None:
        steps += 1
    return steps


@cache
def _migrated() -> bytes:
    """An empty database on the newest schema; copying it is ten times as fast as making it."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "leads.db")
        store = Store(f"sqlite:///{path}")
        store.migrate()
        store.close()
        return path.read_bytes()


def codes(answer: TestResponse) -> list[tuple[str, str]]:
    """Field and code of each error in a problem document; the field is "" where an error is about the whole form."""
    document = answer.get_json(force=True)
    return [(error.get("field", ""), error["code"]) for error in document["errors"]]
