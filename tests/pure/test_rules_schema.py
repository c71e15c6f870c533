"""Thinks. The JSON Schema of rule files: what is published is what the parser's tables say, and it fits."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rules.load import build, read
from rules.schema import schema

PAGE = Path(__file__).parents[2] / "docs" / "rules.schema.json"
SCHEMA = json.loads(schema())
ITEM = SCHEMA["properties"]["rules"]["items"]
KINDS: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "number": (int, float),
    "integer": int,
}
GOOD: dict[str, Any] = {
    "id": "cold-store",
    "title": {"zh": "题", "en": "Title"},
    "for": {"kind": ["climate"], "place": "canteen", "label": {"store": ["a", "b"]}},
    "when": {"metric": "temperature", "above": 8, "deadband": 1},
    "class": "supervisory",
    "on_delay": "10m",
}


def fits(value: Any, shape: dict[str, Any]) -> bool:
    """Whether a value fits, for as much of JSON Schema as ours uses."""
    if "anyOf" in shape and not any(fits(value, one) for one in shape["anyOf"]):
        return False
    if "oneOf" in shape and sum(fits(value, one) for one in shape["oneOf"]) != 1:
        return False
    if "enum" in shape and value not in shape["enum"]:
        return False
    if "type" in shape:
        if not isinstance(value, KINDS[shape["type"]]):
            return False
        if isinstance(value, bool) and shape["type"] != "boolean":
            return False
    if isinstance(value, str) and "pattern" in shape and not re.search(shape["pattern"], value):
        return False
    low, high = shape.get("minimum", value), shape.get("maximum", value)
    if isinstance(value, int | float) and not low <= value <= high:
        return False
    if isinstance(value, list) and "items" in shape:
        return all(fits(one, shape["items"]) for one in value)
    return not isinstance(value, dict) or _mapping_fits(value, shape)


def _mapping_fits(value: dict[str, Any], shape: dict[str, Any]) -> bool:
    known, more = shape.get("properties", {}), shape.get("additionalProperties", True)
    if any(key not in value for key in shape.get("required", ())):
        return False
    return all(
        fits(one, known[key]) if key in known else fits(one, more) if isinstance(more, dict) else more
        for key, one in value.items()
    )


def test_the_published_schema_is_what_the_parser_says() -> None:
    assert PAGE.read_text() == schema(), "write it anew: tocsin rules schema > docs/rules.schema.json"


def test_every_rule_of_the_standard_pack_fits() -> None:
    said = build(read()).said
    assert [name for name, one in said.items() if not fits(one.body, ITEM)] == []


def test_a_whole_file_with_who_and_why_fits() -> None:
    assert fits({"changed_by": "Li Wei", "reason": "asked", "rules": [GOOD]}, SCHEMA)
    assert not fits({"rule": [GOOD]}, SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        {"klass": "alarm"},
        {"class": "alert"},
        {"priority": 6},
        {"latch": "yes"},
        {"on_delay": 10},
        {"on_delay": "10 m"},
        {"id": "Cold Store"},
        {"title": {"zh": "题"}},
        {"for": {"kind": "climat"}},
        {"when": {"metric": "smok", "is": ["alarm"]}},
        {"when": {"metric": "smoke", "is": ["alram"]}},
        {"when": {"metric": "temperature", "above": 8, "below": 3}},
        {"when": {"metric": "temperature"}},
        {"when": {"metric": "temperature", "silent_for": 30}},
    ],
)
def test_an_editor_marks_what_the_parser_refuses(change: dict[str, Any]) -> None:
    assert fits(GOOD, ITEM)
    assert not fits({**GOOD, **change}, ITEM)
