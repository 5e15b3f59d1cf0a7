"""Other records that a set-up can name: locations, users and roles, teams, countries, time zones, opportunity types."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from service.nexudus.client import Nexudus
from service.nexudus.errors import Intercepted, Unavailable
from service.nexudus.values import Row, id_of, ids_of, text_of

BUSINESSES_PATH = "/api/sys/businesses"
USERS_PATH = "/api/sys/users"
TEAMS_PATH = "/api/spaces/teams"
TYPES_PATH = "/api/crm/opportunitytypes"
USER_ROLES_PATH, ROLE_CATALOGUE_PATH = "/api/security/userroles", "/api/security/roles"

MAX_USER_ROLES = 5
"""Maximum UserRoles read for one user; a service account has one or two."""

_ROLE_NAME = re.compile(r"[A-Z]\w+-(?:List|Read|Create|Edit|Delete)")


@dataclass(frozen=True, slots=True)
class Business:
    """A location; a better source of country and time zone than the defaults of a user."""

    id: int
    name: str
    country_id: int | None
    time_zone_id: int | None
    currency_id: int | None


@dataclass(frozen=True, slots=True)
class Country:
    """A country; code is ISO 3166, two letters."""

    id: int
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class TimeZone:
    """A time zone under its Windows name, such as "GMT Standard Time"."""

    id: int
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A record that belongs to a location, such as a team."""

    id: int
    name: str
    business_id: int | None


@dataclass(frozen=True, slots=True)
class OpportunityType(Placed):
    """A type, with its location. notes_template: "" for none; None if the list does not show it."""

    notes_template: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """An admin user, who can own opportunities. Default ids are None if the CRM shows 0.

    business_ids: None for a user read from a list, which does not show them. api_access: None if not shown.
    role_ids: of the user's UserRoles.
    """

    id: int
    name: str = field(repr=False)
    email: str = field(repr=False)
    active: bool
    admin: bool
    business_ids: tuple[int, ...] | None
    api_access: bool | None = None
    default_business_id: int | None = None
    default_country_id: int | None = None
    default_time_zone_id: int | None = None
    role_ids: tuple[int, ...] = ()


# -- locations, countries, time zones, teams


def businesses(nexudus: Nexudus) -> list[Business]:
    """Return all locations that the login can see."""
    return [_business(row) for row in nexudus.records(BUSINESSES_PATH)]


def business(nexudus: Nexudus, business_id: int) -> Business | None:
    """Return one location; None if there is none with this id."""
    row = nexudus.one(f"{BUSINESSES_PATH}/{business_id}")
    return _business(row) if row else None


def _business(row: Row) -> Business:
    return Business(
        id=row["Id"],
        name=text_of(row, "Name"),
        country_id=id_of(row, "CountryId"),
        time_zone_id=id_of(row, "SimpleTimeZoneId"),
        currency_id=id_of(row, "CurrencyId"),
    )


def countries(nexudus: Nexudus) -> list[Country]:
    """Return all countries."""
    rows = nexudus.records("/api/sys/countries", size=500)
    return [Country(row["Id"], text_of(row, "Name"), text_of(row, "TwoDigitsCode")) for row in rows]


def time_zones(nexudus: Nexudus) -> list[TimeZone]:
    """Return all time zones."""
    rows = nexudus.records("/api/sys/simpletimezones", size=500)
    return [TimeZone(row["Id"], text_of(row, "Name"), text_of(row, "Description")) for row in rows]


def team(nexudus: Nexudus, team_id: int) -> Placed | None:
    """Return one team; None if there is none with this id. Teams belong to customers, so there can be thousands."""
    row = nexudus.one(f"{TEAMS_PATH}/{team_id}")
    return Placed(row["Id"], text_of(row, "Name"), id_of(row, "BusinessId")) if row else None


# -- opportunity types


def opportunity_types(nexudus: Nexudus) -> list[OpportunityType]:
    """Return all opportunity types. Raises: as Nexudus.records."""
    return [_opportunity_type(row) for row in nexudus.records(TYPES_PATH)]


def notes_template(nexudus: Nexudus, kind: OpportunityType) -> str:
    """Return the template for Notes of a type, "" if it has none; read by id if the list did not show it.

    No document says whether the CRM fills only empty notes with it, or replaces notes that were sent.
    Raises: as Nexudus.one; Unavailable if the record does not show it either.
    """
    if kind.notes_template is not None:
        return kind.notes_template
    row = nexudus.one(f"{TYPES_PATH}/{kind.id}")
    if row is None or "NotesTemplate" not in row:
        raise Unavailable("the record of the type does not show its template for notes", HTTPStatus.OK)
    return text_of(row, "NotesTemplate").strip()


def _opportunity_type(row: Row) -> OpportunityType:
    shown = row.get("NotesTemplate")
    template = shown.strip() if isinstance(shown, str) else None
    return OpportunityType(row["Id"], text_of(row, "Name"), id_of(row, "BusinessId"), template)


# -- users and roles


def admins(nexudus: Nexudus) -> list[User]:
    """Return the active admins among the first 500 users; customers with a login are users, too."""
    rows, _ = nexudus.page(USERS_PATH, {"User_IsAdmin": "true", "User_Active": "true"}, size=500)
    # The CRM ignores unknown filters, so each user is checked here as well.
    return sorted((user for user in map(_user, rows) if user.admin and user.active), key=lambda user: user.id)


def user(nexudus: Nexudus, user_id: int) -> User | None:
    """Return one user with their locations; None if there is none with this id."""
    row = nexudus.one(f"{USERS_PATH}/{user_id}")
    return _user(row) if row else None


def user_of_email(nexudus: Nexudus, email: str) -> User | None:
    """Return the user with an e-mail address; of several the active admin with the smallest id. None if there is none.

    The CRM ignores unknown filters, and no document says how it compares, so each record is checked.
    Raises: as Nexudus.records.
    """
    rows = nexudus.records(USERS_PATH, {"User_Email": email})
    wanted = email.strip().casefold()
    users = [user for user in map(_user, rows) if user.email.strip().casefold() == wanted]
    return min(users, key=lambda user: (not user.active, not user.admin, user.id), default=None)


def me(nexudus: Nexudus) -> User:
    """Return the user who is signed in. Raises: as Nexudus.get; Unavailable if the CRM does not show who it is."""
    row = _own_record(nexudus)
    if row:
        return _user(row)
    own_email = nexudus.username.lower()
    if own_email:  # none with a ready token or an app
        for user in map(_user, nexudus.records(USERS_PATH, {"User_Email": own_email})):
            if user.email.lower() == own_email:
                return user
    raise Unavailable("the CRM does not show who is signed in", HTTPStatus.NOT_FOUND)


def _own_record(nexudus: Nexudus) -> Row | None:
    """Read /api/auth/me, which some hosts lack and answer with a web page."""
    try:
        return nexudus.one("/api/auth/me")
    except Intercepted as page:
        if page.status == HTTPStatus.NOT_FOUND:
            return None
        raise


def _user(row: Row) -> User:
    """Return the user without the credential fields that the CRM shows."""
    return User(
        id=row["Id"],
        name=text_of(row, "FullName"),
        email=text_of(row, "Email"),
        active=row.get("Active") is not False,
        admin=row.get("IsAdmin") is True,
        business_ids=ids_of(row, "Businesses"),
        api_access=row["APIAccess"] if isinstance(row.get("APIAccess"), bool) else None,
        default_business_id=id_of(row, "DefaultBusinessId"),
        default_country_id=id_of(row, "DefaultCountryId"),
        default_time_zone_id=id_of(row, "DefaultSimpleTimeZoneId"),
        role_ids=ids_of(row, "UserRoles") or (),
    )


def roles_of(nexudus: Nexudus, user: User) -> frozenset[str] | None:
    """Return the names of a user's roles, `{Entity}-{List|Read|Create|Edit|Delete}`; None if they are not shown.

    The documents give these names, and say that UserRoles bundle them, but not how a bundle is written. So names are
    read wherever they stand in it, and ids are looked up in the catalogue. An unrestricted admin has no roles.
    Raises: as Nexudus.one.
    """
    if len(user.role_ids) > MAX_USER_ROLES:
        return None
    bundles = [nexudus.one(f"{USER_ROLES_PATH}/{role_id}") for role_id in user.role_ids]
    names = {name for bundle in bundles for name in _role_names(bundle)}
    ids = {number for bundle in bundles if bundle for number in bundle.get("Roles") or () if isinstance(number, int)}
    if ids and not names:
        catalogue = nexudus.records(ROLE_CATALOGUE_PATH, size=1000)
        names = {name for row in catalogue if row["Id"] in ids for name in _role_names(row)}
    return frozenset(names) or None


def _role_names(value: Any) -> Iterator[str]:
    """Yield every role name in a JSON value, at any depth."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _role_names(item)
    elif isinstance(value, str) and _ROLE_NAME.fullmatch(value):
        yield value
