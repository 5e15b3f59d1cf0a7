"""The operator's name, colour and logo, and shades of the colour in which text stays readable."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from marshmallow import ValidationError

from service.forms.values import read_trimmed

MIN_CONTRAST = 4.5
"""Minimum contrast of text against its background, WCAG 2.2, level AA."""

LIGHT_CARD, DARK_CARD = "#ffffff", "#17201d"
"""Background of text in the brand's colour on the visitor pages, in the light and the dark scheme."""

_STEPS = 50
_LINEAR_BELOW = 0.04045  # of sRGB, IEC 61966-2-1


@dataclass(frozen=True, slots=True)
class Shades:
    """Colours as `#rrggbb`.

    fill: of buttons, as the operator wrote it; on_fill: of text on it, black or white. light, dark: of links and lines,
    the fill, adjusted as far as needed to be readable on the scheme's card.
    """

    fill: str
    on_fill: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Brand:
    """The brand of pages and messages. Each value may be "".

    colour: as `#rrggbb`. logo_url: of an image, which pages load from there.
    """

    name: str = ""
    colour: str = ""
    logo_url: str = ""

    @property
    def shades(self) -> Shades | None:
        """The colours of pages; None for the default ones."""
        return make_shades(self.colour) if self.colour else None

    @property
    def logo_source(self) -> str:
        """The logo's address as a source in a Content-Security-Policy, which ignores queries."""
        return self.logo_url.partition("?")[0]


@lru_cache(maxsize=256)
def make_shades(colour: str) -> Shades:
    """Return the shades of a valid colour."""
    on_fill = max("#000000", "#ffffff", key=lambda ink: contrast(ink, colour))
    return Shades(colour, on_fill, _readable(colour, LIGHT_CARD, "#000000"), _readable(colour, DARK_CARD, "#ffffff"))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours by WCAG, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def describe_shades(brand: Brand) -> Iterator[str]:
    """Yield a sentence for each scheme in which text in the brand's own colour would be unreadable."""
    shades = brand.shades
    if shades is None:
        return
    for scheme, card, shade in (("light", LIGHT_CARD, shades.light), ("dark", DARK_CARD, shades.dark)):
        if shade != shades.fill:
            ratio = contrast(shades.fill, card)
            yield (
                f"{shades.fill} has a contrast of {ratio:.1f} to the {scheme} pages, and text needs {MIN_CONTRAST}: "
                f"links and lines there are {shade}; buttons keep the colour"
            )


def _readable(colour: str, card: str, towards: str) -> str:
    """Return the colour, mixed with black or white as far as text in it needs."""
    mixed = (_mix(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(shade for shade in mixed if contrast(shade, card) >= MIN_CONTRAST)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def _mix(colour: str, other: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + bytes(round(one + (two - one) * share) for one, two in pairs).hex()


def _luminance(colour: str) -> float:
    red, green, blue = (
        value / 12.92 if value <= _LINEAR_BELOW else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# -- reading


def read_colour(value: Any) -> str:
    """Read `#0a6350` or `#083`, as `#rrggbb` in lower case; "" for the default colour."""
    text = read_trimmed(value).lower()
    if text and not re.fullmatch(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", text):
        raise ValidationError(f"{value!r} is not a colour: write one such as '#0a6350'")
    return "#" + "".join(2 * digit for digit in text[1:]) if len(text) == len("#083") else text
