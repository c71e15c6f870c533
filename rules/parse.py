"""Thinks. The text of one rule file into rules, with every mistake in it noted."""

import json
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from rules.check import read_rule
from rules.ladder import rungs
from rules.rule import Rule
from rules.section import Section


class Said(msgspec.Struct, frozen=True):
    """What a file says of one rule: its keys and values as written, where it stands, and who changed the
    file and why ("": not stated)."""

    body: dict[str, Any]
    source: str
    changed_by: str = ""
    reason: str = ""


class _Placed(RoundTripConstructor):
    """A scalar that no value can be made of (a day of month 13) is named with its line."""

    def construct_non_recursive_object(self, node: Any, tag: str | None = None) -> Any:
        try:
            return super().construct_non_recursive_object(node, tag)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            said = " ".join(str(error).split())[:200]
            raise ConstructorError(None, None, said, node.start_mark) from error


def parse(
    text: str, name: str, found: dict[str, Rule], mistakes: list[str], said: dict[str, Said] | None = None
) -> None:
    """Add the file's rules to `found` by id, and its mistakes to `mistakes` (`name:line:col  path  …`)."""
    top = whole(text, name, "rules", mistakes)
    if top is None:
        return
    known = len(mistakes)
    top.only(("changed_by", "reason", "rules"))
    changed_by = top.text("changed_by", "the name of a person") if top.has("changed_by") else ""
    reason = top.text("reason", "a sentence") if top.has("reason") else ""
    every = entries(top, "rules", "id, title, when and class")
    for section in [rung for entry in every for rung in rungs(entry)]:
        rule = read_rule(section)
        if rule is None:
            continue
        first = found.get(rule.id)
        if first is None:
            found[rule.id] = rule
            if said is not None:
                said[rule.id] = Said(_body(section), rule.source, changed_by, reason)
        else:
            section.wrong("id", f"this id is taken by the rule at {first.source}; choose another")
    mistakes[known:] = dict.fromkeys(mistakes[known:])  # levels share what the rule around them says


def whole(text: str, name: str, key: str, mistakes: list[str]) -> Section | None:
    """The mapping that a file is; None where it is empty or there is none. `key`: what it should hold."""
    document = _document(text, name, key, mistakes)
    if document is None or isinstance(document, dict):
        return None if document is None else Section(document, name, "", mistakes)
    mistakes.append(f"{name}:1:1  {key}  got nothing  expected a list: `{key}:` and its entries")
    return None


def entries(section: Section, key: str, what: str) -> list[Section]:
    """One section for each entry of the list under `key`; `what` an entry must have."""
    nodes = section.node.get(key)
    if not isinstance(nodes, list):
        section.wrong(key, f"expected a list of {key}")
        return []
    path = f"{section.path}.{key}" if section.path else key
    found = []
    for place, node in enumerate(nodes):
        if isinstance(node, dict):
            found.append(Section(node, section.file, f"{path}[{place}]", section.mistakes))
        else:
            section.wrong(key, f"expected a {key.removesuffix('s')}: a mapping with {what}", place)
    return found


def _body(section: Section) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.dumps(section.node, default=str))
    return body


def _document(text: str, name: str, key: str, mistakes: list[str]) -> object:
    """What the text holds; None when it is empty or not YAML (which is noted)."""
    try:
        reader = YAML()
        reader.Constructor = _Placed
        document: object = reader.load(text)
        return document
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = " ".join(str(error.problem or error.context).split())
        mistakes.append(f"{name}:{line}:{column}  {key}  got text that is not YAML  {problem}")
    except ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        said = f"{name}:{line}:{column}  {key}  got the character U+{error.character:04X}"
        mistakes.append(f"{said}  not allowed in YAML: leave it out")
    except RecursionError:
        mistakes.append(f"{name}:1:1  {key}  got text that is not YAML  too many lists inside one another")
    except (YAMLError, ValueError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        mistakes.append(f"{name}:1:1  {key}  got text that is not YAML  {reason}")
    return None
