"""Whoever makes the present request of the dashboard or the API."""

from flask import g

from service.actors import Actor


def current_actor() -> Actor:
    """Return who signed in, or whose key it is; set by both doors before any view runs."""
    actor: Actor = g.actor
    return actor
