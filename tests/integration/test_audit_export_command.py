"""`samrum audit`: export, verify, checkpoint, create-key."""

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from samrum.cli import main
from samrum.db import Database
from support.audit_logs import chained, change, disarm, drop, new_log, replace_all, rows

COUNT = 9
REQUIRED = {
    "SAMRUM_ENV": "demo",
    "SAMRUM_BASE_URL": "http://localhost",
    "SAMRUM_KEY_FILE": "/nowhere",
    "SAMRUM_FIELD_KEY_FILE": "/nowhere",
    "SAMRUM_S3_ENDPOINT": "http://127.0.0.1:9",
    "SAMRUM_S3_ACCESS_KEY": "unused",
    "SAMRUM_S3_SECRET_KEY": "unused",
    "SAMRUM_OIDC_ISSUER": "http://127.0.0.1:9",
    "SAMRUM_OIDC_CLIENT_ID": "samrum",
    "SAMRUM_OIDC_CLIENT_SECRET": "unused",
}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'log.sqlite'}"
    for name, value in {**REQUIRED, "SAMRUM_DATABASE_URL": url}.items():
        monkeypatch.setenv(name, value)
    database = new_log(url, COUNT)
    yield database
    database.engine.dispose()


def audit(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["audit", *(str(word) for word in words)])


def says(result: Result, status: int = 0) -> str:
    assert result.exit_code == status, result.output
    return result.output


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """The log's secret and public key, each in its file."""
    public = tmp_path / "public"
    public.write_text(says(audit("create-key", tmp_path / "secret", "--name", "samrum.example.dk/audit")))
    return tmp_path / "secret", public


def test_a_whole_log_is_said_to_be_whole(log: Database) -> None:
    assert says(audit("verify")) == "9 rows, every one as it was written; the last is row 9.\n"


def test_a_changed_row_is_named_and_the_exit_status_tells(log: Database) -> None:
    with log.engine.begin() as connection:
        disarm(connection)
        change(connection, 4, actor_id=None)
    assert says(audit("verify"), 1) == "Row 4 was changed after it was written.\n"


def test_an_export_is_logged_and_verified_offline_without_database_or_settings(
    log: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(audit("export", "--output", tmp_path / "log.jsonl"))
    assert stat.S_IMODE((tmp_path / "log.jsonl").stat().st_mode) == 0o600
    with log.engine.connect() as connection:
        last = rows(connection)[-1]
    assert (last["sequence"], last["action"], last["actor_kind"]) == (10, "log_exported", "system")
    for name in (*REQUIRED, "SAMRUM_DATABASE_URL"):
        monkeypatch.delenv(name)
    verdict = says(audit("verify", "--file", tmp_path / "log.jsonl"))
    assert verdict == "10 rows, every one as it was written; the last is row 10.\n"


def test_an_export_to_the_standard_output_is_the_same_lines(log: Database, tmp_path: Path) -> None:
    lines = says(audit("export")).removesuffix("\n").split("\n")
    assert [json.loads(line)["row"]["sequence"] for line in lines[:-1]] == list(range(1, COUNT + 2))
    (tmp_path / "log.jsonl").write_text("\n".join(lines) + "\n")
    says(audit("verify", "--file", tmp_path / "log.jsonl"))


def test_an_export_never_writes_over_a_file(log: Database, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    assert "can't be written" in says(audit("export", "--output", tmp_path / "precious"), 1)
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_tampered_export_is_found_offline(log: Database, tmp_path: Path) -> None:
    lines = [f"{line}\n" for line in says(audit("export")).removesuffix("\n").split("\n")]
    for tampered, verdict in {
        "".join([*lines[:5], *lines[6:]]): "Row 6 is missing.\n",
        "".join([*lines[:5], lines[6], lines[5], *lines[7:]]): "Row 6 is not in its place; it comes later.\n",
        "".join([*lines[:5], lines[4], *lines[5:]]): "Row 5 was put in: there is no place for it.\n",
        "".join(lines[:5]): "The file ends before row 6 and does not say that the log does.\n",
        "".join([*lines[:5], "{}\n"]): "Row 6 cannot be read.\n",
    }.items():
        (tmp_path / "log.jsonl").write_text(tampered)
        assert says(audit("verify", "--file", tmp_path / "log.jsonl"), 1) == verdict


def test_a_rewritten_tail_is_found_with_checkpoints_kept_elsewhere(
    log: Database, tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    secret, public = keys
    early, late = tmp_path / "early", tmp_path / "late"
    early.write_text(says(audit("checkpoint", "--key", secret)))
    assert early.read_text().startswith("samrum.example.dk/audit\n9\n")
    says(audit("export"))
    says(audit("checkpoint", "--key", secret, "--checkpoint", early, "--output", late))
    both = ("--checkpoint", early, "--checkpoint", late, "--public-key", public)
    assert (
        "10 rows, every one as it was written; the last is row 10. 2 checkpoints agree, the newest is of row 10.\n"
        in says(audit("verify", *both))
    )
    with log.engine.begin() as connection:
        disarm(connection)
        log_rows = rows(connection)
        forged = chained([{**log_rows[-1], "actor_kind": "staff"}], after=(9, log_rows[8]["hash"]))
        replace_all(connection, [*log_rows[:9], *forged])
    says(audit("verify"))
    assert "rewritten somewhere from row 10 to row 10" in says(audit("verify", *both), 1)
    (tmp_path / "rewritten.jsonl").write_text(says(audit("export")))
    assert "rewritten somewhere" in says(audit("verify", "--file", tmp_path / "rewritten.jsonl", *both), 1)


def test_a_log_that_contradicts_an_earlier_checkpoint_is_not_signed(
    log: Database, tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    secret, _ = keys
    early = tmp_path / "early"
    says(audit("checkpoint", "--key", secret, "--output", early))
    with log.engine.begin() as connection:
        disarm(connection)
        replace_all(connection, chained(rows(connection)[1:]))
    assert "Row 9 is missing" in says(audit("checkpoint", "--key", secret, "--checkpoint", early), 1)
    with log.engine.begin() as connection:
        drop(connection, [3])
    assert says(audit("checkpoint", "--key", secret), 1) == "Row 3 is missing.\n"


def test_a_checkpoint_without_its_key_or_with_another_shows_nothing(
    log: Database, tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    secret, _ = keys
    early = tmp_path / "early"
    says(audit("checkpoint", "--key", secret, "--output", early))
    assert "give --public-key" in says(audit("verify", "--checkpoint", early), 2)
    other = tmp_path / "other-public"
    other.write_text(says(audit("create-key", tmp_path / "other", "--name", "samrum.example.dk/audit")))
    assert "it was not signed with this key" in says(audit("verify", "--checkpoint", early, "--public-key", other), 1)


def test_the_secret_key_is_never_printed_and_stands_in_a_file_of_its_owners(keys: tuple[Path, Path]) -> None:
    secret, public = keys
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert secret.read_text().startswith("PRIVATE+KEY+")
    assert "PRIVATE" not in public.read_text()
    assert "can't be written" in says(audit("create-key", secret, "--name", "samrum.example.dk/audit"), 1)


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "--file", "/nowhere/log.jsonl"),
        ("verify", "--checkpoint", "/nowhere/checkpoint", "--public-key", "/nowhere/key"),
        ("checkpoint", "--key", "/nowhere/key"),
        ("export", "--output", "/nowhere/log.jsonl"),
        ("create-key", "/nowhere/key", "--name", "samrum.example.dk/audit"),
        ("create-key", "/nowhere/key", "--name", "a name with spaces"),
    ],
)
def test_a_file_that_is_not_there_is_told_in_a_sentence(log: Database, words: tuple[str, ...]) -> None:
    assert says(audit(*words), 1).startswith("Error: ")


def test_a_database_that_is_not_up_to_date_is_told_in_a_sentence(
    log: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMRUM_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.sqlite'}")
    assert "samrum migrate" in says(audit("verify"), 1)


def test_old_rows_go_when_the_setting_says_so(log: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with log.engine.begin() as connection:
        disarm(connection)
        long_ago = datetime.now(UTC) - timedelta(days=100)
        replace_all(connection, chained([{**row, "at": long_ago} for row in rows(connection)]))
    assert says(audit("remove-old")) == "No row is old enough.\n"
    monkeypatch.setenv("SAMRUM_AUDIT_MONTHS", "1")
    assert says(audit("remove-old")) == "Rows 1 to 9 were removed.\n"
    assert says(audit("remove-old")) == "No row is old enough.\n"
    assert says(audit("verify")).startswith("Rows 1 to 9 were removed on ")


def test_nothing_is_removed_from_a_log_that_was_tampered_with(log: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMRUM_AUDIT_MONTHS", "1")
    with log.engine.begin() as connection:
        disarm(connection)
        change(connection, 4, actor_id=None)
    assert says(audit("remove-old"), 1) == "Row 4 was changed after it was written.\n"
