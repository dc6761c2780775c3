"""Since when an organisation demands passkeys of its staff, and half logins that may make one"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("organisation", sa.Column("passkeys_demanded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("login_session", sa.Column("enrols_at", sa.DateTime(timezone=True), nullable=True))
