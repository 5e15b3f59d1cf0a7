"""A provider's claims are accepted only with its signature, for this service, this browser and this moment."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from service.oidc import (
    AuthorizationRequest,
    OidcClient,
    ProvenIdentity,
    Provider,
    ProviderRefused,
    ProviderUnavailable,
)
from tests.builders import NOON

CLIENT_ID, SECRET = "lead-capture", "a-secret-of-32-characters-or-more"
NOW_S = int(NOON.timestamp())
OWN, OTHER = (ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"}) for _ in range(2))

Token = Callable[[dict[str, Any]], str]
"""Makes ID tokens from valid claims."""


class LyingProvider(HTTPServer):
    """A provider that says whatever a test wants. tokens: its next responses; keys: those that it publishes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.tokens: dict[str, Any] = {}
        self.user_info: dict[str, Any] = {}
        self.keys = [OWN]
        self.issuer_shown = self.issuer
        self.bodies: list[dict[str, list[str]]] = []


class _Answer(BaseHTTPRequestHandler):
    server: LyingProvider

    def do_GET(self) -> None:
        """Serve the provider's public documents."""
        at = self.server.issuer
        documents: dict[str, dict[str, Any]] = {
            "/.well-known/openid-configuration": {
                "issuer": self.server.issuer_shown,
                "authorization_endpoint": f"{at}/authorize",
                "token_endpoint": f"{at}/token",
                "jwks_uri": f"{at}/keys",
                "userinfo_endpoint": f"{at}/me",
            },
            "/keys": {"keys": [key.as_dict(private=False) for key in self.server.keys]},
            "/me": self.server.user_info,
        }
        self._send(documents[self.path])

    def do_POST(self) -> None:
        """Exchange any code."""
        self.server.bodies.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self._send(self.server.tokens)

    def _send(self, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests need no access log."""


@pytest.fixture(scope="module")
def running() -> Iterator[LyingProvider]:
    """One server for all of these tests."""
    with LyingProvider() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def liar(running: LyingProvider) -> LyingProvider:
    """The provider, honest until the test says otherwise."""
    running.keys, running.issuer_shown, running.user_info, running.bodies = [OWN], running.issuer, {}, []
    return running


def a_client(liar: LyingProvider) -> OidcClient:
    """This service at the provider."""
    return OidcClient(Provider(liar.issuer, CLIENT_ID, SECRET), "http://localhost:8000/callback")


def complete(
    liar: LyingProvider, token: Token, client: OidcClient | None = None, query: dict[str, str] | None = None
) -> ProvenIdentity:
    """Return from the provider with this response; return the person."""
    client = client or a_client(liar)
    begun = client.begin(NOON)
    claims = {
        "iss": liar.issuer,
        "sub": "7",
        "aud": CLIENT_ID,
        "iat": NOW_S,
        "exp": NOW_S + 300,
        "nonce": begun.nonce,
        "email": "ann@example.com",
    }
    liar.tokens = {"access_token": "a", "token_type": "Bearer", "id_token": token(claims)}
    return client.complete({"code": "c", "state": begun.state, **(query or {})}, begun, NOON)


def signed(key: Any = OWN, algorithm: str = "ES256", **changes: Any) -> Token:
    """A token with some claims changed; None leaves one out."""

    def token(claims: dict[str, Any]) -> str:
        changed = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return jwt.encode({"alg": algorithm, "kid": "one"}, changed, key, algorithms=[algorithm])

    return token


def unsigned(claims: dict[str, Any]) -> str:
    """A token without a signature."""
    parts = (json.dumps(each).encode() for each in ({"alg": "none"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), ""])


def test_a_right_token_says_who_it_is(liar: LyingProvider) -> None:
    identity = complete(liar, signed(name="Ann Lee"))

    assert (identity.subject, identity.email, identity.name) == ("7", "ann@example.com", "Ann Lee")
    assert liar.bodies[0]["grant_type"] == ["authorization_code"]
    assert len(liar.bodies[0]["code_verifier"][0]) >= 43
    assert "client_secret" not in liar.bodies[0]  # it is in the header


@pytest.mark.parametrize(
    "token",
    [
        signed(OTHER),
        signed(OctKey.import_key(SECRET), "HS256"),
        signed(OctKey.import_key(json.dumps(OWN.as_dict(private=False))), "HS256"),
        unsigned,
        lambda _: "no.token.at-all",
        signed(iss="http://127.0.0.1:1"),
        signed(aud="another-service"),
        signed(aud=[CLIENT_ID, "another-service"], azp="another-service"),
        signed(exp=NOW_S - 61),
        signed(exp=None),
        signed(nonce="another browser's"),
        signed(nonce=None),
        signed(sub=None),
        signed(iat=NOW_S + 600),
        signed(at_hash="another access token's"),
    ],
    ids=[
        *("another key", "our own secret", "the public key as a secret", "no signature", "rubbish"),
        *("another issuer", "another audience", "another party", "too old", "no end"),
        *("another nonce", "no nonce", "no subject", "from the future", "another access token"),
    ],
)
def test_a_token_that_proves_nothing_is_refused(liar: LyingProvider, token: Token) -> None:
    with pytest.raises(ProviderRefused):
        complete(liar, token)


@pytest.mark.parametrize(
    "query", [{"state": "another"}, {"code": ""}, {"error": "access_denied"}, {"iss": "http://127.0.0.1:1"}]
)
def test_an_answer_to_another_question_is_refused(liar: LyingProvider, query: dict[str, str]) -> None:
    with pytest.raises(ProviderRefused):
        complete(liar, signed(), query=query)


def test_an_answer_without_a_question_is_refused(liar: LyingProvider) -> None:
    with pytest.raises(ProviderRefused):
        a_client(liar).complete({"code": "c"}, AuthorizationRequest("", "", "", ""), NOON)


def test_the_user_info_of_someone_else_is_refused(liar: LyingProvider) -> None:
    liar.user_info = {"sub": "8", "email": "bob@example.com"}

    with pytest.raises(ProviderRefused, match="someone else"):
        complete(liar, signed(email=None))


@pytest.mark.parametrize(
    ("changes", "email"),
    [({"email_verified": True}, "ann@example.com"), ({"email_verified": False}, ""), ({"email": 7}, "")],
)
def test_an_address_that_was_never_verified_is_none(liar: LyingProvider, changes: dict[str, Any], email: str) -> None:
    assert complete(liar, signed(**changes)).email == email


def test_new_keys_of_the_provider_are_read_when_a_signature_needs_them(liar: LyingProvider) -> None:
    client = a_client(liar)
    complete(liar, signed(), client)

    liar.keys = [OTHER]

    assert complete(liar, signed(OTHER), client).subject == "7"


def test_a_description_of_another_issuer_is_not_used(liar: LyingProvider) -> None:
    liar.issuer_shown = f"{liar.issuer}/"

    with pytest.raises(ProviderUnavailable, match="write OIDC_ISSUER exactly"):
        complete(liar, signed())
