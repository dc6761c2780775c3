"""Logins that the broker ends: by its session, or all of a subject."""

from dataclasses import replace
from hashlib import sha256

from samrum.queries.logins import logins_at_broker, logins_of
from samrum.queries.people import citizen_by_login
from samrum.services.audit import Event
from samrum.services.errors import AlreadyDone
from samrum.services.platform import Caller, Platform


def log_out(platform: Platform, caller: Caller, logout_token: str) -> int:
    """End the logins that a logout token names; returns how many. Raises ``OidcError`` for one not to believe.

    A token counts once. One that names a session ends that session alone, and only if it is its subject's.
    """
    named = platform.relying_party.back_channel_logout(logout_token)
    once = sha256(b"logout token " + logout_token.encode()).digest()
    try:
        with platform.act(replace(caller, actor=None, once=once)) as act:
            issuer = platform.relying_party.settings.issuer
            citizen = citizen_by_login(act.session, issuer, named.subject) if named.subject else None
            if named.sid is not None:
                rows = logins_at_broker(act.session, named.sid)
                if named.subject is not None:
                    rows = [row for row in rows if citizen is not None and row.citizen_id == citizen.id]
            else:
                rows = logins_of(act.session, citizen.id) if citizen is not None else []
            for row in rows:
                row.ended_at = act.now
                act.log(Event.LOGGED_OUT, actor_kind="citizen", actor_id=row.citizen_id, reason="broker")
            return len(rows)
    except AlreadyDone:
        return 0
