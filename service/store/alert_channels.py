"""Alert channels that people added in the dashboard, besides ALERT_URLS."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from service.store.database.repository import Repository
from service.store.database.setup_tables import alert_channels
from service.store.typed_secrets import TypedSecrets


@dataclass(frozen=True, slots=True)
class ChannelEntry:
    """One channel, without its address, which is a secret.

    account: whose alerts it receives; None: all. service: "slack", "mailtos" ..., as Apprise names it. sent_at: time of
    the last message; failure: why the channel did not accept it, "" if it did.
    """

    id: str
    account: str | None
    name: str
    service: str
    made_by: str
    made_at: datetime
    sent_at: datetime | None = None
    failure: str = ""


_COLUMNS = tuple(alert_channels.c[name] for name in ChannelEntry.__dataclass_fields__)


class AlertChannels(Repository):
    """Alert channels."""

    def add(self, name: str, service: str, address: str, who: str, now: datetime, account: str | None = None) -> str:
        """Add a channel; returns its id."""
        channel_id = uuid.uuid4().hex
        secret = self._as(TypedSecrets).keep(f"alerts {service}", address, who, now)
        row = {"id": channel_id, "account": account, "name": name, "service": service, "secret": secret}
        self._execute(alert_channels.insert().values(**row, made_by=who, made_at=now))
        return channel_id

    def all(self) -> list[ChannelEntry]:
        """Return every channel, in the order in which they were added."""
        query = select(*_COLUMNS).order_by(alert_channels.c.made_at, alert_channels.c.id)
        return [ChannelEntry(*row) for row in self._execute(query)]

    def get(self, channel_id: str) -> ChannelEntry | None:
        """Return one channel."""
        row = self._execute(select(*_COLUMNS).where(alert_channels.c.id == channel_id)).first()
        return None if row is None else ChannelEntry(*row)

    def address(self, channel_id: str) -> str | None:
        """Return the address of a channel; None if the channel no longer exists.

        Raises: UnreadableSecret.
        """
        secret = self._secret(channel_id)
        return None if secret is None else self._as(TypedSecrets).read(secret)

    def remove(self, channel_id: str) -> None:
        """Delete a channel and its address."""
        secret = self._secret(channel_id)
        self._execute(delete(alert_channels).where(alert_channels.c.id == channel_id))
        if secret is not None:
            self._as(TypedSecrets).forget([secret])

    def record_sent(self, channel_id: str, now: datetime, failure: str = "") -> None:
        """Record that a message was sent. failure: why the channel did not accept it; "" if it did."""
        own = update(alert_channels).where(alert_channels.c.id == channel_id)
        self._execute(own.values(sent_at=now, failure=failure))

    def _secret(self, channel_id: str) -> str | None:
        query = select(alert_channels.c.secret).where(alert_channels.c.id == channel_id)
        secret: str | None = self._execute(query).scalar()
        return secret
