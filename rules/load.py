"""Touches. Reads the rule files (the standard pack and the user's) into a RuleSet, or lists every mistake."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from rules import law
from rules.parse import Said, parse
from rules.rule import Rule
from rules.ruleset import RuleSet
from rules.trial import Trial
from rules.trialfile import parse_trials

STANDARD = Path(__file__).parent / "standard"
TESTS = "tests"  # a folder of this name holds tests, and so does a file NAME.test.yaml
_LARGEST = 4 * 1024 * 1024  # bytes; a rule file is written by a person


class RuleErrors(Exception):
    """The rules were refused. `mistakes` has one line for each, `file:line:col  path  got …  hint`."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Texts(NamedTuple):
    """Rule files as they stood at one moment: name → text, and name → why it could not be read."""

    standard: Mapping[str, str]
    own: Mapping[str, str]
    unread: Mapping[str, str] = {}


class Loaded(NamedTuple):
    """A set of rules, and what the files say of each of them."""

    rules: RuleSet
    said: Mapping[str, Said]


def load(paths: Iterable[str | Path] = (), standard: bool = True) -> RuleSet:
    """The standard pack and the rules of these files and folders (their *.yaml and *.yml, by name).

    Raises RuleErrors with every mistake of every file at once. Nothing is half loaded.
    """
    return build(read(paths, standard)).rules


def read(paths: Iterable[str | Path] = (), standard: bool = True) -> Texts:
    unread: dict[str, str] = {}

    def text(path: Path, name: str) -> str:
        noted: list[str] = []
        found = _text(path, name, noted, "rules")
        unread.update((name, one) for one in noted)
        return found

    pack = {f"standard/{path.name}": path for path in _inside(STANDARD)} if standard else {}
    texts = {name: text(path, name) for name, path in pack.items()}
    return Texts(texts, {str(path): text(path, str(path)) for path in rule_files(paths)}, unread)


def build(texts: Texts) -> Loaded:
    """Raises RuleErrors."""
    mistakes: list[str] = []
    found: dict[str, Rule] = {}
    said: dict[str, Said] = {}
    for name, text in (*texts.standard.items(), *texts.own.items()):
        if name in texts.unread:
            mistakes.append(texts.unread[name])
        parse(text, name, found, mistakes, said)
    if not mistakes:
        mistakes = law.broken(found)
    if mistakes:
        raise RuleErrors(mistakes)
    return Loaded(RuleSet(found.values()), said)


def rule_files(paths: Iterable[str | Path]) -> list[Path]:
    """The files that these files and folders stand for, without the tests among them."""
    return [file for path in map(Path, paths) for file in (_inside(path) if path.is_dir() else [path])]


def trial_files(paths: Iterable[str | Path]) -> list[Path]:
    """The tests beside the rules of these files and folders, and the files among them that are tests."""
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            every = path.name == TESTS  # the folder of tests itself is meant
            found |= dict.fromkeys(file for file in _all_inside(path) if every or _is_test(file, path))
        elif path.name.endswith((".test.yaml", ".test.yml")) or path.parent.name == TESTS:
            found[path] = None
        else:
            beside = path.with_suffix(f".test{path.suffix}")
            found |= {beside: None} if beside.exists() else {}
    return list(found)


def load_trials(files: Iterable[Path], rules: RuleSet) -> list[Trial]:
    """The tests of these files. Raises RuleErrors with every mistake of every file at once."""
    mistakes: list[str] = []
    trials: list[Trial] = []
    for path in files:
        noted: list[str] = []
        name = str(path) if STANDARD not in path.parents else f"standard/{TESTS}/{path.name}"
        trials += parse_trials(_text(path, name, noted, "tests"), name, rules.by_id, noted)
        mistakes += noted
    if mistakes:
        raise RuleErrors(mistakes)
    return trials


def marks(paths: Iterable[str | Path]) -> tuple[tuple[str, int, int], ...]:
    """Name, time and size of every rule file: equal while nothing has changed. Reads no file."""
    found = []
    for file in rule_files(paths):
        try:
            stat = file.stat()
        except OSError:
            found.append((str(file), -1, -1))
        else:
            found.append((str(file), stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def _inside(folder: Path) -> list[Path]:
    return [path for path in _all_inside(folder) if not _is_test(path, folder)]


def _all_inside(folder: Path) -> list[Path]:
    files = [*folder.rglob("*.yaml"), *folder.rglob("*.yml")]
    return sorted(path for path in files if not path.name.startswith("."))


def _is_test(path: Path, folder: Path) -> bool:
    return TESTS in path.relative_to(folder).parts[:-1] or path.stem.endswith(".test")


def _text(path: Path, name: str, mistakes: list[str], key: str) -> str:
    """The file's text; empty after a mistake."""
    try:
        size = path.stat().st_size
        if size <= _LARGEST:
            return path.read_text(encoding="utf-8-sig")
        mistakes.append(f"{name}:1:1  {key}  got {size} bytes  expected at most {_LARGEST}")
    except OSError as error:
        mistakes.append(f"{name}:1:1  {key}  got nothing  cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        mistakes.append(
            f"{name}:1:1  {key}  got bytes that are not UTF-8  {error.reason} at byte {error.start}"
        )
    return ""
