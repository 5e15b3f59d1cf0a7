"""A website for browser tests: one server that answers for every host name, and a visitor."""

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast
from urllib.parse import parse_qs, urlsplit

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from service.attribution import stored_touch
from service.capture import script
from service.lead import StoredTouch

Answers = dict[str, str]

TAGGED = "/?utm_source=google&utm_medium=cpc&gclid=abc"
HIDDEN = {"lc_landing_url", "lc_page_url", "lc_referrer", "lc_first", "lc_last", "lc_key"}

FETCHING = """<script>
document.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = new URLSearchParams(new FormData(event.target));
  fetch(event.target.action, { method: "POST", mode: "no-cors", body });
});
</script>"""

_HEAD = """<!doctype html><title>page</title>
<script src="{problems}"></script>
<script src="{service}/attribution.js" {tag} defer></script>"""

_PROBLEMS = """window.problems = [];
addEventListener("error", (event) => problems.push(event.message));
addEventListener("unhandledrejection", (event) => problems.push(String(event.reason)));
addEventListener("securitypolicyviolation", (event) => problems.push(event.violatedDirective));
"""


def touch(text: str) -> StoredTouch:
    """A hidden field as the service reads it."""
    read = stored_touch(text)
    assert read, text
    return read


def view_of(answers: Answers) -> str:
    """Return the key of a form's view, without the time for which the page was open."""
    return answers["lc_key"].partition(".")[0]


class Site:
    """Pages by path (under any host name), the script under the service's name, and the posts that arrived."""

    def __init__(self, service: str = "") -> None:
        """service: the address of the real service; without it, the site plays the service."""
        self.pages: dict[str, str] = {}
        self.headers: dict[str, Mapping[str, str]] = {}
        self.posts: list[Answers] = []
        self.arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.port = self._server.server_address[1]
        self.service = service or f"http://leads.crm.test:{self.port}"
        self.problems = f"http://leads.crm.test:{self.port}/problems.js"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def publish(self, path: str, body: str, tag: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Publish a page with our script in its head; `window.problems` collects errors on it.

        tag: attributes of the script's tag.
        """
        self.pages[path] = _HEAD.format(service=self.service, problems=self.problems, tag=tag) + body
        self.headers[path] = headers or {}

    def clear(self) -> None:
        """Remove all pages and posts."""
        self.pages.clear()
        self.headers.clear()
        self.posts.clear()

    def form(self, inside: str = "<button>Send</button>", attributes: str = "") -> str:
        """Return the HTML of a form that posts to the service."""
        return f"<form method=post action='{self.service}/f/tour' {attributes}>{inside}</form>"

    def wait_for_posts(self, count: int) -> list[Answers]:
        """Return all posts once there are so many."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.posts) >= count, 10)
            return list(self.posts)


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path[1:] in script.SCRIPTS:
                self._answer(script.SCRIPTS[path[1:]].body, "text/javascript")
            elif path == "/problems.js":
                self._answer(_PROBLEMS.encode(), "text/javascript")
            else:
                self._answer(site.pages.get(path, "").encode(), "text/html; charset=utf-8")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            with site.arrived:
                site.posts.append(
                    {name: ", ".join(given) for name, given in parse_qs(body, keep_blank_values=True).items()}
                )
                site.arrived.notify_all()
            self._answer(b"<title>kept</title>", "text/html")

        def _answer(self, body: bytes, content_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in site.headers.get(urlsplit(self.path).path, {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


class Visitor:
    """A person at a browser, and a website under a name that this browser has never seen."""

    _numbers = itertools.count(1)

    def __init__(self, driver: webdriver.Chrome, site: Site) -> None:
        self.driver = driver
        self.site = site
        self.domain = f"harbour{next(self._numbers)}.co.uk"

    def url(self, path: str, host: str = "www") -> str:
        """Return an address on the website."""
        return f"http://{host}.{self.domain}:{self.site.port}{path}"

    def open(self, path: str, host: str = "www") -> None:
        """Type an address: there is no referrer."""
        self.driver.get(self.url(path, host))
        self.wait_until(lambda: self.run("return document.readyState === 'complete'"))  # the driver may be early

    def follow(self, path: str, origin: str) -> None:
        """Follow a link on a page of the host `origin`."""
        self.site.pages["/links"] = f"<a href='{self.url(path)}'>link</a>"
        self.driver.get(f"http://{origin}:{self.site.port}/links")
        self.click_through(self.url(path))

    def click_through(self, url: str) -> None:
        """Click the page's first link, and wait until the browser is at this address."""
        self.driver.find_element(By.TAG_NAME, "a").click()
        self.wait_for_address(url)

    def wait_for_address(self, url: str) -> None:
        """Return once the browser shows exactly this address."""
        self.wait_until(lambda: self.run(f"return location.href === '{url}' && document.readyState === 'complete'"))

    def send(self) -> Answers:
        """Press the page's first button; return the post that arrived."""
        before = len(self.site.posts)
        self.driver.find_element(By.TAG_NAME, "button").click()
        return self.site.wait_for_posts(before + 1)[before]

    def hidden(self, form: str = "form", root: str = "document") -> Answers:
        """Return the hidden inputs of a form, as they are now; root: where it is, in JavaScript."""
        inputs = self.run(f"return [...{root}.querySelectorAll('{form} [type=hidden]')].map((i) => [i.name, i.value])")
        return dict(cast("list[tuple[str, str]]", inputs))

    def cookies(self) -> Answers:
        """Return the cookies of the page."""
        return {cookie["name"]: cookie["value"] for cookie in self.driver.get_cookies()}

    def kept(self) -> set[str]:
        """The names of everything that the page has stored in this browser."""
        return set(self.run("return Object.keys({ ...localStorage, ...sessionStorage })")) | self.cookies().keys()

    def run(self, code: str) -> Any:
        """Run JavaScript in the page."""
        return self.driver.execute_script(code)

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Return once `condition` holds; a minute at most."""
        WebDriverWait(self.driver, 60, 0.05).until(lambda _: condition())

    @contextmanager
    def refusing(self, *stores: str) -> Iterator[None]:
        """A browser whose pages may not touch these: `document.cookie`, `window.localStorage` ...

        `window.writes` counts how often the page tried to set one.
        """
        refuse = "get() { throw new Error('refused'); }, set() { writes++; throw new Error('refused'); }"
        lines = ["window.writes = 0;"] + [
            f"Object.defineProperty({owner}, '{name}', {{ {refuse} }});"
            for owner, _, name in (store.partition(".") for store in stores)
        ]
        source = {"source": "".join(lines)}
        added = self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)

    @contextmanager
    def without_cookies(self) -> Iterator[None]:
        """A browser that takes no cookies from pages."""
        self.driver.execute_cdp_cmd("Emulation.setDocumentCookieDisabled", {"disabled": True})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Emulation.setDocumentCookieDisabled", {"disabled": False})
