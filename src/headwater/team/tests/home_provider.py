"""A provider of sign-ins (OpenID Connect) on this machine, on Authlib's authorization server: it checks clients,
redirect addresses, codes and PKCE as others do. It signs in at once whoever ``claims`` describes, and can lie.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # it speaks to this machine only

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from joserfc.jwk import OctKey, RSAKey

SECRET = "the secret of headwater"


@dataclass
class Client(ClientMixin):
    """Headwater, as it is registered here."""

    client_id: str = "headwater"
    back: str = "http://testserver/sign-in/with/back"

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.back

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.back

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):
    """A code that was given out."""

    # How Authlib finds them: code_challenge and code_challenge_method.
    code: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    claims: dict[str, Any]

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Asked(OAuth2Request):
    """A request as Authlib reads it."""

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data

    args = form


@dataclass
class HomeProvider:
    """What it is like today."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)  # claims of the token that are otherwise true
    algorithm: str = "RS256"
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    key_name: str = "one"
    signs_with: Any = None  # another key than the published one
    client: Client = field(default_factory=Client)
    codes: dict[str, Code] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    document: dict[str, Any] = field(default_factory=dict)  # what its document says otherwise
    sends_elsewhere: str = ""  # where requests to its document are redirected


def _server_of(home: HomeProvider) -> AuthorizationServer:
    class CodeGrant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

        def save_authorization_code(self, code: str, request: Any) -> None:
            said = request.payload.data
            home.codes[code] = Code(
                code, request.client.client_id, said["redirect_uri"], said["scope"], said.get("nonce"),
                said.get("code_challenge"), said.get("code_challenge_method"), dict(home.claims),
            )  # fmt: skip

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            found = home.codes.get(code)
            return found if found is not None and found.client_id == client.client_id else None

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del home.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
            return authorization_code.claims

    class IdToken(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def get_client_algorithm(self, client: Client) -> str:
            return home.algorithm

        def get_encode_header(self, client: Client) -> dict[str, Any]:
            return {"alg": home.algorithm, "kid": home.key_name}

        def get_compatible_claims(self, request: Any) -> dict[str, Any]:
            at = int(time.time())
            return {"iss": home.issuer, "aud": request.client.client_id, "iat": at, "exp": at + 300}

        def resolve_client_private_key(self, client: Client) -> Any:
            return home.signs_with or home.key

        def generate_user_info(self, user: dict[str, Any], scope: str) -> dict[str, Any]:
            return {**user, **home.lies}

    class Server(AuthorizationServer):
        def query_client(self, client_id: str) -> Client | None:
            return home.client if client_id == home.client.client_id else None

        def save_token(self, token: dict[str, Any], request: Any) -> None:
            """Access is not used."""

        def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
            """Nobody listens."""

        def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
            return request

        def handle_response(self, status: int, body: Any, headers: Any) -> tuple[int, Any, Any]:
            return status, body, headers

    server = Server()
    server.register_token_generator("default", BearerTokenGenerator(lambda **_: "an access token"))
    server.register_grant(CodeGrant, [CodeChallenge(required=True), IdToken(require_nonce=True)])
    return server


@contextlib.contextmanager
def home_provider() -> Iterator[HomeProvider]:
    """Serve one on a free port."""
    home = HomeProvider()
    server = _server_of(home)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            home.asked.append(path)
            if path == "/.well-known/openid-configuration":
                if home.sends_elsewhere:
                    return self._send(302, b"", [("Location", home.sends_elsewhere)])
                said = {
                    "issuer": home.issuer, "authorization_endpoint": f"{home.issuer}/authorize",
                    "token_endpoint": f"{home.issuer}/token", "jwks_uri": f"{home.issuer}/keys",
                }  # fmt: skip
                return self._send(200, {**said, **home.document})
            if path == "/keys":
                return self._send(200, {"keys": [home.key.as_dict(private=False)]})
            request = self._request("GET", urlsplit(self.path).query)
            user = home.claims or None  # nobody: they decline
            try:
                grant = server.get_consent_grant(request, end_user=user)
            except OAuth2Error as error:
                return self._send(400, str(error).encode())
            return self._send(*server.create_authorization_response(request, grant_user=user, grant=grant))

        def do_POST(self) -> None:
            home.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send(*server.create_token_response(self._request("POST", body)))

        def _request(self, method: str, said: str) -> OAuth2Request:
            request = Asked(method, f"{home.issuer}{self.path}", headers=dict(self.headers))
            request.payload = BasicOAuth2Payload(dict(parse_qsl(said)))
            return request

        def _send(self, status: int, body: Any, headers: Any = ()) -> None:
            text = body if isinstance(body, bytes) else (json.dumps(body) if isinstance(body, dict) else body).encode()
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_args: Any) -> None:
            """Quietly."""

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    home.issuer = f"http://127.0.0.1:{served.server_port}"
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield home
    finally:
        served.shutdown()
        served.server_close()
        thread.join(5)


__all__ = ["SECRET", "HomeProvider", "OctKey", "RSAKey", "home_provider"]
