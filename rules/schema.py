"""Thinks. The JSON Schema of rule files, for editors: made from the tables that the parser itself uses.

It knows keys, words and forms, so that an editor completes them; what hangs on more than one key (which kind
reports which metric) only the parser knows, and says so with file, line and column.
"""

import json
from typing import Any, get_args

from ingest.campus.calendar import DAYS
from ingest.campus.kinds import KINDS, METRICS, Form
from ingest.topology import Carries
from rules.celtext import LONGEST
from rules.check import KEYS
from rules.conditions import COUNTING, EXTRAS, SPELT, WRAPPING
from rules.conditions import past as pasts
from rules.conditions import siblings as groups
from rules.conditions.verdicts import KEYS as OTHERS
from rules.rule import Same
from rules.verdict import Class

Schema = dict[str, Any]
DURATION: Schema = {"type": "string", "pattern": r"^\d+(\.\d+)?(ms|s|m|h|d)$"}
TEXT: Schema = {"type": "string", "minLength": 1}
_DATES = r"^\d{4}-\d{2}-\d{2}(\.\.\d{4}-\d{2}-\d{2})?$"
_WORDS = {"is": Form.STATE, "happens": Form.EVENT}


def schema() -> str:
    """The text of docs/rules.schema.json."""
    top = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tocsin rules",
        **_mapping(
            {"changed_by": TEXT, "reason": TEXT, "rules": {"type": "array", "items": _rule()}}, "rules"
        ),
    }
    return json.dumps(top, ensure_ascii=False, indent=2) + "\n"


def _rule() -> Schema:
    known: dict[str, Schema] = {
        "id": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"},
        "title": _mapping({"zh": TEXT, "en": TEXT}, "zh", "en"),
        "for": _selector(),
        "when": _condition(),
        "class": {"enum": [one.value for one in Class]},
        "priority": {"type": "integer", "minimum": 1, "maximum": 5},
        "latch": {"type": "boolean"},
        "verify": {"type": "boolean"},
        "hazard": {"type": "boolean"},
        "on_delay": DURATION,
        "off_delay": DURATION,
        "policy": TEXT,
        "plan": TEXT,
        "subject": {"enum": ["point", "device", "zone", "place"]},
        "shadow": {"anyOf": [DURATION, _mapping({"until": {"type": "string", "format": "date"}}, "until")]},
        "during": _one_or_more(_window()),
        "outside": _one_or_more(_window()),
        "suppressed_by": _one_or_more(_mapping({"rule": TEXT, "same": {"enum": [*get_args(Same)]}}, "rule")),
    }
    return _mapping({key: known.get(key, {}) for key in KEYS}, "id", "title", "when", "class")


def _window() -> Schema:
    """A time at which a rule is asked."""
    of = {
        "period": TEXT,
        "days": {"enum": [*DAYS]},
        "hours": TEXT,
        "dates": {"type": "string", "pattern": _DATES},
    }
    return {**_mapping({key: _one_or_more(one) for key, one in of.items()}), "minProperties": 1}


def _selector() -> Schema:
    name = _one_or_more(TEXT)
    return _mapping(
        {
            "kind": _one_or_more({"enum": sorted(KINDS)}),
            "device": name,
            "place": name,
            "zone": name,
            "label": {"type": "object", "additionalProperties": name},
            "gateway_of": _one_or_more({"enum": [*get_args(Carries)]}),
        }
    )


def _condition() -> Schema:
    """Exactly one of the conditions, with what may stand beside it."""
    keys = {"metric": _one_or_more({"enum": sorted(METRICS)})}
    keys |= {key: _spelt(key) for key in (*SPELT, *EXTRAS, *COUNTING, *WRAPPING)}
    keys |= {key: _one_or_more(TEXT) for key in OTHERS}
    forms: list[Schema] = [{"required": ["metric", key]} for key in SPELT]
    forms += [{"anyOf": [{"required": [key]} for key in OTHERS]}]
    return {**_mapping(keys), "oneOf": forms}


def _spelt(key: str) -> Schema:
    """The value of one key of a condition."""
    if key in _WORDS:
        words = {word for metric in METRICS.values() if metric.form is _WORDS[key] for word in metric.words}
        return _one_or_more({"enum": sorted(words)})
    if key == "changes":
        words = {word for metric in METRICS.values() for word in metric.words}
        named = _one_or_more({"enum": sorted(words)})
        return {**_mapping({"from": named, "to": named}), "minProperties": 1}
    if key in ("past", "siblings"):
        return _beside(key)
    if key == "expression":
        return {"type": "string", "minLength": 1, "maxLength": LONGEST}
    if key in WRAPPING:
        return {"type": "integer", "minimum": 2}
    if key in SPELT and SPELT[key].FORM is Form.NUMBER and key != "same_for":
        return {"type": "number"}
    if key == "deadband":
        return {"type": "number", "minimum": 0}
    return DURATION if key in ("hold", "within", "silent_for", "same_for", "shorter_than") else {}


def _beside(key: str) -> Schema:
    """What a number is compared with: exactly one limit, and how."""
    limit: Schema = {"type": "number", "minimum": 0}
    more: dict[str, Schema] = {
        "by": {"enum": [*pasts.WAYS]},
        "weeks": {"type": "integer", "minimum": 1, "maximum": pasts.MOST},
        "at_least": {"type": "integer", "minimum": 1, "maximum": pasts.MOST},
    }
    if key == "siblings":
        number = {"type": "integer", "minimum": 2, "maximum": groups.MOST}
        more = {"same": {"enum": [*groups.GROUPS]}, "at_least": number}
    made = _mapping({"above": limit, "below": limit, **more})
    return {**made, "oneOf": [{"required": ["above"]}, {"required": ["below"]}]}


def _mapping(properties: dict[str, Schema], *required: str) -> Schema:
    made: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**made, "required": [*required]} if required else made


def _one_or_more(one: Schema) -> Schema:
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
