"""Touches. The migrations and the tables that the rooms declare say the same."""

from pathlib import Path

from tests.schema import PAGE
from tests.servers import Postgres
from tocsin import schema
from tocsin.database import Database


def test_the_migrations_make_the_declared_tables_on_sqlite(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'state.db'}")
    schema.upgrade(database)
    assert schema.differences(database) == []
    schema.upgrade(database)
    database.close()


def test_the_migrations_make_the_declared_tables_on_postgresql(postgres: Postgres) -> None:
    database = Database.open(postgres.create("migrated"))
    schema.upgrade(database)
    assert schema.differences(database) == []
    database.close()
    postgres.drop("migrated")


def test_the_schema_page_is_up_to_date() -> None:
    assert PAGE.read_text() == schema.page(), "run `make schema`"
