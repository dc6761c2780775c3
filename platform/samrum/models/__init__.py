"""Tables: columns, constraints and relationships; nothing else."""

from samrum.models.audit import AuditHead, AuditReview, AuditRow, AuditSegment, Installation
from samrum.models.base import Base
from samrum.models.cases import Case, CaseParent, CaseUnit, Grant
from samrum.models.consents import Consent, ConsentUnit
from samrum.models.documents import Document, Version
from samrum.models.logins import (
    Draft,
    FormReceipt,
    KnownDevice,
    LastNotice,
    LoginAttempt,
    LoginFailure,
    LoginSession,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    WaitingLetter,
)
from samrum.models.people import Citizen, CitizenLogin, Organisation, Staff, Unit

__all__ = [
    "AuditHead",
    "AuditReview",
    "AuditRow",
    "AuditSegment",
    "Base",
    "Case",
    "CaseParent",
    "CaseUnit",
    "Citizen",
    "CitizenLogin",
    "Consent",
    "ConsentUnit",
    "Document",
    "Draft",
    "FormReceipt",
    "Grant",
    "Installation",
    "KnownDevice",
    "LastNotice",
    "LoginAttempt",
    "LoginFailure",
    "LoginSession",
    "Organisation",
    "Passkey",
    "PasskeyChallenge",
    "RecoveryCode",
    "Staff",
    "Unit",
    "Version",
    "WaitingLetter",
]
