"""The dashboard as its operator sees it: signed in, following links and sending forms of the pages."""

import re
from html import unescape
from html.parser import HTMLParser
from itertools import count
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.store import Store
from tests.front import Front

PASSWORD = "open-sesame-please"

_ADDRESSES = count(1)


class Operator:
    """A browser without a script that is signed in."""

    def __init__(self, store: Store, *forms: Any, sign_in: bool = True, **settings: str) -> None:
        self.front = Front(store, *forms, **{"ADMIN_PASSWORD": PASSWORD, **settings})
        self.client: FlaskClient = self.front.client
        self._tokens: dict[str, str] = {}
        if sign_in:
            assert self.sign_in().status_code == 303

    @classmethod
    def at(cls, front: Front) -> "Operator":
        """A browser with an address of its own at an existing application; nobody is signed in."""
        operator, number = cls.__new__(cls), next(_ADDRESSES)
        operator.front, operator.client, operator._tokens = front, front.app.test_client(), {}
        operator.client.environ_base = {
            **front.client.environ_base,
            "REMOTE_ADDR": f"10.0.{number // 250}.{number % 250}",
        }
        return operator

    def sign_in(self, password: str = PASSWORD, user: str = "admin", **more: Any) -> TestResponse:
        """Send the sign-in form."""
        return self.client.post("/admin/sign-in", data={"user": user, "password": password}, **more)

    def see(self, path: str) -> str:
        """Return a page as text; it must exist."""
        response = self.client.get(path)
        assert response.status_code == 200, response.status_code
        return words(response.text)

    @property
    def token(self) -> str:
        """The token of this session's forms, read once for each session."""
        cookie = self.client.get_cookie("lead_capture_admin", path="/admin")
        session = cookie.value if cookie else ""
        if session not in self._tokens:
            match = re.search(r'name="token" value="(\w+)"', self.client.get("/admin/account").text)
            assert match is not None
            self._tokens[session] = match[1]
        return self._tokens[session]

    def send(self, path: str, **fields: Any) -> TestResponse:
        """Send a form of the pages."""
        return self.client.post(path, data={"token": self.token, **fields})

    def press(self, response: TestResponse) -> TestResponse:
        """Press the button of a confirmation."""
        *_, form = (form for form in Forms(response.text).forms if form["action"] != "/admin/language")
        return self.client.post(form["action"], data=form["fields"])

    def press_button(self, page: TestResponse, action: str) -> TestResponse:
        """Press the button of the page's form that leads to `action`."""
        form = next(form for form in Forms(page.text).forms if form["action"].partition("?")[0] == action)
        return self.client.post(form["action"], data=form["fields"])

    def arrive(self, response: TestResponse) -> str:
        """Return the page to which a response leads, as text."""
        assert response.status_code == 303, (response.status_code, words(response.text))
        return self.see(response.headers["Location"])


class Forms(HTMLParser):
    """The forms of a page: where they go, what they carry, their first button."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, hidden inputs and named buttons."""
        known = dict(attrs)
        if tag == "form":
            self.forms.append({"action": known["action"], "fields": {}})
        elif self.forms and known.get("name") and (known.get("type") == "hidden" or tag == "button"):
            fields = self.forms[-1]["fields"]
            fields.setdefault(known["name"], []).append(known.get("value") or "")


def words(html: str) -> str:
    """Return the text of a page, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
