"""The dashboard: pages over the store for somebody who never opens a terminal.

A new page is one file here with `add(routes, window)`, a line in PAGES (blueprint.py) and, if it belongs into the
navigation, one in NAVIGATION (shell.py). It renders a template that extends `base.html` and takes its parts from
`parts.html` (table, badges, figures, confirm, time line, empty state), whose macros say what they need. What it gets
from other rooms stands in Window. Whoever is not signed in sees the sign-in page instead; every POST carries the
session's token (`{{ token() }}` in the form); nothing may need JavaScript.
"""

from service.admin.pages.blueprint import register
from service.admin.pages.window import Window

__all__ = ["Window", "register"]
