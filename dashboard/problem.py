"""Thinks. A refusal as a program reads it: problem details of RFC 9457, in the language of who asked."""

from collections.abc import Iterable, Mapping
from typing import Any

from dashboard import words
from dashboard.catalogue import CATALOGUE

MEDIA = "application/problem+json"
TYPE = "urn:tocsin:problem:"
_MOST = 10  # mistakes told of one request


def problem(
    status: int,
    key: str,
    detail: str,
    instance: str,
    language: str,
    mistakes: Iterable[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """`detail`: what is wrong and what to do about it. `errors`: each mistake with where it is."""
    title = words.say(f"status_{status}" if f"status_{status}" in CATALOGUE else "status_500", language)
    told: dict[str, Any] = {
        "type": TYPE + key, "title": title, "status": status, "detail": detail, "instance": instance,
    }  # fmt: skip
    found = list(mistakes)[:_MOST]
    return {**told, "errors": found} if found else told


def mistakes(errors: Iterable[Mapping[str, Any]], language: str, inside: str = "") -> list[dict[str, str]]:
    """The mistakes that pydantic found: where, and what is wrong there, in words. `inside`: body, where the
    place does not say so itself."""
    found = []
    for error in errors:
        place = ".".join(str(part) for part in (inside, *error["loc"]) if part != "")
        found.append({"where": place, "what": _what(error, language)})
    return found


def _what(error: Mapping[str, Any], language: str) -> str:
    key, context = f"input_{error['type']}", error.get("ctx") or {}
    if key not in CATALOGUE:
        return str(error["msg"])
    return words.say(key, language, **{name: str(value) for name, value in context.items()})


def sentence(found: Iterable[Mapping[str, str]], language: str) -> str:
    """All mistakes in one line, and what to do."""
    told = "; ".join(f"{one['where']}: {one['what']}" for one in list(found)[:_MOST])
    return f"{told} {words.say('input_help', language)}" if told else words.say("error_input", language)
