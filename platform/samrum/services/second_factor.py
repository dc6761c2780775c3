"""The second factor of staff: codes of an app, recovery codes, and what they have of either."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from auth import recovery, totp
from auth.factors import Held
from samrum.models import RecoveryCode, Staff
from samrum.queries import factors
from samrum.queries.logins import forget_devices
from samrum.services import mail
from samrum.services.audit import Event
from samrum.services.errors import NotThere
from samrum.services.platform import Act, Caller, Platform


class Spent(StrEnum):
    """Which second factor was given."""

    APP = "app"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"


@dataclass(frozen=True)
class PasskeyRow:
    """A passkey of one's own."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Own:
    """What a member of staff logs in with."""

    email: str
    held: Held
    passkeys: list[PasskeyRow]
    recovery_codes_left: int


def own(platform: Platform, caller: Caller) -> Own:
    """What the caller logs in with. Raises ``NotThere`` for anybody but staff."""
    with platform.database.transaction(writes=False) as session:
        staff = session.get(Staff, caller.id) if caller.kind == "staff" else None
        if staff is None:
            raise NotThere
        passkeys = [
            PasskeyRow(row.id, row.name, row.created_at, row.last_used_at)
            for row in factors.passkeys_of(session, staff.id)
        ]
        return Own(staff.email, held(session, staff), passkeys, factors.unused_codes(session, staff.id))


def held(session: Session, staff: Staff) -> Held:
    """What a person has, and what their organisation demands."""
    demanded_since = staff.unit.organisation.passkeys_demanded_at
    return Held(staff.sealed_totp is not None, factors.passkey_count(session, staff.id), demanded_since)


def spend(platform: Platform, act: Act, staff: Staff, code: str, *, takes_app: bool = True) -> Spent | None:
    """Which factor of this person the code is, and spend it; None when it is neither. The person's row must be held.

    ``takes_app`` off: the app's codes are neither tried nor spent.
    """
    if takes_app and staff.sealed_totp is not None:
        secret = platform.fields.open("totp", staff.sealed_totp).decode()
        counter = totp.verify(secret, code, act.now, staff.totp_counter)
        if counter is not None:
            staff.totp_counter = counter
            return Spent.APP
    code_hash = _hash(platform, staff.id, code)
    found = factors.unused_code(act.session, staff.id, code_hash) if code_hash else None
    if found is None:
        return None
    found.used_at = act.now
    act.log(Event.RECOVERY_CODE_USED)
    mail.notify(platform, act, staff, mail.Kind.CODE_USED)
    return Spent.RECOVERY_CODE


def replace_codes(platform: Platform, act: Act, staff: Staff) -> list[str]:
    """Ten new recovery codes in place of all earlier ones."""
    factors.forget_codes(act.session, staff.id)
    codes = recovery.new_codes()
    for code in codes:
        code_hash = _hash(platform, staff.id, code)
        act.session.add(RecoveryCode(staff_id=staff.id, code_hash=code_hash))
    return codes


def forget_all(act: Act, staff: Staff) -> None:
    """Take every second factor from a person: app, passkeys and recovery codes; no device is known any more."""
    staff.sealed_totp = staff.totp_counter = None
    factors.revoke_passkeys(act.session, staff.id, act.now)
    forget_devices(act.session, staff.id)
    factors.forget_codes(act.session, staff.id)


def _hash(platform: Platform, staff_id: UUID, code: str) -> bytes | None:
    return recovery.hashed(code, staff_id.bytes, lambda value: platform.fields.recognise("recovery code", value))
