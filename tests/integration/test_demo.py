"""The demo as a person at a terminal meets it: it starts, says where, survives, and stops what it started."""

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from support.live import LiveDemo

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("supervised") / "var"


@pytest.fixture(scope="module")
def first_demo(var: Path) -> Iterator[LiveDemo]:
    with LiveDemo(var) as demo:
        yield demo


def _family(demo: LiveDemo) -> list[psutil.Process]:
    return psutil.Process(demo.process.pid).children(recursive=True)


def _left(processes: list[psutil.Process], seconds: float = 20) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return alive


def _serving(demo: LiveDemo, words: str) -> psutil.Process:
    """The child that was started directly, by words of its command line."""
    children = psutil.Process(demo.process.pid).children()
    (found,) = [child for child in children if words in " ".join(child.cmdline())]
    return found


def test_the_terminal_shows_the_address_and_every_demo_login(first_demo: LiveDemo) -> None:
    said = first_demo.said()
    assert first_demo.base_url in said
    people = first_demo.people
    assert people["staff"]
    assert people["people"]
    for who in people["staff"]:
        assert who["email"] in said
        assert who["password"] in said
    for who in people["people"]:
        assert who["name"] in said


def test_the_web_service_is_gunicorn_with_several_workers_on_loopback_only(first_demo: LiveDemo) -> None:
    web = _serving(first_demo, "samrum.cli serve")
    assert len(web.children()) >= 2
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for process in _family(first_demo)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert ("127.0.0.1", first_demo.port) in listening
    assert {ip for ip, _ in listening} == {"127.0.0.1"}


def test_pages_and_the_design_system_are_served(first_demo: LiveDemo) -> None:
    assert first_demo.get("/")[0] == 200
    assert first_demo.get("/static/vendor/dkfds/css/dkfds.min.css")[0] == 200


def test_secrets_keys_and_data_are_for_their_owner_only(first_demo: LiveDemo, var: Path) -> None:
    assert stat.S_IMODE(var.stat().st_mode) == 0o700
    for name in ("secrets.json", "demo.key", "demo-field.key"):
        assert stat.S_IMODE((var / name).stat().st_mode) == 0o600


def test_a_second_demo_in_the_same_folder_is_refused_in_words(first_demo: LiveDemo, var: Path) -> None:
    other = LiveDemo(var)
    other.output = var.with_name("second.txt")
    other.start(wait=False)
    assert other.process.wait(30) == 1
    assert "Demoen kører allerede" in other.said()
    assert "Traceback" not in other.said()


def test_a_busy_port_is_refused_in_words_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        demo = LiveDemo(tmp_path / "var", taken.getsockname()[1])
        demo.start(wait=False)
        assert demo.process.wait(30) == 1
    assert f"Port {demo.port} er optaget" in demo.said()
    assert f"Port {demo.port} is taken" in demo.said()
    assert "make run PORT=" in demo.said()
    assert "Traceback" not in demo.said()


def test_ctrl_c_stops_everything_and_the_next_run_finds_the_data_and_a_child_that_dies_stops_the_rest(
    tmp_path: Path,
) -> None:
    demo = LiveDemo(tmp_path / "var")
    demo.start()
    people, family = demo.people, _family(demo)
    assert len(family) >= 4
    assert demo.stop() == 0
    assert _left(family) == []
    assert "Samrum has stopped" in demo.said()

    demo.start()
    assert demo.people == people
    assert "Creating the demo municipality" not in demo.said()
    family = _family(demo)
    _serving(demo, "auth.standin").kill()
    assert demo.process.wait(60) == 1
    assert "standin ended unexpectedly" in demo.said()
    assert _left(family) == []


def test_when_the_supervisor_itself_is_killed_nothing_it_started_lives_on(tmp_path: Path) -> None:
    demo = LiveDemo(tmp_path / "var")
    demo.start()
    family = _family(demo)
    demo.process.kill()
    demo.process.wait()
    alive = _left(family)
    for process in alive:
        process.kill()
    assert alive == []
