"""An OpenID Connect relying party for the Danish brokers of MitID, on Authlib and joserfc."""

from auth.oidc.errors import (
    AssuranceTooLow,
    AttemptExpired,
    Cancelled,
    LoginRequired,
    OidcError,
    ProviderUnavailable,
    Refusal,
    Refused,
)
from auth.oidc.identity import CitizenIdentity
from auth.oidc.profiles import GENERIC, IDURA, NETS, PROFILES, SIGNICAT, Assurance, BrokerProfile, ReferenceText
from auth.oidc.relying_party import LoggedOut, LoginAttempt, RelyingParty
from auth.oidc.settings import ClientAuthentication, ProviderSettings

__all__ = [
    "GENERIC",
    "IDURA",
    "NETS",
    "PROFILES",
    "SIGNICAT",
    "Assurance",
    "AssuranceTooLow",
    "AttemptExpired",
    "BrokerProfile",
    "Cancelled",
    "CitizenIdentity",
    "ClientAuthentication",
    "LoggedOut",
    "LoginAttempt",
    "LoginRequired",
    "OidcError",
    "ProviderSettings",
    "ProviderUnavailable",
    "ReferenceText",
    "Refusal",
    "Refused",
    "RelyingParty",
]
