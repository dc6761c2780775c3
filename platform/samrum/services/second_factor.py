"""The second factor of staff: codes of an app, recovery codes, and what they have of either."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from auth import recovery, totp
from auth.factors import Held
from auth.recovery import Code
from samrum.fieldkeys import FieldKeyError
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


def recovery_code(platform: Platform, staff_id: UUID | None, text: str) -> UUID | None:
    """Which unused recovery code of this person was typed; None for none. For ``spend``, and ahead of its use case,
    since it takes time that nobody should wait for."""
    code = recovery.read(text)
    if code is None or staff_id is None:
        return None
    with platform.database.transaction(writes=False) as session:
        row = factors.unused_code(session, staff_id, code.selector)
    if row is None:
        return None
    try:
        stored = platform.fields.open(_purpose(staff_id, code.selector), row.sealed_hash).decode()
    except FieldKeyError:  # written there by hand, or taken from another row
        return None
    return row.id if recovery.is_right(code, stored, platform.code_cost) else None


def spend(
    platform: Platform, act: Act, staff: Staff, text: str, code_id: UUID | None, *, takes_app: bool = True
) -> Spent | None:
    """Which factor of this person was given, and spend it; None when it is neither. The person's row must be held.

    ``code_id`` is what ``recovery_code`` found. ``takes_app`` off: the app's codes are neither tried nor spent.
    """
    if takes_app and staff.sealed_totp is not None:
        secret = platform.fields.open("totp", staff.sealed_totp).decode()
        counter = totp.verify(secret, text, act.now, staff.totp_counter)
        if counter is not None:
            staff.totp_counter = counter
            return Spent.APP
    row = factors.held_code(act.session, code_id) if code_id is not None else None
    if row is None or row.staff_id != staff.id or row.used_at is not None:
        return None
    row.used_at = act.now
    act.log(Event.RECOVERY_CODE_USED)
    mail.notify(platform, act, staff, mail.Kind.CODE_USED)
    return Spent.RECOVERY_CODE


def make_codes(platform: Platform) -> dict[Code, str]:
    """Ten new recovery codes and their hashes. It takes a moment: ahead of the use case that keeps them."""
    return {code: recovery.hashed(code, platform.code_cost) for code in recovery.new_codes()}


def replace_codes(platform: Platform, act: Act, staff: Staff, codes: dict[Code, str]) -> None:
    """Keep new recovery codes in place of all earlier ones."""
    factors.forget_codes(act.session, staff.id)
    for code, stored in codes.items():
        sealed = platform.fields.seal(_purpose(staff.id, code.selector), stored.encode())
        act.session.add(RecoveryCode(staff_id=staff.id, selector=code.selector, sealed_hash=sealed))


def forget_all(act: Act, staff: Staff) -> None:
    """Take every second factor from a person: app, passkeys and recovery codes; no device is known any more."""
    staff.sealed_totp = staff.totp_counter = None
    factors.revoke_passkeys(act.session, staff.id, act.now)
    forget_devices(act.session, staff.id)
    factors.forget_codes(act.session, staff.id)


def _purpose(staff_id: UUID, selector: str) -> str:
    """What a code's hash is sealed for: put into another row it does not open."""
    return f"recovery code {staff_id} {selector}"
