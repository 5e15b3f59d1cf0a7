"""[accounts.*]: further Nexudus accounts."""

from service.forms import Account
from tests.forms.texts import problems_of, setup_of
from tests.tables import each_row


def test_an_account_signs_in_with_a_password_or_a_token_and_has_nexudus_s_own_address() -> None:
    setup = setup_of("""
        [accounts.harbour]
        username = "u"
        password = "p"
        totp_secret = "t"
        [accounts.quay]
        base_url = "http://127.0.0.1:8010/"
        token = "k"
        [forms.tour]
        account = "quay"
    """)

    assert setup.accounts == {
        "harbour": Account("harbour", "https://spaces.nexudus.com", username="u", password="p", totp_secret="t"),
        "quay": Account("quay", "http://127.0.0.1:8010", token="k"),
    }
    assert setup.forms["tour"].account == "quay"


def test_an_account_may_sign_in_as_an_application() -> None:
    setup = setup_of("[accounts.a]\napp_key = 'k'\napp_secret = 's'\napp_token = 't'\n[forms.tour]")

    assert setup.accounts["a"].has_login
    assert (setup.accounts["a"].app_key, setup.accounts["a"].app_token) == ("k", "t")
    assert "'s'" not in repr(setup)


def test_an_account_does_not_print_its_secrets() -> None:
    setup = setup_of("[accounts.a]\nusername = 'u'\npassword = 'hunter2'\n[forms.tour]")

    assert "hunter2" not in repr(setup)


WRONG = [
    ("a", "username = 'u'", "", "needs username and password, or token, or app_key and app_secret"),
    ("a", "", "", "needs username and password, or token, or app_key and app_secret"),
    (
        "a",
        "username = 'u'\npassword = 'p'\ntoken = 't'",
        ".token",
        "cannot be combined with username or password: keep one way to sign in",
    ),
    ("a", "app_key = 'k'", "", "needs app_key and app_secret together"),
    ("a", "app_secret = 's'", "", "needs app_key and app_secret together"),
    (
        "a",
        "app_key = 'k'\napp_secret = 's'\ntoken = 't'",
        ".app_key",
        "cannot be combined with username, password or token: keep one way to sign in",
    ),
    ("a", "token = ''", ".token", "is empty: write a value, or leave the line out"),
    ("a", "token = 't'\nuser = 'x'", ".user", "unknown key 'user': did you mean 'username'?"),
    (
        "a",
        "token = 't'\nbase_url = 'spaces'",
        ".base_url",
        "is not the address of a CRM: write https://spaces.nexudus.com",
    ),
    (
        "a",
        "token = 't'\nbase_url = 'https://spaces.nexudus.com/api'",
        ".base_url",
        "'https://spaces.nexudus.com/api' has a part after the host: write https://spaces.nexudus.com",
    ),
]


@each_row(("name", "lines", "place", "sentence"), WRONG, ids=[f"{name}: {lines}" for name, lines, *_ in WRONG])
def test_a_faulty_account_gives_one_sentence(name: str, lines: str, place: str, sentence: str) -> None:
    problems = problems_of(f"[accounts.{name}]\n{lines}\n[forms.tour]")

    assert problems == [f"forms.toml: accounts.{name}{place}: {sentence}"]


def test_the_default_account_may_have_its_credentials_here() -> None:
    setup = setup_of("[brand]\nname = 'Us'\n[accounts.default]\nusername = 'u'\npassword = 'p'\n[forms.tour]")

    assert setup.has_default_login
    assert setup.account_names == ("default",)
    assert setup.forms["tour"].brand.name == "Us"


def test_the_default_account_may_have_a_brand_of_its_own() -> None:
    setup = setup_of("[brand]\nname = 'Us'\n[accounts.default]\ntoken = 't'\nbrand.name = 'Me'\n[forms.tour]")

    assert (setup.forms["tour"].brand.name, setup.brand.name) == ("Me", "Us")
