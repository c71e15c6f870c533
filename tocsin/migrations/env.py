"""Touches. How Alembic reaches the database: over the connection that tocsin/migrate.py hands it."""

from alembic import context

from tocsin.database import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=list(METADATA), compare_type=False)
context.run_migrations()
