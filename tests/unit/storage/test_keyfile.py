import base64
import os
from pathlib import Path
from uuid import uuid4

import pytest

from storage import (
    BadKeyFile,
    Corrupt,
    KeyFile,
    MemoryStore,
    UnknownKek,
    Vault,
    WrappedKey,
    check_canary,
    new_canary,
)
from storage.keys import rewrap

KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "samrum.keys"


def test_a_wrapped_key_comes_back(path: Path) -> None:
    wrapper = KeyFile.create(path)
    wrapped = wrapper.wrap(KEY, b"context")
    assert wrapped.kek == wrapper.active
    assert KEY not in wrapped.blob
    assert KeyFile.load(path).unwrap(wrapped, b"context") == KEY


def test_a_wrapped_key_is_bound_to_its_context(path: Path) -> None:
    wrapper = KeyFile.create(path)
    with pytest.raises(Corrupt):
        wrapper.unwrap(wrapper.wrap(KEY, b"context"), b"another")


def test_a_wrapped_key_with_any_bit_flipped_is_refused(path: Path) -> None:
    wrapper = KeyFile.create(path)
    wrapped = wrapper.wrap(KEY, b"context")
    for bit in range(8 * len(wrapped.blob)):
        blob = bytearray(wrapped.blob)
        blob[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Corrupt):
            wrapper.unwrap(WrappedKey(wrapped.kek, bytes(blob)), b"context")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_only_keys_of_32_bytes_are_wrapped(path: Path, length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KeyFile.create(path).wrap(bytes(length), b"context")


def test_the_key_file_is_for_its_owner_only(path: Path) -> None:
    KeyFile.create(path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o666])
def test_a_key_file_open_to_others_is_refused(path: Path, mode: int) -> None:
    KeyFile.create(path)
    path.chmod(mode)
    with pytest.raises(BadKeyFile, match="open to others"):
        KeyFile.load(path)


def test_a_key_file_is_never_overwritten(path: Path) -> None:
    KeyFile.create(path)
    before = path.read_bytes()
    with pytest.raises(BadKeyFile, match="never overwritten"):
        KeyFile.create(path)
    assert path.read_bytes() == before


def test_a_missing_key_file_is_an_error(path: Path) -> None:
    with pytest.raises(BadKeyFile, match="can't be read"):
        KeyFile.load(path)


def damaged(text: str) -> dict[str, str]:
    first, line = text.splitlines()
    state, name, key = line.split(" ")
    other = base64.b64encode(bytes(32)).decode()
    return {
        "empty": "",
        "another version": text.replace("file 1", "file 2"),
        "no key": first + "\n",
        "no active key": f"{first}\nretired {name} {key}\n",
        "a repeated key": f"{first}\n{line}\nretired {name} {key}\n",
        "a mistyped key": f"{first}\n{state} {name} {other}\n",
        "a mistyped fingerprint": f"{first}\n{state} {name[::-1]} {key}\n",
        "not base64": f"{first}\n{state} {name} {key[:-1]}!\n",
        "a short key": f"{first}\n{state} {name} {key[:-4]}\n",
        "an unknown state": f"{first}\nspare {name} {key}\n",
        "a missing field": f"{first}\n{state} {key}\n",
        "not text": f"{first}\n{line}\næ\n",
    }


@pytest.mark.parametrize("damage", list(damaged("\na b c")))
def test_a_damaged_key_file_is_refused(path: Path, damage: str) -> None:
    KeyFile.create(path)
    key = path.read_text().split(" ")[-1].strip()
    path.write_text(damaged(path.read_text())[damage])
    with pytest.raises(BadKeyFile) as refused:
        KeyFile.load(path)
    assert key not in str(refused.value)


def test_comments_and_empty_lines_are_allowed(path: Path) -> None:
    wrapped = KeyFile.create(path).wrap(KEY, b"")
    path.write_text(path.read_text() + "\n# kept in the safe of the town hall\n")
    assert KeyFile.load(path).unwrap(wrapped, b"") == KEY


def test_after_a_rotation_old_keys_open_and_new_ones_use_the_new_kek(path: Path) -> None:
    wrapper = KeyFile.create(path)
    old = wrapper.wrap(KEY, b"context")
    active = wrapper.add()
    assert wrapper.active == active != old.kek
    assert wrapper.fingerprints == {active, old.kek}
    assert wrapper.unwrap(old, b"context") == KEY
    new = rewrap(wrapper, old, b"context")
    assert new.kek == active
    assert wrapper.unwrap(new, b"context") == KEY


def test_rewrapping_twice_changes_nothing(path: Path) -> None:
    wrapper = KeyFile.create(path)
    wrapped = wrapper.wrap(KEY, b"context")
    assert rewrap(wrapper, wrapped, b"context") is wrapped


def test_a_running_service_notices_a_rotation(path: Path) -> None:
    service, operator = KeyFile.create(path), KeyFile.load(path)
    active = operator.add()
    assert service.unwrap(operator.wrap(KEY, b"context"), b"context") == KEY
    assert service.wrap(KEY, b"context").kek == active


def test_a_removed_kek_opens_nothing_any_more(path: Path) -> None:
    wrapper = KeyFile.create(path)
    old = wrapper.wrap(KEY, b"context")
    wrapper.add()
    wrapper.remove(old.kek)
    for held in (wrapper, KeyFile.load(path)):
        with pytest.raises(UnknownKek):
            held.unwrap(old, b"context")


def test_the_active_kek_cannot_be_removed(path: Path) -> None:
    wrapper = KeyFile.create(path)
    with pytest.raises(BadKeyFile, match="active"):
        wrapper.remove(wrapper.active)
    with pytest.raises(BadKeyFile, match="no such"):
        wrapper.remove("00" * 16)


def test_a_crash_while_writing_leaves_the_key_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper = KeyFile.create(path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadKeyFile, match="No space left"):
        wrapper.add()
    monkeypatch.undo()
    assert path.read_bytes() == before
    wrapper.add()


def test_the_canary_recognises_the_keys_of_the_installation(path: Path, tmp_path: Path) -> None:
    wrapper = KeyFile.create(path)
    canary = new_canary(wrapper)
    check_canary(wrapper, canary)
    wrapper.add()
    check_canary(wrapper, canary)
    stranger = KeyFile.create(tmp_path / "other.keys")
    with pytest.raises(UnknownKek):
        check_canary(stranger, canary)
    with pytest.raises(Corrupt):
        check_canary(stranger, WrappedKey(stranger.active, canary.blob))


def test_a_case_key_opens_for_its_own_case_only(path: Path) -> None:
    vault = Vault(MemoryStore(), KeyFile.create(path))
    organisation, case, other = uuid4(), uuid4(), uuid4()
    key = vault.new_case_key(organisation, case)
    assert vault.rewrap_case_key(key, organisation, case) is key
    vault.wrapper.unwrap(key, b"samrum case key\0\x89SAMRUM\x01" + organisation.bytes + case.bytes)
    with pytest.raises(Corrupt):
        vault.wrapper.unwrap(key, b"samrum case key\0\x89SAMRUM\x01" + organisation.bytes + other.bytes)


def test_two_changes_at_once_lose_no_key(path: Path) -> None:
    wrapper = KeyFile.create(path)
    beside = path.with_name(path.name + ".new")
    beside.touch()
    with pytest.raises(BadKeyFile, match="being changed"):
        wrapper.add()
    assert beside.exists()
    beside.unlink()
    assert wrapper.add() == wrapper.active
    assert list(path.parent.iterdir()) == [path]


def test_a_change_keeps_the_mode_of_the_key_file(path: Path) -> None:
    wrapper = KeyFile.create(path)
    path.chmod(0o640)
    wrapper.add()
    assert path.stat().st_mode & 0o777 == 0o640
