"""The actor of a request to the dashboard or the API: what its route requires, and what exists for the actor.

A view declares by `@requires(...)`, next to its route, whether it requires a scope, a sign-in, or nothing. A view
without a declaration is refused to everyone, so a forgotten one exposes nothing, and a test names the route.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import Any, TypeVar

from flask import current_app, g, has_request_context, request

from service.actors import Actor, Scope
from service.forms import Form, Setup
from service.setup.current import SetupState
from service.store import Walls

View = TypeVar("View", bound=Callable[..., Any])

_MARK = "required_permission"


class Entry(Enum):
    """What a route requires instead of a scope."""

    OPEN = "open"  # nothing: strangers may use it, so it shows nothing of an installation
    SIGNED_IN = "signed in"  # a sign-in or a key with whatever scope, such as for one's own account


Permission = Scope | Entry


def requires(permission: Permission) -> Callable[[View], View]:
    """Declare what a view requires. Below the route, so that the marked function is the one that is registered."""

    def mark(view: View) -> View:
        setattr(view, _MARK, permission)
        return view

    return mark


def permission_of(view: Callable[..., Any] | None) -> Permission | None:
    """Return what a view requires, None if it declares nothing."""
    return getattr(view, _MARK, None)


def permission_of_request() -> Permission | None:
    """Return what the present request's view requires, None if it declares nothing or there is no view."""
    return permission_of(current_app.view_functions.get(request.endpoint or ""))


def is_allowed(actor: Actor, permission: Permission | None) -> bool:
    """Return whether the actor may use a view that requires this; nobody may use one that declares nothing."""
    return isinstance(permission, Entry) or (isinstance(permission, Scope) and actor.may(permission))


# -- the actor, and what exists for them


def current_actor() -> Actor:
    """Return who signed in, or whose key it is; set by both doors before any view runs."""
    actor: Actor = g.actor
    return actor


def seen_accounts() -> frozenset[str] | None:
    """Return the accounts that exist for the present request, None for all.

    The actor's accounts, or the one named by `?account=` in the address of a page or list. None for a stranger.
    """
    actor: Actor | None = g.get("actor")
    if actor is None:
        return frozenset()
    chosen = request.args.get("account", "") if request.method == "GET" else ""
    if not chosen:
        return actor.accounts
    return frozenset({chosen} if actor.sees(chosen) and "\0" not in chosen else ())


def sees(account: str) -> bool:
    """Return whether an account exists for the present request."""
    accounts = seen_accounts()
    return accounts is None or account in accounts


def walls_of_request(setup: Callable[[], Setup]) -> Walls | None:
    """Return the walls of the present request, None for none. setup: returns its set-up.

    Raises: RuntimeError outside a request: work that goes on after one takes `Store.as_now()` along.
    """
    if not has_request_context():
        raise RuntimeError("there is no request whose walls could be kept")
    accounts = seen_accounts()
    return None if accounts is None else Walls(accounts, frozenset(seen_setup(setup()).forms))


def seen_setup(setup: Setup) -> Setup:
    """Return the forms and accounts that exist for the present request.

    A form that also delivers to an account that does not exist is left out, because its page names that account.
    """
    accounts = seen_accounts()
    if accounts is None:
        return setup
    if g.get("seen_of") != (id(setup), accounts):
        forms = {name: form for name, form in setup.forms.items() if _is_seen(form, accounts)}
        own = {name: account for name, account in setup.accounts.items() if name in accounts}
        g.seen_setup, g.seen_of = replace(setup, forms=forms, accounts=own), (id(setup), accounts)
    seen: Setup = g.seen_setup
    return seen


def seen_state(state: SetupState) -> SetupState:
    """Return the state of the set-up.

    Without its problems, which name any form, for actors restricted to some accounts.
    """
    return state if seen_accounts() is None else replace(state, problems=())


def _is_seen(form: Form, accounts: frozenset[str]) -> bool:
    return accounts.issuperset(form.accounts)
