"""Nexudus accounts that people type in the dashboard: tried by a worker, then used by a new version of the set-up."""

from collections.abc import Mapping
from datetime import datetime

from service.actors import Actor
from service.forms.values import SECRET_PREFIX
from service.setup.editing import put_table, read_tables
from service.setup.publishing import Publisher
from service.store import TRY_ACCOUNT, Act, Store, Subject, SubjectKind, Transaction, WorkerRequest

SECRET_KEYS = ("password", "totp_secret", "token", "app_secret", "app_token")
"""Keys of [accounts.NAME] that are stored as secrets."""

PURPOSE = "nexudus"


def request_trial(
    store: Store, account: str, typed: Mapping[str, str], actor: Actor, now: datetime, kept: Mapping[str, str]
) -> str:
    """Have a worker try an account; returns the id of the request.

    typed: keys of [accounts.NAME]; {} for the account as it is in use. kept: references to secrets that were typed for
    an earlier trial, for those that were not typed again.
    Raises: StoreUnavailable.
    """

    def request(tx: Transaction) -> str:
        tx.secrets.forget_unused(PURPOSE, now)
        keys = dict(typed)
        for key in SECRET_KEYS:
            if text := keys.pop(key, ""):
                keys[key] = f"{SECRET_PREFIX}{tx.secrets.keep(f'{PURPOSE} {account} {key}', text, actor.who, now)}"
            elif key in kept:
                keys[key] = kept[key]
        details = {"account": account, **({"typed": keys} if keys else {})}
        shown = {key: text for key, text in keys.items() if key not in SECRET_KEYS}
        subject = Subject(SubjectKind.CONNECTION, f"nexudus:{account}")
        tx.acts.record(actor, Act.TEST, subject, account, None, shown, now)
        return tx.worker_requests.add(TRY_ACCOUNT, details, actor.who, now, account)

    return store.write(request)


def use_account(publisher: Publisher, request: WorkerRequest, actor: Actor, now: datetime) -> int:
    """Publish a version of the set-up with the account that was tried; returns its number.

    Raises: SetupRefusal, SetupProblems, EditRefused, StoreUnavailable; then nothing changed.
    """
    account, newest = str(request.details["account"]), publisher.editable()
    before = read_tables(newest.toml).get("accounts", {}).get(account, {})
    brand = {"brand": before["brand"]} if "brand" in before else {}
    document = put_table(newest.toml, ("accounts", account), {**request.details["typed"], **brand})
    note = f"Nexudus account {account} connected"
    return publisher.publish(document, note, actor, newest.version, now).version
