"""The operator of this CRM, Harbour Desk: three locations with boards, stages and people; countries and time zones.

There are no customers or opportunities at first: everything on the boards was sent.
"""

import uuid
from collections.abc import Iterable

from service.simulator.entities import ENTITIES
from service.simulator.exchange import Record

_COUNTRIES = (
    "GB United Kingdom; US United States; IE Ireland; NL Netherlands; DE Germany; FR France; ES Spain; PT Portugal; "
    "IT Italy; BE Belgium; LU Luxembourg; CH Switzerland; AT Austria; DK Denmark; SE Sweden; NO Norway; FI Finland; "
    "PL Poland; CZ Czech Republic; GR Greece; RO Romania; TR Turkey; AE United Arab Emirates; IL Israel; ZA South "
    "Africa; KE Kenya; IN India; SG Singapore; HK Hong Kong; JP Japan; AU Australia; NZ New Zealand; CA Canada; MX "
    "Mexico; BR Brazil; CO Colombia; CL Chile"
)

ZONES = (
    ("UTC", 0, "(UTC) Coordinated Universal Time", "Etc/UTC"),
    ("GMT Standard Time", 0, "(UTC+00:00) Dublin, Edinburgh, Lisbon, London", "Europe/London"),
    ("W. Europe Standard Time", 60, "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"),
    ("Romance Standard Time", 60, "(UTC+01:00) Brussels, Copenhagen, Madrid, Paris", "Europe/Paris"),
    ("Central European Standard Time", 60, "(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb", "Europe/Warsaw"),
    ("Central Europe Standard Time", 60, "(UTC+01:00) Belgrade, Bratislava, Budapest, Prague", "Europe/Budapest"),
    ("FLE Standard Time", 120, "(UTC+02:00) Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius", "Europe/Kiev"),
    ("GTB Standard Time", 120, "(UTC+02:00) Athens, Bucharest", "Europe/Bucharest"),
    ("South Africa Standard Time", 120, "(UTC+02:00) Harare, Pretoria", "Africa/Johannesburg"),
    ("Israel Standard Time", 120, "(UTC+02:00) Jerusalem", "Asia/Jerusalem"),
    ("Turkey Standard Time", 180, "(UTC+03:00) Istanbul", "Europe/Istanbul"),
    ("E. Africa Standard Time", 180, "(UTC+03:00) Nairobi", "Africa/Nairobi"),
    ("Arabian Standard Time", 240, "(UTC+04:00) Abu Dhabi, Muscat", "Asia/Dubai"),
    ("India Standard Time", 330, "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", "Asia/Calcutta"),
    ("Singapore Standard Time", 480, "(UTC+08:00) Kuala Lumpur, Singapore", "Asia/Singapore"),
    ("China Standard Time", 480, "(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi", "Asia/Shanghai"),
    ("Tokyo Standard Time", 540, "(UTC+09:00) Osaka, Sapporo, Tokyo", "Asia/Tokyo"),
    ("AUS Eastern Standard Time", 600, "(UTC+10:00) Canberra, Melbourne, Sydney", "Australia/Sydney"),
    ("New Zealand Standard Time", 720, "(UTC+12:00) Auckland, Wellington", "Pacific/Auckland"),
    ("E. South America Standard Time", -180, "(UTC-03:00) Brasilia", "America/Sao_Paulo"),
    ("Eastern Standard Time", -300, "(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
    ("Central Standard Time", -360, "(UTC-06:00) Central Time (US & Canada)", "America/Chicago"),
    ("Mountain Standard Time", -420, "(UTC-07:00) Mountain Time (US & Canada)", "America/Denver"),
    ("Pacific Standard Time", -480, "(UTC-08:00) Pacific Time (US & Canada)", "America/Los_Angeles"),
)
"""Windows name, minutes from UTC, description, IANA name; the Id is the position in this list, from 1."""

COUNTRIES: tuple[Record, ...] = tuple(
    {"Id": number, "Name": name, "TwoDigitsCode": code}
    for number, (code, _, name) in enumerate((each.partition(" ") for each in _COUNTRIES.split("; ")), 1)
)

TIME_ZONES: tuple[Record, ...] = tuple(
    {"Id": number, "Name": name, "TimeOffset": minutes, "Description": description, "NameIana": iana}
    for number, (name, minutes, description, iana) in enumerate(ZONES, 1)
)

ID_OF_COUNTRY = {country["TwoDigitsCode"]: country["Id"] for country in COUNTRIES}
ID_OF_ZONE = {zone["Name"]: zone["Id"] for zone in TIME_ZONES}

SERVICE_USER_ID, OWNER_USER_ID, SERVICE_ROLE_ID = 900, 901, 1
ROOT_LOCATION_ID, FIRST_BOARD_ID = 55, 10
CREDENTIALS = ("AccessToken", "Password", "TwoFactorSecret")
SINCE = "2024-03-04T09:00:00.000Z"

# Id, name, country, Windows zone, currency id and code
LOCATIONS = (
    (55, "Harbour Desk Old Custom House", "GB", "GMT Standard Time", 1, "GBP"),
    (56, "Harbour Desk Quay Works", "GB", "GMT Standard Time", 1, "GBP"),
    (57, "Harbour Desk Rotterdam", "NL", "W. Europe Standard Time", 2, "EUR"),
)

# Id, name, location, archived
BOARDS = (
    (10, "Sales", 55, False),
    (11, "Quay sales", 56, False),
    (12, "Rotterdam sales", 57, False),
    (13, "Sales 2024", 55, True),
)

FLAGS = (
    *("ActivateAccount", "DeactivateAccount", "DeleteAccount", "ConfirmTour", "WinOpportunity", "LoseOpportunity"),
    *("UseTaskListAsResponsible", "TourRequests", "ToursConfirmed", "TourCompleted", "SignUps", "Bookings"),
    *("ContactMessages", "EventRegistrations", "EventCheckins", "ProductPurchased", "Cancellations"),
    *("ProposalsSent", "ProposalsAccepted", "DocumentsSigned", "ResourceBooked"),
)
NO_ACTION: Record = {"CannedResponseId": None, "TaskListId": None, **dict.fromkeys(FLAGS, False)}
"""The flags of a stage without automatic actions."""

# On every sales board: number within the board, name, what happens there
STAGES: tuple[tuple[int, str, Record], ...] = (
    (1, "New enquiry", {}),
    (2, "Contacted", {}),
    (3, "Tour booked", {"ConfirmTour": True, "ToursConfirmed": True}),
    (4, "Toured", {"TourCompleted": True}),
    (5, "Proposal sent", {"CannedResponseId": 31, "TaskListId": 41}),
    (7, "Lost", {"LoseOpportunity": True}),
    (8, "Won", {"WinOpportunity": True, "ActivateAccount": True}),
)
CLEAN_UP: tuple[int, str, Record] = (9, "Clean up", {"DeleteAccount": True})

# Id, name, location, template for Notes
TYPES = (
    (7, "Tour", 55, ""),
    (8, "Private office", 55, "Team size:\nMove-in date:\nBudget:"),
    (17, "Tour", 56, ""),
    (18, "Hot desk", 56, ""),
    (27, "Rondleiding", 57, ""),
)

# Id, name, e-mail (None: the login's), active, may use the API, locations
USERS: tuple[tuple[int, str, str | None, bool, bool, tuple[int, ...]], ...] = (
    (SERVICE_USER_ID, "Lead Capture", None, True, True, (55, 56, 57)),
    (OWNER_USER_ID, "Olive Owner", "olive@harbourdesk.example", True, False, (55, 56, 57)),
    (902, "Quentin Quay", "quentin@harbourdesk.example", True, False, (56,)),
    (903, "Former Fred", "fred@harbourdesk.example", False, False, (55,)),
)

TEAMS = ((70, "Founders' table", 55), (71, "Quay crew", 56))

VERBS = ("List", "Read", "Create", "Edit", "Delete")
ROLES = tuple(f"{kind}-{verb}" for kind in ENTITIES for verb in VERBS)
"""The catalogue of roles: five for each kind of record."""


def seeds(username: str) -> dict[str, list[Record]]:
    """All records of the operator's set-up by kind, fresh copies. username: e-mail of the login."""
    return {
        "Business": [_stamped(record) for record in _businesses()],
        "CrmBoard": [_stamped(record) for record in _boards()],
        "CrmBoardColumn": [_stamped(record) for record in _columns()],
        "OpportunityType": [_stamped(record) for record in _types()],
        "User": [_stamped(record) for record in _users(username)],
        "Country": [dict(country) for country in COUNTRIES],
        "SimpleTimeZone": [dict(zone) for zone in TIME_ZONES],
        "Team": [_stamped({"Id": ident, "Name": name, "BusinessId": place}) for ident, name, place in TEAMS],
        "CustomField": [],
        "UserRole": [_stamped({"Id": SERVICE_ROLE_ID, "Name": "Lead Capture", "BusinessId": 55, "Roles": []})],
        "Role": [{"Id": number, "Name": name} for number, name in enumerate(ROLES, 1)],
    }


def _stamped(record: Record) -> Record:
    guid = uuid.uuid5(uuid.NAMESPACE_OID, f"{record['Id']} {record.get('Name')}")
    text = record.get("Name") or record.get("FullName")
    times = {"CreatedOn": SINCE, "UpdatedOn": SINCE, "UpdatedBy": "olive@harbourdesk.example"}
    return {**record, "UniqueId": str(guid), **times, "IsNew": False, "ToStringText": text}


def _businesses() -> Iterable[Record]:
    for ident, name, country, zone, currency, code in LOCATIONS:
        yield {
            "Id": ident,
            "Name": name,
            "CountryId": ID_OF_COUNTRY[country],
            "SimpleTimeZoneId": ID_OF_ZONE[zone],
            "CurrencyId": currency,
            "CurrencyCode": code,
            "RootLocationId": None if ident == ROOT_LOCATION_ID else ROOT_LOCATION_ID,
        }


def _boards() -> Iterable[Record]:
    places = {ident: (name, currency, code) for ident, name, _, _, currency, code in LOCATIONS}
    for ident, name, place, archived in BOARDS:
        place_name, currency, code = places[place]
        yield {
            "Id": ident,
            "Name": name,
            "BusinessId": place,
            "BusinessName": place_name,
            "BusinessCurrencyId": currency,
            "BusinessCurrencyCode": code,
            "Archived": archived,
        }


def _columns() -> Iterable[Record]:
    for board in _boards():
        is_first = board["Id"] == FIRST_BOARD_ID
        thousand = (board["Id"] - FIRST_BOARD_ID + 1) * 1000  # board 10 has 1001, 1002 ..., board 11 has 2001
        stages = (*STAGES, CLEAN_UP) if is_first else STAGES
        for position, (number, name, happens) in enumerate(stages):
            yield {
                "Id": thousand + number,
                "Name": name,
                "CrmBoardId": board["Id"],
                "CrmBoardName": board["Name"],
                "CrmBoardBusinessId": board["BusinessId"],
                "Position": position,
                **NO_ACTION,
                **happens,
            }


def _types() -> Iterable[Record]:
    for ident, name, place, template in TYPES:
        yield {"Id": ident, "Name": name, "BusinessId": place, "NotesTemplate": template}


def _users(username: str) -> Iterable[Record]:
    """Users come with credential-looking fields, as in the real lists: a client must not log or keep them."""
    for ident, name, email, active, api, places in USERS:
        yield {
            "Id": ident,
            "FullName": name,
            "Email": email or username,
            "Active": active,
            "IsAdmin": True,
            "APIAccess": api,
            "Businesses": list(places),
            "UserRoles": [SERVICE_ROLE_ID],
            "DefaultBusinessId": 55 if ident == SERVICE_USER_ID else 0,
            "DefaultCurrencyId": 0,
            "DefaultCountryId": 0,
            "DefaultSimpleTimeZoneId": None,
            "DefaultSimpleTimeZoneNameIana": None,
            "InvalidLoginAttempts": 0,
            **{name: f"{name}-of-{ident}-keep-me-secret" for name in CREDENTIALS},
        }
