"""Touches. The migrations and the tables that the rooms declare say the same."""

from pathlib import Path

import pytest
from alembic.util import CommandError
from sqlalchemy import text

from tests.schema import PAGE
from tests.servers import Postgres
from tocsin import migrate, schema
from tocsin.database import Database


def test_the_migrations_make_the_declared_tables_on_sqlite(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'state.db'}")
    schema.upgrade(database)
    assert migrate.differences(database) == []
    database.close()


def test_a_database_of_this_version_is_not_migrated_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'state.db'}")
    runs: list[str] = []
    upgrade = migrate.upgrade
    monkeypatch.setattr(migrate, "upgrade", lambda tx: (runs.append("run"), upgrade(tx)))
    schema.upgrade(database)
    schema.upgrade(database)
    assert runs == ["run"]
    database.close()


def test_a_database_of_a_version_that_is_not_known_here_is_refused(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'state.db'}")
    schema.upgrade(database)
    with database.transaction() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CommandError):
        schema.upgrade(database)
    database.close()


def test_the_migrations_make_the_declared_tables_on_postgresql(postgres: Postgres) -> None:
    database = Database.open(postgres.create("migrated"))
    schema.upgrade(database)
    assert migrate.differences(database) == []
    database.close()
    postgres.drop("migrated")


def test_the_schema_page_is_up_to_date() -> None:
    assert PAGE.read_text() == schema.page(), "run `make schema`"
