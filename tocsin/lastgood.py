"""Touches. The last good configuration, kept in the data folder: a bad one must not keep the bell silent.

It holds the file's values with secrets filled in, so only the service's user can read it.
"""

import contextlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tocsin.config import Settings, build
from tocsin.mistake import Mistakes
from tocsin.yamlfile import load as load_yaml

NAME = "last-good.json"
_DATA = re.compile(r"^data:\s*['\"]?([^'\"#\n]+?)['\"]?\s*(?:#.*)?$", re.MULTILINE)


def keep(settings: Settings) -> None:
    """Remember settings that have just been read without a mistake. A full disk is no reason to stop."""
    if not settings.source:
        return
    with contextlib.suppress(OSError):
        settings.folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"source": settings.source, "values": settings.plain}, ensure_ascii=False)
        part = settings.folder / f"{NAME}.part"
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            os.fsync(handle)
        part.replace(settings.folder / NAME)


def recall(path: Path, environment: Mapping[str, str], mistakes: list[str]) -> Settings | None:
    """The settings this file last gave, remembering what is wrong with it now; None where there are none."""
    source = str(path.resolve())
    for folder in _folders(path, environment):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, ValidationError):
            kept: dict[str, Any] = json.loads((folder / NAME).read_text("utf-8"))
            if kept["source"] == source:
                return build(kept["values"], source).refusing(mistakes)
    return None


def _folders(path: Path, environment: Mapping[str, str]) -> list[Path]:
    """Where the data may be, as well as a broken file can tell."""
    here, names = path.resolve().parent, []
    with contextlib.suppress(Mistakes, OSError):
        value = load_yaml(path, environment).value
        names += [value["data"]] if isinstance(value, dict) and isinstance(value.get("data"), str) else []
    with contextlib.suppress(OSError, UnicodeDecodeError):
        names += _DATA.findall(path.read_text("utf-8-sig"))
    return [here / name for name in (*names, "data", "/var/lib/tocsin")]
