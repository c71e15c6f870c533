"""Touches. The school of the story tests, on SQLite and on PostgreSQL."""

import pytest

from tests.story.school import School
from tocsin import logs
from tocsin.database import Database


@pytest.fixture
def school(database: Database) -> School:
    logs.configure()  # plain: the coloured tracebacks of a terminal take seconds each
    return School(database)
