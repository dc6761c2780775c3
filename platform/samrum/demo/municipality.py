"""The people, rooms and papers of the demo municipality. Every name is invented, every CPR number a test number."""

import json
import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from auth.age import COPENHAGEN
from auth.passwords import hash_password
from auth.policy import CitizenActor, Level, StaffActor
from samrum.cpr import Cpr
from samrum.demo.papers import goal_plan, note
from samrum.models import Staff
from samrum.queries.people import citizen_by_cpr, staff_by_email
from samrum.services import cases, consents, grants, people, receipts
from samrum.services.cases import MasterData, NewCase, NewParent
from samrum.services.consents import ConsentForm
from samrum.services.incoming import NewVersion, receive
from samrum.services.people import NewStaff
from samrum.services.platform import SYSTEM, Caller, Platform
from samrum.services.sessions import staff_actor

PASSWORD = "kaffe lampe cykel skov"  # noqa: S105 the demo prints it
_SECRETS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True)
class _Paper:
    transaction_id: str | None = "demo"
    assurance: object = "Substantial"


_TOWN = "Solby Kommune"
STAFF = (
    NewStaff("Birgit Madsen", "birgit@solby.example", _TOWN, "Børne- og ungeforvaltningen", case_creator=True),
    NewStaff("Ulla Friis", "ulla@solby.example", _TOWN, "UU Solby"),
    NewStaff("Jørgen Ås", "jorgen@solby.example", _TOWN, "Jobcenter Solby"),
    NewStaff("Lone Krog", "lone@solgaarden.example", "Solgården ApS", "Opholdsstedet Solgården"),
    NewStaff("Peter Holm", "peter@regionoest.example", "Region Øst", "Ungdomspsykiatrien"),
    NewStaff("Anna Beck", "anna@solby.example", _TOWN, "It-afdelingen", administrator=True),
    NewStaff("Rita Dam", "rita@solby.example", _TOWN, "Databeskyttelse", auditor=True),
)


@dataclass(frozen=True)
class _Citizen:
    name: str
    cpr: str
    note: str
    assurance: str = "substantial"


def _citizens(today: date) -> dict[str, _Citizen]:
    """The citizens, their ages counted from the day the demo is loaded."""
    almost_18 = _years_back(today, 18) + timedelta(days=30)
    return {
        "sofie": _Citizen("Sofie Lind", test_cpr(almost_18, 4101), "17 år, fylder 18 om en måned"),
        "mette": _Citizen("Mette Lind", test_cpr(date(1981, 3, 4), 814), "Sofies mor, har forældremyndighed"),
        "jan": _Citizen("Jan Lind", test_cpr(date(1979, 9, 21), 815), "Sofies far, har forældremyndighed"),
        "ali": _Citizen("Ali Haddad", test_cpr(_years_back(today, 19), 4102), "19 år, giver selv samtykke"),
        "freja": _Citizen(
            "Freja Bruun", test_cpr(_years_back(today, 16), 4103), "16 år, har ikke givet samtykke endnu"
        ),
        "tine": _Citizen("Tine Bruun", test_cpr(date(1985, 11, 2), 816), "Frejas mor, har forældremyndighed"),
        "low": _Citizen("Lau Lav", test_cpr(date(1990, 1, 1), 817), "login på for lavt niveau", "low"),
        "nobody": _Citizen("Nils Ukendt", test_cpr(date(1990, 2, 2), 818), "er ikke med i noget rum"),
    }


def test_cpr(birth: date, serial: int) -> str:
    """An official-style test number: 60 is added to the day."""
    return f"{birth.day + 60:02}{birth:%m%y}{serial:04}"


def load(platform: Platform) -> None:
    """Load everything that is not there yet, and write the file that the stand-in login reads."""
    today = platform.clock.now().astimezone(COPENHAGEN).date()
    citizens = _citizens(today)
    staff = {new.email.partition("@")[0]: _staff(platform, number, new) for number, new in enumerate(STAFF)}
    if not _is_registered(platform, citizens["freja"]):
        _sofies_room(platform, staff, citizens, today)
        _alis_room(platform, staff, citizens, today)
        _frejas_room(platform, staff, citizens)
    _write_people(platform, citizens)


def _sofies_room(platform: Platform, staff: dict[str, StaffActor], citizens: dict[str, _Citizen], today: date) -> None:
    """Everything in place: grants, all consents, a goal plan in two versions and a note."""
    birgit = staff["birgit"]
    parents = [_parent(citizens["mette"]), _parent(citizens["jan"])]
    case_id = _room(platform, birgit, citizens["sofie"], "foster_family", "Mormor Inge", parents, Level.READ)
    team = ("ulla", "jorgen", "lone")
    _grant(platform, birgit, case_id, "ulla@solby.example", Level.WRITE)
    _grant(platform, birgit, case_id, "jorgen@solby.example", Level.READ)
    _grant(platform, birgit, case_id, "lone@solgaarden.example", Level.WRITE, today + timedelta(days=200))
    for giver in ("sofie", "mette", "jan"):
        _consent(platform, citizens[giver], case_id, [staff[name].unit for name in team], today)
    name = "Mål- og aftaleskema Sofie.docx"
    first = _upload(
        platform, staff["ulla"], case_id, NewVersion(name, "goal_plan"), goal_plan(["Begynde på FGU i Solby"])
    )
    goals = goal_plan(["Begynde på FGU i Solby", "Besøge produktionsskolen i uge 6"])
    comment = "Tilføjet besøg på produktionsskolen"
    _upload(platform, birgit, case_id, NewVersion(name, None, first, 1, comment), goals)
    text = note("Indkaldelse til møde: Vi mødes på Solgården. Sofie bestemmer, hvem der er med.")
    _upload(platform, staff["lone"], case_id, NewVersion("Indkaldelse til teammøde.txt", "meeting_note"), text)


def _alis_room(platform: Platform, staff: dict[str, StaffActor], citizens: dict[str, _Citizen], today: date) -> None:
    """An adult who has consented alone."""
    birgit = staff["birgit"]
    case_id = _room(platform, birgit, citizens["ali"], "own_lodging", "Træneren Ole", [], Level.NONE)
    _grant(platform, birgit, case_id, "jorgen@solby.example", Level.WRITE)
    _grant(platform, birgit, case_id, "peter@regionoest.example", Level.READ)
    _consent(platform, citizens["ali"], case_id, [staff["jorgen"].unit, staff["peter"].unit], today)
    text = note("Jobplan: Ali begynder i praktik i cykelværkstedet.")
    _upload(platform, staff["jorgen"], case_id, NewVersion("Jobplan.txt", "action_plan"), text)


def _frejas_room(platform: Platform, staff: dict[str, StaffActor], citizens: dict[str, _Citizen]) -> None:
    """A room where nobody has consented yet."""
    birgit = staff["birgit"]
    case_id = _room(platform, birgit, citizens["freja"], "home", "", [_parent(citizens["tine"])], Level.READ)
    _grant(platform, birgit, case_id, "ulla@solby.example", Level.WRITE)


def _staff(platform: Platform, number: int, new: NewStaff) -> StaffActor:
    with platform.database.transaction(writes=False) as session:
        known = staff_by_email(session, new.email)
    if known is None:
        staff_id, _ = people.create_staff(platform, SYSTEM, new)
        with platform.database.transaction() as session:
            row = session.get_one(Staff, staff_id)
            row.password_hash = hash_password(PASSWORD, platform.password_cost)
            row.sealed_totp = platform.fields.seal("totp", _totp_secret(number).encode())
            row.invitation_hash = row.invited_until = None
    with platform.database.transaction(writes=False) as session:
        known = staff_by_email(session, new.email)
    if known is None:
        raise LookupError(new.email)
    return staff_actor(known)


def _totp_secret(number: int) -> str:
    return "SAMRUMDEMO" + "".join(_SECRETS[(number * 7 + place * 11) % 32] for place in range(22))


def _room(
    platform: Platform,
    owner: StaffActor,
    youth: _Citizen,
    placement: str,
    trusted_adult: str,
    parents: list[NewParent],
    parent_access: Level,
) -> UUID:
    data = MasterData(youth.name, "Birgit Madsen", placement, trusted_adult)
    new = NewCase(data, Cpr.parse(youth.cpr), parents, Level.WRITE, parent_access)
    return cases.create_case(platform, Caller(owner), new)


def _parent(citizen: _Citizen) -> NewParent:
    return NewParent(citizen.name, Cpr.parse(citizen.cpr), custody_holder=True)


def _grant(
    platform: Platform, owner: StaffActor, case_id: UUID, email: str, level: Level, last_day: date | None = None
) -> None:
    grants.set_grant(platform, Caller(owner), case_id, email, level, last_day)


def _consent(platform: Platform, giver: _Citizen, case_id: UUID, units: list[UUID], today: date) -> None:
    citizen = _registered(platform, giver)
    if citizen is None:
        raise LookupError(giver.note)
    form = ConsentForm(
        units=frozenset(units),
        to_parents=True,
        kinds=("education", "work", "support"),
        purpose="At jeg får den rigtige hjælp til uddannelse og job.",
        from_day=today,
        until_day=today + timedelta(days=365),
    )
    consent_id = consents.give(platform, Caller(citizen), case_id, form, _Paper())
    receipts.keep(platform, Caller(citizen), case_id, consent_id, "da")


def _registered(platform: Platform, citizen: _Citizen) -> CitizenActor | None:
    with platform.database.transaction(writes=False) as session:
        found = citizen_by_cpr(session, platform.fields.index_cpr(Cpr.parse(citizen.cpr)))
        return CitizenActor(found.id, found.active) if found else None


def _is_registered(platform: Platform, citizen: _Citizen) -> bool:
    return _registered(platform, citizen) is not None


def _upload(platform: Platform, author: StaffActor, case_id: UUID, new: NewVersion, content: bytes) -> UUID:
    with receive(platform, Caller(author), case_id, new) as incoming:
        incoming.write(content)
        return incoming.finish().document_id


def _write_people(platform: Platform, citizens: dict[str, _Citizen]) -> None:
    path = platform.settings.demo_people_file
    if path is None:
        return
    content = {
        "people": [
            {
                "id": key,
                "name": citizen.name,
                "cpr": citizen.cpr,
                "birth_date": Cpr.parse(citizen.cpr).birth_date.isoformat(),
                "loa": citizen.assurance,
                "note": citizen.note,
            }
            for key, citizen in citizens.items()
        ],
        "staff": [
            {"name": new.name, "email": new.email, "password": PASSWORD, "totp_secret": _totp_secret(number)}
            for number, new in enumerate(STAFF)
        ],
    }
    _write_privately(path, json.dumps(content, ensure_ascii=False, indent=1))


def _write_privately(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def _years_back(today: date, years: int) -> date:
    """The same day some years ago; 28 February for a leap day."""
    is_leap_day = (today.month, today.day) == (2, 29)
    return date(today.year - years, today.month, 28 if is_leap_day else today.day)
