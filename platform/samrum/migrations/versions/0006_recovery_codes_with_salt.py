"""Recovery codes as argon2id with a salt of their own: those of before cannot be turned into such and are void

Whoever had some left is told so by mail, and makes new ones.
"""

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    had_some = sa.table("recovery_code", sa.column("staff_id", sa.Uuid()), sa.column("used_at"))
    staff = sa.table("staff", sa.column("id", sa.Uuid()), sa.column("active", sa.Boolean()))
    letter = sa.table(
        "waiting_letter",
        sa.column("id", sa.Uuid()),
        sa.column("staff_id", sa.Uuid()),
        sa.column("kind", sa.String()),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    wanted = sa.select(had_some.c.staff_id).distinct().join(staff, staff.c.id == had_some.c.staff_id)
    told = op.get_bind().scalars(wanted.where(had_some.c.used_at.is_(None), staff.c.active)).all()
    now = datetime.now(UTC)
    letters = [{"id": uuid4(), "staff_id": staff_id, "kind": "codes_void", "at": now} for staff_id in told]
    if letters:
        op.get_bind().execute(letter.insert(), letters)
    op.drop_table("recovery_code")
    op.create_table(
        "recovery_code",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("selector", sa.String(length=2), nullable=False),
        sa.Column("sealed_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_recovery_code_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("staff_id", "selector", name=op.f("uq_recovery_code_staff_id_selector")),
    )
