"""Touches. The laws of the house, read off its own source: what CONTRIBUTING.md says, a machine checks."""

import ast
import functools
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import contracts
from tests.contracts import ROOT, Module, modules

EMPTY_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "core",
    "types",
    "manager",
    "model",
    "models",
    "misc",
}
TEXT_SUFFIXES = {
    *(".cfg", ".conf", ".css", ".csv", ".html", ".ini", ".js", ".json", ".md", ".py", ".service", ".sh"),
    *(".toml", ".txt", ".yaml", ".yml", ""),
}
MACHINE_PATH = re.compile(r"(?<![\w.$}\-/])/(?:root|work|Users|home/\w+)/\w")
WORLD_CALLS = {"open", "print", "input", "breakpoint"}


def _repository() -> list[Path]:
    """Every file that is committed or would be."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def _sources() -> list[Path]:
    """Every Python file that a person writes: migrations are written from the tables, once."""
    return [path for path in _repository() if path.suffix == ".py" and "migrations" not in path.parts]


def _lines(path: Path) -> int:
    return sum(1 for line in path.read_text(encoding="utf-8").splitlines() if line.strip())


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function with its lines that are not blank, its docstring not counted."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            skipped: set[int] = set()
            if ast.get_docstring(node) is not None:
                skipped = set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
            span = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            size = sum(1 for number in span if lines[number - 1].strip() and number not in skipped)
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", size


def _ninth_tenth(sizes: list[int]) -> int:
    return sorted(sizes)[int(len(sizes) * 0.9)]


def _house() -> list[Path]:
    return [module.path for module in modules() if _lines(module.path)]


def _named(module: Module) -> str:
    return str(module.path.relative_to(ROOT))


def test_the_first_line_of_every_file_says_whether_it_thinks_or_touches() -> None:
    silent = [
        _named(module)
        for module in modules()
        if not (module.thinks or module.touches)
        and not (module.path.name == "__init__.py" and _only_words(module))
    ]
    assert not silent, f"begin the module docstring with 'Thinks.' or 'Touches.': {silent}"


def _only_words(module: Module) -> bool:
    """An `__init__.py` that holds a docstring and nothing else need not say what it does."""
    body = _tree(module.path).body
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)


def test_a_file_that_thinks_neither_opens_nor_prints() -> None:
    found = [
        f"{_named(module)}:{node.lineno} {node.func.id}()"
        for module in modules()
        if module.thinks
        for node in ast.walk(_tree(module.path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WORLD_CALLS
    ]
    assert not found, f"these files say 'Thinks.': {found}"


def test_the_committed_import_contracts_are_those_the_first_lines_ask_for() -> None:
    committed = (ROOT / ".importlinter").read_text(encoding="utf-8")
    assert committed == contracts.contracts(), "run `make contracts` and commit .importlinter"


def test_a_file_has_at_most_400_lines() -> None:
    long = {str(path.relative_to(ROOT)): _lines(path) for path in _sources() if _lines(path) > 400}
    assert not long


def test_nine_files_in_ten_have_at_most_250_lines_and_half_at_most_120() -> None:
    sizes = [_lines(path) for path in _house()]
    assert _ninth_tenth(sizes) <= 250
    assert statistics.median(sizes) <= 120


def test_a_function_has_at_most_60_lines() -> None:
    long = {name: size for path in _sources() for name, size in _functions(path) if size > 60}
    assert not long


def test_nine_functions_in_ten_have_at_most_25_lines_and_half_at_most_8() -> None:
    sizes = [size for path in _house() for _, size in _functions(path)]
    assert _ninth_tenth(sizes) <= 25
    assert statistics.median(sizes) <= 8


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {folder for path in (ROOT / "tests").rglob("*.py") for folder in path.parents}
    bare = [folder for folder in folders if folder.is_relative_to(ROOT / "tests") and not _is_package(folder)]
    assert not bare, "without __init__.py a folder can shadow a room of the same name"


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").exists()


def test_every_folder_of_a_room_is_a_package() -> None:
    folders = {module.path.parent for module in modules()}
    assert not [folder for folder in folders if not _is_package(folder)]


def test_every_import_is_absolute() -> None:
    relative = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _sources()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative


def test_no_name_is_a_drawer_for_anything() -> None:
    drawers = [
        str(path.relative_to(ROOT))
        for path in _sources()
        if EMPTY_NAMES & {path.stem, *path.relative_to(ROOT).parts[:-1]}
    ]
    assert not drawers, "name a file after what it holds"


def test_the_installed_packages_are_the_rooms_and_nothing_else() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = re.search(r"\[tool\.hatch\.build\.targets\.wheel\]\npackages = \[(.*)\]", text)
    assert listed is not None
    assert set(re.findall(r'"(\w+)"', listed[1])) == set(contracts.ROOMS)


@pytest.mark.parametrize(
    "forbidden", [MACHINE_PATH, re.compile("index" + r"-url|INDEX" + "_URL")], ids=["path", "host"]
)
def test_no_file_names_the_machine_it_was_written_on(forbidden: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in _repository()
        if path.suffix in TEXT_SUFFIXES and "vendor" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if forbidden.search(line)
    ]
    assert not found
