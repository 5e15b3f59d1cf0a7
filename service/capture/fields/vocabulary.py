"""The names that mean something: aliases.json made ready for look-ups, and what sets some of them apart."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from service.capture.fields.labels import bare, fold

HIDDEN_FIELDS = ("lc_landing_url", "lc_page_url", "lc_referrer", "lc_first", "lc_last", "lc_key")
"""What attribution.js writes into forms; each means itself."""

NAME_PARTS = ("initials", "middle_name", "name_particle", "second_last_name", "name_suffix")
"""Parts of a name that some forms ask for in fields of their own."""

FIELD_WORDS = frozenset(
    (
        *("value", "field", "input", "text", "box", "please", "bitte", "required", "optional", "mandatory"),
        *("pflichtfeld", "pflicht", "freiwillig", "obligatoire", "facultatif", "obligatorio", "opcional", "verplicht"),
        *("obbligatorio", "facoltativo", "optioneel", "wymagane", "obligatorisk", "valgfri", "pakollinen"),
    )
)
"""Folded words behind a name that only say that it is a field, or must be filled in."""

BARE_NAMES = frozenset(
    (
        *("name", "nom", "nombre", "nombres", "nome", "nomes", "naam", "navn", "namn", "nimi", "jmeno", "nume"),
        # Asked in a conversation, where "and your last name?" may come next.
        *("whatisyourname", "whatsyourname", "whatshouldwecallyou", "wieheissensie", "wieheisstdu", "wieistihrname"),
        *("commentvousappelezvous", "quelestvotrenom", "comotellamas", "cualestunombre", "cometichiami"),
        *("qualeiltuonome", "comotechamas", "qualeoseunome", "hoeheetje", "watisjenaam", "jakmasznaimie"),
        *("hvadhedderdu", "vadheterdu"),
    )
)
"""Folded names of a person who is called only so: the first or the last name where the other has a field."""

LOGINS = frozenset(("username", "benutzername", "nomutilisateur", "gebruikersnaam", "nomeutente"))
"""Folded names of what people sign in with."""

WEAK = frozenset(
    (
        *("replyto", "callbacknumber", "callbackphone", "ruckrufnummer", "numeroderappel"),
        *("textarea", "longtext", "longanswer", "multiline", "paragraph", "paragraphtext", "absatztext"),
        *("description", "details", "notes", "note", "question", "questions", "body"),
    )
)
"""Folded aliases that count only where nothing better is there."""


def _load_aliases() -> dict[str, list[str]]:
    text = Path(__file__).with_name("aliases.json").read_text("utf-8")
    aliases: dict[str, list[str]] = json.loads(text)
    return aliases


_GROUPS = _load_aliases()
EXACT: Mapping[str, str] = MappingProxyType(
    {alias.lower(): group for group, aliases in _GROUPS.items() if group.startswith("_") for alias in aliases}
    | {name: name for name in HIDDEN_FIELDS}
    | {"_url": "page_url"}  # Contact Form 7's; "url" alone says too little
)
"""Names that are matched exactly but for case -> meaning."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        fold(bare(alias)): target
        for target, aliases in reversed(_GROUPS.items())  # of two that claim a spelling, the first listed has it
        if not target.startswith("_")
        for alias in (target, *aliases)
    }
)
"""Folded name -> meaning."""
