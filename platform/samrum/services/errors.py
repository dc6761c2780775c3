"""What can stop a use case. The web translates each once, into a sentence that says what to do next."""

from enum import StrEnum
from uuid import UUID

from auth.policy import Decision
from storage import NotFound as ObjectMissing
from storage import StorageError


class NotThere(Exception):
    """There is no such thing, or none that the caller may know of."""


class Denied(Exception):
    """The policy said no. ``number`` is the case's neutral number."""

    def __init__(self, decision: Decision, case_id: UUID, number: str) -> None:
        super().__init__(decision.reason.value)
        self.decision = decision
        self.case_id = case_id
        self.number = number


class FilesErased(Exception):
    """The case's key was destroyed: its files, their names and comments can never be read again."""


class InTrash(Exception):
    """The document lies in the trash: it takes no new version until somebody brings it back."""

    def __init__(self, case_id: UUID, document_id: UUID) -> None:
        super().__init__("in the trash")
        self.case_id = case_id
        self.document_id = document_id


class AlreadyDone(Exception):
    """This very form was carried out before, with this result."""

    def __init__(self, result: UUID | None) -> None:
        super().__init__("already done")
        self.result = result


class Problem(StrEnum):
    """What is wrong with what was given; the web has a sentence for each."""

    CASE_EXISTS = "case_exists"
    NOT_CASE_CREATOR = "not_case_creator"
    UNKNOWN_STAFF = "unknown_staff"
    GRANT_TO_OWNER = "grant_to_owner"
    GRANT_TO_ADMINISTRATOR = "grant_to_administrator"
    LAST_DAY_PASSED = "last_day_passed"
    LAST_DAY_TOO_FAR = "last_day_too_far"
    CONSENT_ENDS_FIRST = "consent_ends_first"
    CONSENT_NOBODY_NAMED = "consent_nobody_named"
    CONSENT_UNKNOWN_UNIT = "consent_unknown_unit"
    CONSENT_TOO_LONG = "consent_too_long"
    CONSENT_NOT_YET = "consent_not_yet"
    PERSON_IN_TWO_ROLES = "person_in_two_roles"
    YOUTH_AGE = "youth_age"
    PARENT_CPR_TWICE = "parent_cpr_twice"
    EMAIL_TAKEN = "email_taken"
    NAME_MISSING = "name_missing"
    OWN_ACCOUNT = "own_account"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_OPEN = "account_open"
    STILL_OWNS = "still_owns"
    ROLES_CLASH = "roles_clash"
    UNIT_MISSING = "unit_missing"
    UNIT_SAME = "unit_same"
    NO_OWNERLESS_CASE = "no_ownerless_case"
    LAST_PASSKEY = "last_passkey"
    PASSKEY_NEEDED_FIRST = "passkey_needed_first"
    PASSKEYS_IMPOSSIBLE = "passkeys_impossible"
    FILE_EMPTY = "file_empty"
    FILE_NAME_EMPTY = "file_name_empty"
    FILE_NAME_TOO_LONG = "file_name_too_long"
    FILE_NAME_UNSAFE = "file_name_unsafe"
    FILE_TOO_LARGE = "file_too_large"
    FILE_TYPE_UNKNOWN = "file_type_unknown"
    FILE_TYPE_MISMATCH = "file_type_mismatch"
    FILE_HAS_MACROS = "file_has_macros"
    FILE_MISSING = "file_missing"
    UPLOAD_CUT_SHORT = "upload_cut_short"
    VERSION_IS_NEWEST = "version_is_newest"
    NO_FILES = "no_files"


class Invalid(Exception):
    """What was given cannot be used; ``field`` is the form field it belongs to."""

    def __init__(self, problem: Problem, field: str | None = None) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.field = field


class LoginProblem(StrEnum):
    WRONG = "wrong"
    WRONG_CODE = "wrong_code"
    LOGIN_ENDED = "login_ended"
    TOO_MANY = "too_many"
    WEAK_PASSWORD = "weak_password"  # noqa: S105
    WRONG_PASSKEY = "wrong_passkey"
    PASSKEY_DEMANDED = "passkey_demanded"
    WRONG_INVITATION = "wrong_invitation"
    UNKNOWN_CITIZEN = "unknown_citizen"
    OTHER_PERSON = "other_person"
    OTHER_BROWSER = "other_browser"
    ACCOUNT_INACTIVE = "account_inactive"


class LoginRefused(Exception):
    def __init__(self, problem: LoginProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


__all__ = [
    "AlreadyDone",
    "Denied",
    "FilesErased",
    "InTrash",
    "Invalid",
    "LoginProblem",
    "LoginRefused",
    "NotThere",
    "ObjectMissing",
    "Problem",
    "StorageError",
]
