"""Sentences about what went wrong with a lead, for operators: what happened, and what to do."""

from service.lead import Step
from service.nexudus.errors import (
    Intercepted,
    NexudusError,
    OutcomeUnknown,
    Refused,
    Rejected,
    Throttled,
    Unavailable,
)

_ROLES = {
    Step.FIND_COWORKER: "Coworker-List and Coworker-Read",
    Step.CREATE_COWORKER: "Coworker-Create",
    Step.FIND_OPPORTUNITY: "CrmOpportunity-List and CrmOpportunity-Read",
    Step.CREATE_OPPORTUNITY: "CrmOpportunity-Create",
}


def problem_of(error: NexudusError, step: Step | None = None) -> str:
    """Return why a lead still waits; it is retried automatically. step: the failed call, None for a look-up."""
    if isinstance(error, Intercepted):
        again = "it is searched for before it is sent again" if error.is_write else "it is retried automatically"
        return f"{error.message[:1].upper()}{error.message[1:]}: {again}. {_page_advice(error)}"
    if isinstance(error, OutcomeUnknown):
        return f"Nexudus may or may not have saved it ({error.message}): it is searched for before it is sent again."
    if isinstance(error, Unavailable):
        return f"Nexudus is not available ({error.message}): it is retried automatically."
    if isinstance(error, Throttled):
        return "Nexudus asks to slow down: it is retried automatically."
    return _refusal_problem(error, step)


def _refusal_problem(error: NexudusError, step: Step | None) -> str:
    kind = error.kind if isinstance(error, Refused) else None
    if kind == "role":
        role = _ROLES[step] if step else "the -List and -Read roles for boards and locations"
        sentence = f"Nexudus accepts the service account, but not this call ({error.message})"
        return f"{sentence}: give it {role}, then send it again."
    if kind == "tokens":
        return f"{error.message[:1].upper()}{error.message[1:]}. The lead is then sent automatically."
    return (
        f"Nexudus refuses the service account ({error.message}): check its credentials and roles, then send it again."
    )


def _page_advice(error: Intercepted) -> str:
    """Return advice on a web page received instead of an answer."""
    if error.is_general:
        return "If that goes on, check this machine's network and proxy, or ask Nexudus support."
    return (
        "If that goes on, check the network's proxy or ask Nexudus support: a firewall may object to the words of this "
        "one lead."
    )


def no_credentials(account: str) -> str:
    """Return why the leads of an account without credentials wait, and what to do."""
    where = "" if account == "default" else f" for account {account}"
    how = "NEXUDUS_USERNAME and NEXUDUS_PASSWORD" if not where else "username and password in the set-up"
    return (
        f"no Nexudus credentials are set{where}: set {how}, or another way to sign in, and start the worker again, or "
        "connect Nexudus in the dashboard, under Connections; "
        "the waiting leads are then sent automatically."
    )


def no_new_contacts(error: NexudusError) -> str:
    """Return why leads of new people wait; one of them is retried automatically from time to time."""
    return (
        f"Nexudus accepts no new contacts now ({error.message}): either the daily number of new contacts is used up, "
        "and the lead is sent automatically later, or the service account lacks the role Coworker-Create."
    )


def location_full(error: NexudusError, business_id: int) -> str:
    """Return why leads wait for a location that has reached Nexudus's limit of opportunities."""
    return (
        f"Nexudus accepts no more opportunities for location {business_id} ({error.message}): delete old ones there; "
        "the waiting leads are then sent automatically."
    )


def parked_by(error: NexudusError, tries: int) -> str:
    """Return why a lead is parked: the CRM's own sentence, the fields it named, and what to do."""
    if isinstance(error, Rejected):
        fields = ", ".join(sorted({field.name for field in error.fields if field.name}))
        what = f" (field {fields})" if fields else ""
        remedy = "Correct the lead or the form's settings, then send it again."
        return f"Nexudus refused it{what}: {_stopped(error.message)} {remedy}"
    given_up = f"Given up after {tries + 1} tries: {_stopped(error.message)}"
    if isinstance(error, Intercepted) and not error.is_general:
        return (
            f"{given_up} Check the network's proxy or ask Nexudus support what the firewall objects to; it may be the "
            "words of this one lead. Then retry."
        )
    return f"{given_up} Send it again once Nexudus is available."


def _stopped(sentence: str) -> str:
    """Return a sentence of the CRM with its full stop, which some lack."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
