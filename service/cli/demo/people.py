"""Invented people in several languages, and how they came: campaigns, searches, posts and friends.

E-mail addresses lie under example domains (RFC 2606). Telephone numbers come from the ranges that each country's
regulator reserves for films and the like, and are not assigned to anyone. visits.toml has the visits, each attributed
once by the real rules, and the campaigns.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

from service.attribution import attribute
from service.capture.fields.names import fold
from service.forms import AttributionConfig
from service.lead import Attribution, Contact, Evidence
from service.platforms.registry import utm_of

_DOMAINS = ("example.com", "example.org", "example.net")


@dataclass(frozen=True, slots=True)
class DemoLanguage:
    """People with one language. numbers: the beginning of telephone numbers, and the number of digits that follow."""

    first: Sequence[str]
    last: Sequence[str]
    numbers: tuple[str, int]
    messages: Sequence[str]


_ENGLISH = DemoLanguage(
    ("Amelia", "Oliver", "Priya", "Jack", "Grace", "Kwame", "Sophie", "Harry", "Zainab", "Callum", "Imogen", "Tariq"),
    (
        "Bennett",
        "Hughes",
        "Okafor",
        "Walsh",
        "Patel",
        "Turner",
        "Campbell",
        "Reid",
        "Ahmed",
        "Foster",
        "Murray",
        "Lowe",
    ),
    ("+442079460", 3),
    (
        "Two desks from the first of next month, please. Is there bike storage?",
        "We are a team of six and need a room with a door. Could we come by this week?",
        "Do you have a meeting room for twelve on Thursday morning?",
        "Looking for a quiet place to work three days a week.",
        "What does a private office for ten cost, with parking?",
        "",
    ),
)
_AMERICAN = DemoLanguage(
    ("Madison", "Ethan", "Ava", "Mateo", "Chloe", "Jordan", "Naomi", "Tyler", "Leah", "Marcus"),
    ("Johnson", "Rivera", "Nguyen", "Brooks", "Kim", "Alvarez", "Sullivan", "Hayes", "Coleman", "Park"),
    ("+121255501", 2),
    (
        "Need a hot desk for the summer. Month to month if possible?",
        "Our startup is moving: 8 people, need phone booths.",
        "Can I book a day pass for tomorrow?",
        "",
    ),
)
_GERMAN = DemoLanguage(
    ("Jürgen", "Anneliese", "Björn", "Käthe", "Lukas", "Mira", "Sören", "Greta", "Moritz", "Elif"),
    ("Müller", "Schröder", "Großmann", "Yılmaz", "Hoffmann", "Krüger", "Weiß", "Brandt", "Lehmann", "Vogel"),
    ("+493023125", 3),
    (
        "Wir suchen ein Büro für vier Personen ab Januar, gern mit Fenster zum Hof.",
        "Gibt es bei Ihnen auch Tageskarten?",
        "Bitte um einen Besichtigungstermin nächste Woche.",
        "",
    ),
)
_FRENCH = DemoLanguage(
    ("Chloé", "Étienne", "Aïcha", "Hélène", "Mathéo", "Noémie", "Théo", "Inès", "Lucas", "Françoise"),
    ("Lefèvre", "Moreau", "Benali", "Dubois", "Garnier", "Rousseau", "Fontaine", "Mercier", "Diallo", "Perrin"),
    ("+331990000", 2),
    (
        "Nous cherchons deux postes de travail à partir du 1er. Est-ce possible de visiter ?",
        "Quel est le prix d'un bureau fermé pour cinq personnes ?",
        "",
    ),
)
_SPANISH = DemoLanguage(
    ("Lucía", "Iñigo", "Sofía", "Andrés", "Martina", "Álvaro", "Carmen", "Hugo"),
    ("García", "Muñoz", "Fernández", "Ibáñez", "Ortega", "Peña", "Vidal", "Romero"),
    ("", 0),
    ("¿Tienen despachos para tres personas?", "Quisiera reservar una visita esta semana.", ""),
)
_DUTCH = DemoLanguage(
    ("Sanne", "Daan", "Fleur", "Bram", "Lotte", "Youssef", "Maud", "Thijs"),
    ("de Vries", "van den Berg", "Bakker", "Jansen", "'t Hoen", "Smit", "el Amrani", "Visser"),
    ("", 0),
    ("Wij zoeken een flexplek voor twee dagen per week.", "Kan ik morgen langskomen voor een rondleiding?", ""),
)
_POLISH = DemoLanguage(
    ("Zofia", "Łukasz", "Agnieszka", "Paweł", "Małgorzata", "Wojciech"),
    ("Kowalska", "Wiśniewski", "Dąbrowska", "Zieliński", "Wójcik", "Szymańska"),
    ("", 0),
    ("Szukamy biura dla pięciu osób od stycznia.", ""),
)
_SWEDISH = DemoLanguage(
    ("Åsa", "Björn", "Elin", "Gustav", "Märta", "Oskar"),
    ("Lindström", "Åkesson", "Sjöberg", "Nyström", "Ek", "Hallén"),
    ("+46846500", 3),
    ("Vi behöver två skrivbord från mars.", ""),
)
_JAPANESE = DemoLanguage(
    ("陽子", "健太", "美咲"), ("田中", "佐藤", "鈴木"), ("", 0), ("来月から二席お願いします。", "")
)

_LANGUAGES = (_ENGLISH, _AMERICAN, _GERMAN, _FRENCH, _SPANISH, _DUTCH, _POLISH, _SWEDISH, _JAPANESE)
_SHARES = (44, 12, 11, 9, 7, 7, 4, 4, 2)
_COMPANIES = (
    *(
        "",
        "",
        "",
        "Northwind Studio",
        "Brightside Labs",
        "Harbour & Sons",
        "Atelier Nord",
        "Pixelwerk",
        "Kestrel Health",
    ),
    *("Lumen Legal", "Tidal Analytics", "Oak & Iron", "Café Cosmo", "Solstice Travel", "Mosaic Translations", "Nimbus"),
)
_TEAMS = ("", "", "1", "2", "2-5", "2-5", "6-10", "6-10", "11-20", "20+")


_WITH_PHONE = 0.7
"""Share of people with a telephone number, in countries that reserve some."""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One person and their enquiry."""

    contact: Contact
    message: str
    team_size: str


def next_person(number: int, random: Random) -> DemoPerson:
    """Draw a person. number: makes the e-mail address unique."""
    (language,) = random.choices(_LANGUAGES, weights=_SHARES)
    first, last = random.choice(language.first), random.choice(language.last)
    full = f"{last} {first}" if language is _JAPANESE else f"{first} {last}"
    start, digits = language.numbers
    has_phone = start and random.random() < _WITH_PHONE
    return DemoPerson(
        Contact(
            email=f"{_local_part(first, last)}.{number}@{random.choice(_DOMAINS)}",
            full_name=full,
            first_name=first,
            last_name=last,
            phone=f"{start}{random.randrange(10**digits):0{digits}}" if has_phone else "",
            company=random.choice(_COMPANIES),
        ),
        random.choice(language.messages),
        random.choice(_TEAMS),
    )


def _local_part(first: str, last: str) -> str:
    parts = ("".join(letter for letter in fold(name) if letter.isascii()) for name in (first, last))
    return ".".join(part for part in parts if part) or "guest"


# -- how they came


_SITE = "https://www.example.com"
_PAGES = ("/", "/tour", "/private-offices", "/hot-desks", "/meeting-rooms", "/pricing")


@dataclass(frozen=True, slots=True)
class DemoVisit:
    """One kind of visit. sender: the sender of its leads; form_name: the name of the form there."""

    evidence: Evidence
    attribution: Attribution
    sender: str = "browser"
    form_name: str = ""


def read_visits() -> Mapping[str, Any]:
    """Return the tables of visits.toml: visits of the site, lead ads, and campaigns with their costs."""
    return tomllib.loads(Path(__file__).with_name("visits.toml").read_text(encoding="utf-8"))


def all_visits() -> tuple[Sequence[DemoVisit], Sequence[float]]:
    """Return every visit, and the cumulative weights to draw them by."""
    tables = read_visits()
    weighted = [*_of_the_site(tables["site"]), *_of_platforms(tables["lead_ad"])]
    return [visit for _, visit in weighted], [*accumulate(weight for weight, _ in weighted)]


def _of_the_site(rows: Iterable[Mapping[str, Any]]) -> list[tuple[float, DemoVisit]]:
    visits = []
    for visit in rows:
        for number, page in enumerate(_PAGES):
            landing = f"{_SITE}{page}?{visit['query']}" if visit["query"] else f"{_SITE}{page}"
            evidence = Evidence(landing_url=landing, page_url=f"{_SITE}/tour", referrer=visit["referrer"])
            attribution = attribute(evidence, AttributionConfig())
            visits.append((visit["weight"] / (number + 1), DemoVisit(evidence, attribution)))
    return visits


def _of_platforms(rows: Iterable[Mapping[str, Any]]) -> list[tuple[float, DemoVisit]]:
    visits = []
    for ad in rows:
        evidence = Evidence(fields=utm_of(ad["platform"], ad["facts"], {}))
        attribution = attribute(evidence, AttributionConfig())
        visits.append((ad["weight"], DemoVisit(evidence, attribution, ad["platform"], ad["form_name"])))
    return visits
