"""What each route of the dashboard and the API asks for: a scope, a sign-in, or nothing.

A view says it by `@requires(...)`, next to its route. One that says nothing is refused to everyone: forgetting it opens
no door, and a test names the route.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from flask import current_app, request

from service.actors import Actor, Scope

View = TypeVar("View", bound=Callable[..., Any])

_MARK = "required_permission"


class Entry(Enum):
    """What a route asks for that needs no scope."""

    OPEN = "open"  # nothing: strangers may use it, so it shows nothing of an installation
    SIGNED_IN = "signed in"  # a sign-in or a key with whatever scope, such as for one's own account


Permission = Scope | Entry


def requires(permission: Permission) -> Callable[[View], View]:
    """Declare what a view asks for. Below the route, so that the marked function is the one that is registered."""

    def mark(view: View) -> View:
        setattr(view, _MARK, permission)
        return view

    return mark


def permission_of(view: Callable[..., Any] | None) -> Permission | None:
    """Return what a view asks for, None where it was forgotten."""
    return getattr(view, _MARK, None)


def permission_of_request() -> Permission | None:
    """Return what the present request's view asks for, None where it was forgotten or there is no view."""
    return permission_of(current_app.view_functions.get(request.endpoint or ""))


def is_allowed(actor: Actor, permission: Permission | None) -> bool:
    """Return whether the actor may use a view that asks for this; nobody may where it was forgotten."""
    return isinstance(permission, Entry) or (isinstance(permission, Scope) and actor.may(permission))
