"""What Samrum writes to its staff. Invitations go at once; notices wait in the database until they were sent.

A letter says nothing about any case, and names nobody. A code stands behind the ``#`` of its link, so that opening the
link tells it to no server, log or other page.
"""

import logging
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from auth.age import COPENHAGEN, copenhagen_day
from samrum.mail import Letter, MailUnavailable
from samrum.models import Staff, WaitingLetter
from samrum.queries.factors import next_letter
from samrum.services.platform import Act, Platform

_log = logging.getLogger("samrum.mail")
_TAKEN_FOR = timedelta(minutes=5)
_MOST_AT_ONCE = 20
_FAILURES_AT_ONCE = 2


class Kind(StrEnum):
    """The letters there are; each is a template in ``templates/mail``, its first line the subject."""

    INVITATION = "invitation"
    RESET = "reset"
    FACTOR_RESET = "factor_reset"
    APP_CHANGED = "app_changed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REVOKED = "passkey_revoked"
    CODES_MADE = "codes_made"
    CODES_VOID = "codes_void"
    CODE_USED = "code_used"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    APP_SET_UP = "app_set_up"
    NEW_DEVICE = "new_device"
    TRIES_BEFORE_LOGIN = "tries_before_login"
    CLOSED_AT_PASSWORD = "closed_at_password"  # noqa: S105
    CLOSED_AT_CODE = "closed_at_code"


def send_code(platform: Platform, kind: Kind, to: str, code: str, until: datetime) -> None:
    """Send a single-use code with the link to where it is used. Raises ``MailUnavailable``; then nothing was sent."""
    if platform.mailer is None:
        raise MailUnavailable("no mail server is set")
    page = f"{_base(platform)}/login/welcome"
    day = copenhagen_day(until)
    values = {"code": code, "page": page, "link": f"{page}#{code}", "until": f"{day.day}.{day.month}.{day.year}"}
    platform.mailer.send(_letter(platform, kind, to, **values))


def notify(platform: Platform, act: Act, staff: Staff, kind: Kind) -> None:
    """Write a notice within a use case; ``deliver`` sends it afterwards. Nothing where no mail server is set."""
    if platform.mailer is not None:
        act.session.add(WaitingLetter(staff_id=staff.id, kind=kind.value, at=act.now))


def deliver(platform: Platform) -> int:
    """Send the notices that wait; returns how many went. Those that the mail server does not take wait on,
    until upkeep gives them up."""
    sent = failed = 0
    while platform.mailer is not None and sent < _MOST_AT_ONCE and failed < _FAILURES_AT_ONCE:
        taken = _take(platform)
        if taken is None:
            break
        letter_id, kind, email, at = taken
        try:
            platform.mailer.send(_letter(platform, kind, email, at=_in_words(at)))
        except MailUnavailable as error:
            _log.warning("a notice waits: the mail server does not take it", extra={"why": str(error)})
            failed += 1  # it stays taken for a while, so that one address that is not served holds up nobody else's
            continue
        with platform.database.transaction() as session:
            session.delete(session.get_one(WaitingLetter, letter_id))
        sent += 1
    return sent


def _take(platform: Platform) -> tuple[UUID, Kind, str, datetime] | None:
    """Take the next notice, so that nobody else sends it too; who dies with it gives it back after a while."""
    now = platform.clock.now()
    with platform.database.transaction(writes=False) as session:
        if next_letter(session, now - _TAKEN_FOR) is None:
            return None
    with platform.database.transaction() as session:
        found = next_letter(session, now - _TAKEN_FOR)
        if found is None:
            return None
        found[0].taken_at = now
        return found[0].id, Kind(found[0].kind), found[1], found[0].at


def _letter(platform: Platform, kind: Kind, to: str, **values: str) -> Letter:
    pages = {"own_page": f"{_base(platform)}/login/mine", "logins_page": f"{_base(platform)}/login/sessions"}
    text = _templates().get_template(f"{kind.value}.txt").render(**pages, **values)
    subject, _, body = text.partition("\n")
    return Letter(to, subject.strip(), body.lstrip("\n"))


def _in_words(moment: datetime) -> str:
    """A moment as Danish clocks show it: ``2.11.2026 kl. 12.05``."""
    here = moment.astimezone(COPENHAGEN)
    return f"{here.day}.{here.month}.{here.year} kl. {here:%H.%M}"


def _base(platform: Platform) -> str:
    return platform.settings.base_url.rstrip("/")


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(str(files("templates") / "mail"))
    return Environment(loader=loader, undefined=StrictUndefined, autoescape=False)  # noqa: S701 plain text
