"""rclone beside the service, where it is installed: WebDAV over a crypt remote on the same S3 server."""

import http.client
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from samrum.demo.children import free_ports, spawn, stop
from samrum.demo.weed import EmbeddedS3
from support.service import Client

_BUCKET = "rclone"
_START_SECONDS = 20.0


@contextmanager
def rclone_webdav(folder: Path, s3: EmbeddedS3) -> Iterator[Client | None]:
    """A connection to `rclone serve webdav`, all settings as they come; None where there is no rclone."""
    program = shutil.which("rclone")
    if program is None:
        yield None
        return
    password = subprocess.run([program, "obscure", "bench"], check=True, capture_output=True, text=True).stdout.strip()
    settings = folder / "rclone.conf"
    settings.write_text(
        f"[s3]\ntype = s3\nprovider = Other\naccess_key_id = {s3.access_key}\nsecret_access_key = {s3.secret_key}\n"
        f"endpoint = {s3.endpoint_url}\nforce_path_style = true\n"
        f"[crypt]\ntype = crypt\nremote = s3:{_BUCKET}\npassword = {password}\n"
    )
    port = free_ports(1)[0]
    with (folder / "rclone.log").open("wb") as output:
        process = spawn(
            [program, "--config", str(settings), "serve", "webdav", "crypt:", "--addr", f"127.0.0.1:{port}"],
            output=output,
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},  # nothing that would configure it from outside
        )
    try:
        yield _client(port)
    finally:
        stop(process, patience=5)


def put(client: Client, path: str, size: int, content: Iterable[bytes]) -> None:
    """Store a file there."""
    client.connection.request("PUT", path, body=content, headers={"Content-Length": str(size)})
    answer = client.connection.getresponse()
    answer.read()
    if answer.status not in (http.HTTPStatus.CREATED, http.HTTPStatus.NO_CONTENT):
        raise RuntimeError(f"rclone answered with {answer.status}")


def _client(port: int) -> Client:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        client = Client(port, "")
        try:
            client.get("/")
            return client
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
