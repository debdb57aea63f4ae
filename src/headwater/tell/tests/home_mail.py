"""A real mail server in this process: speaks TLS with a certificate of its own, and asks for user and password."""

from __future__ import annotations

import datetime
import email
import email.policy
import ipaddress
import socket
import ssl
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "headwater", "quiet estuary 7"
ADDRESS = "https://crm.example.com"


def settings_for(box, **more):
    return {
        "host": "127.0.0.1", "port": box.port, "security": "STARTTLS", "username": USER, "sender_name": "Kestrel",
        "sender_address": "crm@kestrel.example", "address": ADDRESS, **more,
    }  # fmt: skip


class Mailbox:
    """What the server took, and what it shall say instead of taking it."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []
        self.answers: list[str] = []
        self.refused: dict[str, str] = {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "home mail")])
    day = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(day - datetime.timedelta(days=1))
        .not_valid_after(day + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "mail.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _knows(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


def serve(box: Mailbox, pem: Path, *, security: str = "STARTTLS") -> Controller:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    # What the server offers before TLS is no password.
    more = {"STARTTLS": {"tls_context": context, "require_starttls": True}, "TLS": {"auth_require_tls": False}}
    asked = {} if security == "NONE" else {"authenticator": _knows, "auth_required": True}
    kind = _Safe if security == "TLS" else Controller
    kwargs = {"ssl_context": context} if security == "TLS" else {}
    controller = kind(
        box, hostname="127.0.0.1", port=free_port(), server_hostname="home", **kwargs, **asked, **more.get(security, {})
    )
    controller.start()
    return controller


class _Safe(Controller):
    """Speaks TLS from the first word; the check of Controller that it is up does not know its certificate."""

    def _trigger_server(self):
        context = ssl._create_unverified_context()
        with socket.create_connection((self.hostname, self.port), 1.0) as sock, context.wrap_socket(sock) as safe:
            safe.recv(1024)


class Silent:
    """Takes a connection and never says a word; or what it ``begins`` with, then one letter now and then, for ever."""

    def __init__(self, *, drips: bool = False, begins: bytes = b"") -> None:
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port, self.over, self.drips = self.sock.getsockname()[1], threading.Event(), drips
        self.begins = begins
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        taken, _address = self.sock.accept()
        with taken:
            taken.sendall(self.begins)
            while not self.over.wait(0.05):
                if self.drips:
                    try:
                        taken.sendall(b"2")
                    except OSError:
                        return

    def stop(self) -> None:
        self.over.set()
        self.sock.close()
