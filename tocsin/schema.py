"""Touches. Brings the tables of a database to this version's shape, and says what they are."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from tocsin.database import METADATA, Database


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database) -> None:
    """Run the migrations this database has not seen, all in one transaction."""
    with database.transaction() as tx:
        command.upgrade(_config(tx), "head")


def differences(database: Database) -> list[Any]:
    """What the migrations leave different from the tables that the rooms declare: [] when they agree."""
    with database.transaction() as tx:
        context = MigrationContext.configure(tx, opts={"target_metadata": list(METADATA)})
        return list(compare_metadata(context, list(METADATA)))  # type: ignore[arg-type]


def make_revision(database: Database, message: str) -> None:
    """Write the migration from the newest revision to the declared tables (`make migration`)."""
    number = 1 + len(list((Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py")))
    with database.transaction() as tx:
        command.revision(_config(tx), message, autogenerate=True, rev_id=f"{number:04}")


def page() -> str:
    """The schema page of the docs: every table, its columns, and what it keeps through a crash."""
    lines = ["# What survives a crash", "", "Generated from the tables; a test fails when it differs.", ""]
    for metadata in METADATA:
        for table in metadata.sorted_tables:
            lines += [f"## {table.name}", ""]
            lines += [table.comment, ""] if table.comment else []
            lines += ["| column | type | |", "|---|---|---|"]
            for column in table.columns:
                marks = ["key"] if column.primary_key else []
                marks += [] if column.nullable else ["required"]
                lines.append(f"| {column.name} | {column.type} | {' '.join(marks)} |")
            lines.append("")
    return "\n".join(lines)
