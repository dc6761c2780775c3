"""Where the young person is, is told to no parent: every page that a parent can reach is read for it."""

import io
import re
import zipfile
from collections import deque
from html import unescape
from uuid import UUID

import pypdf
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from auth.policy import CitizenActor, Level, StaffActor
from samrum.cpr import Cpr
from samrum.models import Case, Grant, Staff, Unit
from samrum.queries.audit import rows_of_case
from samrum.services import cases, grants, people, receipts
from samrum.services.cases import MasterData, NewParent
from samrum.services.naming import Kind, naming
from samrum.services.platform import Caller
from support.broker import Broker
from support.household import Household, words
from support.world import FATHER_CPR, MOTHER_CPR, YOUTH_CPR, Browser, World

SECRET = (
    "Solgården",
    "Skovskolen",
    "Ungdomspsykiatrien",
    "Region Øst",
    "Børn og Unge",
    "UU Nord",
    "Opholdssted",
    "Mormor Inge",
    "Lone",
    "Poul",
    "Ulla",
)
"""Units, organisations, the placement, and the names of those who work there."""

TEAM = (
    ("Ulla", "UU Nord", "Testby Kommune"),
    ("Lone", "Opholdsstedet Solgården", "Solgården ApS"),
    ("Poul", "Skovskolen", "Region Øst"),
)


@pytest.fixture
def broker(world: World) -> Broker:
    return Broker.of(world)


@pytest.fixture
def home(world: World, broker: Broker) -> Household:
    """A room with a protected address and a team of three places, everybody's consents, and a file from each place."""
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    team = [world.staff(name, unit, organisation=organisation) for name, unit, organisation in TEAM]
    parents = (NewParent("Mette Lind", Cpr.parse(MOTHER_CPR), True), NewParent("Jan Lind", Cpr.parse(FATHER_CPR), True))
    case_id = world.case(owner, parents=parents, parent_access=Level.WRITE)
    youth, mother, father = people = [world.citizen(cpr) for cpr in (YOUTH_CPR, MOTHER_CPR, FATHER_CPR)]
    home = Household(world, owner, team[1], youth, mother, father, case_id)
    protect(home)
    for name, _unit, _organisation in TEAM:
        world.grant(owner, case_id, f"{name.lower()}@test.dk", Level.WRITE)
    for giver in people:
        consent_id = world.consent(giver, case_id, *(person.unit for person in team), to_parents=True)
        receipts.keep(world.platform, Caller(giver), case_id, consent_id, "da")
    for person in (*team, owner):
        home.upload(person, "Aftale.txt")
    return home


def protect(home: Household, on: bool = True) -> None:
    data = MasterData("Sofie Lind", "Ulla fra UU Nord", "residential_home", "Mormor Inge", protected_address=on)
    cases.change_data(home.world.platform, Caller(home.owner), home.case_id, data)


def everything(browser: Browser) -> dict[str, str]:
    """Every page behind the links of every page, from the list of rooms on, with what it says, PDF files included."""
    pages: dict[str, str] = {}
    ahead = deque(["/rooms"])
    while ahead:
        path = ahead.popleft()
        if path in pages or path.startswith(("/static/", "/language/", "/login/logout")):
            continue
        answer = browser.get(path)
        pages[path] = said(answer)
        if answer.location:
            ahead.append(answer.location)
        if answer.mimetype == "text/html":
            ahead.extend(unescape(link) for link in re.findall(r'href="(/[^"#]*)', answer.text))
    return pages


def said(answer: TestResponse) -> str:
    """All that an answer says: its headers, and its page with what does not show, its PDF in letters, or its files."""
    if answer.mimetype == "application/pdf":
        return f"{answer.headers} {_in_letters(answer.data)}"
    if answer.mimetype == "application/zip":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as found:
            told = [(name, found.read(name)) for name in found.namelist()]
        letters = [_in_letters(data) if name.endswith(".pdf") else data.decode() for name, data in told]
        return f"{answer.headers} {' '.join(name for name, _data in told)} {' '.join(letters)}"
    return f"{answer.headers} {unescape(answer.text)}"


def _in_letters(pdf: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return f"{' '.join(page.extract_text() for page in reader.pages)} {reader.metadata}"


def told(pages: dict[str, str]) -> dict[str, list[str]]:
    """Which pages tell which of the names."""
    found = {path: [name for name in SECRET if name in text] for path, text in pages.items()}
    return {path: names for path, names in found.items() if names}


def test_no_page_that_a_parent_can_reach_tells_where_the_young_person_is(home: Household) -> None:
    for parent in (home.mother, home.father):
        pages = everything(home.world.client(parent))
        assert told(pages) == {}
        for part in ("/consent", "/withdraw", "/receipt", "/files/new", "/new", "/1", "/files/all", "/trash"):
            assert any(path.startswith(home.path) and path.endswith(part) for path in pages), part
        assert sum(text.count("application/pdf") for text in pages.values()) >= 4


def test_the_walk_finds_the_names_where_the_address_is_not_protected(home: Household) -> None:
    protect(home, on=False)
    found = told(everything(home.world.client(home.mother)))
    assert {name for names in found.values() for name in names} >= {"Solgården", "Skovskolen", "UU Nord", "Lone"}
    assert {home.path, f"{home.path}/consent"} <= found.keys()
    assert any("/files/" in path for path in found)
    assert any(path.endswith("/receipt") for path in found)


def test_the_young_person_and_the_colleagues_see_every_name(home: Household) -> None:
    for person in (home.youth, home.colleague, home.owner):
        page = home.world.client(person).get(home.path).text
        assert "Opholdsstedet Solgården" in page
        assert "Beskyttet adresse" in page


def test_what_a_parent_sends_is_answered_without_the_names(home: Household, broker: Broker) -> None:
    browser = home.world.client(home.father)
    broker.cpr = FATHER_CPR
    consent = f"{home.path}/consent"
    boxes = re.findall(r'name="recipients"[^>]*value="([^"]+)"', browser.get(consent).text)
    form = {"recipients": boxes, "kinds": ["housing"], "purpose": "Hjælp.", "until_day": "2027-05-01"}
    answers = [
        browser.post(consent, {**form, "until_day": ""}),
        browser.post(consent, form),
        (back := browser.get(broker.way_back)),
        browser.get(back.location),
        browser.get(back.location.replace("/given", "/receipt")),
        browser.post(back.location.replace("/given", "/withdraw")),
        browser.get(home.path),
        browser.post(f"{home.path}/files/new", {"kind": ""}),
        browser.get(f"{home.path}/log"),
        browser.get(f"{home.path}/access"),
    ]
    assert told({str(number): said(answer) for number, answer in enumerate(answers)}) == {}


def test_a_parent_says_yes_to_each_place_by_itself_and_each_keeps_its_number(home: Household, broker: Broker) -> None:
    browser = home.world.client(home.mother)
    page = words(browser.get(f"{home.path}/consent").text)
    for label in ("Intern afdeling 1", "Ekstern samarbejdspartner 1", "Ekstern samarbejdspartner 2"):
        assert label in page
    assert "Af hensyn til den unges sikkerhed står stederne ikke med navn her." in page
    ulla = "ulla@test.dk"
    home.world.clock.move(minutes=5)
    home.world.staff("Karl", "PPR", organisation="Testby Kommune")
    home.world.grant(home.owner, home.case_id, "karl@test.dk")
    home.world.grant(home.owner, home.case_id, ulla, Level.READ)
    again = browser.get(f"{home.path}/consent").text
    assert label_of(again, _unit(home, ulla)) == "Intern afdeling 1"
    assert "Intern afdeling 2" in again


def label_of(page: str, unit: str) -> str:
    found = re.search(rf'id="([^"]+)"[^>]*value="{unit}"|value="{unit}"[^>]*id="([^"]+)"', page)
    assert found is not None
    label = re.search(rf'<label[^>]*for="{found[1] or found[2]}"[^>]*>([^<]+)<', page)
    assert label is not None
    return unescape(label[1]).strip()


def _unit(home: Household, email: str) -> str:
    from samrum.queries.people import staff_by_email

    with home.world.platform.database.transaction(writes=False) as session:
        staff = staff_by_email(session, email)
        assert staff is not None
        return str(staff.unit_id)


def test_a_parent_sees_that_a_place_put_a_file_there_and_the_owner_by_name(home: Household) -> None:
    page = words(home.world.client(home.mother).get(home.path).text)
    assert "Ekstern samarbejdspartner 1" in page
    assert "Birgit" in page


def test_whoever_uploads_is_warned_and_a_parent_is_not_told_that_there_is_anything_to_hide(home: Household) -> None:
    warning = "hvor den unge er"
    people: list[tuple[StaffActor | CitizenActor, bool]] = [
        (home.colleague, True),
        (home.owner, True),
        (home.father, False),
    ]
    for person, is_warned in people:
        page = words(home.world.client(person).get(f"{home.path}/files/new").text)
        assert (warning in page) is is_warned
    assert "Skriv ikke, hvor du bor" in words(home.world.client(home.youth).get(f"{home.path}/files/new").text)
    assert warning in words(home.world.client(home.owner).get(f"{home.path}/paper-consent").text)
    protect(home, on=False)
    assert warning not in words(home.world.client(home.owner).get(f"{home.path}/files/new").text)


def test_the_owner_marks_the_case_on_the_page_of_stamoplysninger_and_it_is_logged(home: Household) -> None:
    owner = home.world.client(home.owner)
    form = {"youth_name": "Sofie Lind", "coordinator": "Birgit", "placement": "other", "trusted_adult": ""}
    box = re.search(r'<input[^>]*name="protected_address"[^>]*>', owner.get(f"{home.path}/data").text)
    assert box is not None
    assert " checked" in box[0]
    assert owner.post(f"{home.path}/data", form).status_code == 303
    assert not is_protected(home)
    assert owner.post(f"{home.path}/data", {**form, "protected_address": "y"}).status_code == 303
    assert is_protected(home)
    with home.world.platform.database.transaction(writes=False) as session:
        rows = [
            row for row in rows_of_case(session, home.case_id, before=None, limit=50) if row.action == "case_changed"
        ]
    assert [row.detail.get("protected_address") for row in rows[:2]] == [True, False]


def test_a_room_can_be_protected_from_its_first_day(home: Household) -> None:
    owner = home.world.client(home.owner)
    form = {
        "youth_name": "Mads Ø",
        "cpr": "7004104992",
        "coordinator": "Birgit",
        "placement": "residential_home",
        "youth_access": "write",
        "parent_access": "none",
        "protected_address": "y",
    }
    answer = owner.post("/rooms/new", form)
    assert answer.status_code == 303, words(answer.text)
    with home.world.platform.database.transaction(writes=False) as session:
        assert sum(case.protected_address for case in session.query(Case)) == 2


def is_protected(home: Household) -> bool:
    with home.world.platform.database.transaction(writes=False) as session:
        return session.get_one(Case, home.case_id).protected_address


def test_a_place_keeps_its_number_when_somebody_goes_over_to_another(home: Household) -> None:
    """What a parent said yes to by its number has that number for good, whoever works there now."""
    world = home.world
    admin = Caller(world.staff("Rita", "Skovskolen", organisation="Region Øst", administrator=True))
    before = _numbered(home)
    world.clock.move(minutes=5)
    people.move_staff(world.platform, admin, _staff(home, "poul@test.dk"), "Klinikken")
    world.clock.move(minutes=5)
    people.move_staff(world.platform, admin, _staff(home, "poul@test.dk"), "Ambulatoriet")
    after = _numbered(home)
    assert {name: after[name] for name in before} == before
    assert (after["Klinikken"], after["Ambulatoriet"]) == ((Kind.EXTERNAL, 3), (Kind.EXTERNAL, 4))


def test_a_place_somebody_comes_to_after_the_grant_was_taken_back_is_no_place_of_the_room(home: Household) -> None:
    world = home.world
    grants.revoke_grant(world.platform, Caller(home.owner), home.case_id, _grant(home, "poul@test.dk"))
    admin = Caller(world.staff("Rita", "Skovskolen", organisation="Region Øst", administrator=True))
    before = _numbered(home)
    people.move_staff(world.platform, admin, _staff(home, "poul@test.dk"), "Klinikken")
    assert _numbered(home) == before


def _numbered(home: Household) -> dict[str, tuple[Kind, int | None]]:
    """The places of the room as a parent is told of them, by their names."""
    with home.world.platform.act(Caller(home.mother), writes=False) as act:
        shown = naming(act, act.session.get_one(Case, home.case_id)).neutral or {}
        return {act.session.get_one(Unit, unit).name: (label.kind, label.number) for unit, label in shown.items()}


def _staff(home: Household, email: str) -> UUID:
    with home.world.platform.database.transaction(writes=False) as session:
        return session.scalars(select(Staff.id).where(Staff.email == email)).one()


def _grant(home: Household, email: str) -> UUID:
    with home.world.platform.database.transaction(writes=False) as session:
        return session.scalars(select(Grant.id).join(Grant.staff).where(Staff.email == email)).one()
