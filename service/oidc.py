"""Sign-in by the operator's identity provider (OpenID Connect, code flow with PKCE), with its statements verified.

Authlib knows the protocol, joserfc the signatures; requests go through service.http, with its limits.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from service.http import HttpClient, NoResponse

SCOPE = "openid email profile"

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Accepted signatures: those that need the provider's private key. With HS256, our own secret would be enough."""

KEY_TYPES = ("RSA", "EC", "OKP")

LEEWAY_S = 60
"""Seconds by which the provider's clock may differ from ours."""

KEEP_TIME = timedelta(hours=1)
"""Time for which the provider's addresses and keys are cached."""

_CALL_TIMEOUT_S, _CONNECT_TIMEOUT_S, _MAX_ANSWER_BYTES = 10.0, 4.0, 1 << 20


class ProviderUnavailable(Exception):
    """The provider does not respond, or not with OpenID Connect; the sentence says which, for the log."""


class ProviderRefused(Exception):
    """The browser's return proves nothing; the sentence says why, for the log."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider, and this service's registration there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A sign-in in progress. address: where the browser goes; the rest proves that this browser began it."""

    address: str
    state: str
    nonce: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProvenIdentity:
    """A person as proven by the provider. email: "" if it gives none, or gives it as unverified.

    claims: everything that it states.
    """

    issuer: str
    subject: str
    email: str
    name: str
    claims: Mapping[str, Any]


class OidcClient:
    """Signs people in by one provider. Threads may share it."""

    def __init__(self, provider: Provider, callback_url: str) -> None:
        """callback_url: where the provider sends the browser back to; it must be registered there."""
        self._provider = provider
        self._callback_url = callback_url
        self._guard = threading.Lock()
        self._kept: dict[str, tuple[datetime, dict[str, Any]]] = {}

    def begin(self, now: datetime) -> AuthorizationRequest:
        """Return the address for the browser, and the values to compare its return with.

        Raises: ProviderUnavailable.
        """
        from authlib.common.security import generate_token
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        state, nonce, verifier = generate_token(32), generate_token(32), generate_token(64)
        address = prepare_grant_uri(
            self._address("authorization_endpoint", now),
            self._provider.client_id,
            "code",
            self._callback_url,
            SCOPE,
            state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return AuthorizationRequest(str(address), state, nonce, verifier)

    def complete(self, query: Mapping[str, str], begun: AuthorizationRequest, now: datetime) -> ProvenIdentity:
        """Return the person who came back. query: of the address that the provider sent the browser to.

        Raises: ProviderRefused, ProviderUnavailable.
        """
        if not begun.state or query.get("state") != begun.state:
            raise ProviderRefused("the state does not match")
        if "error" in query or not query.get("code"):
            raise ProviderRefused(f"the provider answers {query.get('error', 'no code')[:60]}")
        if query.get("iss", self._provider.issuer) != self._provider.issuer:  # RFC 9207
            raise ProviderRefused("the response names another issuer")
        tokens = self._exchange(query["code"], begun.verifier, now)
        claims = self._verified(tokens, begun.nonce, now)
        if "email" not in claims and tokens.get("access_token"):
            claims = {**self._user_info(str(tokens["access_token"]), str(claims["sub"]), now), **claims}
        return _identity(self._provider.issuer, claims)

    def _exchange(self, code: str, verifier: str, now: datetime) -> dict[str, Any]:
        from authlib.oauth2.auth import ClientAuth
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        methods = self._metadata(now).get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        body = prepare_token_request(
            "authorization_code", redirect_uri=self._callback_url, code=code, code_verifier=verifier
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        client = ClientAuth(self._provider.client_id, self._provider.client_secret, method)
        url, headers, body = client.prepare("POST", self._address("token_endpoint", now), headers, body)
        return self._call("POST", url, headers, body.encode(), refused="the code is not accepted")

    def _verified(self, tokens: Mapping[str, Any], nonce: str, now: datetime) -> dict[str, Any]:
        """Return the claims of the ID token, once its signature and all required claims are verified."""
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import JoseError

        text = tokens.get("id_token")
        if not isinstance(text, str):
            raise ProviderRefused("there is no ID token")
        options = {
            "iss": {"essential": True, "value": self._provider.issuer},
            "aud": {"essential": True, "value": self._provider.client_id},
        }
        params = {"nonce": nonce, "client_id": self._provider.client_id, "access_token": tokens.get("access_token")}
        try:
            token = self._decoded(text, now)
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(int(now.timestamp()), LEEWAY_S)
        except (JoseError, ValueError, TypeError) as error:
            raise ProviderRefused(f"the ID token is not accepted ({type(error).__name__})") from error
        return dict(claims)

    def _decoded(self, text: str, now: datetime) -> Any:
        """Decode with the cached keys, else with the present ones: providers renew them."""
        from joserfc import jwt
        from joserfc.errors import BadSignatureError, InvalidKeyIdError

        try:
            return jwt.decode(text, self._keys(now), algorithms=ALGORITHMS)
        except (BadSignatureError, InvalidKeyIdError):
            return jwt.decode(text, self._keys(now, is_stale=True), algorithms=ALGORITHMS)

    def _keys(self, now: datetime, *, is_stale: bool = False) -> Any:
        from joserfc.jwk import KeySet

        url = self._address("jwks_uri", now)
        if is_stale:
            with self._guard:
                self._kept.pop(url, None)
        keys = self._get(url, now).get("keys", [])
        return KeySet.import_key_set({"keys": [key for key in keys if key.get("kty") in KEY_TYPES]})

    def _user_info(self, access_token: str, subject: str, now: datetime) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}"}
        url = self._address("userinfo_endpoint", now)
        claims = self._call("GET", url, headers, refused="the user info was refused")
        if claims.get("sub") != subject:
            raise ProviderRefused("the user info is about someone else")
        return claims

    # -- the provider's documents

    def _metadata(self, now: datetime) -> dict[str, Any]:
        from authlib.oidc.discovery import get_well_known_url

        document = self._get(get_well_known_url(self._provider.issuer, external=True), now)
        if document.get("issuer") != self._provider.issuer:
            raise ProviderUnavailable("its metadata names another issuer: write OIDC_ISSUER exactly as there")
        return document

    def _address(self, name: str, now: datetime) -> str:
        """Return an address of the provider from its description: HTTPS, or like the issuer's own."""
        address = self._metadata(now).get(name)
        schemes = ("https", urlsplit(self._provider.issuer).scheme)
        if not isinstance(address, str) or urlsplit(address).scheme not in schemes:
            raise ProviderUnavailable(f"its metadata has no {name}")
        return address

    def _get(self, url: str, now: datetime) -> dict[str, Any]:
        """Return a document of the provider, read at most once an hour."""
        with self._guard:
            read_at, document = self._kept.get(url, (now - KEEP_TIME, {}))
        if now - read_at >= KEEP_TIME:
            document = self._call("GET", url, {})
            with self._guard:
                self._kept[url] = now, document
        return document

    def _call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, *, refused: str = ""
    ) -> dict[str, Any]:
        """Return the JSON object that a call answers. refused: the reason to give if the provider answers 4xx."""
        try:
            response = _http().send(method, url, headers, body)
        except NoResponse as error:
            raise ProviderUnavailable("it does not respond") from error
        if refused and response.status in range(400, 500):
            raise ProviderRefused(f"{refused} ({response.status})")
        try:
            document = json.loads(response.body) if response.is_ok else None
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise ProviderUnavailable(f"it responds {response.status} without a JSON object")
        return document


def _identity(issuer: str, claims: Mapping[str, Any]) -> ProvenIdentity:
    """Return the identity in claims. Without email_verified an address counts: the provider is the operator's own."""
    email, name = claims.get("email"), claims.get("name")
    is_usable = isinstance(email, str) and claims.get("email_verified", True) in (True, "true")
    return ProvenIdentity(
        issuer=issuer,
        subject=str(claims["sub"]),
        email=str(email) if is_usable else "",
        name=name if isinstance(name, str) else "",
        claims=claims,
    )


@cache
def _http() -> HttpClient:
    return HttpClient(timeout_s=_CALL_TIMEOUT_S, connect_timeout_s=_CONNECT_TIMEOUT_S, max_bytes=_MAX_ANSWER_BYTES)
