"""Thinks. What the doctor finds: one sentence each, how bad it is, and what all of them come to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

LANGUAGES = ("zh", "en")


class Level(StrEnum):
    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    PROBLEM = "problem"


Sentence = tuple[Level, str, str]  # how bad, Chinese, English


@dataclass(frozen=True)
class Finding:
    """`name` is a sentence of the catalogue; `values` are what it speaks of."""

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)


def found(name: str, **values: Any) -> Finding:
    return Finding(name, values)


def exit_code(levels: Iterable[Level]) -> int:
    """0 all is well, as far as it could be told; 1 warnings; 2 problems."""
    seen = set(levels)
    return 2 if Level.PROBLEM in seen else 1 if Level.WARNING in seen else 0


def language_of(environment: Mapping[str, str]) -> str:
    """Chinese where the terminal speaks Chinese, else English, as the other commands."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "zh" if environment[name].lower().startswith("zh") else "en"
    return "en"
