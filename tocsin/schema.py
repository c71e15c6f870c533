"""Touches. Brings the tables of a database to this version's shape, and says what they are."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from tocsin.database import METADATA, Database

FOLDER = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Run the migrations this database has not seen, all in one transaction."""
    with database.transaction() as tx:
        if stored(tx) != newest():
            from tocsin import migrate  # Alembic takes 0.1 s to import, which most starts need not wait for

            migrate.upgrade(tx)


def newest() -> str | None:
    """The revision of this version's tables: the number that the newest migration begins with."""
    return max((path.name[:4] for path in (FOLDER / "versions").glob("[0-9]*.py")), default=None)


def stored(tx: Connection) -> str | None:
    """The revision of the tables there are; None before any."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(text("SELECT version_num FROM alembic_version")).scalar()


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
