"""Bugs of access control that real systems had, each by its name.

Those not here stand where they belong: in the tests of files (old versions, running downloads), of logins (links,
broker sessions, shared computers) and of the log.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from auth.policy import Level
from samrum.cpr import Cpr
from samrum.models import Staff
from samrum.queries.cases import grant_in_force
from samrum.services import cases, consents, grants, people, rooms, trash
from samrum.services.archive import open_archive
from samrum.services.cases import NewParent
from samrum.services.downloads import CutOff
from samrum.services.incoming import NewVersion, receive
from samrum.services.platform import SYSTEM, Caller
from support.household import Household
from support.world import PASSWORD, World

GROWN_UP, OTHER_GROWN_UP = "7508074993", "7608074993"


def test_a_read_only_colleague_puts_no_version_on_top(world: World) -> None:
    household = Household.make(world)
    household.everybody_consents()
    document = household.upload(household.owner, "plan.txt")
    world.grant(household.owner, household.case_id, "ulla@test.dk", Level.READ)
    page = f"{household.path}/files/{document}/new"
    browser = world.client(household.colleague)
    assert browser.get(page).status_code == 403
    assert browser.client.post(page, data={"once": browser.token("/login/mine")}).status_code in (400, 403)
    assert "Version 2" not in world.client(household.owner).get(f"{household.path}/files/{document}").text


@dataclass(frozen=True)
class Papers:
    """A document in two versions and one in the trash, which the colleague may read until somebody takes it back."""

    household: Household
    document: UUID
    trashed: UUID

    @classmethod
    def make(cls, world: World, level: Level = Level.READ) -> "Papers":
        household = Household.make(world)
        household.everybody_consents()
        document = household.upload(household.owner, "hemmelig plan.txt")
        owner = Caller(household.owner)
        newer = NewVersion("hemmelig plan 2.txt", document_id=document, based_on=1)
        with receive(world.platform, owner, household.case_id, newer) as incoming:
            incoming.write(b"nyere\n")
            incoming.finish()
        trashed = household.upload(household.owner, "hemmeligt notat.txt", "other")
        trash.move_to_trash(world.platform, owner, household.case_id, trashed)
        world.grant(household.owner, household.case_id, "ulla@test.dk", level)
        return cls(household, document, trashed)

    def derivatives(self) -> list[str]:
        """The address of everything that shows or hands out something of the files."""
        path, document, trashed = self.household.path, self.document, self.trashed
        return [
            f"{path}/files/{document}",
            f"{path}/files/{document}/1",
            f"{path}/files/{document}/2",
            f"{path}/files/{trashed}",
            f"{path}/files/{trashed}/1",
            f"{path}/files/all",
            f"{path}/trash",
        ]


def test_a_read_only_colleague_restores_no_version_and_moves_nothing(world: World) -> None:
    papers = Papers.make(world)
    path, browser = papers.household.path, world.client(papers.household.colleague)
    page = browser.get(f"{path}/files/{papers.document}").text
    assert "restore" not in page
    assert "Flyt til papirkurv" not in page
    token = browser.token(path)
    for act in (
        f"{papers.document}/1/restore",
        f"{papers.document}/trash",
        f"{papers.trashed}/bring-back",
    ):
        fields = {"once": token, "seen": "2", "although_last": "1"}
        assert browser.client.post(f"{path}/files/{act}", data=fields).status_code == 403, act
    history = world.client(papers.household.owner).get(f"{path}/files/{papers.document}").text
    assert "Version 3" not in history
    assert "hemmeligt notat.txt" in world.client(papers.household.owner).get(f"{path}/trash").text


def _the_consent_is_withdrawn(papers: Papers) -> None:
    home = papers.household
    for line in rooms.show(home.world.platform, Caller(home.youth), home.case_id).consents:
        if line.giver_id == home.youth.id:
            consents.withdraw(home.world.platform, Caller(home.youth), home.case_id, line.id)


def _the_grant_is_revoked(papers: Papers) -> None:
    home = papers.household
    with home.world.platform.database.transaction(writes=False) as session:
        grant = grant_in_force(session, home.case_id, home.colleague.id)
    assert grant is not None
    grants.revoke_grant(home.world.platform, Caller(home.owner), home.case_id, grant.id)


@pytest.mark.parametrize(("ends", "status"), [(_the_consent_is_withdrawn, 403), (_the_grant_is_revoked, 404)])
def test_no_version_trash_zip_head_or_range_skips_the_rule_and_no_file_name_is_told(
    world: World, ends: Callable[[Papers], None], status: int
) -> None:
    papers = Papers.make(world)
    browser = world.client(papers.household.colleague)
    for address in papers.derivatives():
        assert browser.get(address).status_code == 200, address
    ends(papers)
    for address in [*papers.derivatives(), papers.household.path, f"{papers.household.path}/log"]:
        for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"Range": "bytes=0-1"})):
            answer = browser.client.open(address, method=method, headers=headers)
            assert answer.status_code == status, (method, address)
            assert "hemmelig" not in answer.text + str(answer.headers), (method, address)
            assert not {"Accept-Ranges", "ETag", "Content-Range"} & set(answer.headers.keys()), (method, address)


@pytest.mark.parametrize("ends", [_the_consent_is_withdrawn, _the_grant_is_revoked])
def test_a_running_zip_does_not_outlive_the_right_to_it(world: World, ends: Callable[[Papers], None]) -> None:
    papers = Papers.make(world)
    papers.household.upload(papers.household.owner, "hemmelig nummer to.txt", "other")
    caller = Caller(papers.household.colleague)
    zipped = open_archive(world.platform, caller, papers.household.case_id, lambda kind: kind)
    pieces = zipped.pieces(lambda: caller)
    sent = [next(pieces)]
    ends(papers)
    with pytest.raises(CutOff):
        sent.extend(pieces)
    assert not (b"nummer to" in b"".join(sent) and b"plan 2" in b"".join(sent))
    assert sum(map(len, sent)) < zipped.contents.size


def test_somebody_created_anew_under_the_same_name_inherits_nothing(world: World) -> None:
    household = Household.make(world)
    household.everybody_consents()
    people.deactivate_staff(world.platform, SYSTEM, household.colleague.id)
    with world.platform.database.transaction() as session:
        session.get_one(Staff, household.colleague.id).email = "ulla.gammel@test.dk"
    anew = world.staff("Ulla", "UU")
    assert anew.unit == household.colleague.unit
    assert world.client(anew).get(household.path).status_code == 404
    assert household.path not in world.client(anew).get("/rooms").text


def test_a_parent_taken_off_and_another_put_on_inherits_nothing(world: World) -> None:
    household = Household.make(world)
    household.everybody_consents()
    household.upload(household.owner, "plan.txt")
    page = world.client(household.owner).get(f"{household.path}/parents").text
    found = re.search(rf"{household.path}/parents/([0-9a-f-]+)", page.split("Mette Lind", 1)[1])
    assert found is not None
    owner = Caller(household.owner)
    cases.remove_parent(world.platform, owner, household.case_id, UUID(found[1]))
    newcomer = NewParent("Mette Lind", Cpr.parse("6103824994"), True)
    cases.add_parent(world.platform, owner, household.case_id, newcomer)
    assert "plan.txt" not in world.client(world.citizen("6103824994")).get(household.path).text
    assert world.client(household.mother).get(household.path).status_code == 404


def test_a_consent_counts_in_its_own_room_alone(world: World) -> None:
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    colleague = world.staff("Ulla", "UU")
    rooms = [world.case(owner, cpr=cpr, name="Ung") for cpr in (GROWN_UP, OTHER_GROWN_UP)]
    for room in rooms:
        world.grant(owner, room, "ulla@test.dk")
    world.consent(world.citizen(GROWN_UP), rooms[0], colleague.unit)
    browser = world.client(colleague)
    assert [browser.get(f"/rooms/{room}").status_code for room in rooms] == [200, 403]


def test_a_second_factor_that_cannot_be_read_lets_nobody_in(world: World) -> None:
    staff = world.staff("Ulla", "UU")
    with world.platform.database.transaction() as session:
        session.get_one(Staff, staff.id).sealed_totp = b"damaged beyond reading, and longer than a nonce"
    browser = world.client()
    browser.post("/login/staff", {"email": "ulla@test.dk", "password": PASSWORD})
    answer = browser.post("/login/staff/code", {"code": world.code()})
    assert answer.status_code == 500
    assert "/login/staff/code" in browser.get("/rooms").headers["Location"]


def test_access_does_not_outlive_its_consent(world: World) -> None:
    household = Household.make(world)
    household.everybody_consents(days=1)
    assert world.client(household.colleague).get(household.path).status_code == 200
    world.clock.move(days=2)
    assert world.client(household.colleague).get(household.path).status_code == 403
