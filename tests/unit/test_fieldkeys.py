"""The key for what the database holds sealed, and for what it only recognises."""

import stat
from pathlib import Path

import pytest

from samrum.cpr import Cpr
from samrum.fieldkeys import FieldKeyError, FieldKeys

KEYS = FieldKeys(bytes(range(32)))
CPR = Cpr.parse("010190-1234")


def test_what_is_sealed_opens_again_under_the_same_purpose_only() -> None:
    sealed = KEYS.seal("totp", b"secret")
    assert KEYS.open("totp", sealed) == b"secret"
    for keys, purpose in ((KEYS, "cpr"), (KEYS, "totp "), (FieldKeys(bytes(32)), "totp")):
        with pytest.raises(FieldKeyError):
            keys.open(purpose, sealed)


def test_the_same_text_is_sealed_anew_each_time_and_shows_nothing() -> None:
    one, two = KEYS.seal_cpr(CPR), KEYS.seal_cpr(CPR)
    assert one != two
    assert b"0101901234" not in one
    assert KEYS.open_cpr(one) == KEYS.open_cpr(two) == CPR


@pytest.mark.parametrize("place", [0, 11, 12, 20, -1])
def test_a_sealed_field_changed_anywhere_does_not_open(place: int) -> None:
    sealed = bytearray(KEYS.seal("cpr", b"0101901234"))
    sealed[place] ^= 1
    with pytest.raises(FieldKeyError):
        KEYS.open("cpr", bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(12), bytes(27), bytes(28)])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(FieldKeyError):
        KEYS.open("cpr", sealed)


def test_a_number_is_found_again_by_its_index_with_this_key_only() -> None:
    assert KEYS.index_cpr(CPR) == KEYS.index_cpr(Cpr.parse("0101901234"))
    assert KEYS.index_cpr(CPR) != KEYS.index_cpr(Cpr.parse("0101901235"))
    assert KEYS.index_cpr(CPR) != FieldKeys(bytes(32)).index_cpr(CPR)
    assert KEYS.index_cpr(CPR) != KEYS.recognise("throttle", b"0101901234")
    assert len(KEYS.index_cpr(CPR)) == 32


def test_a_key_file_is_made_for_its_owner_alone_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "fields"
    FieldKeys.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sealed = FieldKeys.load(path).seal("cpr", b"x")
    assert FieldKeys.load(path).open("cpr", sealed) == b"x"
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        FieldKeys.create(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ["", "# only a note\n", "xyz\n", "00" * 31 + "\n", "00" * 33 + "\n", "\udcff"])
def test_a_file_that_is_no_key_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "fields"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(FieldKeyError) as caught:
        FieldKeys.load(path)
    assert "00" * 31 not in str(caught.value)
    with pytest.raises(FieldKeyError):
        FieldKeys.load(tmp_path / "missing")


def test_a_known_answer_so_that_no_release_loses_what_an_earlier_one_sealed() -> None:
    """HKDF-Expand (RFC 5869) of the key with a label for each purpose, then HMAC-SHA-256 or AES-256-GCM."""
    assert KEYS.index_cpr(CPR).hex() == KNOWN_INDEX
    assert KEYS.open("cpr", bytes.fromhex(KNOWN_SEALED)) == b"0101901234"


KNOWN_INDEX = "6c2ce0b342a10ef1039e7dd53711da6a5a5724ff669da1d3fb893006616063ce"
KNOWN_SEALED = "000102030405060708090a0bbd58e7003926c43eda710a4fcd8ca540c8bfcab598e89ef865e8"


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o644, 0o666])
def test_a_field_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "fields"
    FieldKeys.create(path)
    path.chmod(mode)
    with pytest.raises(FieldKeyError, match="open to others"):
        FieldKeys.load(path)
    path.chmod(0o640)
    FieldKeys.load(path)
