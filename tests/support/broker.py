"""Who comes back from the citizen login, for tests of what happens then."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

from auth.oidc import Assurance, CitizenIdentity, LoginAttempt
from support.world import YOUTH_CPR, World

BROKER = "https://broker.test/authorize"
_WHEN = datetime(2026, 11, 2, tzinfo=UTC)


class Broker:
    """Stands where the broker's client is: sends the citizen away, and says that ``cpr`` came back."""

    def __init__(self, cpr: str = YOUTH_CPR) -> None:
        self.begun: list[tuple[str | None, bool]] = []
        self.cpr = cpr

    @classmethod
    def of(cls, world: World) -> "Broker":
        """A broker for this world, in place of its own."""
        broker = cls()
        platform: Any = dataclasses.replace(world.platform, relying_party=broker)  # type: ignore[arg-type]
        world.app.extensions["samrum"] = world.platform = platform
        return broker

    def begin(
        self, reference_text: str | None = None, *, fresh: bool = False, **_more: Any
    ) -> tuple[str, LoginAttempt]:
        self.begun.append((reference_text, fresh))
        state = f"state-{len(self.begun)}"
        return f"{BROKER}?state={state}", LoginAttempt(state, "nonce", "verifier", _WHEN, "issuer", fresh)

    def finish(self, _attempt: LoginAttempt, _query: object) -> CitizenIdentity:
        return CitizenIdentity(
            "issuer", f"subject {self.cpr}", self.cpr, Assurance.SUBSTANTIAL, "transaction-1", _WHEN,
            "an id token", None,
        )  # fmt: skip

    @property
    def way_back(self) -> str:
        """The address at which the last one who was sent away comes back."""
        return f"/login/citizen/callback?state=state-{len(self.begun)}&code=x"
