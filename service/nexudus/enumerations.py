"""Numbers of the CRM's enumerations and their names (REST reference of CrmOpportunity)."""


def _numbered(text: str) -> dict[int, str]:
    return {int(number): name for number, _, name in (each.partition(" ") for each in text.split(", "))}


LEAD_SOURCES = _numbered(
    "1 Web, 2 Phone, 4 Webinar, 5 Referral, 6 PrintAdvert, 7 PurchasedList, 8 WordOfMouth, 9 DirectEmail, 10 "
    "EmailMarketing, 11 Broker, 12 PropertyAgent, 13 Facebook, 14 Linkedin, 15 Instagram, 16 Twitter, 17 HubbleHq, "
    "18 LiquidSpace, 19 GoogleSearch, 20 SpacePool, 21 InstantOffices, 22 OfficeFreedom, 23 FlexiOffices, 24 "
    "Workthere, 25 Kontor, 26 Valve, 98 OtherSocialNetwork, 99 Other"
)
"""eCrmOpportunitySource; there is no 3."""

LOSS_REASONS = _numbered(
    "1 Timing, 2 Need, 3 PoorQualification, 4 Price, 5 Feature, 6 LostMomentum, 7 Competition, 8 ContractTerm, 9 "
    "Duplicate, 10 Waitlist, 11 NotReturningCalls, 12 LackOfFacilities, 13 NoPetPolicy, 14 NoRightFit, 15 Location, "
    "16 Entrance, 17 Errors, 18 Archived, 19 SearchOnHold, 20 RelocationOnHold, 99 Other"
)
"""eCrmOpportunityLossReason."""


def lead_source_name(number: int) -> str:
    """Return the vendor's name of a lead source; the number itself if it is new."""
    return LEAD_SOURCES.get(number, str(number))


def loss_reason_name(number: int) -> str:
    """Return the vendor's name of a loss reason; the number itself if it is new."""
    return LOSS_REASONS.get(number, str(number))
