"""The CRM's list of why opportunities are lost (eCrmOpportunityLossReason, REST reference of CrmOpportunity)."""

LOSS_REASONS = {
    1: "Timing",
    2: "Need",
    3: "PoorQualification",
    4: "Price",
    5: "Feature",
    6: "LostMomentum",
    7: "Competition",
    8: "ContractTerm",
    9: "Duplicate",
    10: "Waitlist",
    11: "NotReturningCalls",
    12: "LackOfFacilities",
    13: "NoPetPolicy",
    14: "NoRightFit",
    15: "Location",
    16: "Entrance",
    17: "Errors",
    18: "Archived",
    19: "SearchOnHold",
    20: "RelocationOnHold",
    99: "Other",
}


def loss_reason_name(number: int) -> str:
    """The vendor's name; the number itself for one that was added since."""
    return LOSS_REASONS.get(number, str(number))
