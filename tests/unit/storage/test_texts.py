from pathlib import Path
from uuid import uuid4

import pytest

from storage import Corrupt, TextPlace
from support.vaults import Room, new_room


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return new_room(tmp_path)


@pytest.fixture
def row(room: Room) -> TextPlace:
    return TextPlace(room.organisation, room.case, uuid4())


@pytest.mark.parametrize("text", ["", "Børnefaglig undersøgelse.pdf", "længe " * 5000])
def test_a_sealed_text_comes_back(room: Room, row: TextPlace, text: str) -> None:
    sealed = room.vault.seal_text(room.case_key, row, "document.name", text)
    assert room.vault.open_text(room.case_key, row, "document.name", sealed) == text
    assert not text or text.encode() not in sealed


def test_a_text_does_not_open_in_another_row_case_column_or_under_another_key(room: Room, row: TextPlace) -> None:
    vault = room.vault
    sealed = vault.seal_text(room.case_key, row, "document.name", "hemmelig.pdf")
    with pytest.raises(Corrupt):
        vault.open_text(room.case_key, TextPlace(row.organisation, row.case, uuid4()), "document.name", sealed)
    with pytest.raises(Corrupt):
        vault.open_text(room.case_key, row, "comment.text", sealed)
    with pytest.raises(Corrupt):
        vault.open_text(room.case_key, TextPlace(row.organisation, uuid4(), row.row), "document.name", sealed)
    with pytest.raises(Corrupt):
        vault.open_text(vault.new_case_key(room.organisation, room.case), row, "document.name", sealed)


def test_a_damaged_text_is_refused(room: Room, row: TextPlace) -> None:
    sealed = room.vault.seal_text(room.case_key, row, "comment.text", "ord")
    for length in range(len(sealed)):
        with pytest.raises(Corrupt):
            room.vault.open_text(room.case_key, row, "comment.text", sealed[:length])
    for at in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[at] ^= 1
        with pytest.raises(Corrupt):
            room.vault.open_text(room.case_key, row, "comment.text", bytes(damaged))
