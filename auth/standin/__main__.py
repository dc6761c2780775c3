"""Start the stand-in: `python -m auth.standin --help`.

SAMRUM_ENV must be "demo" or "test", and SAMRUM_OIDC_CLIENT_SECRET the client's secret.
"""

import argparse
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from werkzeug.serving import run_simple

from auth.oidc.profiles import PROFILES
from auth.standin.app import create_standin
from auth.standin.settings import NotInProduction, StandinSettings


class _FileClock:
    """The system's clock, moved by the whole seconds written in a file, as the demo's service is."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def now(self) -> datetime:
        shift = self._path.read_text().strip() if self._path and self._path.exists() else ""
        return datetime.now(UTC) + timedelta(seconds=int(shift or "0"))


def main() -> int:
    """Serve until told to stop; 2 where the environment does not permit it."""
    parser = argparse.ArgumentParser(prog="python -m auth.standin", description="A stand-in for MitID. Demo only.")
    parser.add_argument("--issuer", required=True, help="its own address, such as http://localhost:8001")
    parser.add_argument("--client-id", default="samrum")
    parser.add_argument("--redirect-uri", action="append", required=True)
    parser.add_argument("--post-logout-redirect-uri", action="append", default=[])
    parser.add_argument("--back-channel-logout-uri")
    parser.add_argument("--people", type=Path, help="JSON file with the test people")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="nets")
    parser.add_argument("--clock-file", type=Path, help="file with seconds to move the clock by")
    parser.add_argument("--bind", help="host:port; from the issuer unless given")
    options = parser.parse_args()
    parts = urlsplit(options.issuer)
    host, _, port = (options.bind or f"{parts.hostname}:{parts.port or 80}").rpartition(":")
    try:
        settings = StandinSettings(
            environment=os.environ.get("SAMRUM_ENV", "production"),
            issuer=options.issuer.rstrip("/"),
            client_id=options.client_id,
            client_secret=os.environ["SAMRUM_OIDC_CLIENT_SECRET"],
            redirect_uris=tuple(options.redirect_uri),
            post_logout_redirect_uris=tuple(options.post_logout_redirect_uri),
            back_channel_logout_uri=options.back_channel_logout_uri,
            people_file=options.people,
            profile=options.profile,
            control_token=os.environ.get("STANDIN_CONTROL_TOKEN"),
        )
    except NotInProduction as error:
        print(error, file=sys.stderr)  # noqa: T201 a command speaks to who started it
        return 2
    except KeyError as missing:
        print(f"{missing.args[0]} is not set", file=sys.stderr)  # noqa: T201 likewise
        return 2
    run_simple(host, int(port), create_standin(settings, _FileClock(options.clock_file)), threaded=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
