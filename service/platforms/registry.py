"""Every ad platform by its name; a new one is a folder beside this file and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from service.platforms.google_ads.config import GOOGLE_ADS
from service.platforms.linkedin.config import LINKEDIN
from service.platforms.meta.config import META
from service.platforms.platform import Platform
from service.platforms.tiktok.config import TIKTOK

PLATFORMS: Mapping[str, Platform] = MappingProxyType(
    {platform.name: platform for platform in (META, GOOGLE_ADS, LINKEDIN, TIKTOK)}
)


def title_of(name: str) -> str:
    """Return a platform's title; any other sender's name as it is."""
    return PLATFORMS[name].title if name in PLATFORMS else name
