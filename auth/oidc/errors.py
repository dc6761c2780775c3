"""Why a citizen's login did not succeed. Every error of this package is an `OidcError`."""

from enum import StrEnum

from auth.oidc.profiles import Assurance


class Refusal(StrEnum):
    """What was wrong with an answer of the provider; stable words, safe to log."""

    ATTEMPT_OF_ANOTHER_PROVIDER = "attempt_of_another_provider"
    RESPONSE_MALFORMED = "response_malformed"
    RESPONSE_ISSUER_MISSING = "response_issuer_missing"
    RESPONSE_ISSUER_MISMATCH = "response_issuer_mismatch"
    STATE_MISMATCH = "state_mismatch"
    PROVIDER_ERROR = "provider_error"
    CODE_REFUSED = "code_refused"
    CLIENT_REFUSED = "client_refused"
    METADATA_MALFORMED = "metadata_malformed"
    METADATA_ISSUER_MISMATCH = "metadata_issuer_mismatch"
    INSECURE_ENDPOINT = "insecure_endpoint"
    ANSWER_MALFORMED = "answer_malformed"
    KEYS_MALFORMED = "keys_malformed"
    ID_TOKEN_MISSING = "id_token_missing"  # noqa: S105 a word for the log, no secret
    ACCESS_TOKEN_MISSING = "access_token_missing"  # noqa: S105 likewise
    TOKEN_MALFORMED = "token_malformed"  # noqa: S105 likewise
    TOKEN_TYPE = "token_type"  # noqa: S105 likewise
    ALGORITHM_REFUSED = "algorithm_refused"
    KEY_UNKNOWN = "key_unknown"
    KEY_AMBIGUOUS = "key_ambiguous"
    SIGNATURE_INVALID = "signature_invalid"
    ISSUER_MISMATCH = "issuer_mismatch"
    AUDIENCE_MISMATCH = "audience_mismatch"
    SUBJECT_MISSING = "subject_missing"
    EXPIRY_MISSING = "expiry_missing"
    EXPIRED = "expired"
    ISSUED_AT_MISSING = "issued_at_missing"
    ISSUED_IN_THE_FUTURE = "issued_in_the_future"
    ISSUED_TOO_LONG_AGO = "issued_too_long_ago"
    NOT_YET_VALID = "not_yet_valid"
    NONCE_MISMATCH = "nonce_mismatch"
    ACCESS_TOKEN_HASH_MISMATCH = "access_token_hash_mismatch"  # noqa: S105 likewise
    CLAIM_INVALID = "claim_invalid"
    USERINFO_MALFORMED = "userinfo_malformed"
    USERINFO_SUBJECT_MISMATCH = "userinfo_subject_mismatch"
    NOT_A_FRESH_LOGIN = "not_a_fresh_login"
    CPR_MALFORMED = "cpr_malformed"
    LOGOUT_EVENT_MISSING = "logout_event_missing"
    LOGOUT_WITH_NONCE = "logout_with_nonce"
    LOGOUT_OF_NOBODY = "logout_of_nobody"


class OidcError(Exception):
    """A login (or a logout notice) that led nowhere."""


class Cancelled(OidcError):
    """The citizen pressed cancel at the broker."""


class AttemptExpired(OidcError):
    """The citizen took longer than an attempt lives; a new one may begin."""


class LoginRequired(OidcError):
    """The broker wants the citizen to log in again; a new attempt may begin."""


class AssuranceTooLow(OidcError):
    """The login was below the least NSIS level; `assurance` is None when the broker did not say."""

    def __init__(self, assurance: Assurance | None) -> None:
        super().__init__(assurance.value if assurance else "unknown")
        self.assurance = assurance


class ProviderUnavailable(OidcError):
    """The broker did not answer, or answered that it cannot just now; later may do."""


class Refused(OidcError):
    """An answer that must not be believed; `code` says why."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(code.value)
        self.code = code
