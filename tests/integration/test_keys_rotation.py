"""Rotating the key-encryption key: every case key moves, whatever cuts in, and nobody notices."""

import threading
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from auth.policy import StaffActor
from samrum.config import DEMO_KEY_LINE
from samrum.models import AuditRow, Case, Installation
from samrum.services import installation, keys
from samrum.services.downloads import open_version
from samrum.services.incoming import NewVersion, receive
from samrum.services.platform import Caller
from storage import KeyFile, WrappedKey
from support.cases import case_of, many_cases
from support.command import samrum
from support.world import World

CONTENT = b"indholdet af en fil"


@pytest.fixture
def owner(world: World) -> StaffActor:
    installation.check_keys(world.platform)
    return world.staff("Birgit", "Børn og Unge", case_creator=True)


def key_file(world: World) -> KeyFile:
    wrapper = world.platform.vault.wrapper
    assert isinstance(wrapper, KeyFile)
    return wrapper


def wrapped_keys(world: World) -> dict[UUID, tuple[UUID, WrappedKey]]:
    """Every case's organisation and wrapped key."""
    with world.platform.database.transaction(writes=False) as session:
        return {case.id: (case.organisation_id, keys.case_key(case)) for case in session.query(Case)}


def plain_keys(world: World) -> dict[UUID, bytes]:
    """Every case's key itself, which no rotation may change."""
    vault = world.platform.vault
    return {case: vault._case_key(wrapped, owner, case) for case, (owner, wrapped) in wrapped_keys(world).items()}


def keks(world: World) -> set[str]:
    return {wrapped.kek for _, wrapped in wrapped_keys(world).values()}


def logged(world: World, action: str) -> list[dict[str, object]]:
    with world.platform.database.transaction(writes=False) as session:
        rows = session.query(AuditRow).filter_by(action=action).order_by(AuditRow.sequence)
        return [dict(row.detail) for row in rows]


def store_a_file(world: World, owner: StaffActor, case_id: UUID) -> UUID:
    with receive(world.platform, Caller(owner), case_id, NewVersion("plan.txt", "other")) as incoming:
        incoming.write(CONTENT)
        return incoming.finish().document_id


def read(world: World, owner: StaffActor, case_id: UUID, document_id: UUID) -> bytes:
    opened = open_version(world.platform, Caller(owner), case_id, document_id, 1)
    return b"".join(opened.pieces(0, opened.sight.size, lambda: Caller(owner)))


def test_a_rotation_moves_every_case_key_and_the_canary_and_is_logged(world: World, owner: StaffActor) -> None:
    case_id, *_ = many_cases(world, owner, 120)
    document_id = store_a_file(world, owner, case_id)
    before, old = plain_keys(world), key_file(world).active
    told: list[tuple[int, int]] = []
    new = keys.add_kek(world.platform)
    moved = keys.rotate(world.platform, lambda done, total: told.append((done, total)))
    assert (moved.cases, moved.is_complete) == (120, True)
    assert told == [(50, 120), (100, 120), (120, 120)]
    assert keks(world) == {new}
    assert plain_keys(world) == before
    with world.platform.database.transaction(writes=False) as session:
        assert session.get_one(Installation, 1).canary_kek == new
    assert logged(world, "kek_added") == [{"kek": new}]
    assert [row["cases"] for row in logged(world, "case_keys_rewrapped")] == [50, 50, 20]
    keys.remove_kek(world.platform, old)
    assert read(world, owner, case_id, document_id) == CONTENT
    installation.check_keys(world.platform)


def test_a_second_rotation_has_nothing_to_do(world: World, owner: StaffActor) -> None:
    many_cases(world, owner, 3)
    keys.add_kek(world.platform)
    keys.rotate(world.platform)
    before = wrapped_keys(world)
    assert keys.rotate(world.platform).cases == 0
    assert wrapped_keys(world) == before
    assert len(logged(world, "case_keys_rewrapped")) == 1


KILLED_AT = """
import os, signal
from samrum.queries import keys
real, calls = keys.replace_key, []
def deadly(*arguments):
    calls.append(1)
    if len(calls) == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
keys.replace_key = deadly
"""


@pytest.mark.parametrize(("at", "already"), [(1, 0), (51, 50), (77, 50)])
def test_a_rotation_that_is_killed_goes_on_where_it_was(world: World, owner: StaffActor, at: int, already: int) -> None:
    many_cases(world, owner, 90)
    before, old = plain_keys(world), key_file(world).active
    killed = samrum(world, "keys", "rotate", "--new", script=KILLED_AT.format(at=at))
    assert killed.returncode == -9
    new = key_file(world).active
    assert new != old
    moved = [wrapped.kek for _, wrapped in wrapped_keys(world).values()].count(new)
    assert moved == already == sum(int(str(row["cases"])) for row in logged(world, "case_keys_rewrapped"))
    assert plain_keys(world) == before
    done = samrum(world, "keys", "rotate")
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [f"{90 - already} case keys moved.", f"{new}  active   90 cases", f"{old}  retired  0 cases"],
    )
    assert plain_keys(world) == before


def test_files_are_read_while_the_keys_move(world: World, owner: StaffActor) -> None:
    cases = many_cases(world, owner, 60)
    documents = {case_id: store_a_file(world, owner, case_id) for case_id in cases[:6]}
    read_well: list[bool] = []
    stop = threading.Event()

    def reader() -> None:
        while not stop.is_set():
            for case_id, document_id in documents.items():
                read_well.append(read(world, owner, case_id, document_id) == CONTENT)

    thread = threading.Thread(target=reader)
    thread.start()
    for _ in range(3):
        keys.add_kek(world.platform)
        keys.rotate(world.platform)
    stop.set()
    thread.join()
    assert len(read_well) > 6
    assert all(read_well)
    assert keks(world) == {key_file(world).active}


def test_a_case_opened_under_the_former_key_meanwhile_moves_as_well(
    world: World, owner: StaffActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_cases(world, owner, 3)
    youth, late = case_of(world, owner, "SEN", UUID(int=1))  # behind which the rotation will be already
    new = keys.add_kek(world.platform)
    rewrap: Callable[..., WrappedKey] = world.platform.vault.rewrap_case_key

    def opens_another(*arguments: object) -> WrappedKey:
        with world.platform.database.transaction() as session:
            if session.get(Case, late.id) is None:
                session.add(youth)
                session.flush()
                session.add(late)
        return rewrap(*arguments)

    monkeypatch.setattr(world.platform.vault, "rewrap_case_key", opens_another)
    assert keys.rotate(world.platform).cases == 4
    assert keks(world) == {new}


def test_a_key_that_was_destroyed_meanwhile_stays_destroyed(
    world: World, owner: StaffActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case_id,) = many_cases(world, owner, 1)
    keys.add_kek(world.platform)
    rewrap: Callable[..., WrappedKey] = world.platform.vault.rewrap_case_key

    def destroys_first(*arguments: object) -> WrappedKey:
        moved = rewrap(*arguments)
        with world.platform.database.transaction() as session:
            case = session.get_one(Case, case_id)
            case.key_kek = case.key_blob = None
        return moved

    monkeypatch.setattr(world.platform.vault, "rewrap_case_key", destroys_first)
    assert keys.rotate(world.platform).cases == 0
    with world.platform.database.transaction(writes=False) as session:
        assert session.get_one(Case, case_id).key_blob is None


def test_keys_that_cannot_be_moved_are_named_and_the_others_move(world: World, owner: StaffActor) -> None:
    many_cases(world, owner, 4)
    with world.platform.database.transaction() as session:
        session.query(Case).filter_by(number="SAG-1").one().key_kek = "00" * 16
        damaged = session.query(Case).filter_by(number="SAG-2").one()
        assert damaged.key_blob is not None
        damaged.key_blob = damaged.key_blob[:-1] + b"?"
    done = samrum(world, "keys", "rotate", "--new")
    assert done.returncode == 1
    assert "key missing SAG-1\ncorrupt SAG-2\n2 case keys moved.\n" in done.stdout
    assert f"{'00' * 16}  MISSING  1 cases" in done.stdout


def test_a_key_in_use_is_not_removed(world: World, owner: StaffActor) -> None:
    many_cases(world, owner, 1)
    old = key_file(world).active
    keys.add_kek(world.platform)
    refused = samrum(world, "keys", "remove", old)
    assert (refused.returncode, "samrum keys rotate" in refused.stderr) == (1, True)
    keys.rotate(world.platform)
    assert samrum(world, "keys", "remove", old).returncode == 0
    assert key_file(world).fingerprints == {key_file(world).active}
    assert logged(world, "kek_removed") == [{"kek": old}]


def test_the_active_key_is_not_removed(world: World, owner: StaffActor) -> None:
    many_cases(world, owner, 1)
    assert samrum(world, "keys", "remove", key_file(world).active).returncode == 1
    assert samrum(world, "keys", "remove", "nothing").returncode == 1


def test_a_demo_key_file_says_so_after_a_rotation_as_well(world: World, owner: StaffActor, tmp_path: Path) -> None:
    with (tmp_path / "kek").open("a") as file:
        file.write(DEMO_KEY_LINE + "\n")
    keys.add_kek(world.platform)
    assert DEMO_KEY_LINE in (tmp_path / "kek").read_text().splitlines()
