"""What each broker says of a citizen, and where: in the signed ID token, or at the userinfo endpoint.

As at the real brokers, MitID's own claims are strings whatever they mean ("17", "true").
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from auth.standin.people import Person

NSIS = "https://data.gov.dk/concept/core/nsis/"


@dataclass(frozen=True, slots=True)
class Login:
    """One login of a test person at the stand-in."""

    person: Person
    at: datetime
    sid: str
    transaction_id: str

    def subject(self, client_id: str) -> str:
        """The person's name at one client: stable there, another elsewhere."""
        return str(uuid5(NAMESPACE_URL, f"{client_id}/{self.person.id}"))

    @property
    def mitid_uuid(self) -> str:
        """The person's own MitID identifier."""
        return str(uuid5(NAMESPACE_URL, f"mitid/{self.person.id}"))


Claims = dict[str, Any]


def claims_of(profile: str, login: Login, scopes: frozenset[str], today: date) -> tuple[Claims, Claims]:
    """The claims of the ID token and those of the userinfo endpoint, both without the ones every token has."""
    return {"nets": _nets, "idura": _idura, "signicat": _signicat, "generic": _generic}[profile](login, scopes, today)


def _nets(login: Login, scopes: frozenset[str], today: date) -> tuple[Claims, Claims]:
    person = login.person
    level = NSIS + person.loa.value.capitalize()
    id_token = {
        "idp": "mitid",
        "identity_type": "private",
        "loa": level,
        "ial": level,
        "aal": level,
        "acr": level,
        "amr": ["code_app"],
        "auth_time": str(int(login.at.timestamp())),
        "transaction_id": login.transaction_id,
        "sid": login.sid,
    }
    userinfo: Claims = {"idp": "mitid", "identity_type": "private", "loa": level}
    if "mitid" in scopes:
        userinfo |= {
            "mitid.uuid": login.mitid_uuid,
            "mitid.date_of_birth": person.birth_date.isoformat(),
            "mitid.age": str(person.age(today)),
            "mitid.identity_name": person.name,
            "mitid.has_cpr": str(person.cpr is not None).lower(),
        }
    if "ssn" in scopes and person.cpr:
        userinfo["dk.cpr"] = person.cpr
    return id_token, userinfo


def _idura(login: Login, scopes: frozenset[str], today: date) -> tuple[Claims, Claims]:
    person = login.person
    id_token = {
        "identityscheme": "dkmitid",
        "authenticationtype": f"urn:grn:authn:dk:mitid:{person.loa.value}",
        "authenticationinstant": login.at.isoformat(),
        "loA": person.loa.value.upper(),
        "sessionindex": login.transaction_id,
        "uuid": login.mitid_uuid,
        "birthdate": person.birth_date.isoformat(),
        "age": str(person.age(today)),
        "name": person.name,
        "country": "DK",
    }
    if "ssn" in scopes and person.cpr:
        id_token["cprNumberIdentifier"] = person.cpr
    return id_token, {}


def _signicat(login: Login, scopes: frozenset[str], today: date) -> tuple[Claims, Claims]:  # noqa: ARG001 one form for all
    person = login.person
    given, _, family = person.name.rpartition(" ")
    userinfo: Claims = {"idp_id": login.mitid_uuid}
    if "profile" in scopes:
        userinfo |= {"name": person.name, "given_name": given, "family_name": family}
        userinfo["birthdate"] = person.birth_date.isoformat()
    if "nin" in scopes and person.cpr:
        userinfo |= {"nin": person.cpr, "nin_type": "PERSON", "nin_issuing_country": "DK"}
    if "mitid-extra" in scopes:
        userinfo |= {
            "mitid_has_cpr": str(person.cpr is not None).lower(),
            "mitid_transaction_id": login.transaction_id,
            "mitid_loa": person.loa.value.upper(),
        }
    return {"auth_time": int(login.at.timestamp()), "sid": login.sid, "acr": "idp:mitid"}, userinfo


def _generic(login: Login, scopes: frozenset[str], today: date) -> tuple[Claims, Claims]:  # noqa: ARG001 one form for all
    id_token = {
        "auth_time": int(login.at.timestamp()),
        "sid": login.sid,
        "acr": NSIS + login.person.loa.value.capitalize(),
    }
    person = login.person
    return id_token, {"name": person.name, "birthdate": person.birth_date.isoformat()} if "profile" in scopes else {}
