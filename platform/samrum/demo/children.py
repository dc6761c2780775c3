"""Child processes that are started, watched and stopped with care."""

import os
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import which
from typing import IO

_TETHER = Path(__file__).with_name("tether.py")
_NOBODY = "nobody"


def find_program(name: str) -> Path | None:
    """The program of that name, from this Python's own environment first, then from PATH; None where there is none."""
    folders = (str(Path(sys.executable).parent), sysconfig.get_path("scripts"), os.environ.get("PATH", ""))
    found = which(name, path=os.pathsep.join(folders))
    return Path(found) if found else None


def spawn(
    program: Sequence[str | Path],
    *,
    output: IO[bytes] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    as_nobody: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, tethered to the calling thread.

    :param program: the program's full path and its arguments.
    :param output: where its standard output and error go; the caller's own where None.
    :param death_signal: what it gets when the calling thread ends first.
    :param as_nobody: give up root's rights for the system's account without any; only root can ask for it.
    :return: the process. Ctrl-C in the terminal does not reach it: whoever started it stops it, in order.
    """
    tether = (sys.executable, "-I", "-S", str(_TETHER))
    return subprocess.Popen(
        [*tether, str(os.getpid()), str(int(death_signal)), _NOBODY if as_nobody else "-", *map(str, program)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[bytes], *, patience: float) -> None:
    """End a process politely, and by force when it has not gone after `patience` seconds. Returns when it is gone."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started at once, without a chance to tidy up."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # it leads its own session, see spawn
    process.wait()


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """That many different ports nothing listens on. Another program may still take one before it is used."""
    probes = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((host, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
