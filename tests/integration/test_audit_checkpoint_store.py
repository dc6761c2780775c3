"""Checkpoints of the audit log in a bucket of their own, on a running S3 server: with object lock, and without."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from samrum.cli import main
from samrum.db import Database
from samrum.services.audit import append
from storage import AlreadyExists
from storage.locked import LockedStore
from support.audit_logs import chained, disarm, drop, entries, move_head, new_log, replace_all, rows
from support.uploads import pdf

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

    from samrum.demo.weed import EmbeddedS3

TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def theirs(s3_server: "EmbeddedS3") -> "S3Client":
    """The store in the hands of whoever has its key."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=s3_server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=s3_server.access_key,
        aws_secret_access_key=s3_server.secret_key,
        config=Config(s3={"addressing_style": "path"}),
    )


@pytest.fixture
def store(s3_server: "EmbeddedS3", s3_bucket: str) -> LockedStore:
    return LockedStore(s3_server.endpoint_url, s3_bucket, s3_server.access_key, s3_server.secret_key)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3_server: "EmbeddedS3", s3_bucket: str) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'log.sqlite'}"
    settings = {
        "ENV": "demo",
        "BASE_URL": "http://localhost",
        "KEY_FILE": "/nowhere",
        "FIELD_KEY_FILE": "/nowhere",
        "S3_ENDPOINT": s3_server.endpoint_url,
        "S3_ACCESS_KEY": "another",
        "S3_SECRET_KEY": "another",
        "OIDC_ISSUER": "http://127.0.0.1:9",
        "OIDC_CLIENT_ID": "samrum",
        "OIDC_CLIENT_SECRET": "unused",
        "DATABASE_URL": url,
        "CHECKPOINT_BUCKET": s3_bucket,
        "CHECKPOINT_ACCESS_KEY": s3_server.access_key,
        "CHECKPOINT_SECRET_KEY": s3_server.secret_key,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"SAMRUM_{name}", value)
    database = new_log(url, 9)
    yield database
    database.engine.dispose()


def audit(*words: str | Path, status: int = 0) -> str:
    result: Result = CliRunner().invoke(main, ["audit", *(str(word) for word in words)])
    assert result.exit_code == status, result.output
    return result.output


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """The log's secret and public key, each in its file."""
    public = tmp_path / "public"
    public.write_text(audit("create-key", tmp_path / "secret", "--name", "samrum.example.dk/audit"))
    return tmp_path / "secret", public


def grow(log: Database) -> None:
    with log.transaction() as session:
        append(session, entries(3, first=100))


def test_what_is_locked_is_neither_removed_nor_changed_by_whoever_has_the_key(
    store: LockedStore, theirs: "S3Client", s3_bucket: str
) -> None:
    store.ensure_bucket()
    store.ensure_bucket()
    assert store.locks
    assert store.keep("audit/1", b"genuine", TOMORROW) is True
    with pytest.raises(AlreadyExists):
        store.keep("audit/1", b"other", TOMORROW)
    theirs.put_object(Bucket=s3_bucket, Key="audit/1", Body=b"forged")
    theirs.delete_object(Bucket=s3_bucket, Key="audit/1")
    forged, genuine = (one["VersionId"] for one in theirs.list_object_versions(Bucket=s3_bucket)["Versions"])
    theirs.delete_object(Bucket=s3_bucket, Key="audit/1", VersionId=forged)
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.delete_object(Bucket=s3_bucket, Key="audit/1", VersionId=genuine)
    assert list(store.kept("audit/")) == [("audit/1", b"genuine")]


def test_a_bucket_without_lock_says_so_and_keeps_what_it_can(
    store: LockedStore, theirs: "S3Client", s3_bucket: str
) -> None:
    theirs.create_bucket(Bucket=s3_bucket)
    store.ensure_bucket()
    assert not store.locks
    assert store.keep("audit/1", b"genuine", TOMORROW) is False
    with pytest.raises(AlreadyExists):
        store.keep("audit/1", b"other", TOMORROW)
    assert list(store.kept("audit/")) == [("audit/1", b"genuine")]


def test_every_night_a_checkpoint_is_laid_beside_the_others_and_all_agree(
    log: Database, keys: tuple[Path, Path]
) -> None:
    secret, public = keys
    assert "holds what is put into it" in audit("create-bucket")
    for _ in range(2):  # a night in which nothing happened is one, too
        assert audit("checkpoint", "--key", secret, "--to-store").startswith("samrum.example.dk/audit\n9\n")
    grow(log)
    audit("checkpoint", "--key", secret, "--to-store")
    said = audit("verify", "--from-store", "--public-key", public)
    assert said == (
        "12 rows, every one as it was written; the last is row 12. 2 checkpoints agree, the newest is of row 12.\n"
    )


def test_who_checks_is_told_of_which_rows_no_checkpoint_shows_anything(log: Database, keys: tuple[Path, Path]) -> None:
    """They can be written anew, or cut off, and nobody can tell until the next one is signed."""
    secret, public = keys
    audit("create-bucket")
    audit("checkpoint", "--key", secret, "--to-store")
    grow(log)
    said = audit("verify", "--from-store", "--public-key", public)
    assert said.endswith(
        "1 checkpoints agree, the newest is of row 9; they show nothing about the rows behind that one.\n"
    )
    with log.engine.begin() as connection:
        disarm(connection)
        drop(connection, range(10, 13))
        move_head(connection, 9, rows(connection)[-1]["hash"])
    said = audit("verify", "--from-store", "--public-key", public)
    assert said.endswith("the last is row 9. 1 checkpoints agree, the newest is of row 9.\n")


def test_a_new_key_does_not_make_what_was_signed_with_the_old_one_worthless(
    log: Database, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    secret, public = keys
    new = tmp_path / "new-public"
    new.write_text(audit("create-key", tmp_path / "new", "--name", "samrum.example.dk/audit"))
    audit("create-bucket")
    audit("checkpoint", "--key", secret, "--to-store")
    audit("checkpoint", "--key", tmp_path / "new", "--public-key", public, "--to-store")  # not a row was added since
    both = ("--from-store", "--public-key", new, "--public-key", public)
    assert audit("verify", *both).endswith(" 2 checkpoints agree, the newest is of row 9.\n")
    grow(log)
    audit("checkpoint", "--key", secret, "--to-store")
    with log.engine.begin() as connection:
        kept = rows(connection)
        disarm(connection)
        replace_all(connection, [*kept[:9], *chained([*kept[10:], kept[9]], after=(9, kept[8]["hash"]))])
    audit("verify", "--from-store", "--public-key", new)
    assert "The log was rewritten somewhere from row 10 to row 12" in audit("verify", *both, status=1)
    words = ("checkpoint", "--key", tmp_path / "new", "--public-key", public, "--to-store")
    assert "The log was rewritten" in audit(*words, status=1)


def test_nobody_keeps_a_checkpoint_out_by_taking_its_place_beforehand(
    log: Database, keys: tuple[Path, Path], theirs: "S3Client", s3_bucket: str
) -> None:
    secret, public = keys
    audit("create-bucket")
    for sequence in range(20):
        theirs.put_object(Bucket=s3_bucket, Key=f"audit/{sequence:018}", Body=b"taken")
    audit("checkpoint", "--key", secret, "--to-store")
    assert "1 checkpoints agree" in audit("verify", "--from-store", "--public-key", public)


def test_an_object_that_is_listed_under_a_name_it_does_not_have_does_not_end_the_check(
    log: Database, keys: tuple[Path, Path], theirs: "S3Client", s3_bucket: str
) -> None:
    secret, public = keys
    audit("create-bucket")
    audit("checkpoint", "--key", secret, "--to-store")
    theirs.put_object(Bucket=s3_bucket, Key="audit/\x1b", Body=b"x")  # no XML can name it
    said = audit("verify", "--from-store", "--public-key", public)
    assert "in the bucket is not a checkpoint signed with this key" in said
    assert "1 checkpoints agree" in said


def test_a_name_that_somebody_chose_for_an_object_does_not_write_on_the_terminal(
    log: Database, keys: tuple[Path, Path], theirs: "S3Client", s3_bucket: str
) -> None:
    secret, public = keys
    audit("create-bucket")
    audit("checkpoint", "--key", secret, "--to-store")
    theirs.put_object(Bucket=s3_bucket, Key="audit/\u202e9 rows, every one as it was written", Body=b"x")
    said = audit("verify", "--from-store", "--public-key", public)
    assert "\u202e" not in said
    assert "audit/\\u202e9 rows" in said


def test_a_rewritten_log_is_found_though_the_checkpoint_was_hidden_and_a_false_one_laid_over_it(
    log: Database, keys: tuple[Path, Path], theirs: "S3Client", s3_bucket: str
) -> None:
    secret, public = keys
    audit("create-bucket")
    audit("checkpoint", "--key", secret, "--to-store")
    (name,) = (entry["Key"] for entry in theirs.list_objects_v2(Bucket=s3_bucket)["Contents"])
    theirs.put_object(Bucket=s3_bucket, Key=name, Body=pdf())
    theirs.delete_object(Bucket=s3_bucket, Key=name)
    with log.engine.begin() as connection:
        kept = rows(connection)
        disarm(connection)
        replace_all(connection, chained([*kept[:4], *kept[5:], kept[4]]))
    assert "9 rows, every one as it was written" in audit("verify"), "without a checkpoint nobody can tell"
    said = audit("verify", "--from-store", "--public-key", public, status=1)
    assert "The log was rewritten somewhere from row 1 to row 9" in said
    assert f"{name} in the bucket is not a checkpoint signed with this key" in said
    grow(log)
    assert "The log was rewritten" in audit("checkpoint", "--key", secret, "--to-store", status=1)


def test_a_bucket_that_lost_everything_shows_nothing_and_says_so(
    log: Database, keys: tuple[Path, Path], theirs: "S3Client", s3_bucket: str
) -> None:
    secret, public = keys
    theirs.create_bucket(Bucket=s3_bucket)
    assert "no object lock, which can be turned on for a new bucket only" in audit("create-bucket", status=1)
    assert "whoever has its key can remove this checkpoint" in audit("checkpoint", "--key", secret, "--to-store")
    for entry in theirs.list_objects_v2(Bucket=s3_bucket)["Contents"]:
        theirs.delete_object(Bucket=s3_bucket, Key=entry["Key"])
    assert "holds no checkpoint of this log" in audit("verify", "--from-store", "--public-key", public, status=1)


def test_what_cannot_be_done_is_said_in_a_sentence(
    log: Database, keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, _ = keys
    assert "give --public-key" in audit("verify", "--from-store", status=2)
    assert "can't be used" in audit("checkpoint", "--key", secret, "--to-store", status=1)  # there is no bucket
    monkeypatch.setenv("SAMRUM_CHECKPOINT_ENDPOINT", "http://127.0.0.1:9")
    assert "can't be used" in audit("checkpoint", "--key", secret, "--to-store", status=1)
    monkeypatch.delenv("SAMRUM_CHECKPOINT_BUCKET")
    assert "SAMRUM_CHECKPOINT_BUCKET is needed" in audit("create-bucket", status=1)
