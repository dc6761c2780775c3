"""Uploads and downloads through a real S3 server, also when something dies."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import support
from storage import S3Store, Unavailable
from support.vaults import new_room, noise

if TYPE_CHECKING:
    from samrum.demo.weed import EmbeddedS3

MIB = 1 << 20
TESTS = Path(next(iter(support.__path__))).parent


def store_in(server: "EmbeddedS3", bucket: str) -> S3Store:
    store = S3Store(server.endpoint_url, bucket, server.access_key, server.secret_key, connect_timeout=1.0)
    store.ensure_bucket()
    return store


def uploading(server: "EmbeddedS3", bucket: str, keys: Path, mib: int, end: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            *(sys.executable, str(TESTS / "support" / "uploading_process.py")),
            *(server.endpoint_url, bucket, server.access_key, server.secret_key, str(keys), str(mib), end),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(TESTS.parent)},
    )


@pytest.mark.parametrize("size", [0, 200 * 1024, 8 * MIB, 20 * MIB + 5])
def test_a_version_comes_back_from_s3(s3_store: S3Store, tmp_path: Path, size: int) -> None:
    room = new_room(tmp_path, s3_store)
    plain = noise(size)
    place, stored = room.put(plain)
    assert room.get(place, stored) == plain
    assert b"".join(room.open(place, stored).read(size // 2, size)) == plain[size // 2 :]
    assert [info.name for info in s3_store.list()] == [stored.object_name]
    assert list(s3_store.unfinished()) == []


def test_an_upload_of_200_mib_writes_no_file_and_keeps_its_memory(
    s3_server: "EmbeddedS3", s3_bucket: str, s3_store: S3Store, tmp_path: Path
) -> None:
    room = new_room(tmp_path, s3_store)
    with uploading(s3_server, s3_bucket, tmp_path / "samrum.keys", 200, "finish") as process:
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    told = json.loads(output.splitlines()[-1])
    assert told["opened"] == []
    assert told["size"] >= 200 * MIB
    assert told["growth_kib"] < 40 * 1024
    assert told["name"] in [info.name for info in room.vault.store.list()]


def test_an_upload_killed_in_the_middle_is_never_visible(
    s3_server: "EmbeddedS3", s3_bucket: str, s3_store: S3Store, tmp_path: Path
) -> None:
    new_room(tmp_path, s3_store)
    with uploading(s3_server, s3_bucket, tmp_path / "samrum.keys", 40, "wait") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["written"] >= 40 * MIB
        process.send_signal(signal.SIGKILL)
    assert len(list(s3_store.list())) == 1  # the one that was finished before
    (left,) = s3_store.unfinished()
    s3_store.abort(left.name, left.upload)
    assert list(s3_store.unfinished()) == []


def test_a_finished_version_survives_the_death_of_the_s3_server(
    breakable_s3: "EmbeddedS3", s3_bucket: str, tmp_path: Path
) -> None:
    room = new_room(tmp_path, store_in(breakable_s3, s3_bucket))
    plain = noise(20 * MIB)
    large = room.put(plain)
    small = room.put(b"small")
    breakable_s3.kill()
    with pytest.raises(Unavailable):
        room.open(*small)
    breakable_s3.start()
    assert room.get(*small) == b"small"
    assert room.get(*large) == plain


def test_an_upload_is_unavailable_when_the_server_dies_under_it(
    breakable_s3: "EmbeddedS3", s3_bucket: str, tmp_path: Path
) -> None:
    room = new_room(tmp_path, store_in(breakable_s3, s3_bucket))
    with room.vault.upload(room.case_key, room.place()) as upload:
        upload.write(bytes(30 * MIB))
        breakable_s3.kill()
        with pytest.raises(Unavailable):
            upload.write(bytes(80 * MIB))
    breakable_s3.start()
    assert list(room.vault.store.list()) == []


def test_a_download_is_unavailable_when_the_server_dies_under_it(
    breakable_s3: "EmbeddedS3", s3_bucket: str, tmp_path: Path
) -> None:
    room = new_room(tmp_path, store_in(breakable_s3, s3_bucket))
    plain = noise(80 * MIB)
    pieces = room.open(*room.put(plain)).read()
    released = [next(pieces) for _ in range(8)]
    breakable_s3.kill()
    with pytest.raises(Unavailable):
        released.extend(pieces)
    breakable_s3.start()


def test_many_people_upload_and_download_at_once(s3_store: S3Store, tmp_path: Path) -> None:
    room = new_room(tmp_path, s3_store)
    failures: list[int] = []

    def use(number: int) -> None:
        plain = noise(9 * MIB + number)
        if room.get(*room.put(plain)) != plain:
            failures.append(number)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(list(s3_store.list())) == 6
