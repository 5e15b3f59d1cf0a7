"""A sample landing page: "Harbour Desk", a coworking space that does not exist."""

from functools import cache
from html import escape
from pathlib import Path
from string import Template


def html(action: str) -> str:
    """Return the page, which loads nothing but `/attribution.js`.

    action: where its form posts, such as "/f/contact".
    """
    return _page().substitute(action=escape(action))


@cache
def _page() -> Template:
    here = Path(__file__).parent
    page = (here / "page.html").read_text("utf-8")
    return Template(Template(page).safe_substitute(style=(here / "style.css").read_text("utf-8")))
