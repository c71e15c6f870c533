"""Touches. Reads the first lines of the house and writes `.importlinter` from them: `make contracts`.

A file that says "Thinks." is held to it: it may import nothing that touches the world, of ours or of others.
"""

import ast
import configparser
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = (
    "tocsin",
    "dashboard",
    "alerts",
    "rules",
    "ingest",
)  # the roof first; each may import what follows it
WORLD = (
    "aiomqtt",
    "amqtt",
    "apprise",
    "asyncio",
    "duckdb",
    "fastapi",
    "httpx",
    "influxdb_client",
    "logging",
    "os",
    "paho",
    "psycopg",
    "random",
    "secrets",
    "smtplib",
    "socket",
    "sqlalchemy",
    "sqlite3",
    "ssl",
    "starlette",
    "structlog",
    "subprocess",
    "threading",
    "time",
    "urllib3",
    "uuid",
    "uvicorn",
)
CLOSED_TO_ALERTS = ("ingest.broker", "ingest.decode", "ingest.history")


@dataclass(frozen=True)
class Module:
    """One Python file of a room: its import name, its path, and what its first line says of it."""

    name: str
    path: Path
    first_line: str

    @property
    def thinks(self) -> bool:
        return self.first_line.startswith("Thinks.")

    @property
    def touches(self) -> bool:
        return self.first_line.startswith("Touches.")


def modules() -> list[Module]:
    """Every module of the rooms, by name. Migrations are none: a database runs them, nobody imports them."""
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts]
    return sorted((_module(path) for path in paths), key=lambda module: module.name)


def _module(path: Path) -> Module:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return Module(".".join(parts), path, docstring.split("\n")[0])


def contracts() -> str:
    """The text of `.importlinter`."""
    found = modules()
    thinking = [module.name for module in found if module.thinks]
    touching = [module.name for module in found if module.touches]
    closed = [name for name in CLOSED_TO_ALERTS if name in {module.name for module in found}]
    beyond_verdict = [m.name for m in found if m.name.startswith("rules.") and m.name != "rules.verdict"]
    parser = configparser.ConfigParser()
    parser["importlinter"] = {"root_packages": _lines(ROOMS), "include_external_packages": "True"}
    parser["importlinter:contract:line"] = {
        "name": "The corridor runs one way",
        "type": "layers",
        "layers": _lines(ROOMS),
    }
    parser["importlinter:contract:thinking"] = {
        "name": "A file that thinks imports nothing that touches",
        "type": "forbidden",
        "source_modules": _lines(thinking),
        "forbidden_modules": _lines([*WORLD, *touching]),
        "allow_indirect_imports": "True",
        "as_packages": "False",
    }
    parser["importlinter:contract:verdict"] = {
        "name": "Alerts see of rules only the verdict, and of ingest no message",
        "type": "forbidden",
        "source_modules": _lines(["alerts"]),
        "forbidden_modules": _lines([*beyond_verdict, *closed]),
        "allow_indirect_imports": "True",
    }
    parser["importlinter:contract:simulator"] = {
        "name": "The simulator speaks only MQTT",
        "type": "forbidden",
        "source_modules": _lines(["tocsin.simulate"]),
        "forbidden_modules": _lines(ROOMS[1:]),
    }
    out = io.StringIO()
    out.write(
        "# Written by `make contracts` from the first lines of the files. Do not edit: a test compares.\n\n"
    )
    parser.write(out)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).rstrip() + "\n"


def _lines(names: Iterable[str]) -> str:
    return "\n" + "\n".join(names)


def main() -> None:
    path = ROOT / ".importlinter"
    path.write_text(contracts(), encoding="utf-8")
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
