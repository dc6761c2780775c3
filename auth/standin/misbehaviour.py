"""Every way in which the stand-in can behave as few providers do, for the tests of the relying party.

A few are allowed and must be put up with; all others must be refused. Each member is switched on by name. What changes
the claims of a token stands in the tables below; the rest is looked up where the answer is made.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum, auto
from typing import Any

Claims = dict[str, Any]
WEEK = 7 * 24 * 3600


class Misbehaviour(StrEnum):
    """What to do wrong."""

    METADATA_DOWN = auto()
    METADATA_OTHER_ISSUER = auto()
    METADATA_WITHOUT_TOKEN_ENDPOINT = auto()
    METADATA_OFFERS_NONE = auto()
    METADATA_PLAIN_TOKEN_ENDPOINT = auto()
    METADATA_PLAIN_KEYS = auto()
    METADATA_PLAIN_AUTHORISATION = auto()
    METADATA_ENORMOUS = auto()
    METADATA_WITHOUT_RESPONSE_ISSUER = auto()

    RESPONSE_OTHER_ISSUER = auto()
    RESPONSE_WITHOUT_ISSUER = auto()
    RESPONSE_OTHER_STATE = auto()
    RESPONSE_WITHOUT_STATE = auto()
    RESPONSE_WITHOUT_CODE = auto()
    IGNORES_PROMPT = auto()

    TOKEN_DOWN = auto()
    TOKEN_REDIRECTS = auto()
    TOKEN_NO_JSON = auto()
    NO_ID_TOKEN = auto()
    NO_ACCESS_TOKEN = auto()
    NO_EXPIRES_IN = auto()
    TOKEN_TYPE_IN_OTHER_CASE = auto()

    NO_ISSUER = auto()
    OTHER_ISSUER = auto()
    NO_SUBJECT = auto()
    EMPTY_SUBJECT = auto()
    NO_AUDIENCE = auto()
    AUDIENCE_AS_LIST = auto()
    OTHER_AUDIENCE = auto()
    OTHER_AUDIENCE_OUR_PARTY = auto()
    SECOND_AUDIENCE = auto()
    OTHER_PARTY = auto()
    NO_ISSUED_AT = auto()
    ISSUED_LAST_WEEK = auto()
    ISSUED_TOMORROW = auto()
    NO_EXPIRY = auto()
    EXPIRED = auto()
    EXPIRED_HALF_A_MINUTE_AGO = auto()
    EXPIRY_NOT_A_NUMBER = auto()
    EXPIRY_INFINITE = auto()
    EXPIRY_ENORMOUS = auto()
    NOT_YET_VALID = auto()
    NO_NONCE = auto()
    OTHER_NONCE = auto()
    OTHER_ACCESS_TOKEN_HASH = auto()
    OLD_LOGIN = auto()
    NO_LOGIN_TIME = auto()
    NO_ASSURANCE = auto()
    UNKNOWN_ASSURANCE = auto()
    ASSURANCE_IN_USERINFO_ONLY = auto()

    ALGORITHM_NONE = auto()
    NO_ALGORITHM = auto()
    OTHER_ALGORITHM = auto()
    SYMMETRIC_WITH_SECRET = auto()
    SYMMETRIC_WITH_PUBLIC_KEY = auto()
    BAD_SIGNATURE = auto()
    FOREIGN_KEY = auto()
    NO_KEY_ID = auto()
    UNKNOWN_KEY_ID = auto()
    OTHER_TOKEN_TYPE = auto()

    USERINFO_DOWN = auto()
    USERINFO_OTHER_SUBJECT = auto()
    USERINFO_WITHOUT_SUBJECT = auto()
    MALFORMED_CPR = auto()
    NO_CPR = auto()

    LOGOUT_WITHOUT_EVENT = auto()
    LOGOUT_WITH_ANOTHER_EVENT = auto()
    LOGOUT_WITH_NONCE = auto()
    LOGOUT_OF_NOBODY = auto()
    LOGOUT_WITHOUT_ID = auto()


def _drop(*names: str) -> Callable[[Claims], None]:
    def drop(claims: Claims) -> None:
        for name in names:
            claims.pop(name, None)

    return drop


def _set(**values: object) -> Callable[[Claims], None]:
    return lambda claims: claims.update(values)


def _move(seconds: int, *names: str) -> Callable[[Claims], None]:
    return lambda claims: claims.update({name: claims[name] + seconds for name in names})


def _level(claims: Claims, change: Callable[[Claims, str], object]) -> None:
    for name in ("loa", "loA", "mitid_loa", "ial", "aal", "acr", "authenticationtype"):
        if name in claims:
            change(claims, name)


ANY_TOKEN: Mapping[Misbehaviour, Callable[[Claims], None]] = {
    Misbehaviour.OTHER_ISSUER: lambda claims: claims.update(iss=claims["iss"] + "/"),
    Misbehaviour.NO_ISSUER: _drop("iss"),
    Misbehaviour.NO_AUDIENCE: _drop("aud"),
    Misbehaviour.AUDIENCE_AS_LIST: lambda claims: claims.update(aud=[claims["aud"]]),
    Misbehaviour.OTHER_AUDIENCE: _set(aud="somebody-else"),
    Misbehaviour.NO_ISSUED_AT: _drop("iat"),
    Misbehaviour.ISSUED_LAST_WEEK: _move(-WEEK, "iat"),
    Misbehaviour.ISSUED_TOMORROW: _move(WEEK // 7, "iat", "exp"),
    Misbehaviour.NO_EXPIRY: _drop("exp"),
    Misbehaviour.EXPIRED: _move(-WEEK, "exp"),
    Misbehaviour.EXPIRED_HALF_A_MINUTE_AGO: lambda claims: claims.update(exp=claims["iat"] - 30),
    Misbehaviour.EXPIRY_INFINITE: _set(exp=float("inf")),
    Misbehaviour.EXPIRY_ENORMOUS: _set(exp=10**400),
    Misbehaviour.EXPIRY_NOT_A_NUMBER: lambda claims: claims.update(exp=str(claims["exp"])),
}

ID_TOKEN: Mapping[Misbehaviour, Callable[[Claims], None]] = {
    Misbehaviour.NO_SUBJECT: _drop("sub"),
    Misbehaviour.EMPTY_SUBJECT: _set(sub=""),
    Misbehaviour.OTHER_AUDIENCE_OUR_PARTY: lambda claims: claims.update(azp=claims["aud"], aud="somebody-else"),
    Misbehaviour.SECOND_AUDIENCE: lambda claims: claims.update(azp=claims["aud"], aud=[claims["aud"], "somebody-else"]),
    Misbehaviour.OTHER_PARTY: _set(azp="somebody-else"),
    Misbehaviour.NOT_YET_VALID: lambda claims: claims.update(nbf=claims["iat"] + 3600),
    Misbehaviour.NO_NONCE: _drop("nonce"),
    Misbehaviour.OTHER_NONCE: _set(nonce="another nonce"),
    Misbehaviour.OTHER_ACCESS_TOKEN_HASH: _set(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    Misbehaviour.OLD_LOGIN: lambda claims: claims.update(auth_time=str(int(claims["auth_time"]) - 3600)),
    Misbehaviour.NO_LOGIN_TIME: _drop("auth_time"),
    Misbehaviour.NO_ASSURANCE: lambda claims: _level(claims, lambda held, name: held.pop(name)),
    Misbehaviour.ASSURANCE_IN_USERINFO_ONLY: lambda claims: _level(claims, lambda held, name: held.pop(name)),
    Misbehaviour.UNKNOWN_ASSURANCE: lambda claims: _level(claims, lambda held, name: held.update({name: "Enormous"})),
}

USERINFO: Mapping[Misbehaviour, Callable[[Claims], None]] = {
    Misbehaviour.USERINFO_OTHER_SUBJECT: _set(sub="somebody-else"),
    Misbehaviour.USERINFO_WITHOUT_SUBJECT: _drop("sub"),
    Misbehaviour.NO_ASSURANCE: lambda claims: _level(claims, lambda held, name: held.pop(name)),
    Misbehaviour.UNKNOWN_ASSURANCE: lambda claims: _level(claims, lambda held, name: held.update({name: "Enormous"})),
}

LOGOUT_TOKEN: Mapping[Misbehaviour, Callable[[Claims], None]] = {
    Misbehaviour.LOGOUT_WITHOUT_EVENT: _drop("events"),
    Misbehaviour.LOGOUT_WITH_ANOTHER_EVENT: _set(events={"http://schemas.openid.net/event/another": {}}),
    Misbehaviour.LOGOUT_WITH_NONCE: _set(nonce="a nonce"),
    Misbehaviour.LOGOUT_OF_NOBODY: _drop("sub", "sid"),
    Misbehaviour.LOGOUT_WITHOUT_ID: _drop("jti"),
}


def spoil(
    claims: Claims, active: frozenset[Misbehaviour], *tables: Mapping[Misbehaviour, Callable[[Claims], None]]
) -> None:
    """Change claims by every active misbehaviour in the tables."""
    for table in tables:
        for member, change in table.items():
            if member in active:
                change(claims)
