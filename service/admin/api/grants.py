"""Shared by the calls of /people and /tokens: accounts as a member and as a filter, and refused grants."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from marshmallow import ValidationError, fields

from service.admin import AdminDeps
from service.admin.api.access import refuse
from service.operations.grants import GrantConflict, InvalidRequest, NotAllowed, UnknownAccount

ACCOUNTS = '"all", or a list of accounts'


class AccountsField(fields.Field[Any]):
    """ "all", or a list of accounts."""

    def __init__(self, meaning: str = ACCOUNTS, **more: Any) -> None:
        shapes = [{"const": "all"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
        super().__init__(metadata={"description": meaning, "anyOf": shapes}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> frozenset[str] | None:  # noqa: ARG002 (marshmallow's signature)
        if value == "all":
            return None
        if not value or not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ValidationError('write "all", or a list of accounts')
        return frozenset(value)


def is_of_account(account: str, accounts: frozenset[str] | None, deps: AdminDeps) -> bool:
    """Return whether the filter `account` shows a person or a key of these accounts; "" shows all."""
    return not account or (account in deps.accounts and (accounts is None or account in accounts))


@contextmanager
def refusals(invalid: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY) -> Iterator[None]:
    """Turn refusals of the operations into problem documents. invalid: the status for a faulty member."""
    try:
        yield
    except NotAllowed as error:
        refuse(HTTPStatus.FORBIDDEN, str(error))
    except InvalidRequest as error:
        status = HTTPStatus.NOT_FOUND if isinstance(error, UnknownAccount) else invalid
        refuse(status, str(error), errors={"json": {error.member: [str(error)]}})
    except GrantConflict as error:
        refuse(HTTPStatus.CONFLICT, str(error))
