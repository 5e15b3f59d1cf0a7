"""A landing page to try things on: "Harbour Desk", a coworking space that does not exist."""

from functools import cache
from pathlib import Path
from string import Template


def html(action: str, script: str = "/attribution.js") -> str:
    """Return the page as text.

    action: where its form posts, such as "/f/contact". script: address of attribution.js. Both are
    the caller's own and go into attributes as they are.
    """
    return _page().substitute(action=action, script=script)


@cache
def _page() -> Template:
    here = Path(__file__).parent
    page = (here / "page.html").read_text("utf-8")
    return Template(Template(page).safe_substitute(style=(here / "style.css").read_text("utf-8")))
