"""The demo on one machine: an S3 server, the stand-in citizen login and the web service, started and stopped as one."""

import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from samrum.config import DEMO_KEY_LINE
from samrum.demo.children import free_ports, port_is_free, spawn, stop
from samrum.demo.weed import EmbeddedS3, S3ServerError
from samrum.fieldkeys import FieldKeys
from storage import KeyFile

_HOST = "127.0.0.1"
_NAME = "localhost"  # passkeys are good for names, never for addresses in numbers
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_LOG_LIMIT = 5_000_000  # bytes; a longer log is begun anew at the next start

CALLBACK_PATH = "/login/citizen/callback"
LOGGED_OUT_PATH = "/login/out"
BACK_CHANNEL_PATH = "/login/citizen/back-channel"
HEALTH_PATH = "/health"


class DemoError(Exception):
    """The demo cannot start or go on; the message says why and what to do."""


class _Stop(BaseException):
    """Somebody asked the demo to end."""


@dataclass(frozen=True)
class _Secrets:
    """What is made once, at the first start, and kept in a file that only its owner may read."""

    s3_access_key: str
    s3_secret_key: str
    oidc_client_secret: str
    standin_port: int  # part of who the citizens are: issuer and subject


def run_demo(var: Path, port: int) -> int:
    """Run the demo until it is told to stop (SIGINT, SIGTERM, SIGHUP) or a part of it ends.

    :param var: the folder for everything it keeps; the next run finds it again.
    :param port: the web service's port on loopback.
    :return: 0 when it was told to stop, 1 when something went wrong; standard error says what.
    """
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _ask_to_stop)
    try:
        with ExitStack() as running:
            running.callback(_say, "Samrum er stoppet. / Samrum has stopped.")
            _start_and_watch(running, var.resolve(), port)
    except _Stop:
        pass
    except (DemoError, S3ServerError) as error:
        _say(str(error), error=True)
        return 1
    return 0


def _ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # once is enough; what runs is being stopped in order
    raise _Stop


def _say(text: str, *, error: bool = False) -> None:
    print(text, file=sys.stderr if error else sys.stdout, flush=True)


def _start_and_watch(running: ExitStack, var: Path, port: int) -> None:
    var.mkdir(parents=True, exist_ok=True, mode=0o700)
    running.enter_context(_alone(var))
    _check_port(port)
    secret = _secrets(var)
    _keys(var)
    environment = _environment(var, port, secret)
    logs = var / "log"
    logs.mkdir(exist_ok=True)

    _say("Starter S3-serveren og loginnet ... / Starting the S3 server and the login ...")
    base_url, issuer = environment["SAMRUM_BASE_URL"], environment["SAMRUM_OIDC_ISSUER"]
    standin = [
        *("-m", "auth.standin", "--issuer", issuer, "--redirect-uri", base_url + CALLBACK_PATH),
        *("--post-logout-redirect-uri", base_url + LOGGED_OUT_PATH, "--people", str(var / "people.json")),
        *("--back-channel-logout-uri", base_url + BACK_CHANNEL_PATH),
        *("--clock-file", str(var / "clock")),
    ]
    s3 = EmbeddedS3(var / "s3", None, secret.s3_access_key, secret.s3_secret_key)
    running.callback(s3.stop)
    children = {"standin": running.enter_context(_child("standin", standin, environment, logs))}
    environment["SAMRUM_S3_ENDPOINT"] = s3.reserve_port()
    with _command("migrate", environment, logs):  # meanwhile
        s3.start()

    if not (var / "loaded").exists():
        _say("Opretter demokommunen ... / Creating the demo municipality ...")
        with _command("demo-load", environment, logs):
            pass
        (var / "loaded").touch()

    _say("Starter Samrum ... / Starting Samrum ...")
    children["web"] = running.enter_context(_child("web", ["-m", "samrum.cli", "serve"], environment, logs))
    assert s3.process is not None
    children["s3"] = s3.process
    _wait_until_it_answers(f"{issuer}/.well-known/openid-configuration", children, logs)
    _wait_until_it_answers(base_url + HEALTH_PATH, children, logs)
    _say(welcome(base_url, issuer, var))
    while True:
        _check_alive(children, logs)
        time.sleep(0.3)


@contextmanager
def _alone(var: Path) -> Iterator[None]:
    """Hold the folder, so that two demos never share it; the lock file holds this process's id."""
    with (var / "lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(
                f"Demoen kører allerede med data i {var}. Stop den først.\n"
                f"The demo runs already with its data in {var}. Stop it first."
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def _check_port(port: int) -> None:
    if not port_is_free(port):
        raise DemoError(
            f"Port {port} er optaget af et andet program. Vælg en anden: make run PORT={port + 10}\n"
            f"Port {port} is taken by another program. Choose another one: make run PORT={port + 10}"
        )


def _secrets(var: Path) -> _Secrets:
    path = var / "secrets.json"
    if path.exists():
        known = _Secrets(**json.loads(path.read_text()))
        if not port_is_free(known.standin_port):
            raise DemoError(
                f"Port {known.standin_port}, som demoens MitID bruger, er optaget. Stop det andet program først.\n"
                f"Port {known.standin_port}, which the demo's MitID uses, is taken. Stop the other program first."
            )
        return known
    made = _Secrets(
        s3_access_key=secrets.token_hex(10),
        s3_secret_key=secrets.token_hex(20),
        oidc_client_secret=secrets.token_urlsafe(32),
        standin_port=free_ports(1)[0],
    )
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(made), file)
    fresh.replace(path)
    return made


def _keys(var: Path) -> None:
    """The keys that seal files and CPR numbers, marked so that production refuses them."""
    key_file, field_key_file = var / "demo.key", var / "demo-field.key"
    if not key_file.exists():
        KeyFile.create(key_file)
        with key_file.open("a") as file:
            file.write(DEMO_KEY_LINE + "\n")
    if not field_key_file.exists():
        FieldKeys.create(field_key_file, note=DEMO_KEY_LINE)


def _environment(var: Path, port: int, secret: _Secrets) -> dict[str, str]:
    """The whole configuration of the demo; what the surroundings say of Samrum does not count."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SAMRUM_")}
    return kept | {
        "SAMRUM_ENV": "demo",
        "SAMRUM_BASE_URL": f"http://{_NAME}:{port}",
        "SAMRUM_BIND": f"{_HOST}:{port}",
        "SAMRUM_WORKERS": "2",  # enough for a look around, and sooner there
        "SAMRUM_THREADS": "8",
        "SAMRUM_DATABASE_URL": f"sqlite:///{var / 'samrum.sqlite'}",
        "SAMRUM_KEY_FILE": str(var / "demo.key"),
        "SAMRUM_FIELD_KEY_FILE": str(var / "demo-field.key"),
        "SAMRUM_S3_BUCKET": "samrum",
        "SAMRUM_S3_ACCESS_KEY": secret.s3_access_key,
        "SAMRUM_S3_SECRET_KEY": secret.s3_secret_key,
        "SAMRUM_OIDC_ISSUER": f"http://{_HOST}:{secret.standin_port}",
        "SAMRUM_OIDC_CLIENT_ID": "samrum",
        "SAMRUM_OIDC_CLIENT_SECRET": secret.oidc_client_secret,
        "SAMRUM_OIDC_PROFILE": "nets",
        "SAMRUM_SECURE_COOKIES": "false",
        "SAMRUM_DEMO_CLOCK_FILE": str(var / "clock"),
        "SAMRUM_DEMO_PEOPLE_FILE": str(var / "people.json"),
    }


@contextmanager
def _child(
    name: str, arguments: list[str], environment: Mapping[str, str], logs: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A Python program that runs as long as the context."""
    log = logs / f"{name}.log"
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.unlink()
    with log.open("ab") as output:
        process = spawn([sys.executable, *arguments], output=output, env=environment)
    try:
        yield process
    finally:
        stop(process, patience=_STOP_SECONDS)


@contextmanager
def _command(name: str, environment: Mapping[str, str], logs: Path) -> Iterator[None]:
    """A `samrum` command that runs beside what the context does, and must have succeeded at its end."""
    with _child(name, ["-m", "samrum.cli", name], environment, logs) as process:
        yield
        if process.wait() != 0:
            raise DemoError(_failure(f"samrum {name}", logs / f"{name}.log"))


def _failure(name: str, log: Path) -> str:
    last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    return f"{name} stoppede uventet; slutningen af {log}:\n{name} ended unexpectedly; the end of {log}:\n{last}"


def _check_alive(children: Mapping[str, subprocess.Popen[bytes]], logs: Path) -> None:
    for name, process in children.items():
        if process.poll() is not None:
            log = logs / f"{name}.log" if name != "s3" else logs.parent / "s3" / "weed.log"
            raise DemoError(_failure(name, log))


def _wait_until_it_answers(url: str, children: Mapping[str, subprocess.Popen[bytes]], logs: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_SECONDS
    while True:
        _check_alive(children, logs)
        try:
            opener.open(url, timeout=10).close()
        except OSError as error:
            problem = str(error)
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            if time.monotonic() > deadline:
                raise DemoError(f"{url} svarer ikke. / {url} does not answer: {problem}") from None
            time.sleep(0.1)
        else:
            return


def welcome(base_url: str, issuer: str, var: Path) -> str:
    """What the terminal shows once the demo runs: the address, and who can log in how."""
    content = json.loads((var / "people.json").read_text())
    staff = "\n".join(f"  {who['email']:<34} {who['password']:<24} {who['name']}" for who in content["staff"])
    citizens = "\n".join(f"  {who['name']:<34} {who.get('note', '')}" for who in content["people"])
    return f"""
Samrum kører på / Samrum runs at   {base_url}

Medarbejdere logger ind med adgangskode og en engangskode fra {issuer}/koder
Staff log in with a password and a one-time code from {issuer}/koder
{staff}

Unge og forældre logger ind med demoens MitID
Young people and parents log in with the demo's MitID
{citizens}

Data, logge og nøgler / data, logs and keys: {var}
Tryk Ctrl-C for at stoppe. / Press Ctrl-C to stop.
"""
