"""What went wrong, in words for the person who looks at the lead: what happened and what to do."""

from service.nexudus.errors import NexudusError, OutcomeUnknown, Rejected, Throttled, Unavailable


def problem_of(error: NexudusError) -> str:
    """Why a lead still waits; it is tried again by itself."""
    if isinstance(error, OutcomeUnknown):
        return f"Nexudus may or may not have saved it ({error.said}): it is looked for before it is sent again."
    if isinstance(error, Unavailable):
        return f"Nexudus could not be asked ({error.said}): it is tried again by itself."
    if isinstance(error, Throttled):
        return "Nexudus asks to slow down: it is tried again by itself."
    return f"Nexudus refuses the service account ({error.said}): check its password and roles, then retry."


def parked_by(error: NexudusError, tries: int) -> str:
    """Why a lead is parked: the CRM's own sentence, the fields it named, and what to do."""
    if isinstance(error, Rejected):
        fields = ", ".join(sorted({field.name for field in error.fields if field.name}))
        what = f" (field {fields})" if fields else ""
        return f"Nexudus refused it{what}: {error.said} Correct the lead or the form's settings, then retry."
    return f"Given up after {tries + 1} tries: {error.said} When Nexudus works again, retry."
