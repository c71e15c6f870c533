"""Thinks. The text of one rule file into rules, with every mistake in it noted."""

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from rules.check import read_rule
from rules.rule import Rule
from rules.section import Section


def parse(text: str, name: str, found: dict[str, Rule], mistakes: list[str]) -> None:
    """Add the file's rules to `found` by id, and its mistakes to `mistakes` (`name:line:col  path  …`)."""
    for section in _sections(_document(text, name, mistakes), name, mistakes):
        rule = read_rule(section)
        if rule is None:
            continue
        first = found.get(rule.id)
        if first is None:
            found[rule.id] = rule
        else:
            section.wrong("id", f"this id is taken by the rule at {first.source}; choose another")


def _sections(document: object, name: str, mistakes: list[str]) -> list[Section]:
    """One section for each entry of the file's `rules` list."""
    if document is None:
        return []
    if not isinstance(document, dict):
        mistakes.append(f"{name}:1:1  rules  got nothing  expected a list: `rules:` and its entries")
        return []
    top = Section(document, name, "", mistakes)
    top.only(("rules",))
    entries = document.get("rules")
    if not isinstance(entries, list):
        top.wrong("rules", "expected a list of rules")
        return []
    sections = []
    for place, node in enumerate(entries):
        if isinstance(node, dict):
            sections.append(Section(node, name, f"rules[{place}]", mistakes))
        else:
            top.wrong("rules", "expected a rule: a mapping with id, title, when and class", place)
    return sections


def _document(text: str, name: str, mistakes: list[str]) -> object:
    """What the text holds; None when it is empty or not YAML (which is noted)."""
    try:
        document: object = YAML().load(text)
        return document
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = " ".join(str(error.problem or error.context).split())
        mistakes.append(f"{name}:{line}:{column}  rules  got text that is not YAML  {problem}")
    except (YAMLError, RecursionError, ValueError, TypeError, AttributeError) as error:
        # a tagged or odd scalar that the reader chokes on (a date of month 13, an unhashable key)
        reason = " ".join(str(error).split())[:200]
        mistakes.append(f"{name}:1:1  rules  got text that is not YAML  {reason}")
    return None
