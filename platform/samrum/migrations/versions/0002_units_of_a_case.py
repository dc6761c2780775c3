"""The units that a case has had in its team, in the order in which they came"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "case_unit",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_unit_case_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_case_unit_unit_id")),
        sa.PrimaryKeyConstraint("case_id", "unit_id", name=op.f("pk_case_unit")),
    )
    op.execute(
        "INSERT INTO case_unit (case_id, unit_id, since)"
        ' SELECT g.case_id, s.unit_id, MIN(g.granted_at) FROM "grant" g JOIN staff s ON s.id = g.staff_id'
        " GROUP BY g.case_id, s.unit_id"
    )
