"""Touches. What Alembic does for us: run the migrations, compare them with the tables, write the next one."""

from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from tocsin.database import METADATA, Database
from tocsin.schema import FOLDER, newest


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def upgrade(tx: Connection) -> None:
    command.upgrade(_config(tx), "head")


def differences(database: Database) -> list[Any]:
    """What the migrations leave different from the tables that the rooms declare: [] when they agree."""
    with database.transaction() as tx:
        context = MigrationContext.configure(tx, opts={"target_metadata": list(METADATA)})
        return list(compare_metadata(context, list(METADATA)))  # type: ignore[arg-type]


def make_revision(database: Database, message: str) -> None:
    """Write the migration from the newest revision to the declared tables (`make migration`)."""
    number = 1 + int(newest() or 0)
    with database.transaction() as tx:
        command.revision(_config(tx), message, autogenerate=True, rev_id=f"{number:04}")
