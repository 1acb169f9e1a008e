"""Run by Alembic for every command. The connection comes from `runner`, already in a transaction and locked."""

from __future__ import annotations

from alembic import context

from quarterdeck.migrations.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most things in place.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
