"""From the broker's claims to the citizen: names and forms differ by profile, strings stand for numbers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from auth.oidc.errors import Refusal, Refused
from auth.oidc.profiles import Assurance, BrokerProfile


@dataclass(frozen=True, slots=True)
class CitizenIdentity:
    """Who logged in at the broker. (issuer, subject) is the identity; the CPR number links it to a person once.

    `cpr` is ten digits or None. `auth_time` is when the citizen authenticated, in UTC, or None where the broker does
    not say. `id_token` is kept for the logout alone. Nothing personal shows when the object is printed.
    """

    issuer: str
    subject: str = field(repr=False)
    cpr: str | None = field(repr=False)
    assurance: Assurance
    transaction_id: str | None
    auth_time: datetime | None
    id_token: str = field(repr=False)
    sid: str | None = field(repr=False)


class ClaimReader:
    """The claims of one login: the signed ID token first, then the userinfo endpoint's."""

    def __init__(self, profile: BrokerProfile, id_claims: Mapping[str, object], userinfo: Mapping[str, object]) -> None:
        self._profile = profile
        self._id_claims = id_claims
        self._all = {**userinfo, **id_claims}

    def identity(self, issuer: str, id_token: str, assurance: Assurance) -> CitizenIdentity:
        """The citizen at the given level. Refused(CPR_MALFORMED) for a CPR number that is none."""
        profile = self._profile
        return CitizenIdentity(
            issuer=issuer,
            subject=str(self._id_claims["sub"]),
            cpr=_cpr(self._text(profile.cpr_claims)),
            assurance=assurance,
            transaction_id=self._text(profile.transaction_claims),
            auth_time=self.auth_time(),
            id_token=id_token,
            sid=self._text(("sid",)),
        )

    def assurance(self) -> Assurance | None:
        """The lowest NSIS level among the claims that state one; None when none does or one cannot be read."""
        claims = self._all if self._profile.assurance_from_userinfo else self._id_claims
        stated = [claims[name] for name in self._profile.assurance_claims if name in claims]
        levels = [self._profile.assurance_values.get(word.lower()) for word in stated if isinstance(word, str)]
        if len(levels) != len(stated) or None in levels:
            return None
        return next((level for level in Assurance if level in levels), None)

    def auth_time(self) -> datetime | None:
        """When the citizen authenticated, by the signed ID token: a NumericDate, the same as a string, or ISO 8601."""
        for name in self._profile.auth_time_claims:
            if (moment := _moment(self._id_claims.get(name))) is not None:
                return moment
        return None

    def _text(self, names: Iterable[str]) -> str | None:
        for name in names:
            value = self._all.get(name)
            if isinstance(value, str) and value.strip():
                return value.strip()
        return None


def _cpr(text: str | None) -> str | None:
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{6})-?([0-9]{4})", text)
    if match is None:
        raise Refused(Refusal.CPR_MALFORMED)
    return match[1] + match[2]


def _moment(value: object) -> datetime | None:
    try:
        if isinstance(value, str) and not value.isdecimal():
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else None
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(int(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
