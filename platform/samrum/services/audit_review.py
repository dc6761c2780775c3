"""Spot checks: a random sample of what staff opened, looked through by an auditor and marked as seen to."""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from samrum.models import AuditReview
from samrum.queries import audit_search as queries
from samrum.queries.audit import head
from samrum.services.audit import Event
from samrum.services.audit_search import Line, Search, auditor_of, lines_for, terms_for
from samrum.services.errors import NotThere
from samrum.services.platform import Caller, Platform

OPENINGS: Final = (Event.CASE_VIEWED, Event.DOCUMENT_VIEWED, Event.VERSION_DOWNLOADED)
MOST: Final = 100


@dataclass(frozen=True)
class Draw:
    """One draw: the same draw gives the same rows, however often it is looked at and whatever is logged since."""

    seed: int
    upto: int
    count: int
    within: Search


@dataclass(frozen=True)
class Review:
    """What an auditor found."""

    by: str
    at: datetime
    remark: str


@dataclass(frozen=True)
class Checked:
    """A row of a sample. ``may_review``: nobody has yet, and it is not the auditor's own."""

    line: Line
    review: Review | None
    may_review: bool


def new_draw(platform: Platform, caller: Caller, count: int, within: Search) -> Draw:
    """A draw from everything that is logged by now. Raises ``NotThere``."""
    auditor_of(caller)
    with platform.database.transaction(writes=False) as session:
        upto, _ = head(session)
    return Draw(secrets.randbits(32), upto, count, within)


def sample(platform: Platform, caller: Caller, draw: Draw) -> list[Checked]:
    """The rows of a draw, in their order. That they are looked at is logged. Raises ``NotThere``."""
    auditor = auditor_of(caller)
    terms = terms_for(auditor, draw.within)
    with platform.act(caller) as act:
        drawn = _drawn(draw, queries.sequences_matching(act.session, terms, OPENINGS, draw.upto))
        lines = lines_for(act.session, auditor, queries.rows_by_sequence(act.session, terms, drawn))
        reviews = queries.reviews_of(act.session, drawn)
        act.log(Event.LOG_SEARCHED, detail={"sample": len(lines)})
    checked = []
    for line in lines:
        row, by = reviews.get(line.sequence, (None, ""))
        review = Review(by, row.at, row.remark) if row is not None else None
        checked.append(Checked(line, review, review is None and line.actor.id != auditor.id))
    return checked


def mark(platform: Platform, caller: Caller, sequence: int, remark: str) -> None:
    """Mark a row as seen to, once and for all. Raises ``NotThere``, for the auditor's own rows as well."""
    auditor = auditor_of(caller)
    with platform.act(caller) as act:
        rows = queries.rows_by_sequence(act.session, terms_for(auditor, Search()), [sequence])
        if not rows or rows[0].action not in OPENINGS or rows[0].actor_id == auditor.id:
            raise NotThere
        review = AuditReview(sequence=sequence, staff_id=auditor.id, at=act.now, remark=remark[:500])
        if act.session.get(AuditReview, sequence) is not None or not act.add_first(review):
            return
        act.log(Event.ROW_REVIEWED, case_id=rows[0].case_id, subject_id=rows[0].actor_id, detail={"row": sequence})


def _drawn(draw: Draw, sequences: Iterator[int]) -> list[int]:
    """So many of the numbers, each with the same chance, without holding all of them."""
    dice = random.Random(draw.seed)  # noqa: S311 a draw that can be repeated; its seed is random
    kept: list[int] = []
    for position, sequence in enumerate(sequences):
        if position < draw.count:
            kept.append(sequence)
        elif (place := dice.randrange(position + 1)) < draw.count:
            kept[place] = sequence
    return kept
