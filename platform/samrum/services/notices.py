"""Telling staff by mail what to know of their own logins (OWASP ASVS 5.0 V6.3.5), no more often than is useful.

One mail a login at most: of tries that failed before it, else of a device that was not seen before. A device is known
by a cookie for half a year; who logs in again from a browser that keeps none is told once a day. Of an account that was
closed by tries its owner hears once a day, after the answer went out, so that the answer tells nobody whether there is
such an account.
"""

import logging
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from samrum.db import DatabaseUnavailable
from samrum.models import KnownDevice, LastNotice, Staff
from samrum.queries.logins import device_seen_since, failures_since, last_login_of
from samrum.queries.people import staff_by_email
from samrum.services import mail, throttle
from samrum.services.platform import SYSTEM, Act, Platform
from samrum.services.throttle import Try

KNOWN_FOR = timedelta(days=180)
MANY = 3
_AGAIN_AFTER = timedelta(days=1)
_REMEMBERED = timedelta(days=1)

_log = logging.getLogger("samrum.mail")


def logged_in(platform: Platform, act: Act, staff: Staff, *, is_told: bool = False) -> None:
    """Remember the device, and write what there is to tell; within the use case that lets somebody in, before it does.

    ``is_told``: a mail about this very login goes out already.
    """
    is_new = _remember(platform, act, staff)
    if is_told:
        return
    if _failures_before(platform, act, staff) >= MANY:
        mail.notify(platform, act, staff, mail.Kind.TRIES_BEFORE_LOGIN)
    elif is_new:
        mail.notify(platform, act, staff, mail.Kind.NEW_DEVICE)


def failed(platform: Platform, tried: Try) -> None:
    """A try has failed: where it closed an account, its owner is told of that, later."""
    if tried.closes and tried.account is not None:
        account = tried.account
        platform.later(lambda: _closed(platform, account))


def _remember(platform: Platform, act: Act, staff: Staff) -> bool:
    """Whether the device is one to tell of; it is known from now on."""
    words = act.caller.device[:120]
    is_announced = device_seen_since(act.session, staff.id, words, act.now - _AGAIN_AFTER)
    if not act.caller.known_by:
        return True
    token_hash = platform.fields.recognise("known device", staff.id.bytes + act.caller.known_by.encode())
    known = act.session.get(KnownDevice, (staff.id, token_hash))
    if known is not None and act.now - known.last_seen_at < KNOWN_FOR:
        known.last_seen_at = act.now
        return False
    if known is not None:
        known.first_seen_at = known.last_seen_at = act.now
        return True
    act.session.add(
        KnownDevice(staff_id=staff.id, token_hash=token_hash, device=words, first_seen_at=act.now, last_seen_at=act.now)
    )
    return not is_announced


def _failures_before(platform: Platform, act: Act, staff: Staff) -> int:
    """How many tries at this account have failed since its owner last got in, in the last day at most."""
    since = act.now - _REMEMBERED
    last = last_login_of(act.session, staff.id)
    since = max(since, last) if last is not None else since
    accounts = (throttle.by_email(staff.email), throttle.by_id(staff.id))
    return sum(failures_since(act.session, throttle.account_subject(platform, name), since) for name in accounts)


def _closed(platform: Platform, account: str) -> None:
    try:
        with platform.act(SYSTEM) as act:
            kind, staff = _meant(act.session, account)
            if staff is not None and staff.active and _is_time(act.session, staff.id, kind, act):
                mail.notify(platform, act, staff, kind)
        mail.deliver(platform)
    except DatabaseUnavailable as error:
        _log.warning("nobody was told of a closed account", extra={"why": type(error).__name__})


def _is_time(session: Session, staff_id: UUID, kind: mail.Kind, act: Act) -> bool:
    """Whether the last notice of this kind is long enough ago; this one counts from now on."""
    last = session.get(LastNotice, (staff_id, kind.value))
    if last is not None and act.now - last.at < _AGAIN_AFTER:
        return False
    session.merge(LastNotice(staff_id=staff_id, kind=kind.value, at=act.now))
    return True


def _meant(session: Session, account: str) -> tuple[mail.Kind, Staff | None]:
    """What was tried at an account as ``throttle`` names it, and whose it is, held until the use case ends."""
    how, _, name = account.partition(" ")
    if how == "id":
        return mail.Kind.CLOSED_AT_CODE, session.get(Staff, UUID(name), with_for_update=True)
    found = staff_by_email(session, name)
    held = session.get(Staff, found.id, with_for_update=True) if found is not None else None
    return mail.Kind.CLOSED_AT_PASSWORD, held
