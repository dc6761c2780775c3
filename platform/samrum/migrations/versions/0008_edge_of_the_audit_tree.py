"""What the tree over the audit log needs to go on behind rows that were removed"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("audit_segment", sa.Column("edge", sa.LargeBinary(), nullable=True))
