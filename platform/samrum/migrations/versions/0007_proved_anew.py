"""When somebody last showed all of what they log in with, in a running login"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("login_session", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
