"""Thinks. Definitions: what a person told a dialect (a mapping, an approved proposal), as plain documents."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ingest.dialects import DIALECTS

Definitions = Mapping[str, Mapping[str, Mapping[str, Any]]]  # dialect → name → document
WORDS = {"mapping": "mapping", "homeassistant": "approval"}  # what a person calls a dialect's definitions
_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")


def definition_problems(definitions: Definitions) -> Iterator[str]:
    """What the dialects say of their definitions, a sentence for each mistake."""
    for dialect, documents in definitions.items():
        what = WORDS.get(dialect, f"definition of {dialect}")
        define = getattr(DIALECTS.get(dialect), "define", None)
        for name, document in documents.items():
            if not _NAME.fullmatch(name):
                yield f"{what} {name!r}: an id has 1 to 200 letters, digits or _ . : / -"
            try:
                if define is not None:
                    define(name, dict(document))
            except ValueError as error:
                yield f"{what} {name!r}: {error}"
