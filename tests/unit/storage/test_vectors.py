import json
import os
from pathlib import Path

import pytest

from storage.__main__ import main
from storage.vectors import BadVectorFile, run

VARIABLE = "SAMRUM_VECTORS"


@pytest.fixture
def vectors() -> Path:
    path = os.environ.get(VARIABLE)
    if path is None:
        reason = f"{VARIABLE} does not name the Wycheproof file c2sp_chunked_encryption_aes_256_gcm_test.json"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(path)


def test_every_wycheproof_vector_passes(vectors: Path) -> None:
    outcomes = list(run(vectors))
    assert len(outcomes) >= 35
    assert [outcome for outcome in outcomes if outcome.complaint] == []


def test_the_command_counts_and_exits_with_success(vectors: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vectors", str(vectors)]) == 0
    assert capsys.readouterr().out.endswith(" vectors passed\n")


def test_a_vector_that_does_not_hold_is_told(vectors: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = json.loads(vectors.read_text())
    tests = file["testGroups"][0]["tests"]
    valid = next(t for t in tests if t["result"] == "valid")
    header_failure = next(t for t in tests if "HeaderFailure" in t["flags"])
    mid_failure = next(t for t in tests if t["result"] == "invalid" and "HeaderFailure" not in t["flags"])
    lies = [
        valid | {"msgSha512": "00" * 64},
        valid | {"aeadKey": "00" * 32},
        valid | {"ct": mid_failure["ct"], "key": mid_failure["key"], "aeadKey": mid_failure["aeadKey"]},
        header_failure | {"flags": []},
        valid | {"result": "invalid", "flags": []},
        valid | {"flags": ["HeaderFailure"]},
    ]
    file["testGroups"][0]["tests"] = lies
    file["numberOfTests"] = len(lies)
    lying = tmp_path / "lies.json"
    lying.write_text(json.dumps(file))
    assert main(["vectors", str(lying)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(lies) + 1
    assert lines[-1] == "0 of 6 vectors passed"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"algorithm": "AES-GCM"}', '{"algorithm": "Cobblestone-256"}'])
def test_a_file_of_another_kind_is_no_success(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(BadVectorFile):
        list(run(path))
    assert main(["vectors", str(path)]) == 2


def test_a_file_without_tests_is_no_success(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text('{"algorithm": "Cobblestone-256", "numberOfTests": 0, "testGroups": []}')
    assert main(["vectors", str(path)]) == 2


def test_a_file_that_is_not_there_is_no_success(tmp_path: Path) -> None:
    assert main(["vectors", str(tmp_path / "nowhere.json")]) == 2
