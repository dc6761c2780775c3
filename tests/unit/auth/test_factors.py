"""Every combination of what somebody has and what is demanded, against a table written by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from auth.factors import TRANSITION, Held, Outcome, ToSetUp

SINCE = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)
DURING, AFTER = SINCE + TRANSITION - timedelta(seconds=1), SINCE + TRANSITION

# app, passkeys, demanded | set up | app's code during, after the first days | recovery code | may lose a passkey
TABLE = """
no   0  no    app      completes         completes  completes         no
yes  0  no    -        completes         completes  completes         yes
no   1  no    -        completes         completes  completes         no
yes  1  no    -        completes         completes  completes         yes
no   2  no    -        completes         completes  completes         yes
no   0  yes   passkey  leads_to_passkey  refused    leads_to_passkey  no
yes  0  yes   -        leads_to_passkey  refused    leads_to_passkey  no
no   1  yes   -        refused           refused    leads_to_passkey  no
yes  1  yes   -        refused           refused    leads_to_passkey  no
yes  2  yes   -        refused           refused    leads_to_passkey  yes
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_what_lets_in_is_what_the_table_says(line: str) -> None:
    app, passkeys, demanded, set_up, during, after, recovery, may_lose = line.split()
    held = Held(app == "yes", int(passkeys), SINCE if demanded == "yes" else None)
    assert held.to_set_up() == (None if set_up == "-" else ToSetUp(set_up))
    assert held.by_app(DURING) is Outcome(during)
    assert held.by_app(AFTER) is Outcome(after)
    assert held.by_recovery_code() is Outcome(recovery)
    assert held.may_lose_a_passkey() == (may_lose == "yes")


def test_a_passkey_is_never_got_past_with_a_code_where_one_is_demanded() -> None:
    for passkeys in range(1, 4):
        for moment in (SINCE, DURING, AFTER):
            assert Held(has_app=True, passkeys=passkeys, demanded_since=SINCE).by_app(moment) is Outcome.REFUSED
