"""The application for gunicorn.conf.py: `wsgi:application()`."""
# ruff: noqa: INP001 - no package: gunicorn loads it by its path

from flask import Flask

from service.capture.limits import Visits

_VISITS = Visits()  # made before gunicorn forks: its processes count visitors together


def application() -> Flask:
    """Called in each web process."""
    from service.web import create_app  # noqa: PLC0415 (in the web processes, not in their parent)

    return create_app(visits=_VISITS)
