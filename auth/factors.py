"""Which second factor lets a member of staff in: by what they have, and by what their organisation demands.

Pure, from values alone. Where an organisation demands a factor that cannot be phished (OWASP ASVS 5.0 V6.3.3, level 3)
only a passkey completes a login or a step-up. Who has none is led to make one: with the password after an invitation
or a reset, which leave no factor behind; with a recovery code; and for the first days also with a code of the app.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

TRANSITION = timedelta(days=30)


class Outcome(StrEnum):
    """What comes of a factor that was given rightly."""

    COMPLETES = "completes"
    LEADS_TO_PASSKEY = "leads_to_passkey"
    REFUSED = "refused"


class ToSetUp(StrEnum):
    """What somebody without any second factor sets up, with the password alone."""

    APP = "app"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody has, and since when the organisation has demanded passkeys (None: it does not)."""

    has_app: bool
    passkeys: int
    demanded_since: datetime | None = None

    @property
    def has_none(self) -> bool:
        return not self.has_app and self.passkeys == 0

    @property
    def is_passkey_demanded(self) -> bool:
        return self.demanded_since is not None

    def to_set_up(self) -> ToSetUp | None:
        """What is set up at the next login; None for whoever has a factor, of whatever kind."""
        if not self.has_none:
            return None
        return ToSetUp.PASSKEY if self.is_passkey_demanded else ToSetUp.APP

    def by_app(self, now: datetime) -> Outcome:
        """What a code of the app does. Who has a passkey never gets past it with a code."""
        if self.demanded_since is None:
            return Outcome.COMPLETES
        is_new = now - self.demanded_since < TRANSITION
        return Outcome.LEADS_TO_PASSKEY if is_new and self.passkeys == 0 else Outcome.REFUSED

    def by_recovery_code(self) -> Outcome:
        """What a recovery code does; it is for the day the device with the passkey is lost, too."""
        return Outcome.LEADS_TO_PASSKEY if self.is_passkey_demanded else Outcome.COMPLETES

    def may_lose_a_passkey(self) -> bool:
        """Whether one of the passkeys may go: something that completes a login must be left."""
        return self.passkeys > 1 or (self.has_app and not self.is_passkey_demanded)
