"""`samrum fsck`: every version is read, what is wrong is named, and it can be broken off anywhere."""

import dataclasses
import importlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from samrum.cli.fsck import fsck
from samrum.models import Case
from samrum.services import cases, keys
from samrum.services import fsck as services
from samrum.services.fsck import Fault
from samrum.services.incoming import NewVersion, receive
from samrum.services.platform import Caller
from storage import KeyFile, MemoryStore, Unavailable, Vault
from storage.store import Blob
from support.world import World

Check = Callable[..., Result]
ORPHAN = "v1/" + "2" * 32


class FaultyStore(MemoryStore):
    """Fails after so many objects were read, where that is set."""

    reads_left: int | None = None

    @contextmanager
    def read(self, name: str, start: int, stop: int | None) -> Iterator[Blob]:
        if self.reads_left is not None:
            if self.reads_left == 0:
                raise Unavailable("switched off")
            self.reads_left -= 1
        with super().read(name, start, stop) as blob:
            yield blob


@dataclasses.dataclass
class Shelf:
    """A closed case with six small files, a page of the check being two of them."""

    world: World
    store: FaultyStore
    number: str

    @property
    def objects(self) -> list[str]:
        """In the order in which they are checked: an object is named after its version."""
        return sorted(self.store.objects)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr(services, "_PAGE", 2)
    store = FaultyStore()
    world = World.make(tmp_path, store=store)
    owner = world.staff("Birgit", "Børn og Unge", case_creator=True)
    case_id = world.case(owner)
    for name in "abcdef":
        with receive(world.platform, Caller(owner), case_id, NewVersion(f"{name}.txt", "other")) as incoming:
            incoming.write(f"indholdet af {name}".encode())
            incoming.finish()
    cases.close(world.platform, Caller(owner), case_id)
    with world.platform.database.transaction(writes=False) as session:
        number = session.get_one(Case, case_id).number
    return Shelf(world, store, number)


@pytest.fixture
def check(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Runs the command on the shelf, in this process."""
    monkeypatch.setattr(importlib.import_module("samrum.cli.fsck"), "open_platform", lambda: shelf.world.platform)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(fsck, arguments)

    return run


def version_of(name: str) -> UUID:
    return UUID(name.removeprefix("v1/"))


def flip_a_bit(store: MemoryStore, name: str) -> None:
    content = store.objects[name]
    store.objects[name] = content[:-1] + bytes([content[-1] ^ 1])


def test_it_is_content_with_what_is_whole(check: Check) -> None:
    done = check()
    assert done.exit_code == 0
    assert done.stdout == (
        "6 versions checked: 0 missing, 0 corrupt, 0 without their key; 0 of erased cases. "
        "0 objects without a version.\n"
    )


@pytest.mark.parametrize(
    ("damage", "fault"),
    [(MemoryStore.delete, Fault.MISSING), (flip_a_bit, Fault.CORRUPT)],
    ids=["a lost object", "a flipped bit"],
)
def test_it_names_a_damaged_version(
    shelf: Shelf, check: Check, damage: Callable[[MemoryStore, str], None], fault: Fault
) -> None:
    damaged = shelf.objects[3]
    damage(shelf.store, damaged)
    done = check()
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == f"{fault.value} {version_of(damaged)}"
    assert f" 1 {fault.value}" in done.stdout


def test_a_missing_key_is_told_from_damage(shelf: Shelf, check: Check, tmp_path: Path) -> None:
    foreign = Vault(shelf.store, KeyFile.create(tmp_path / "other"))
    shelf.world.platform = dataclasses.replace(shelf.world.platform, vault=foreign)
    done = check()
    assert done.exit_code == 1
    assert "0 missing, 0 corrupt, 6 without their key" in done.stdout


def test_what_was_erased_on_purpose_is_no_fault(shelf: Shelf, check: Check) -> None:
    keys.destroy(shelf.world.platform, shelf.number, keys.Reason.OTHER)
    done = check()
    assert (done.exit_code, "6 of erased cases" in done.stdout) == (0, True)


def test_a_sample_reads_so_many_from_a_random_place_on(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = [version_of(name) for name in shelf.objects]
    seen: list[UUID] = []
    monkeypatch.setattr(services, "_fault", lambda _platform, version, _key: seen.append(version.id))
    start = services.Plan(everything[3], sample=4)
    list(services.check(shelf.world.platform, start))
    assert seen == [everything[4], everything[5], everything[0], everything[1]]
    seen.clear()
    list(services.check(shelf.world.platform, dataclasses.replace(start, sample=100)))
    assert sorted(seen) == everything


def test_it_goes_on_where_it_was_broken_off(shelf: Shelf, check: Check, tmp_path: Path) -> None:
    state = tmp_path / "state"
    flip_a_bit(shelf.store, shelf.objects[0])
    shelf.store.reads_left = 3  # the second of three pages is not finished
    broken_off = check("--resume", str(state))
    assert broken_off.exit_code == 2
    assert broken_off.stdout == f"corrupt {version_of(shelf.objects[0])}\n"
    shelf.store.reads_left = 4
    finished = check("--resume", str(state))
    assert finished.exit_code == 1
    assert finished.stdout.startswith("6 versions checked: 0 missing, 1 corrupt")
    assert not state.exists()


def test_a_sample_that_was_broken_off_goes_on_as_the_same_sample(shelf: Shelf, check: Check, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shelf.store.reads_left = 2
    assert check("--sample", "5", "--resume", str(state)).exit_code == 2
    assert check("--sample", "4", "--resume", str(state)).exit_code == 2
    shelf.store.reads_left = 4  # a page is one or two of them; anew it would take five
    assert check("--resume", str(state)).stdout.startswith("5 versions checked: 0 missing")


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"start": "x"}), "no state at all"])
def test_a_file_that_is_no_state_is_left_as_it_is(check: Check, tmp_path: Path, content: str) -> None:
    (tmp_path / "letter").write_text(content)
    refused = check("--resume", str(tmp_path / "letter"))
    assert refused.exit_code == 1
    assert (tmp_path / "letter").read_text() == content


def test_an_orphan_is_named_once_no_upload_can_need_it_and_only_repair_removes_it(shelf: Shelf, check: Check) -> None:
    kept = shelf.objects
    shelf.store.put(ORPHAN, bytearray(b"nobody's"))
    shelf.world.clock.moment = datetime.now(UTC) + timedelta(hours=23)
    assert "0 objects without a version" in check("--repair").stdout
    shelf.world.clock.move(hours=2)
    assert check().stdout.startswith(f"orphan {ORPHAN}\n")
    assert ORPHAN in shelf.store.objects
    assert "1 objects without a version, removed." in check("--repair").stdout
    assert shelf.objects == kept


def test_repair_leaves_a_corrupt_version_as_it_is(shelf: Shelf, check: Check) -> None:
    flip_a_bit(shelf.store, shelf.objects[0])
    before = dict(shelf.store.objects)
    shelf.world.clock.moment = datetime.now(UTC) + timedelta(hours=25)
    assert check("--repair").exit_code == 1
    assert shelf.store.objects == before


def test_no_transaction_is_open_while_a_file_is_read(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    pool: Any = shelf.world.platform.database.engine.pool
    in_use: list[int] = []
    monkeypatch.setattr(services, "_fault", lambda *_: in_use.append(pool.checkedout()))
    list(services.check(shelf.world.platform, services.new_plan()))
    assert in_use == [0] * 6
