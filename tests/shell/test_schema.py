"""Touches. The migrations and the tables that the rooms declare say the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from ingest.latest import Latest
from tests.schema import PAGE
from tests.servers import Postgres
from tocsin import migrate, schema
from tocsin.database import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'state.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        yield server.create("upgraded")
        server.drop("upgraded")


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


def test_a_database_of_the_first_version_keeps_when_each_device_was_heard(database_url: str) -> None:
    database = Database.open(database_url)
    with database.transaction() as tx:
        command.upgrade(migrate._config(tx), "0001")
        tx.execute(text("INSERT INTO heard (device, moment) VALUES ('smoke-305', 1795000200000)"))
    schema.upgrade(database)
    assert migrate.differences(database) == []
    latest = Latest()
    with database.read() as conn:
        latest.load(conn)
    assert latest.heard("smoke-305") == 1795000200000
    assert latest.points("smoke-305") == {}
    database.close()


def test_the_schema_page_is_up_to_date() -> None:
    assert PAGE.read_text() == schema.page(), "run `make schema`"
