"""Forms that were carried out, each once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from samrum.models import FormReceipt
from samrum.plain import Plain, Prepared

_RECEIPTS = FormReceipt.metadata.tables[FormReceipt.__tablename__]
# A second request with the same form waits here until the first has committed.
_CLAIM = {
    "sqlite": Prepared(sqlite.insert(_RECEIPTS).on_conflict_do_nothing().returning(_RECEIPTS.c.at)),
    "postgresql": Prepared(postgresql.insert(_RECEIPTS).on_conflict_do_nothing().returning(_RECEIPTS.c.at)),
}
_KEEP = Prepared(
    update(_RECEIPTS).where(_RECEIPTS.c.token_hash == bindparam("token")).values(result=bindparam("found"))
)
_RESULT = select(FormReceipt.result).where(FormReceipt.token_hash == bindparam("token"))


def claim(plain: Plain, token_hash: bytes, now: datetime) -> bool:
    """Note that a form is carried out in this transaction; no when it was before."""
    return bool(plain.rows(_CLAIM[plain.dialect.name], {"token_hash": token_hash, "at": now, "result": None}))


def keep_result(plain: Plain, token_hash: bytes, result: UUID) -> None:
    """What came of the form, for whoever sends it again."""
    plain.run(_KEEP, {"token": token_hash, "found": result})


def result_of(session: Session, token_hash: bytes) -> UUID | None:
    """What came of a form that was carried out."""
    return session.scalars(_RESULT, {"token": token_hash}).one_or_none()
