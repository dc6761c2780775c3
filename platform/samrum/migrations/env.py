"""Alembic's entry: ``samrum.migrations.upgrade`` hands the connection in."""

from alembic import context

from samrum.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
