"""Time-based one-time codes (RFC 6238) as the staff's second factor: six digits, SHA-1, 30 seconds.

Those are the parameters every authenticator app supports.
"""

import hmac
from datetime import datetime

import pyotp
import segno

STEP_SECONDS = 30
DRIFT_STEPS = 1
DIGITS = 6


def new_secret() -> str:
    """A random secret of 160 bits in base32, as RFC 4226 section 4 recommends. Keep it encrypted."""
    return pyotp.random_base32(32)


def provisioning_uri(secret: str, account: str, issuer: str) -> str:
    """The otpauth:// address an authenticator app reads from a QR code; it contains the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def qr_svg(uri: str) -> str:
    """The QR code of an address as one <svg> element for a page, without inline style or script.

    Black on white whatever the page's colours, with the quiet zone that scanners need. The page gives it its name.
    """
    return segno.make(uri, error="m", micro=False).svg_inline(
        scale=5, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )


def verify(secret: str, code: str, now: datetime, last_counter: int | None) -> int | None:
    """The time step whose code this is, or None if it is wrong, too old or already used.

    `now` is an aware time; one step of drift is accepted to either side. Store the returned step as `last_counter`:
    a code of that step or an earlier one is refused from then on (RFC 6238 section 5.2, ASVS 5.0 V6.5.1).
    Spaces in the code, as apps show them, do not matter.
    """
    digits = "".join(code.split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    generator = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    current = generator.timecode(now)
    accepted = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        unused = last_counter is None or step > last_counter
        if hmac.compare_digest(generator.generate_otp(step), digits) and unused:
            accepted = step
    return accepted


def code_at(secret: str, now: datetime) -> str:
    """The code an authenticator app shows at that time (aware); for demo and tests."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).at(now)
