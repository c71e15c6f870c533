"""Touches. Reads the rule files (the standard pack and the user's) into a RuleSet, or lists every mistake."""

from collections.abc import Iterable
from pathlib import Path

from rules.parse import parse
from rules.rule import Rule
from rules.ruleset import RuleSet

STANDARD = Path(__file__).parent / "standard"
_LARGEST = 4 * 1024 * 1024  # bytes; a rule file is written by a person


class RuleErrors(Exception):
    """The rules were refused. `mistakes` has one line for each, `file:line:col  path  got …  hint`."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def load(paths: Iterable[str | Path] = (), standard: bool = True) -> RuleSet:
    """The standard pack and the rules of these files and folders (their *.yaml and *.yml, by name).

    Raises RuleErrors with every mistake of every file at once. Nothing is half loaded.
    """
    mistakes: list[str] = []
    found: dict[str, Rule] = {}
    files = [(path, f"standard/{path.name}") for path in _inside(STANDARD)] if standard else []
    for path in map(Path, paths):
        files += [(file, str(file)) for file in _inside(path)] if path.is_dir() else [(path, str(path))]
    for path, name in files:
        parse(_text(path, name, mistakes), name, found, mistakes)
    if mistakes:
        raise RuleErrors(mistakes)
    return RuleSet(found.values())


def _inside(folder: Path) -> list[Path]:
    files = [*folder.rglob("*.yaml"), *folder.rglob("*.yml")]
    return sorted(path for path in files if not path.name.startswith("."))


def _text(path: Path, name: str, mistakes: list[str]) -> str:
    """The file's text; empty after a mistake."""
    try:
        size = path.stat().st_size
        if size <= _LARGEST:
            return path.read_text(encoding="utf-8-sig")
        mistakes.append(f"{name}:1:1  rules  got {size} bytes  expected at most {_LARGEST}")
    except OSError as error:
        mistakes.append(f"{name}:1:1  rules  got nothing  cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        mistakes.append(
            f"{name}:1:1  rules  got bytes that are not UTF-8  {error.reason} at byte {error.start}"
        )
    return ""
