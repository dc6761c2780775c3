"""FORMAT.md says what the code does."""

import textwrap
from pathlib import Path

import storage
from storage import KeyFile, container, keys
from storage.cobblestone import sealed_size
from storage.container import MAGIC
from storage.upkeep import MIN_AGE

TEXT = (Path(storage.__file__).parent / "FORMAT.md").read_text()


def test_the_key_file_of_the_document_is_one(tmp_path: Path) -> None:
    start = TEXT.index("    # samrum key file 1")
    path = tmp_path / "example.keys"
    path.write_text(textwrap.dedent(TEXT[start : TEXT.index("\n\n", start)]) + "\n")
    path.chmod(0o600)
    assert len(KeyFile.load(path).fingerprints) == 2


def test_the_numbers_of_the_document_are_those_of_the_code() -> None:
    assert f"magic: {MAGIC.hex(' ').upper()}" in TEXT
    assert f"{keys.WRAPPED} bytes" in TEXT
    assert f"Its shortest length is {len(MAGIC) + sealed_size(0)} bytes" in TEXT
    assert f"offset  bytes  what\n    0       {len(MAGIC)}" in TEXT
    assert f"{container.HEADER}             chunks" in TEXT
    assert "twelve hours" in TEXT
    assert MIN_AGE.total_seconds() == 12 * 3600
