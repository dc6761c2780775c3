"""Erasing a case for good: its safeguards, that nothing opens afterwards, and what the pages say then."""

import importlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from samrum.models import Case, Document
from samrum.queries.audit import rows_of_case
from samrum.services import cases, downloads, fsck, keys, receipts
from samrum.services.errors import FilesErased, NotThere
from samrum.services.keys import Reason, StillOpen
from samrum.services.platform import Caller
from support.household import Household, words
from support.world import World


@pytest.fixture
def home(world: World) -> Household:
    """A closed room with one file in it."""
    home = Household.make(world)
    home.everybody_consents()
    home.upload(home.owner, "Hemmelig plan.txt")
    cases.close(world.platform, Caller(home.owner), home.case_id)
    return home


def row(home: Household) -> Case:
    with home.world.platform.database.transaction(writes=False) as session:
        return session.get_one(Case, home.case_id)


def destroy(home: Household) -> None:
    keys.destroy(home.world.platform, row(home).number, Reason.ERASURE_REQUESTED)


def command(home: Household, monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str = "") -> Result:
    module = importlib.import_module("samrum.cli.keys")
    monkeypatch.setattr(module, "open_platform", lambda: home.world.platform)
    return CliRunner().invoke(module.keys, ["destroy-case", *arguments], input=typed)


def test_the_key_is_gone_once_the_number_is_typed_and_the_log_says_so(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, kek = row(home).number, row(home).key_kek
    done = command(home, monkeypatch, number, "--reason", "retention_ended", typed=number + "\n")
    assert (done.exit_code, "1 versions of case" in done.stdout) == (0, True)
    assert (row(home).key_blob, row(home).key_kek) == (None, None)
    with home.world.platform.database.transaction(writes=False) as session:
        entry = rows_of_case(session, home.case_id, before=None, limit=1)[0]
    assert (entry.action, entry.actor_kind, entry.reason) == ("case_key_destroyed", "system", "retention_ended")
    assert entry.detail == {"kek": kek, "versions": 1}


@pytest.mark.parametrize("typed", ["", "\n", "ja\n", "BBBB-BBBB\n"])
def test_nothing_is_erased_unless_the_number_is_typed(
    home: Household, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    refused = command(home, monkeypatch, row(home).number, "--reason", "other", typed=typed)
    assert refused.exit_code == 1
    assert row(home).key_blob is not None


def test_a_reason_is_asked_for(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    number = row(home).number
    assert command(home, monkeypatch, number, typed=number + "\n").exit_code == 2
    assert row(home).key_blob is not None


def test_an_open_case_is_not_erased(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    cases.reopen(home.world.platform, Caller(home.owner), home.case_id)
    with pytest.raises(StillOpen):
        destroy(home)
    refused = command(home, monkeypatch, row(home).number, "--reason", "other", typed=row(home).number)
    assert (refused.exit_code, "not closed" in refused.output) == (1, True)
    assert row(home).key_blob is not None


def test_nothing_can_be_erased_twice_and_no_case_that_is_not_there(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    destroy(home)
    with pytest.raises(FilesErased):
        destroy(home)
    with pytest.raises(NotThere):
        keys.destroy(home.world.platform, "%", Reason.OTHER)
    for number, said in ((row(home).number, "erased before"), ("BBBB-BBBB", "no case")):
        refused = command(home, monkeypatch, number, "--reason", "other")
        assert (refused.exit_code, said in refused.output) == (1, True)


def test_the_database_file_holds_no_copy_of_the_wrapped_key(home: Household, tmp_path: Path) -> None:
    blob = row(home).key_blob
    assert blob is not None
    in_files = [blob in path.read_bytes() for path in tmp_path.glob("samrum.sqlite*")]
    assert any(in_files)
    destroy(home)
    assert not any(blob in path.read_bytes() for path in tmp_path.glob("samrum.sqlite*"))


def test_the_pages_say_that_the_files_are_erased(home: Household) -> None:
    owner, youth = home.world.client(home.owner), home.world.client(home.youth)
    with home.world.platform.database.transaction(writes=False) as session:
        document = f"{home.path}/files/{session.query(Document).one().id}"
    assert youth.get(f"{document}/1").status_code == 200
    destroy(home)
    for browser in (owner, youth):
        room = browser.get(home.path)
        assert room.status_code == 200
        assert "Filerne i dette rum er slettet for altid." in words(room.text)
        assert "Hemmelig" not in room.text
        for path in (document, f"{document}/1"):
            answer = browser.get(path)
            assert (answer.status_code, "Filerne er slettet" in words(answer.text)) == (410, True)
        log = words(browser.get(f"{home.path}/log").text)
        assert "Rummets filer blev slettet for altid" in log
        assert "Hemmelig" not in log
    assert owner.client.head(f"{document}/1").status_code == 410
    assert owner.get(f"{document}/1", headers={"Range": "bytes=0-1"}).status_code == 410


def test_a_reopened_room_takes_no_files(home: Household) -> None:
    destroy(home)
    cases.reopen(home.world.platform, Caller(home.owner), home.case_id)
    owner = home.world.client(home.owner)
    assert "Læg en fil op" not in words(owner.get(home.path).text)
    assert owner.get(f"{home.path}/files/new").status_code == 410


def test_a_download_under_way_is_cut_off(home: Household) -> None:
    assert downloads.may_still_read(home.world.platform, Caller(home.owner), home.case_id)
    destroy(home)
    assert not downloads.may_still_read(home.world.platform, Caller(home.owner), home.case_id)


def test_a_consent_given_later_stands_without_a_copy_of_its_receipt(home: Household) -> None:
    destroy(home)
    cases.reopen(home.world.platform, Caller(home.owner), home.case_id)
    consent = home.world.consent(home.youth, home.case_id, home.colleague.unit)
    assert not receipts.keep(home.world.platform, Caller(home.youth), home.case_id, consent, "da")
    assert receipts.keep_missing(home.world.platform) == 0


def test_no_key_opens_the_files_again(home: Household) -> None:
    destroy(home)
    report = list(fsck.check(home.world.platform, fsck.new_plan()))
    assert [(page.versions, page.erased, page.faults) for page in report] == [(1, 1, {})]
    assert keys.status(home.world.platform)[1] == 1
