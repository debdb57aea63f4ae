"""Speaking with a mail server: briefly, and with what it answers put into words that say what to do."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as FORMAT
from typing import Final
from urllib.parse import urlsplit

from headwater.platform.deadline import Deadline
from headwater.platform.translated import Wording
from headwater.platform.translated import gettext as _
from headwater.tell.models import MailSettings
from headwater.tell.queries.settings import password_of
from headwater.tell.rules import one_line

STEP_SECONDS: Final = 6.0  # for one answer of the server
TEST_SECONDS: Final = 10.0  # for a whole test: somebody waits for the page
TURN_SECONDS: Final = 60.0  # for what the worker sends in one go
KEPT: Final = 200
FIRST_SOMETHING_ELSE: Final = 530  # RFC 4954 and 3207: signing in, or a safe connection
# X509_V_ERR_… of OpenSSL
OF_ANOTHER_NAME: Final = (62, 64)
OF_ANOTHER_TIME: Final = (9, 10)


class NotSent(Exception):
    """The server did not take a mail; ``text`` says why and what to do. ``is_final``: no later try will help.

    ``is_of_mail``: it is about this one mail, and others may go.
    """

    def __init__(self, text: str, *, is_final: bool = False, is_of_mail: bool = False) -> None:
        super().__init__(text)
        self.text, self.is_final, self.is_of_mail = text, is_final, is_final or is_of_mail


@dataclass(frozen=True)
class Letter:
    """A mail in words: plain text, and the same as a page."""

    to_name: str
    to_address: str
    subject: str
    text: str
    html: str
    message_id: str
    unsubscribe: str = ""


Send = Callable[[Letter], str]


@contextmanager
def mail_server(ours: MailSettings, *, seconds: float = TURN_SECONDS) -> Iterator[Send]:
    """A connection to the server, signed in: called with a letter it sends it and gives the server's answer.

    Whatever the server does, it is over after ``seconds``.

    Raises:
        NotSent: it cannot be reached or does not let us in, or (when sending) does not take the letter.
    """
    if not ours.is_on:
        raise NotSent(_("Mail is switched off."))
    context = ssl.create_default_context()
    with Deadline(seconds) as deadline:
        server = _server(ours, context, deadline)
        try:
            with _in_words(ours, deadline):
                code, answer = server.connect(ours.host, ours.port)
                if code != 220:
                    raise smtplib.SMTPConnectError(code, answer)
                if ours.security == MailSettings.Security.STARTTLS:
                    server.starttls(context=context)
                if ours.username:
                    server.login(ours.username, _password(ours))

            def send(letter: Letter) -> str:
                with _in_words(ours, deadline):
                    server.send_message(_message(ours, letter))
                return _("The server took it.")

            yield send
        finally:
            with _quietly():
                server.quit()
            server.close()


class _Plain(smtplib.SMTP):
    """A connection that is over when its time is."""

    deadline: Deadline

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.deadline.watch(super()._get_socket(host, port, timeout))  # type: ignore[misc]


class _Tls(smtplib.SMTP_SSL, _Plain):
    """The same, in TLS from the start: that asks the class above for its connection."""


def _server(ours: MailSettings, context: ssl.SSLContext, deadline: Deadline) -> smtplib.SMTP:
    # Told who we are, it need not look up this machine's name, which can take long.
    me = urlsplit(ours.address).hostname or "localhost"
    server: _Plain
    if ours.security == MailSettings.Security.TLS:
        server = _Tls(local_hostname=me, timeout=STEP_SECONDS, context=context)
    else:
        server = _Plain(local_hostname=me, timeout=STEP_SECONDS)
    server.deadline = deadline
    server._host = ours.host  # type: ignore[attr-defined]  # the name that certificates are checked against
    return server


def _message(ours: MailSettings, letter: Letter) -> EmailMessage:
    message = EmailMessage(policy=FORMAT)
    message["Subject"] = one_line(letter.subject)
    message["From"] = _address(ours.sender_name, ours.sender_address)
    message["To"] = _address(letter.to_name, letter.to_address)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        if letter.unsubscribe.startswith("https:"):  # which RFC 8058 asks for
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    if letter.html:
        message.add_alternative(letter.html, subtype="html")
    return message


def _address(name: str, address: str) -> Address:
    try:
        return Address(one_line(name), addr_spec=address)
    except (ValueError, IndexError) as error:
        raise NotSent(_("This is no address that mail can be sent to."), is_final=True) from error


def _password(ours: MailSettings) -> str:
    password = password_of(ours)
    if password is None:
        raise NotSent(_("The password was kept by another installation. Type it in again."))
    return password


@contextmanager
def _in_words(ours: MailSettings, deadline: Deadline) -> Iterator[None]:
    try:
        yield
    except NotSent:
        raise
    except (smtplib.SMTPException, OSError) as error:
        if deadline.is_over or isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            words = _("The server took too long to answer. Is it the right port for this security?")
            raise NotSent(words) from error
        raise _told(ours, error) from error
    except UnicodeError as error:
        raise NotSent(_("This address has letters that the server cannot take."), is_final=True) from error


def _told(ours: MailSettings, error: smtplib.SMTPException | OSError) -> NotSent:
    """What went wrong, in words that say what to do."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, answer = next(iter(error.recipients.values()))
            said = _refused(code, answer, _("The server refuses this address."))
            return NotSent(said, is_final=code >= 500, is_of_mail=True)
        case smtplib.SMTPDataError():
            said = _refused(error.smtp_code, error.smtp_error, _("The server refuses this mail."))
            return NotSent(said, is_final=error.smtp_code >= 500, is_of_mail=True)
        case smtplib.SMTPAuthenticationError():
            words = _("The server does not accept user and password. Some providers want a password made for programs.")
            return NotSent(_refused(error.smtp_code, error.smtp_error, words))
        case smtplib.SMTPSenderRefused():
            return NotSent(_refused(error.smtp_code, error.smtp_error, _refused_sender(error)))
        case smtplib.SMTPNotSupportedError():
            return NotSent(_("The server cannot do that: %(what)s Try another security.") % {"what": error})
        case smtplib.SMTPResponseException():
            return NotSent(_refused(error.smtp_code, error.smtp_error, _("The server refused.")))
        case ssl.SSLCertVerificationError():
            return NotSent(_distrusted(error) % {"host": ours.host, "why": error.verify_message})
        case ssl.SSLError():
            return NotSent(_("No safe connection came about. Is it the right port for this security?"))
        case socket.gaierror():
            return NotSent(_("There is no server called %(host)s.") % {"host": ours.host})
        case ConnectionRefusedError():
            words = _("Nothing answers at %(host)s on port %(port)s. Is the port right, and open to us?")
            return NotSent(words % {"host": ours.host, "port": ours.port})
        case _else:
            return NotSent(_("The server ended the connection. Is it the right port for this security?"))


def _refused_sender(error: smtplib.SMTPSenderRefused) -> str:
    """Why the first thing that is said of a mail is refused: also where the server wanted something else before it."""
    if error.smtp_code != FIRST_SOMETHING_ELSE:
        return _("The server does not let us send from this address.")
    if b"TLS" in bytes(error.smtp_error).upper():
        return _("The server takes mail over a safe connection only. Choose STARTTLS or TLS.")
    return _("The server takes mail only from who signs in. Give a user and a password.")


def _distrusted(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in OF_ANOTHER_NAME:
        return _("The certificate of %(host)s cannot be trusted: %(why)s. Use the name that stands in it.")
    if error.verify_code in OF_ANOTHER_TIME:
        return _("The certificate of %(host)s cannot be trusted: %(why)s. Look at its days, and at our clock.")
    return _(
        "The certificate of %(host)s cannot be trusted: %(why)s. Who signed it is not known here: SSL_CERT_FILE names "
        "the certificates that are."
    )


def _refused(code: int, answer: bytes | str, words: str) -> str:
    said = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    shown = "".join(letter for letter in one_line(said) if letter.isprintable())[:KEPT]
    return Wording("%(words)s (%(answer)s)") % {"words": words, "answer": f"{code} {shown}"}


@contextmanager
def _quietly() -> Iterator[None]:
    try:
        yield
    except (OSError, smtplib.SMTPException):
        return
