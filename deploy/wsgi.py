"""The application for gunicorn.conf.py: `wsgi:application()`."""
# ruff: noqa: INP001 - no package: gunicorn loads it by its path

from flask import Flask

from service.rate_limit import PostCounts
from service.web import start_app

_COUNTS = PostCounts()  # made before gunicorn forks, so that its processes count together


def application() -> Flask:
    """Called in each web process."""
    return start_app(counts=_COUNTS)
