"""Connections to ad platforms that people set up in the dashboard: secrets typed, and used by a new set-up version."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.actors import Actor
from service.forms.values import SECRET_PREFIX
from service.platforms.platform import Platform
from service.setup.editing import form_keys, put_form
from service.setup.publishing import Publisher
from service.setup.withholding import SECRET_KEYS
from service.store import Store

OWN_WORDS = ("key", "verify_token")
"""Keys whose value the service generates, and the person enters at the platform."""

TYPED_KEYS = (*OWN_WORDS, "app_id", "client_id", "app_secret", "client_secret", "access_token", "refresh_token")
"""Keys that can be typed for a connection, in the order of the page; the others are for the forms' own pages."""

PURPOSE = "platform"


@dataclass(frozen=True, slots=True)
class ConnectedPlatform:
    """A connection that was published. shown_once: generated values to enter at the platform, by key."""

    version: int
    shown_once: Mapping[str, str]


def typed_keys(platform: Platform) -> Sequence[str]:
    """The keys of a platform that can be typed."""
    return [key for key in TYPED_KEYS if key in platform.keys]


def connect_platform(
    publisher: Publisher,
    store: Store,
    form: str,
    platform: Platform,
    typed: Mapping[str, str],
    actor: Actor,
    now: datetime,
) -> ConnectedPlatform:
    """Publish a version of the set-up in which the form takes leads of the platform with these keys.

    typed: what is not typed stays; words of ours that are new are made up.
    Raises: SetupRefusal, SetupProblems, EditRefused, StoreUnavailable; then nothing changed.
    """
    newest = publisher.editable()
    keys = form_keys(newest.toml, form)
    webhooks = dict(keys.get("webhooks", {}))
    store.write(lambda tx: tx.secrets.forget_unused(PURPOSE, now))
    table, made_up = dict(webhooks.get(platform.name, {})), {}
    for key in typed_keys(platform):
        text = typed.get(key, "").strip()
        if not text and key in OWN_WORDS and key not in table:
            text = made_up[key] = secrets.token_urlsafe(24)
        if text:
            table[key] = _kept(store, f"{PURPOSE} {form} {platform.name} {key}", key, text, actor, now)
    document = put_form(newest.toml, form, {**keys, "webhooks": {**webhooks, platform.name: table}})
    note = f"{platform.title} of the form {form} connected"
    version = publisher.publish(document, note, actor, newest.version, now).version
    return ConnectedPlatform(version, made_up)


def _kept(store: Store, purpose: str, key: str, text: str, actor: Actor, now: datetime) -> str:
    """The value as it stands in the set-up: an id as it is, a secret by its name."""
    if key not in SECRET_KEYS:
        return text
    return SECRET_PREFIX + store.write(lambda tx: tx.secrets.keep(purpose, text, actor.who, now))
