"""Mail against a real SMTP server."""

import re
from pathlib import Path

import pytest

from samrum.mail import Letter, MailUnavailable, Security, SmtpMailer
from support.smtp import HOST, MailServer

LETTER = Letter("Søren.Ærlig@test.dk", "Æbler / apples", "Kære dig,\nen æblegrød.\n")


def _mailer(server: MailServer, **changes: object) -> SmtpMailer:
    values = {
        "host": HOST,
        "port": server.port,
        "security": Security(server.security),
        "sender": "samrum@test.dk",
        "user": server.user,
        "password": server.password,
        "ca_bundle": server.certificate,
    }
    return SmtpMailer(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_letter_arrives_whole_and_encrypted_as_set(tmp_path: Path, security: str) -> None:
    with MailServer(tmp_path, security) as server:
        _mailer(server).send(Letter("soren@test.dk", LETTER.subject, LETTER.text))
    (letter,) = server.letters
    assert letter["To"] == "soren@test.dk"
    assert letter["From"] == "samrum@test.dk"
    assert letter["Subject"] == LETTER.subject
    assert letter.get_content().replace("\r\n", "\n") == LETTER.text
    assert letter["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[^@>]+@test\.dk>", letter["Message-ID"])
    assert server.was_encrypted == [security != "none"]


def test_an_address_with_danish_letters_is_served(tmp_path: Path) -> None:
    with MailServer(tmp_path) as server:
        _mailer(server).send(LETTER)
    assert server.letters[0]["To"] == LETTER.to


def test_the_server_s_user_and_password_are_used(tmp_path: Path) -> None:
    with MailServer(tmp_path, user="samrum", password="hemmelig") as server:
        _mailer(server).send(Letter("a@test.dk", "s", "t"))
        with pytest.raises(MailUnavailable):
            _mailer(server, password="forkert").send(Letter("b@test.dk", "s", "t"))
    assert [letter["To"] for letter in server.letters] == ["a@test.dk"]


def test_a_server_that_cannot_show_who_it_is_gets_nothing(tmp_path: Path) -> None:
    with MailServer(tmp_path) as server, pytest.raises(MailUnavailable, match="SSLCertVerificationError"):
        _mailer(server, ca_bundle=None).send(LETTER)
    assert server.letters == []


def test_a_server_without_tls_gets_nothing_where_tls_is_set(tmp_path: Path) -> None:
    with MailServer(tmp_path, "none") as server, pytest.raises(MailUnavailable):
        _mailer(server, security=Security.STARTTLS).send(LETTER)
    assert server.letters == []


def test_a_server_that_is_down_or_refuses_is_unavailable(tmp_path: Path) -> None:
    server = MailServer(tmp_path)
    with pytest.raises(MailUnavailable):
        _mailer(server).check()
    with server:
        _mailer(server).check()
        server.refuses = True
        with pytest.raises(MailUnavailable):
            _mailer(server).send(LETTER)


@pytest.mark.parametrize(
    "to", ["a@test.dk\nBcc: everybody@test.dk", "a@test.dk\r\n\r\nhello", "no address", "", "a@test.dk,b@test.dk"]
)
def test_what_is_no_address_is_sent_nowhere(tmp_path: Path, to: str) -> None:
    with MailServer(tmp_path) as server, pytest.raises(MailUnavailable):
        _mailer(server).send(Letter(to, "s", "t"))
    assert server.letters == []


def test_a_sender_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="sender"):
        SmtpMailer(host=HOST, port=25, security=Security.NONE, sender="samrum@test.dk\nBcc: x@y.dk")
