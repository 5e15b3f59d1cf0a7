"""The lines of an installation: each form with each platform that can be read for it."""

from collections.abc import Callable, Iterator, Mapping

from service.capture.tools.sender import SenderConfig
from service.fetching.connection import ConnectionMemory, PlatformConnection, PlatformReader
from service.forms import Form
from service.platforms.linkedin.api import LinkedInReader
from service.platforms.linkedin.tokens import LinkedInTokens
from service.platforms.meta.api import MetaReader
from service.platforms.registry import PLATFORMS
from service.platforms.tiktok.api import TikTokReader
from service.store import ConnectionKey, Identity, Store


def make_lines(
    forms: Mapping[str, Form], urls: Mapping[str, str], store: Store, identity: Identity
) -> list[PlatformConnection]:
    """Every line of these forms. identity: of this process."""
    return [line for form in forms.values() for line in _lines_of(form, urls, store, identity)]


def _lines_of(form: Form, urls: Mapping[str, str], store: Store, identity: Identity) -> Iterator[PlatformConnection]:
    for sender, table in form.webhooks.items():
        if sender in _READERS:
            memory = ConnectionMemory(store, ConnectionKey(form.name, sender))
            reader = _READERS[sender](urls, table, form, memory, identity)
            yield PlatformConnection(form, sender, table, reader, PLATFORMS[sender].announces)


def _section(form: Form, sender: str) -> str:
    return f"[forms.{form.name}.webhooks.{sender}]"


def _meta(
    urls: Mapping[str, str], table: SenderConfig, form: Form, memory: ConnectionMemory, _identity: Identity
) -> PlatformReader:
    return MetaReader(urls["META_GRAPH_URL"], table, _section(form, "meta"), memory)


def _linkedin(
    urls: Mapping[str, str], table: SenderConfig, form: Form, memory: ConnectionMemory, identity: Identity
) -> PlatformReader:
    section = _section(form, "linkedin")
    tokens = LinkedInTokens(urls["LINKEDIN_OAUTH_URL"], table, section, memory, identity)
    return LinkedInReader(urls["LINKEDIN_API_URL"], tokens, table, section, memory)


def _tiktok(
    urls: Mapping[str, str], table: SenderConfig, form: Form, _memory: ConnectionMemory, _identity: Identity
) -> PlatformReader:
    return TikTokReader(urls["TIKTOK_API_URL"], table, form.name, _section(form, "tiktok"))


_READERS: Mapping[
    str, Callable[[Mapping[str, str], SenderConfig, Form, ConnectionMemory, Identity], PlatformReader]
] = {
    "meta": _meta,
    "linkedin": _linkedin,
    "tiktok": _tiktok,
}
"""Sender -> how it is read. The others can be asked for nothing."""
