"""A hardware security module in software: SoftHSM 2."""

import shutil
import subprocess
from pathlib import Path

PIN = "4711-hsm"
TOKEN = "first"
_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")


def soft_hsm(directory: Path) -> tuple[str, Path] | None:
    """The PKCS#11 module and a configuration for it (``SOFTHSM2_CONF``); None where SoftHSM is not installed."""
    module = next((path for path in _MODULES if Path(path).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        return None
    (directory / "tokens").mkdir()
    configuration = directory / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {directory / 'tokens'}\nlog.level = ERROR\n")
    return module, configuration


def new_token(label: str = TOKEN) -> None:
    """Make a token in the module that ``SOFTHSM2_CONF`` names. A process that uses it already does not see it."""
    command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
