"""Talks to the company's provider of sign-ins (OpenID Connect), and to nobody else: where it is, what it says of whom.

Only what the owner set is asked: the issuer, and the addresses that its own document names. Answers that lead elsewhere
are not followed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit

import structlog
from django.utils.translation import gettext as _

from headwater.platform.errors import DomainError
from headwater.team.models import SingleSignOn
from headwater.team.queries.second_factor import unseal

log = structlog.get_logger("headwater.team.single_sign_on")

# Signatures with keys that the provider publishes. None that we could make ourselves (HS256), and never "none".
ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
SCOPE = "openid email profile"
SECONDS = 5  # to answer
MOST_BYTES = 256 * 1024
MOST_TOLD = 300  # of what it says, in the log
_ERROR_CODE = re.compile(rb'"error"\s*:\s*"([a-z_]{1,40})"')  # RFC 6749, 5.2; its description may name somebody
KEPT = 3600.0  # seconds for which its document and keys are not asked for again
LET_REST = 30.0  # seconds for which it is not asked again after it failed, or for keys
LEEWAY = 60  # seconds by which clocks differ
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class NotSignedIn(DomainError):
    """The provider was asked and nobody came in; the words are for the sign-in page."""

    code, status = "not_signed_in", 403


class ProviderAway(NotSignedIn):
    """The provider cannot be asked now."""

    code, status = "provider_away", 503


class AnswerNotVerified(NotSignedIn):
    """What came back is not certain to be the provider's word about who sits there, now."""

    code = "answer_not_verified"


@dataclass
class Provider:
    """What the provider says of itself."""

    issuer: str
    authorize: str
    token: str
    keys_at: str
    ways: frozenset[str]
    read_at: float
    keys: list[Mapping[str, Any]] = field(default_factory=list)
    keys_read_at: float = -KEPT


_known: dict[str, Provider] = {}
_failed: dict[str, float] = {}


def forget() -> None:
    """Ask the provider anew."""
    _known.clear()
    _failed.clear()


def is_fit(address: str) -> bool:
    """Whether an address may be asked: over HTTPS, or on this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment or not address.isprintable() or " " in address:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)


def discover(issuer: str) -> Provider:
    """What the provider says of itself, asked at most once an hour.

    Raises:
        ProviderAway: it cannot be reached, or its document is not about this issuer.
    """
    at = time.monotonic()
    known = _known.get(issuer)
    if known is not None and at - known.read_at < KEPT:
        return known
    if at - _failed.get(issuer, -LET_REST) < LET_REST:
        raise ProviderAway(_("Single sign-on cannot be reached just now. Try again in a minute."))
    if not is_fit(issuer):
        raise _away("the issuer is not an HTTPS address")
    try:
        said = _ask(issuer.rstrip("/") + "/.well-known/openid-configuration")
        if str(said.get("issuer")) != issuer:
            raise _away("its document is about another issuer", issuer=str(said.get("issuer"))[:MOST_TOLD])
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        authorize, token, keys_at = (str(said.get(name, "")) for name in names)
        if not all(map(is_fit, (authorize, token, keys_at))):
            raise _away("its document names no HTTPS addresses")
    except ProviderAway:
        _failed[issuer] = at
        raise
    ways = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    _known[issuer] = Provider(issuer, authorize, token, keys_at, frozenset(map(str, ways)), read_at=at)
    return _known[issuer]


@dataclass(frozen=True)
class Journey:
    """What is kept here while somebody is at the provider; the rest of it travels along or is only shown there."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def begin(cls) -> Journey:
        """A new one that nobody can guess."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


def way_there(ours: SingleSignOn, journey: Journey, *, back: str, anew: bool = False) -> str:
    """The address at the provider where somebody signs in; ``anew`` even if they are signed in there.

    Raises:
        ProviderAway: it cannot be reached.
    """
    provider = discover(ours.issuer)
    digest = hashlib.sha256(journey.verifier.encode()).digest()
    asked = {
        "response_type": "code", "client_id": ours.client_id, "redirect_uri": back, "scope": SCOPE,
        "state": journey.state, "nonce": journey.nonce, "code_challenge_method": "S256",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
    } | ({"prompt": "login", "max_age": "0"} if anew else {})  # fmt: skip
    return f"{provider.authorize}{'&' if urlsplit(provider.authorize).query else '?'}{urlencode(asked)}"


def who_came(ours: SingleSignOn, journey: Journey, *, code: str, back: str) -> dict[str, Any]:
    """What the provider says of who came back with ``code``: its signed word for us, about this journey.

    Raises:
        ProviderAway: it cannot be reached.
        AnswerNotVerified: it does not know the code, or what it says does not hold.
    """
    provider = discover(ours.issuer)
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": journey.verifier}
    headers = {}
    if ours.sealed:
        secret = unseal(ours.sealed)
        if secret is None:
            raise _away("its secret was sealed by another installation: type it in again under Settings")
        if "client_secret_basic" in provider.ways or "client_secret_post" not in provider.ways:
            pair = f"{quote(ours.client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            asked |= {"client_id": ours.client_id, "client_secret": secret}
    else:
        asked["client_id"] = ours.client_id
    answer = _ask(provider.token, asked, headers)
    return _read(str(answer.get("id_token", "")), provider=provider, client_id=ours.client_id, nonce=journey.nonce)


def _read(token: str, *, provider: Provider, client_id: str, nonce: str) -> dict[str, Any]:
    import jwt

    try:
        header = jwt.get_unverified_header(token)
        algorithm = str(header.get("alg"))
        if algorithm not in ALGORITHMS:
            raise _unverified("it is signed in another way than allowed", algorithm=algorithm[:MOST_TOLD])
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(dict(_key(provider, header.get("kid"), algorithm)), algorithm=algorithm),
            algorithms=[algorithm],
            audience=client_id,
            issuer=provider.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
        )
    except jwt.PyJWTError as error:
        raise _unverified("it cannot be read or holds what it should not", error=type(error).__name__) from error
    if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise _unverified("its nonce is of another sign-in")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != client_id:
        raise _unverified("it was made for another program")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255 or "\x00" in claims["sub"]:
        raise _unverified("its subject is none")
    return claims


def _key(provider: Provider, name: Any, algorithm: str) -> Mapping[str, Any]:
    """The key that a token says it is signed with; asked for again when it is a new one."""
    found = _fitting(provider.keys, name, algorithm)
    if found is None and time.monotonic() - provider.keys_read_at > LET_REST:
        said = _ask(provider.keys_at).get("keys")
        provider.keys = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
        provider.keys_read_at = time.monotonic()
        found = _fitting(provider.keys, name, algorithm)
    if found is None:
        raise _unverified("it is signed with a key that is not among the published ones")
    return found


def _fitting(keys: list[Mapping[str, Any]], name: Any, algorithm: str) -> Mapping[str, Any] | None:
    kind = {"R": "RSA", "P": "RSA", "E": "OKP" if algorithm == "EdDSA" else "EC"}[algorithm[0]]
    fit = [
        key
        for key in keys
        if key.get("kty") == kind and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
    ]
    named = [key for key in fit if key.get("kid") == name] if name is not None else fit
    return named[0] if len(named) == 1 else None


class _NoDetours(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Answers that lead elsewhere are refused."""


_opener = urllib.request.build_opener(_NoDetours)


def _ask(address: str, data: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Any:
    body = urlencode(data).encode() if data is not None else None
    asked = urllib.request.Request(  # noqa: S310  (is_fit: HTTPS, or this machine)
        address, data=body, headers={"Accept": "application/json", **(headers or {})}
    )
    try:
        with _opener.open(asked, timeout=SECONDS) as answer:
            text = answer.read(MOST_BYTES + 1)
        found = json.loads(text) if len(text) <= MOST_BYTES else None
    except HTTPError as error:
        with error:
            code = _ERROR_CODE.search(error.read(MOST_TOLD))
        if data is not None and 400 <= error.code < 500:
            said = code[1].decode() if code else ""
            raise _unverified("the code was refused", address=address, status=error.code, error=said) from error
        raise _away("it failed", address=address, status=error.code) from error
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        cause = error.reason if isinstance(error, URLError) else error  # no such name, an unknown certificate
        raise _away("it did not answer", address=address, error=type(cause).__name__) from error
    if not isinstance(found, dict):
        raise _away("it answered something else than JSON", address=address)
    return found


def _away(why: str, **told: Any) -> ProviderAway:
    log.warning(ProviderAway.code, why=why, **told)
    return ProviderAway(_("Single sign-on cannot be reached just now. Try again in a minute."))


def _unverified(why: str, **told: Any) -> AnswerNotVerified:
    log.warning(AnswerNotVerified.code, why=why, **told)
    return AnswerNotVerified(_("What the provider answered could not be verified, so nobody was signed in. Try again."))
