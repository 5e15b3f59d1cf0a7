"""Posts that look like spam, and pages of other sites: what is held, and what a browser lets them read."""

import pytest

from service.forms import AttributionConfig
from service.lead import Status
from service.store import Store
from tests.builders import a_form
from tests.front import ANN, PERSON, SCRIPT, Front

SITE = "https://www.example.com"
STRANGER = "https://elsewhere.example"


# -- what looks like spam


@pytest.mark.parametrize("trap", ["_gotcha", "botcheck", "nickname"])
def test_a_filled_trap_looks_like_success_and_is_held(sqlite: Store, trap: str) -> None:
    front = Front(sqlite, a_form(honeypot="nickname"))

    answer = front.post({**ANN, trap: "cheap pills"}, headers=PERSON)

    lead = front.lead()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/f/contact/thanks")
    assert lead.status is Status.QUARANTINED
    assert trap in lead.problem
    assert trap not in lead.submission.extras


def test_a_page_of_another_site_looks_like_success_and_is_held(sqlite: Store) -> None:
    front = Front(sqlite, a_form(allowed_origins=(SITE,)))

    answer = front.post(ANN, headers={**PERSON, "Origin": STRANGER})

    assert answer.status_code == 303
    assert front.lead().status is Status.QUARANTINED
    assert STRANGER in front.lead().problem


def test_a_forged_forwarded_host_makes_no_page_of_another_site_our_own(sqlite: Store) -> None:
    front = Front(sqlite, a_form(allowed_origins=(SITE,)), TRUSTED_PROXIES="1")
    forged = {"Origin": STRANGER, "X-Forwarded-Host": STRANGER.removeprefix("https://"), "X-Forwarded-For": "192.0.2.1"}

    front.post(ANN, headers={**PERSON, **forged})

    assert front.lead().status is Status.QUARANTINED


def test_our_own_pages_are_known_where_the_proxy_gives_us_another_host(sqlite: Store) -> None:
    front = Front(sqlite, a_form(allowed_origins=(SITE,)), TRUSTED_PROXIES="1", PUBLIC_URL="https://leads.example.net")

    front.post(ANN, headers={**PERSON, "Origin": "https://leads.example.net", "Host": "web:8000"})

    assert front.lead().status is Status.PENDING


@pytest.mark.parametrize("origin", [SITE, "https://example.com", "null", None])
def test_own_pages_and_senders_without_an_origin_are_let_through(sqlite: Store, origin: str | None) -> None:
    front = Front(sqlite, a_form(allowed_origins=(SITE,)))

    front.post(ANN, headers={**PERSON, **({"Origin": origin} if origin else {})})

    assert front.lead().status is Status.PENDING


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("https://offers.example.org", id="under an own domain"),
        pytest.param("https://www-example-com.translate.goog", id="an allowed page through a translator"),
        pytest.param("https://offers-example-org.translate.goog", id="under an own domain through a translator"),
    ],
)
def test_own_domains_and_translated_pages_are_let_through(sqlite: Store, origin: str) -> None:
    form = a_form(allowed_origins=(SITE,), attribution=AttributionConfig(own_domains=("example.org",)))
    front = Front(sqlite, form)

    answer = front.post(ANN, headers={**SCRIPT, "Origin": origin, "Referer": f"{origin}/"})

    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert front.lead().status is Status.PENDING


def test_our_own_hosted_page_is_no_other_site(sqlite: Store) -> None:
    front = Front(sqlite, a_form(allowed_origins=(SITE,)))

    front.post(ANN, headers={**PERSON, "Origin": "http://localhost"})

    assert front.lead().status is Status.PENDING


@pytest.mark.parametrize("origin", ["https://[", "https://[::1", "://", "\xff", "https://" + "x" * 5000, "file://"])
def test_an_origin_that_is_none_is_a_foreign_one(sqlite: Store, origin: str) -> None:
    front = Front(sqlite, a_form(allowed_origins=(SITE,)))

    assert front.post(ANN, headers={**PERSON, "Origin": origin}).status_code == 303
    assert front.lead().status is Status.QUARANTINED


def test_a_foreign_origin_cannot_write_to_an_operators_terminal(sqlite: Store) -> None:
    front = Front(sqlite, a_form(allowed_origins=(SITE,)))

    front.post(ANN, headers={**PERSON, "Origin": "https://\x1b[2Jelsewhere.example"})

    assert front.lead().problem.isprintable()


# -- CORS


def test_a_preflight_is_answered(front: Front) -> None:
    headers = {
        "Origin": SITE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-requested-with",
    }

    answer = front.client.options("/f/contact", headers=headers)

    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert {"content-type", "x-requested-with"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("form", ["contact", "nowhere"])
def test_a_preflight_of_a_stranger_allows_nothing(sqlite: Store, form: str) -> None:
    front = Front(sqlite, a_form(allowed_origins=(SITE,)))

    answer = front.client.options(f"/f/{form}", headers={"Origin": STRANGER, "Access-Control-Request-Method": "POST"})

    assert answer.status_code == 204
    assert "Access-Control-Allow-Methods" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/f/contact", "email=ann@"),
        ("POST", "/f/contact", ""),
        ("POST", "/f/nowhere", "email=ann@example.com"),
        ("PUT", "/f/contact", ""),
        ("POST", "/f/contact", "x" * 262_145),
    ],
    ids=["422", "400", "404", "405", "413"],
)
def test_a_script_may_read_every_error(front: Front, method: str, path: str, body: str) -> None:
    answer = front.client.open(path, method=method, data=body, headers=SCRIPT)

    assert answer.status_code >= 400
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in answer.headers["Vary"]


def test_a_stranger_may_not_read_the_answer(sqlite: Store) -> None:
    answer = Front(sqlite, a_form(allowed_origins=(SITE,))).post(ANN, headers={**SCRIPT, "Origin": STRANGER})

    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
def test_each_header_for_scripts_is_there_once(sqlite: Store, method: str) -> None:
    """Browsers refuse an answer that says twice whom it lets in."""
    front = Front(sqlite, a_form())

    answer = front.client.open("/f/contact", method=method, headers={"Origin": SITE}, data=ANN)

    for name in ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Vary"):
        assert len(answer.headers.getlist(name)) == 1
