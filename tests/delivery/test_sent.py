"""The body that was sent to the CRM is kept: with the try, before the call."""

from service.lead import Lead
from tests.builders import a_lead
from tests.delivery.conftest import Env


def sent_of(env: Env, lead: Lead) -> dict[str, object] | None:
    """What is kept of it."""
    with env.store.read() as tx:
        return tx.queue.request_bodies([lead.id]).get(lead.id)


def test_what_was_sent_is_what_is_kept(env: Env) -> None:
    lead = env.owes(a_lead())

    env.deliver_until_quiet()

    kept = sent_of(env, lead)
    assert kept is not None
    assert kept["UtmSource"] == "google"
    assert kept["SystemId"] == f"lead-capture:{lead.id}"


def test_nothing_is_kept_before_anything_is_sent(env: Env) -> None:
    lead = env.owes(a_lead())

    assert sent_of(env, lead) is None
