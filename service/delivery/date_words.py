"""Words around dates that the library does not know, in the languages of our pages; compared in small letters."""

AT_ONCE = frozenset(
    (
        *("asap", "a.s.a.p", "as soon as possible", "immediately", "immediate", "right away", "straight away", "now"),
        *("sofort", "ab sofort", "umgehend", "schnellstmöglich", "so bald wie möglich", "möglichst bald"),
        *("baldmöglichst", "so schnell wie möglich"),
        *("immédiatement", "tout de suite", "de suite", "dès que possible", "le plus tôt possible", "au plus vite"),
        *("lo antes posible", "cuanto antes", "inmediatamente", "de inmediato", "inmediato", "ya", "ahora"),
        *("subito", "il prima possibile", "appena possibile", "immediatamente", "prima possibile"),
        *("zo snel mogelijk", "direct", "per direct", "onmiddellijk", "meteen"),
        *("o mais rápido possível", "o quanto antes", "assim que possível", "imediatamente", "imediato", "já"),
    )
)
"""Answers that mean the day on which they are given."""

BEFORE = (
    *(
        "from",
        "starting from",
        "starting",
        "start",
        "by",
        "around",
        "about",
        "approx.",
        "approx",
        "within",
        "on",
        "the",
    ),
    *("ab", "zum", "vom", "ca.", "ca", "etwa", "innerhalb von", "binnen", "frühestens", "am"),
    *("à partir du", "à partir de", "à partir d'", "dès le", "dès", "vers le", "vers", "d'ici", "le", "la", "pour le"),
    *("a partir del", "a partir de", "desde el", "desde", "hacia", "para el", "el", "dentro de"),
    *("a partire dal", "a partire da", "dal", "da", "entro", "verso", "il", "la", "per"),
    *("vanaf", "per", "rond", "binnen", "omstreeks", "op"),
    *("a partir do", "desde o", "por volta de", "dentro de", "no", "na", "em", "para"),
)
"""Words in front of a date that change nothing: the follow-up belongs to its beginning."""

BEHIND = (
    *("or later", "or earlier", "onwards", "onward", "at the latest", "latest", "ideally", "if possible"),
    *("oder später", "spätestens", "ou plus tard", "o más tarde", "o más adelante", "o più tardi", "of later"),
    "ou mais tarde",
)
"""Words behind a date that change nothing."""

PARTS = {
    1: (
        "early",
        "beginning of",
        "start of",
        "anfang",
        "début",
        "principios de",
        "inicio de",
        "inizio",
        "begin",
        "início de",
    ),
    15: ("mid", "middle of", "mitte", "mi", "mediados de", "metà", "half", "medio", "meados de"),
    31: ("late", "end of", "ende", "fin", "finales de", "fine", "eind", "einde", "final de", "fim de"),
}
"""Day of a month that is meant by these words before its name; 31: its last."""

ALIASES = {
    "próximo mes": "el próximo mes",
    "mes que viene": "el próximo mes",
    "a month": "1 month",
    "one month": "1 month",
    "próxima semana": "1 semana",
    "semana que viene": "1 semana",
    "einem monat": "1 monat",
    "un mois": "1 mois",
    "un mes": "1 mes",
    "un mese": "1 mese",
    "een maand": "1 maand",
    "um mês": "1 mês",
}
"""Phrases that the library knows in other words only."""
