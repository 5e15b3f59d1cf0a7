"""Finding and creating the contact. An existing one is never changed.

Source of the fields, unless a line says otherwise: Nexudus REST reference, "Create Coworker", and the
vendor's command line reference of the same entity.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from marshmallow import fields, validate

from service.nexudus.client import Nexudus
from service.nexudus.fields import (
    AlwaysFalseField,
    ChoiceField,
    CustomValuesField,
    EmailField,
    IntField,
    RecordBody,
    TextField,
    rejection,
)
from service.nexudus.values import Row, clean, id_of, ids_of, instant_of, text_of

PATH = "/api/spaces/coworkers"

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Coworker:
    """A contact or member in Nexudus. business_ids: None for a record read from a list.

    is_member: whether the record shows a plan; None if unknown. The fields are not documented for reading, and lists
    leave many out, so only texts for people depend on is_member and created_at.
    """

    id: int
    email: str = field(repr=False)
    full_name: str = field(repr=False)
    active: bool
    archived: bool
    type: int  # 1 individual, 2 company
    default_profile: bool
    invoicing_business_id: int | None
    business_ids: tuple[int, ...] | None
    created_at: datetime | None = None
    is_member: bool | None = None

    def is_at(self, business_id: int) -> bool:
        """Return whether this is one of their locations."""
        return business_id == self.invoicing_business_id or business_id in (self.business_ids or ())


def find(nexudus: Nexudus, email: str, business_id: int | None) -> Coworker | None:
    """Return the coworker with exactly this e-mail address, ignoring case; None if there is none.

    Of several with one address, the first by: not archived, of this location, active, an individual, the default
    profile, the oldest.
    Raises: as Nexudus.records.
    """
    wanted = clean(email).lower()
    rows = nexudus.records(PATH, {"Coworker_Email": wanted})
    # The CRM ignores an unknown filter, and then returns all coworkers.
    matches = [_read(row) for row in rows if text_of(row, "Email").strip().lower() == wanted]
    matches = [c for c in matches if not c.archived] or matches
    if len(matches) > 1 and business_id is not None:
        matches = [whole for c in matches if (whole := read_whole(nexudus, c.id))]  # lists do not show locations
    return min(matches, key=lambda c: _rank(c, business_id), default=None)


def _rank(coworker: Coworker, business_id: int | None) -> tuple[bool, bool, bool, bool, int]:
    elsewhere = business_id is not None and not coworker.is_at(business_id)
    return (elsewhere, not coworker.active, coworker.type != 1, not coworker.default_profile, coworker.id)


def read_whole(nexudus: Nexudus, coworker_id: int) -> Coworker | None:
    """Read the full record; None if it was deleted since the search. Raises: as Nexudus.one."""
    row = nexudus.one(f"{PATH}/{coworker_id}")
    return _read(row) if row else None


def _read(row: Row) -> Coworker:
    """Return the coworker in a row. Fields that lists omit get usual values: active, not archived, an individual."""
    return Coworker(
        id=row["Id"],
        email=text_of(row, "Email"),
        full_name=text_of(row, "FullName"),
        active=row.get("Active") is not False,
        archived=row.get("Archived") is True,
        type=row.get("CoworkerType") or 1,
        default_profile=row.get("IsDefaultProfile") is True,
        invoicing_business_id=id_of(row, "InvoicingBusinessId"),
        business_ids=ids_of(row, "Businesses"),
        created_at=instant_of(row, "CreatedOn"),
        is_member=_has_plan(row),
    )


def _has_plan(row: Row) -> bool | None:
    shown = [name for name in ("TariffId", "TariffName") if name in row]
    return any(text_of(row, name).strip() for name in shown) if shown else None


@dataclass(frozen=True, slots=True, repr=False)
class NewCoworker:
    """A contact to create. None and "" are left out of the body.

    extra: literal additions under the CRM's names, from EXTRAS only. custom: the operator's own fields by name or id.
    """

    full_name: str
    email: str
    country_id: int
    time_zone_id: int
    business_id: int
    mobile_phone: str = ""
    company_name: str = ""
    notes: str = ""
    tag: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)
    custom: Mapping[str, str] = field(default_factory=dict)


def _fixed(number: int, name: str, *numbers: int) -> ChoiceField:
    """Return a field with a default number, which an addition may change to another defined one."""
    return ChoiceField(*numbers, data_key=name, required=True, dump_default=number)


class CoworkerBody(RecordBody):
    """The documented body: our name = the CRM's name, kind and limits. No other field is sent.

    TariffId, BillingDay and RenewalDate assign a plan and start invoicing; Notify* and Can* are the person's own
    consent; CreateUser sends a welcome e-mail; BusinessId does not exist.
    """

    class Meta:
        """The numbered fields; attendance 5 is Undefined."""

        include: ClassVar = {
            **{f"{day.lower()}_attendance": _fixed(5, f"{day}Attendance", 1, 2, 3, 4, 5) for day in DAYS},
            **{f"custom_{n}": TextField(1000, data_key=f"Custom{n}") for n in range(1, 31)},
        }

    full_name = TextField(200, data_key="FullName", required=True)
    email = EmailField(data_key="Email", required=True)
    country_id = IntField(data_key="CountryId", required=True)
    time_zone_id = IntField(data_key="SimpleTimeZoneId", required=True)
    # Both, or the record lands in some other location of the login.
    business_ids = fields.List(IntField(), data_key="Businesses", required=True, validate=validate.Length(min=1))
    business_id = IntField(data_key="InvoicingBusinessId", required=True)
    coworker_type = _fixed(1, "CoworkerType", 1, 2)  # 1 Individual
    gender = _fixed(1, "Gender", 0, 1, 2, 3, 4, 5)  # 1 NotSet
    tax_rate_type = _fixed(1, "TaxRateType", 1, 2, 3)  # 1 Default
    create_user = AlwaysFalseField("sends a welcome e-mail", data_key="CreateUser")
    mobile_phone = TextField(50, data_key="MobilePhone")
    company_name = TextField(200, data_key="CompanyName")
    notes = TextField(20_000, lines=True, data_key="Notes")
    tag = TextField(100, data_key="Tag")
    land_line = TextField(50, data_key="LandLine")
    job = TextField(200, data_key="Position")
    business_area = TextField(200, data_key="BusinessArea")
    website = TextField(500, data_key="ProfileWebsite")
    address = TextField(500, lines=True, data_key="Address")
    post_code = TextField(50, data_key="PostCode")
    city_name = TextField(200, data_key="CityName")
    state = TextField(200, data_key="State")
    reference_number = TextField(100, data_key="ReferenceNumber")
    referrer_guid = TextField(36, data_key="RefererGuid")  # one "r" less than expected
    # Some accounts wanted these four as 0, though no current document has them (seen live).
    checkins = ChoiceField(0, data_key="CheckinSinceLastRenewal")
    minutes = ChoiceField(0, data_key="MinutesSinceLastRenewal")
    invoice_every = ChoiceField(0, data_key="TariffInvoiceEvery")
    invoice_every_weeks = ChoiceField(0, data_key="TariffInvoiceEveryWeeks")
    custom = CustomValuesField(data_key="CustomFields")


_TAKEN = {"FullName", "Email", "CountryId", "SimpleTimeZoneId", "Businesses", "InvoicingBusinessId", "CreateUser"}
_TAKEN |= {"CustomFields"}

_BODY = CoworkerBody()  # shared by all threads: it holds nothing of a call, and making one takes as long as using it
EXTRAS = frozenset(str(f.data_key) for f in _BODY.fields.values()) - _TAKEN
"""The names of possible literal additions."""


def compose(new: NewCoworker) -> Row:
    """Return the exact body to send: cleaned, cut to length, without nulls, additions last.

    Raises: Rejected, naming each field and what to do.
    """
    problems = {name: _objection(name) for name in new.extra if name not in EXTRAS}
    if problems:
        raise rejection(problems, new.extra)
    body: Row = {**_BODY.dump(new), "Businesses": [new.business_id], **_BODY.tidy(new.extra)}
    _BODY.check(body)
    return body


def _objection(name: str) -> str:
    near = difflib.get_close_matches(name, EXTRAS, n=1)
    return "is not a field that an addition may set" + (f"; did you mean {near[0]}?" if near else "")


def create(nexudus: Nexudus, body: Mapping[str, object]) -> int:
    """Create the contact of a composed body; return its id.

    Raises: Rejected before anything is sent if the body is wrong; else as Nexudus.post.
    """
    _BODY.check(body)
    return nexudus.post(PATH, body)
