"""Making an older version the newest again: its content goes through the storage once more, as a version of its own.

It is sealed under a fresh data key for its new place, checked as any file that comes in, and decided and logged when it
is whole. History is never edited: the older version stays where it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from auth.policy import Action
from samrum.models import Version
from samrum.queries.documents import version_of
from samrum.services.audit import Event
from samrum.services.documents import VersionView, name_of, outside_trash, show_versions
from samrum.services.errors import Invalid, NotThere, Problem
from samrum.services.incoming import Kept, NewVersion, receive
from samrum.services.keys import case_key
from samrum.services.platform import Act, Caller, Platform
from storage import Place


@dataclass(frozen=True)
class RestorePage:
    """What is shown before: the older version, and the number of the newest."""

    youth_name: str
    is_youth: bool
    older: VersionView
    newest_number: int


def before_restore(platform: Platform, caller: Caller, case_id: UUID, document_id: UUID, number: int) -> RestorePage:
    """What would become the newest. Logged as a view. Raises ``NotThere``, ``Denied``, ``InTrash``, ``FilesErased``, or
    ``Invalid`` for the version that is the newest already."""
    with platform.act(replace(caller, once=None)) as act:
        found = act.require(case_id, Action.WRITE_FILES)
        older, newest_number = _older(act, case_id, document_id, number)
        act.log(Event.DOCUMENT_VIEWED, case_id=case_id, document_id=document_id)
        (shown,) = show_versions(platform, act, found, [older])
        return RestorePage(found.case.youth_name, caller.id == found.case.youth_id, shown, newest_number)


def restore_version(
    platform: Platform,
    caller: Caller,
    case_id: UUID,
    document_id: UUID,
    number: int,
    *,
    seen: int,
    refreshed: Callable[[], Caller],
) -> Kept:
    """Store version ``number`` once more, as the newest; ``seen`` is the newest that the caller had in front of them.

    ``refreshed`` looks the caller's login up again when everything has been copied. Raises what ``before_restore``
    raises, ``StorageError``, ``AlreadyDone``, and what ``refreshed`` raises; nothing stays then.
    """
    with platform.act(replace(caller, once=None), writes=False) as act:
        case = act.require(case_id, Action.WRITE_FILES).case
        older, _newest = _older(act, case_id, document_id, number)
        new = NewVersion(
            name_of(platform, case, older), document_id=document_id, based_on=seen, restored_from=older.number
        )
    place = Place(case.organisation_id, case.id, document_id, older.id)
    content = platform.vault.open(case_key(case), place, older.wrapped_data_key)
    with receive(platform, caller, case_id, new) as incoming:
        for piece in content.read():
            incoming.write(piece)
        return incoming.finish(refreshed=refreshed)


def _older(act: Act, case_id: UUID, document_id: UUID, number: int) -> tuple[Version, int]:
    """The version with that number, and the number of the newest."""
    newest = outside_trash(act, case_id, document_id).newest_number
    if number == newest:
        raise Invalid(Problem.VERSION_IS_NEWEST)
    found = version_of(act.session, case_id, document_id, number)
    if found is None:
        raise NotThere
    return found, newest
