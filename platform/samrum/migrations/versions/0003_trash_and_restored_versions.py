"""The trash of a room, and which older version a restored one was made from"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_TRASHED = (
    "(trashed_at IS NULL AND trashed_staff_id IS NULL AND trashed_citizen_id IS NULL)"
    " OR (trashed_at IS NOT NULL AND (trashed_staff_id IS NULL) <> (trashed_citizen_id IS NULL))"
)


def upgrade() -> None:
    op.add_column("version", sa.Column("restored_from", sa.Integer(), nullable=True))
    op.add_column("document", sa.Column("trashed_at", sa.DateTime(timezone=True), nullable=True))
    # Constraints stand with the columns: SQLite takes no others in a table that is there already.
    an_id = sa.Uuid().compile(dialect=op.get_bind().dialect)
    for table, more in (("staff", ""), ("citizen", f" CONSTRAINT ck_document_trashed CHECK ({_TRASHED})")):
        op.execute(
            f"ALTER TABLE document ADD COLUMN trashed_{table}_id {an_id}"
            f" CONSTRAINT fk_document_trashed_{table}_id REFERENCES {table} (id){more}"
        )
    op.create_index(
        "ix_document_in_trash",
        "document",
        ["case_id", "trashed_at"],
        sqlite_where=sa.text("trashed_at IS NOT NULL"),
        postgresql_where=sa.text("trashed_at IS NOT NULL"),
    )
