"""A real mail server on this machine that keeps what it is given, with TLS as the test wants it."""

import ssl
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from samrum.demo.children import free_ports

HOST = "127.0.0.1"


class MailServer:
    """A running server. ``letters`` are what it took; ``refuses`` makes it take nothing more."""

    def __init__(self, folder: Path, security: str = "starttls", user: str | None = None, password: str = "") -> None:
        self.certificate = folder / "mail.pem"
        _make_certificate(self.certificate)
        self.port = free_ports(1)[0]
        self.security = security
        self.user, self.password = user, password
        self.letters: list[EmailMessage] = []
        self.was_encrypted: list[bool] = []
        self.refuses = False
        self._controller: Controller | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings with which Samrum reaches this server."""
        found: dict[str, Any] = {
            "smtp_host": HOST,
            "smtp_port": self.port,
            "smtp_security": self.security,
            "smtp_sender": "samrum@test.dk",
            "smtp_ca_bundle": self.certificate,
        }
        return found | ({"smtp_user": self.user, "smtp_password": self.password} if self.user else {})

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 as aiosmtpd calls it
        if self.refuses:
            return "451 try later"
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.letters.append(message)
        self.was_encrypted.append(session.ssl is not None or self.security == "tls")
        return "250 taken"

    def start(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        options: dict[str, Any] = {}
        if self.security == "tls":
            options["ssl_context"] = context
        if self.security == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if self.user is not None:
            options |= {"authenticator": self._authenticate, "auth_required": True}
            options["auth_require_tls"] = self.security == "starttls"
        self._controller = Controller(self, hostname=HOST, port=self.port, **options)
        self._controller.start()

    def stop(self) -> None:
        """Stop answering; ``start`` takes the same port again."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        wanted = LoginPassword((self.user or "").encode(), self.password.encode())
        return AuthResult(success=data == wanted)


def _make_certificate(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
