"""The `samrum` command on a world's settings, as a process of its own."""

import os
import subprocess
import sys

from pydantic import SecretStr

from samrum.config import Settings
from support.world import World


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment that says what these settings say, and nothing else of Samrum."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAMRUM_")}
    for name, value in settings.model_dump().items():
        if value is not None:
            plain = value.get_secret_value() if isinstance(value, SecretStr) else value
            environment[f"SAMRUM_{name.upper()}"] = str(plain)
    return environment


def samrum(world: World, *arguments: str, script: str = "", typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run it to its end. ``script`` is Python that runs before it in the same process; ``typed`` is what it is told."""
    program = f"{script}\nfrom samrum.cli import main\nmain(prog_name='samrum')"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment_of(world.platform.settings),
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
