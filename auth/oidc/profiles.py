"""What differs between the Danish brokers of MitID, as data.

The facts come from the brokers' public documentation: Signaturgruppen's Nets eID Broker, Idura (formerly Criipto)
Verify and Signicat. A broker that is not here is a `dataclasses.replace` of `GENERIC`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Assurance(StrEnum):
    """The level of assurance of a login by NSIS, the national standard for identities (digst.dk)."""

    LOW = "low"
    SUBSTANTIAL = "substantial"
    HIGH = "high"

    def reaches(self, least: "Assurance") -> bool:
        """Whether this level is the given one or above it."""
        order = list(Assurance)
        return order.index(self) >= order.index(least)


_NSIS = "https://data.gov.dk/concept/core/nsis/"


@dataclass(frozen=True, slots=True)
class ReferenceText:
    """Where a broker takes the text that MitID shows the citizen: base64 of UTF-8.

    `path` leads into a parameter that is JSON; without one the text follows `prefix` in a plain parameter.
    """

    parameter: str
    path: tuple[str, ...] = ()
    prefix: str = ""
    longest: int = 130


@dataclass(frozen=True, slots=True)
class BrokerProfile:
    """How one broker is asked and where its answers stand. Claim names are tried in order.

    `scopes`: no more than brings the CPR number, the level and the transaction (OWASP ASVS 5.0 V10.2.3). Names and
    birth dates stand in the case, and are asked of no broker.
    `parameters`: extra parameters of the authorisation request; a mapping is sent as JSON.
    `userinfo`: whether claims stand at the userinfo endpoint too; the ID token's own claims always win.
    `assurance_values`: the broker's words, in lower case, for each NSIS level. The level is believed from the signed
    ID token alone unless `assurance_from_userinfo`.
    `cancelled`: pairs of error and error_description that mean the citizen pressed cancel; None stands for any.
    `retry`: such pairs that a new attempt may cure.
    `logout_hint`: whether the ID token may go into the logout address; not where it carries the CPR number.
    """

    name: str
    scopes: tuple[str, ...] = ("openid",)
    parameters: Mapping[str, str | Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    reference: ReferenceText | None = None
    userinfo: bool = True
    cpr_claims: tuple[str, ...] = ()
    transaction_claims: tuple[str, ...] = ()
    auth_time_claims: tuple[str, ...] = ("auth_time",)
    assurance_claims: tuple[str, ...] = ("acr",)
    assurance_values: Mapping[str, Assurance] = field(
        default_factory=lambda: {f"{_NSIS}{level}".lower(): level for level in Assurance}
    )
    assurance_from_userinfo: bool = False
    cancelled: tuple[tuple[str, str | None], ...] = (("access_denied", None),)
    retry: tuple[tuple[str, str | None], ...] = ()
    logout_hint: bool = True


GENERIC = BrokerProfile(name="generic", assurance_claims=("loa", "acr"))

NETS = BrokerProfile(
    name="nets",
    scopes=("openid", "ssn"),
    parameters={"idp_values": "mitid", "idp_params": {"mitid": {"loa_value": "substantial"}}},
    reference=ReferenceText("idp_params", path=("mitid", "reference_text")),
    cpr_claims=("dk.cpr",),
    transaction_claims=("transaction_id",),
    assurance_claims=("loa",),
    cancelled=(("access_denied", "mitid_user_aborted"), ("access_denied", "user_aborted")),
)

IDURA = BrokerProfile(
    name="idura",
    scopes=("openid", "ssn"),
    parameters={"acr_values": "urn:grn:authn:dk:mitid:substantial"},
    reference=ReferenceText("login_hint", prefix="message:"),
    userinfo=False,
    cpr_claims=("cprNumberIdentifier",),
    transaction_claims=("transaction_id", "sessionindex"),
    auth_time_claims=("auth_time", "authenticationinstant"),
    assurance_claims=("loA", "authenticationtype"),
    assurance_values={
        word: level for level in Assurance for word in (level.value, f"urn:grn:authn:dk:mitid:{level.value}")
    },
    retry=(("access_denied", "mitid_core_client_error"), ("mitid_core_client_error", None)),
    logout_hint=False,
)

SIGNICAT = BrokerProfile(
    name="signicat",
    scopes=("openid", "nin", "mitid-extra"),
    parameters={"acr_values": "idp:mitid"},
    cpr_claims=("nin",),
    transaction_claims=("mitid_transaction_id",),
    assurance_claims=("mitid_loa",),
    assurance_values={level.value: level for level in Assurance},
    assurance_from_userinfo=True,
)

PROFILES: Mapping[str, BrokerProfile] = {profile.name: profile for profile in (NETS, IDURA, SIGNICAT, GENERIC)}
