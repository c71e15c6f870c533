"""Touches. The school of the story tests, on SQLite and on PostgreSQL."""

import pytest

from tests.story.school import School
from tocsin.database import Database


@pytest.fixture
def school(database: Database) -> School:
    return School(database)
