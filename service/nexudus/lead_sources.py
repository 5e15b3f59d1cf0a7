"""The CRM's list of sources (eCrmOpportunitySource, in the REST reference of CrmOpportunity). It has no 3."""

LEAD_SOURCES = {
    1: "Web",
    2: "Phone",
    4: "Webinar",
    5: "Referral",
    6: "PrintAdvert",
    7: "PurchasedList",
    8: "WordOfMouth",
    9: "DirectEmail",
    10: "EmailMarketing",
    11: "Broker",
    12: "PropertyAgent",
    13: "Facebook",
    14: "Linkedin",
    15: "Instagram",
    16: "Twitter",
    17: "HubbleHq",
    18: "LiquidSpace",
    19: "GoogleSearch",
    20: "SpacePool",
    21: "InstantOffices",
    22: "OfficeFreedom",
    23: "FlexiOffices",
    24: "Workthere",
    25: "Kontor",
    26: "Valve",
    98: "OtherSocialNetwork",
    99: "Other",
}


def lead_source_name(number: int) -> str:
    """The vendor's name; the number itself for one that was added since."""
    return LEAD_SOURCES.get(number, str(number))
