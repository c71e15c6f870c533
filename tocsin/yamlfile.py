"""Touches. Reads a YAML file into plain values and remembers where each of them stood.

`!include other.yaml` (inside the folder of the first file, no circles), `!secret name` (from `secrets.yaml`
beside the first file), `${NAME}` and `${NAME:-default}` from the environment, `$${` for a plain `${`.
`dump` writes one. Nothing in a file can make Python objects, leave the folder, or grow without bound.
"""

import re
import warnings
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tocsin.document import Document
from tocsin.mistake import KeyPath, Mistakes, Position, did_you_mean, told

MAX_BYTES = 32_000_000
MAX_DEPTH = 32
MAX_FILES = 500
MAX_REPEATED = 20_000  # values that aliases (`*name`) may add: the classic bomb has billions

_VARIABLE = re.compile(r"\$(\$)?\{([^}]*)\}")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_PLAIN = dict(zip("\uff1a\uff0c\uff5b\uff5d\uff3b\uff3d", ":,{}[]", strict=True))
_WIDE = re.compile(f"[{''.join(_PLAIN)}]")
_TAG = "tag:yaml.org,2002:"
_MERGE = "tag:yaml.org,2002:merge"


def load(path: Path, environment: Mapping[str, str]) -> Document:
    """Read a file. Raises `Mistakes` with everything that is wrong with it, each line naming its place."""
    loader = _Loader(path, environment)
    document = loader.load()
    if loader.mistakes:
        raise Mistakes(loader.mistakes)
    return document


class _Loader:
    """One reading of one file with all it includes; collects mistakes instead of stopping at the first."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self.mistakes: list[str] = []
        self._path = path
        self._folder = path.resolve().parent
        self._environment = environment
        self._document = Document()
        self._document.first = Position(str(path), 1, 1)
        self._open: list[Path] = []  # the files we are inside of, outermost first
        self._nodes: list[Node] = []  # kept alive, since a node is known again by its id
        self._met: set[int] = set()
        self._repeated = 0
        self._bytes = 0
        self._secrets: dict[str, str] | None = None

    def load(self) -> Document:
        node = self._compose(self._path, None)
        if node is not None:
            self._open.append(self._path.resolve())
            self._document.value = self._build(node, (), str(self._path))
        return self._document

    def _wrong(self, position: Position | str, path: KeyPath, *sentences: str) -> None:
        self.mistakes.append(told(position, path, *sentences))

    def _compose(self, path: Path, asked: tuple[Position, KeyPath] | None) -> Node | None:
        """The node tree of one file; `asked` is the `!include` that wants it."""
        where, at = asked or (str(path), ())
        text = self._text(path, where, at)
        if text is None:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                node = YAML(typ="safe", pure=True).compose(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Position(str(path), mark.line + 1, mark.column + 1) if mark else str(path)
            said = ", ".join(part for part in (error.context, error.problem) if part)
            line = text.splitlines()[mark.line] if mark and mark.line < len(text.splitlines()) else ""
            self._wrong(place, at, f"not readable as YAML: {said}", _hint(line))
        except YAMLError as error:
            self._wrong(str(path), at, f"not readable as YAML: {' '.join(str(error).split())}")
        except RecursionError:
            self._wrong(str(path), at, "not readable as YAML: nested too deeply")
        else:
            if isinstance(node, Node):
                self._nodes.append(node)
                return node
        return None

    def _text(self, path: Path, where: Position | str, at: KeyPath) -> str | None:
        try:
            self._bytes += path.stat().st_size
            if self._bytes > MAX_BYTES:
                self._wrong(where, at, f"{path} makes it more than {MAX_BYTES // 1_000_000} MB in all")
                return None
            return path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            self._wrong(where, at, f"{path} is not text in UTF-8: save it as UTF-8")
        except OSError as error:
            self._wrong(where, at, f"cannot read {path}: {error.strerror or error}")
        return None

    def _build(self, node: Node, path: KeyPath, file: str) -> Any:
        position = _place(node, file)
        self._document.values_at[path] = position
        if len(path) > MAX_DEPTH:
            self._wrong(position, path[:3], f"nested more than {MAX_DEPTH} deep")
            return None
        if id(node) in self._met:
            self._repeated += 1
            if self._repeated == MAX_REPEATED:
                self._wrong(position, path[:3], f"aliases repeat more than {MAX_REPEATED} values")
            if self._repeated >= MAX_REPEATED:
                return None
        self._met.add(id(node))
        tag = str(node.tag)
        if tag == "!include":
            return self._include(node, position, path, file)
        if tag == "!secret":
            return self._secret(node, position, path)
        if tag.startswith("!") or not tag.startswith(_TAG) or tag.removeprefix(_TAG) not in _KNOWN:
            self._wrong(position, path, f"unknown tag {tag.replace(_TAG, '!!')}", "known: !include, !secret")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path, file)
        if isinstance(node, SequenceNode):
            return [self._build(item, (*path, index), file) for index, item in enumerate(node.value)]
        return self._scalar(node, position, path)

    def _mapping(self, node: MappingNode, path: KeyPath, file: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        first: dict[str, Position] = {}
        for key_node, value_node in node.value:  # first, so that places told are those of the mapping itself
            if str(key_node.tag) == _MERGE:
                self._merge(value_node, path, file, merged)
        for key_node, value_node in node.value:
            position = _place(key_node, file)
            if str(key_node.tag) == _MERGE:
                continue
            if not isinstance(key_node, ScalarNode):
                self._wrong(position, path, "a key must be a single word")
                continue
            key = str(key_node.value)
            if key in first:
                self._wrong(position, (*path, key), f"given twice; the first is at {first[key]}")
                continue
            first[key] = position
            self._document.keys_at[(*path, key)] = position
            values[key] = self._build(value_node, (*path, key), file)
        return {**merged, **values} if merged else values

    def _merge(self, node: Node, path: KeyPath, file: str, into: dict[str, Any]) -> None:
        """`<<: *base`: what the mapping itself says wins, earlier bases win over later ones."""
        for base in node.value if isinstance(node, SequenceNode) else [node]:
            if not isinstance(base, MappingNode):
                self._wrong(_place(base, file), path, "`<<` takes a mapping, or a list of mappings")
                continue
            for key, value in self._build(base, path, file).items():
                into.setdefault(key, value)

    def _scalar(self, node: Node, position: Position, path: KeyPath) -> Any:
        text = str(node.value)
        tag = str(node.tag).removeprefix(_TAG)
        self._document.written_at[path] = text
        if "${" in text:
            replaced = _VARIABLE.sub(lambda found: self._variable(found, position, path), text)
            if getattr(node, "style", None) is None:  # not quoted: the type is that of what came out
                resolver = YAML(typ="safe", pure=True).resolver
                tag = str(resolver.resolve(ScalarNode, replaced, (True, False))).removeprefix(_TAG)
            text = replaced
        try:
            return _KNOWN[tag](text) if tag in _KNOWN else text
        except ValueError:
            self._wrong(position, path, f"not a {tag}", f"got {self._document.written_at[path]!r}")
            return None

    def _variable(self, found: re.Match[str], position: Position, path: KeyPath) -> str:
        if found[1]:
            return found[0][1:]
        parts = _NAME.fullmatch(found[2])
        if parts is None:
            self._wrong(
                position, path, f"got {found[0]}", "write ${NAME} or ${NAME:-default}; $${ is a plain ${"
            )
            return ""
        name, default = parts.groups()
        value = self._environment.get(name, "")
        if not value and default is None and name not in self._environment:
            self._wrong(
                position, path, f"the environment has no {name}", f"set it, or write ${{{name}:-default}}"
            )
        return value or default or ""

    def _include(self, node: Node, position: Position, path: KeyPath, file: str) -> Any:
        name = str(node.value) if isinstance(node, ScalarNode) else ""
        got = f"got !include {name}"
        wanted = (self._open[-1].parent / name).resolve()
        shown = Path(file).parent / name
        if not name or not wanted.is_relative_to(self._folder):
            self._wrong(position, path, got, f"only files inside {self._path.parent}/ can be included")
        elif wanted in self._open:
            circle = " → ".join(p.name for p in [*self._open[self._open.index(wanted) :], wanted])
            self._wrong(position, path, got, f"the files include each other: {circle}")
        elif len(self._nodes) >= MAX_FILES:
            self._wrong(position, path, f"more than {MAX_FILES} files are included")
        else:
            inner = self._compose(shown, (position, path))
            if inner is None:
                return None
            self._open.append(wanted)
            value = self._build(inner, path, str(shown))
            self._open.pop()
            return value
        return None

    def _secret(self, node: Node, position: Position, path: KeyPath) -> str | None:
        name = str(node.value) if isinstance(node, ScalarNode) else ""
        self._document.written_at[path] = f"!secret {name}"
        if self._secrets is None:
            self._secrets = self._read_secrets(position, path)
        if name in self._secrets:
            return self._secrets[name]
        missing = f"{self._path.parent / 'secrets.yaml'} has no such name"
        self._wrong(position, path, f"got !secret {name}", missing, did_you_mean(name, self._secrets))
        return None

    def _read_secrets(self, position: Position, path: KeyPath) -> dict[str, str]:
        file = self._path.parent / "secrets.yaml"
        node = self._compose(file, (position, path))
        if node is None:
            return {}
        if not isinstance(node, MappingNode) or any(
            not isinstance(value, ScalarNode) for _, value in node.value
        ):
            self._wrong(str(file), (), "must be lines of `name: value`")
            return {}
        return {str(key.value): str(value.value) for key, value in node.value}


def _hint(line: str) -> str:
    """What most often makes a line unreadable."""
    if found := _WIDE.search(line):
        return f"write the plain {_PLAIN[found[0]]} in place of the full-width {found[0]}"
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces, not with tabs"
    if re.search(r"\{.*[:,]\s*\$\{", line):
        return 'inside {…} write "${NAME}" in quotes'
    return ""


def _place(node: Node, file: str) -> Position:
    return Position(file, node.start_mark.line + 1, node.start_mark.column + 1)


def _integer(text: str) -> int:
    plain = text.replace("_", "")
    return int(plain, 0) if plain.lstrip("+-")[:2].lower() in ("0x", "0o", "0b") else int(plain)


def _number(text: str) -> float:
    return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))


def _nothing(_text: str) -> None:
    return None


_KNOWN: dict[str, Any] = {
    "str": str,
    "int": _integer,
    "float": _number,
    "bool": lambda text: text.lower() == "true",
    "null": _nothing,
    "timestamp": str,
    "map": None,
    "seq": None,
}


def dump(values: Any) -> str:
    """Plain values as YAML that `load` reads back the same."""
    yaml, stream = YAML(), StringIO()
    yaml.width = 120
    yaml.dump(_escaped(values), stream)
    return stream.getvalue()


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    return re.sub(r"\$\{([^}]*)\}", r"$${\1}", value) if isinstance(value, str) else value
