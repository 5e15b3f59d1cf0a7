"""Whoever makes the present request of the dashboard or the API, and what exists for them."""

from dataclasses import replace

from flask import g, has_request_context

from service.actors import Actor
from service.forms import Form, Setup
from service.setup.current import SetupState
from service.store import Walls


def current_actor() -> Actor:
    """Return who signed in, or whose key it is; set by both doors before any view runs."""
    actor: Actor = g.actor
    return actor


def walls_of_request(setup: Setup) -> Walls | None:
    """Return what exists for whoever makes the present request; None for all. Nothing exists for a stranger.

    Raises: RuntimeError outside a request: work that goes on after one takes `Store.as_now()` along.
    """
    if not has_request_context():
        raise RuntimeError("there is no request whose walls could be kept")
    actor: Actor | None = g.get("actor")
    if actor is None:
        return Walls(frozenset())
    if actor.accounts is None:
        return None
    return Walls(actor.accounts, frozenset(seen_setup(setup).forms))


def seen_setup(setup: Setup) -> Setup:
    """Return the forms and accounts that exist for whoever makes the present request.

    A form that also delivers to an account that they may not see is left out: its page names that account.
    """
    actor: Actor | None = g.get("actor")
    if actor is not None and actor.accounts is None:
        return setup
    if g.get("seen_of") is not setup:
        accounts = frozenset() if actor is None else actor.accounts or frozenset()
        forms = {name: form for name, form in setup.forms.items() if _is_seen(form, accounts)}
        own = {name: account for name, account in setup.accounts.items() if name in accounts}
        g.seen_setup, g.seen_of = replace(setup, forms=forms, accounts=own), setup
    seen: Setup = g.seen_setup
    return seen


def seen_state(state: SetupState) -> SetupState:
    """Return the state of the set-up without problems, for who does not see all accounts: they name any form."""
    actor: Actor | None = g.get("actor")
    return state if actor is not None and actor.accounts is None else replace(state, problems=())


def _is_seen(form: Form, accounts: frozenset[str]) -> bool:
    return accounts.issuperset(form.accounts)
