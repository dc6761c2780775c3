"""Mail to staff: plain letters with nothing confidential in them, handed to one mail server over SMTP."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from enum import StrEnum
from pathlib import Path
from typing import Protocol

TIMEOUT_SECONDS = 5.0


class MailUnavailable(Exception):
    """The mail server does not answer, or does not take the letter; nothing was sent. The message names nobody."""


class Security(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)


class Mailer(Protocol):
    def send(self, letter: Letter) -> None:
        """Hand a letter over. Raises ``MailUnavailable``."""
        ...

    def check(self) -> None:
        """Find out whether a letter could be handed over now, without sending one. Raises ``MailUnavailable``."""
        ...


class SmtpMailer:
    """A mail server (RFC 5321) over STARTTLS (RFC 3207) or TLS. Without TLS where it was asked for nothing is sent."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        security: Security,
        sender: str,
        user: str | None = None,
        password: str | None = None,
        ca_bundle: Path | None = None,
    ) -> None:
        """Raises ``OSError`` or ``ValueError`` for a CA file or a sender that cannot be used."""
        if not _is_one_address(sender):
            raise ValueError("the sender is no mail address")
        self._host, self._port, self._security = host, port, security
        self._sender, self._user, self._password = sender, user, password
        self._tls = ssl.create_default_context(cafile=str(ca_bundle) if ca_bundle else None)

    def send(self, letter: Letter) -> None:
        try:
            message = self._message(letter)
        except ValueError as error:
            raise MailUnavailable("the letter cannot be addressed") from error
        with self._connected() as server:
            server.send_message(message)

    def check(self) -> None:
        with self._connected() as server:
            server.noop()

    def _message(self, letter: Letter) -> EmailMessage:
        if not _is_one_address(letter.to):
            raise ValueError("not one address")
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        try:
            with self._open() as server:
                if self._security is Security.STARTTLS:
                    server.starttls(context=self._tls)
                if self._user is not None:
                    server.login(self._user, self._password or "")
                yield server
        except (OSError, smtplib.SMTPException) as error:
            raise MailUnavailable(type(error).__name__) from error

    def _open(self) -> smtplib.SMTP:
        if self._security is Security.TLS:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_SECONDS, context=self._tls)
        return smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)


def _is_one_address(text: str) -> bool:
    return text.count("@") == 1 and not any(character.isspace() or character in ",;<>" for character in text)
