"""The contract of `storage.KeyWrapper`, held against the key file and a hardware security module (SoftHSM 2)."""

import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import storage
from storage import Corrupt, KeyFile, UnknownKek, WrappedKey, check_canary, new_canary
from storage.cobblestone import expander
from storage.keys import rewrap, unwrap
from storage.pkcs11 import HsmKeys
from support.hsm import PIN

KEY = bytes(range(32))

Wrapper = KeyFile | HsmKeys


@pytest.fixture(params=["key file", "hsm"])
def wrapper(request: pytest.FixtureRequest, tmp_path: Path) -> Wrapper:
    """Each implementation in turn, with one KEK of its own."""
    if request.param == "key file":
        return KeyFile.create(tmp_path / "keys")
    # a label of its own, since the library reads the list of tokens only once
    keys = HsmKeys(request.getfixturevalue("hsm"), "first", PIN, label=tmp_path.name)
    keys.add()
    return keys


def test_a_wrapped_key_comes_back(wrapper: Wrapper) -> None:
    wrapped = wrapper.wrap(KEY, b"context")
    assert wrapped.kek == wrapper.active
    assert len(wrapped.blob) == 112
    assert KEY not in wrapped.blob
    assert wrapper.unwrap(wrapped, b"context") == KEY


def test_no_two_wrappings_are_the_same(wrapper: Wrapper) -> None:
    assert wrapper.wrap(KEY, b"context").blob != wrapper.wrap(KEY, b"context").blob


def test_a_wrapped_key_is_bound_to_its_context_and_refused_when_damaged(wrapper: Wrapper) -> None:
    wrapped = wrapper.wrap(KEY, b"context")
    with pytest.raises(Corrupt):
        wrapper.unwrap(wrapped, b"another")
    for at in range(len(wrapped.blob)):
        damaged = bytearray(wrapped.blob)
        damaged[at] ^= 1
        with pytest.raises(Corrupt):
            wrapper.unwrap(WrappedKey(wrapped.kek, bytes(damaged)), b"context")


def test_an_unknown_kek_is_told_from_damage(wrapper: Wrapper) -> None:
    with pytest.raises(UnknownKek):
        wrapper.unwrap(WrappedKey("00" * 16, wrapper.wrap(KEY, b"").blob), b"")


def test_a_rotation_keeps_what_is_wrapped_and_moves_it_over(wrapper: Wrapper) -> None:
    old = wrapper.wrap(KEY, b"context")
    canary = new_canary(wrapper)
    active = wrapper.add()
    assert wrapper.active == active != old.kek
    assert wrapper.fingerprints == {old.kek, active}
    assert wrapper.unwrap(old, b"context") == KEY
    new = rewrap(wrapper, old, b"context")
    assert new.kek == active
    assert rewrap(wrapper, new, b"context") is new
    assert wrapper.unwrap(new, b"context") == KEY
    check_canary(wrapper, canary)


def test_many_threads_share_a_wrapper(wrapper: Wrapper) -> None:
    failures: list[int] = []

    def use(number: int) -> None:
        for _ in range(20):
            key = bytes([number]) * 32
            if wrapper.unwrap(wrapper.wrap(key, b"context"), b"context") != key:
                failures.append(number)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def _unwrap_in_child(wrapper: Wrapper, wrapped: WrappedKey, outcome: "multiprocessing.queues.Queue[bytes]") -> None:
    outcome.put(wrapper.unwrap(wrapped, b"context"))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_worker_can_unwrap(wrapper: Wrapper) -> None:
    wrapped = wrapper.wrap(KEY, b"context")
    context = multiprocessing.get_context("fork")
    outcome: multiprocessing.queues.Queue[bytes] = context.Queue()
    child = context.Process(target=_unwrap_in_child, args=(wrapper, wrapped, outcome))
    child.start()
    assert outcome.get(timeout=20) == KEY
    child.join(20)
    assert wrapper.unwrap(wrapped, b"context") == KEY


def test_the_hsm_gives_no_key_away(hsm: str, tmp_path: Path) -> None:
    from pkcs11 import Attribute
    from pkcs11.exceptions import PKCS11Error

    keys = HsmKeys(hsm, "first", PIN, label=tmp_path.name)
    keys.add()
    (kek,) = keys._held.values()
    assert kek[Attribute.SENSITIVE]
    assert not kek[Attribute.EXTRACTABLE]
    with pytest.raises(PKCS11Error):
        kek[Attribute.VALUE]
    assert PIN not in repr(keys)


def test_the_hsm_wraps_by_the_same_construction_as_a_key_file(hsm: str, tmp_path: Path) -> None:
    """With a KEK that both know: HMAC pads a key with zeros, so 32 known bytes are a key of 64 as well."""
    from pkcs11 import Attribute, KeyType, ObjectClass

    keys = HsmKeys(hsm, "first", PIN, label=tmp_path.name)
    with keys._login(rw=True) as session:
        session.create_object(
            {
                Attribute.CLASS: ObjectClass.SECRET_KEY,
                Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
                Attribute.VALUE: KEY + bytes(32),
                Attribute.LABEL: tmp_path.name,
                Attribute.ID: b"\x01",
                Attribute.SIGN: True,
                Attribute.TOKEN: True,
            }
        )
    wrapped = keys.wrap(bytes(32), b"context")
    assert unwrap(expander(KEY), wrapped.blob, b"context") == bytes(32)


def test_a_running_service_notices_that_the_hsm_was_given_a_new_kek(hsm: str, tmp_path: Path) -> None:
    service = HsmKeys(hsm, "first", PIN, label=tmp_path.name)
    with pytest.raises(UnknownKek):
        service.wrap(KEY, b"context")
    operator = HsmKeys(hsm, "first", PIN, label=tmp_path.name)
    first = operator.add()
    assert service.wrap(KEY, b"context").kek == first
    second = operator.add()
    assert service.unwrap(operator.wrap(KEY, b"context"), b"context") == KEY
    assert service.wrap(KEY, b"context").kek == second


@pytest.mark.parametrize(("token", "pin"), [("nowhere", PIN), ("first", "wrong-pin")])
def test_an_hsm_that_cannot_be_used_is_unavailable(hsm: str, token: str, pin: str, tmp_path: Path) -> None:
    HsmKeys(hsm, "first", PIN).close()
    script = (
        "import sys\n"
        "from storage import Unavailable\n"
        "from storage.pkcs11 import HsmKeys\n"
        "try:\n"
        "    HsmKeys(*sys.argv[1:]).wrap(bytes(32), b'')\n"
        "except Unavailable as error:\n"
        "    print(error)\n"
    )
    root = Path(storage.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", script, hsm, token, pin],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    assert "security module" in done.stdout
    assert pin not in done.stdout
