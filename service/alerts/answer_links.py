"""The link "I have called" in messages: anyone who has the message can answer the lead, without signing in.

The link only opens a page; the button on that page answers the lead. So programs that open the links of an e-mail, to
scan for viruses or for a preview, change nothing.
"""

import hashlib
from collections.abc import Callable
from functools import cached_property

from itsdangerous import BadSignature, URLSafeSerializer

from service.forms import Form
from service.lead import LeadId

PATH = "/answered"


class AnswerLinks:
    """Makes and reads signed links; the same in every process of the deployment."""

    def __init__(self, public_url: str, secret_key: Callable[[], str]) -> None:
        """secret_key: returns the key when it is first needed, as it may be in the database."""
        self.public_url = public_url.rstrip("/")
        self._secret_key = secret_key

    @cached_property
    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret_key(), salt="answered", signer_kwargs={"digest_method": hashlib.sha256})

    def token_of(self, lead_id: LeadId) -> str:
        """Return the signed id of a lead."""
        return str(self._serializer.dumps(lead_id))

    def url_of(self, lead_id: LeadId) -> str:
        """Return the address of the page that answers a lead."""
        return f"{self.public_url}{PATH}/{self.token_of(lead_id)}"

    def for_message(self, lead_id: LeadId, form: Form) -> str:
        """Return the link for a message about a lead; "" if its form (or route) expects no answer."""
        return self.url_of(lead_id) if form.answer.within_s or form.answer.escalate_after_s else ""

    def lead_of(self, token: str) -> LeadId | None:
        """Return the lead of a token; None if it was not signed here."""
        try:
            return LeadId(str(self._serializer.loads(token)))
        except BadSignature:
            return None
