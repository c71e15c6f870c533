"""Touches. `make schema` writes docs/schema.md; `make migration m="…"` writes the next migration."""

import sys
import tempfile
from pathlib import Path

from tocsin import migrate, schema
from tocsin.database import Database

PAGE = Path(__file__).parent.parent / "docs" / "schema.md"


def main(arguments: list[str]) -> None:
    if not arguments:
        PAGE.write_text(schema.page())
        return
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{folder}/state.db")
        if schema.newest():
            schema.upgrade(database)
        migrate.make_revision(database, " ".join(arguments))
        database.close()


if __name__ == "__main__":
    main(sys.argv[1:])
