"""Thinks. The shape of the configuration file: which keys may stand where, and its published JSON Schema."""

import json
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from tocsin.mistake import KeyPath

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


def meant_keys(model: type[BaseModel], value: Any, path: KeyPath) -> list[str]:
    """The keys that are allowed at a path of a file that holds this value."""
    return sorted({name for one in _models(model, value, path) for name in one.model_fields})


def described(model: type[BaseModel], value: Any, path: KeyPath) -> str:
    """What the setting at this path is, in words; "" where nothing is said of it."""
    found = (one.model_fields.get(str(path[-1])) for one in _models(model, value, path[:-1]))
    return next((field.description for field in found if field and field.description), "")


def _models(model: type[BaseModel], value: Any, path: KeyPath) -> list[type[BaseModel]]:
    found: list[Any] = [model]
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
        found = [inner for one in found for inner in _below(one, key)]
        found = [inner for one in found for inner in _members(one, value)]
    return [one for one in found if _is_model(one)]


def schema(model: type[BaseModel]) -> str:
    """The JSON Schema of the file, as text. Numbers and booleans may also be `${NAME:-default}`."""
    made = model.model_json_schema()
    made["$schema"] = SCHEMA_ID
    made["title"] = "tocsin.yaml"
    return json.dumps(_with_variables(made), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _below(annotation: Any, key: str | int) -> Iterator[Any]:
    if _is_model(annotation):
        field = annotation.model_fields.get(key)
        if field is not None:
            yield field.annotation
    elif get_origin(annotation) in (dict, list):
        yield get_args(annotation)[-1]


def _members(annotation: Any, value: Any) -> Iterator[Any]:
    """What an annotation may stand for; of a union by `kind`, the member of the value's kind."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0], value)
    elif origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member, value)
    elif not _is_model(annotation) or _fits(annotation, value):
        yield annotation


def _fits(model: type[BaseModel], value: Any) -> bool:
    kind = model.model_fields.get("kind")
    if kind is None or not isinstance(value, dict) or get_origin(kind.annotation) is not Literal:
        return True
    return value.get("kind") in get_args(kind.annotation)


def _with_variables(part: Any) -> Any:
    if isinstance(part, list):
        return [_with_variables(item) for item in part]
    if not isinstance(part, dict):
        return part
    part = {key: _with_variables(item) for key, item in part.items()}
    if part.get("type") in ("integer", "number", "boolean"):
        outside = {key: part.pop(key) for key in ("default", "title", "description") if key in part}
        return {"anyOf": [part, {"type": "string", "pattern": r"^\$\{.*\}$"}], **outside}
    return part
