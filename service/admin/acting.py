"""Whoever makes the present request of the dashboard or the API, and what exists for them."""

from collections.abc import Callable
from dataclasses import replace

from flask import g, has_request_context, request

from service.actors import Actor
from service.forms import Form, Setup
from service.setup.current import SetupState
from service.store import Walls


def current_actor() -> Actor:
    """Return who signed in, or whose key it is; set by both doors before any view runs."""
    actor: Actor = g.actor
    return actor


def seen_accounts() -> frozenset[str] | None:
    """Return the accounts that exist for the present request, None for all.

    Those of whoever asks; or the one that the address of a page or list names, `?account=`. None for a stranger.
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
    """Return what exists for the present request, None for all. setup: returns its set-up.

    Raises: RuntimeError outside a request: work that goes on after one takes `Store.as_now()` along.
    """
    if not has_request_context():
        raise RuntimeError("there is no request whose walls could be kept")
    accounts = seen_accounts()
    return None if accounts is None else Walls(accounts, frozenset(seen_setup(setup()).forms))


def seen_setup(setup: Setup) -> Setup:
    """Return the forms and accounts that exist for the present request.

    A form that also delivers to an account that does not is left out: its page names that account.
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
    """Return the state of the set-up without problems, for who does not see all accounts: they name any form."""
    return state if seen_accounts() is None else replace(state, problems=())


def _is_seen(form: Form, accounts: frozenset[str]) -> bool:
    return accounts.issuperset(form.accounts)
