"""Writing the audit log: what is logged, and how a row joins the chain."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from samrum.plain import Plain
from samrum.queries.audit import add_rows, lock_head
from samrum.services.chain import link


class Event(StrEnum):
    """What the access rules list under "What is logged"."""

    CASE_CREATED = "case_created"
    CASE_CHANGED = "case_changed"
    CASE_VIEWED = "case_viewed"
    CASE_CLOSED = "case_closed"
    CASE_REOPENED = "case_reopened"
    CASE_HANDED_OVER = "case_handed_over"
    LOG_VIEWED = "log_viewed"
    LOG_SEARCHED = "log_searched"
    LOG_EXPORTED = "log_exported"
    ROW_REVIEWED = "row_reviewed"
    LOG_SHORTENED = "log_shortened"
    LEVELS_SET = "levels_set"
    PARENT_ADDED = "parent_added"
    PARENT_CHANGED = "parent_changed"
    GRANT_SET = "grant_set"
    GRANT_REVOKED = "grant_revoked"
    CONSENT_GIVEN = "consent_given"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_RAN_OUT = "consent_ran_out"
    RECEIPT_FETCHED = "receipt_fetched"
    DOCUMENT_VIEWED = "document_viewed"
    VERSION_UPLOADED = "version_uploaded"
    VERSION_DOWNLOADED = "version_downloaded"
    DOWNLOAD_FAILED = "download_failed"
    VERSION_RESTORED = "version_restored"
    TRASH_VIEWED = "trash_viewed"
    DOCUMENT_TRASHED = "document_trashed"
    DOCUMENT_UNTRASHED = "document_untrashed"
    DENIED = "denied"
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    LOGGED_OUT = "logged_out"
    CITIZEN_LINKED = "citizen_linked"
    SECOND_FACTOR_SET = "second_factor_set"
    SECOND_FACTOR_RESET = "second_factor_reset"
    SECOND_FACTOR_CHANGED = "second_factor_changed"
    STEPPED_UP = "stepped_up"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REVOKED = "passkey_revoked"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    PASSWORD_RESET_ASKED = "password_reset_asked"  # noqa: S105
    PASSWORD_SET = "password_set"  # noqa: S105
    STAFF_INVITED = "staff_invited"
    STAFF_CREATED = "staff_created"
    STAFF_MOVED = "staff_moved"
    STAFF_DEACTIVATED = "staff_deactivated"
    STAFF_REOPENED = "staff_reopened"
    ORGANISATION_CHANGED = "organisation_changed"
    KEK_ADDED = "kek_added"
    KEK_REMOVED = "kek_removed"
    CASE_KEYS_REWRAPPED = "case_keys_rewrapped"
    CASE_KEY_DESTROYED = "case_key_destroyed"


@dataclass(frozen=True)
class Entry:
    """One thing that happened; ids only, never a name."""

    at: datetime
    action: Event
    actor_kind: str
    actor_id: UUID | None = None
    case_id: UUID | None = None
    document_id: UUID | None = None
    version_id: UUID | None = None
    subject_id: UUID | None = None
    reason: str | None = None
    address: str | None = None
    detail: dict[str, str | int | bool | None] = field(default_factory=dict)


_FIELDS = tuple(one.name for one in fields(Entry))


def add(plain: Plain, entries: Iterable[Entry]) -> None:
    """Add rows at the end of the chain, within the caller's transaction.

    The end of the chain stays locked until that transaction ends, and everybody else who appends waits for it:
    nothing but two statements lies between.
    """
    new = [{name: getattr(entry, name) for name in _FIELDS} for entry in entries]
    if not new:
        return
    sequence, last_hash = lock_head(plain)
    for row in new:
        sequence += 1
        row["sequence"] = sequence
        row_hash = link(last_hash, row)
        row["previous_hash"], row["hash"] = last_hash, row_hash
        last_hash = row_hash
    add_rows(plain, new)


def append(session: Session, entries: Iterable[Entry]) -> None:
    """Likewise, within the caller's use case."""
    connection = session.connection()
    add(Plain(connection.connection, connection.dialect), entries)
