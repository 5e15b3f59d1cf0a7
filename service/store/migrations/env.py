"""Alembic runs this file, on the connection that service.store.database.engines.migrate passes."""

from alembic import context

from service.store.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite can: our engine begins the transaction itself
)
context.run_migrations()
