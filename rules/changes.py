"""Thinks. What a load changes: which rules came, went or read otherwise, key by key."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from rules.parse import Said
from rules.ruleset import RuleSet

Body = Mapping[str, Any]


class Difference(msgspec.Struct, frozen=True):
    """One key of a rule; None where it is not written."""

    key: str
    old: Any
    new: Any

    def text(self) -> str:
        return f"{self.key}: {_shown(self.old)} → {_shown(self.new)}"


class Change(msgspec.Struct, frozen=True):
    """`what`: added | changed | removed | promoted. `body` is the rule as it reads now ({} once
    it is removed). Who and why are "" where the file does not state them."""

    rule: str
    what: str
    version: str
    former: str
    difference: tuple[Difference, ...]
    body: dict[str, Any]
    source: str
    changed_by: str
    reason: str


class Past(msgspec.Struct, frozen=True):
    """A rule as it was when it last changed."""

    version: str
    body: Body
    source: str = ""


def changes(before: Mapping[str, Past], rules: RuleSet, said: Mapping[str, Said]) -> list[Change]:
    """What is different from before, by rule."""
    found = []
    for name in sorted({*before, *rules.by_id}):
        past, now = before.get(name), said.get(name)
        body = dict(now.body) if now is not None else {}
        if past is not None and now is not None and past.body == body:
            continue
        what = "added" if past is None else "removed" if now is None else "changed"
        found.append(
            Change(
                rule=name,
                what=what,
                version=rules.by_id[name].version if now is not None else "",
                former=past.version if past is not None else "",
                difference=tuple(differences(past.body, body)) if what == "changed" and past else (),
                body=body,
                source=now.source if now is not None else past.source if past is not None else "",
                changed_by=now.changed_by if now is not None else _stated(said, past)[0],
                reason=now.reason if now is not None else _stated(said, past)[1],
            )
        )
    return found


def _stated(said: Mapping[str, Said], past: Past | None) -> tuple[str, str]:
    """Of a rule that is gone: what the file it stood in states now, if that still has any rule."""
    file = past.source.rpartition(":")[0] if past is not None else ""
    for one in said.values():
        if file and one.source.rpartition(":")[0] == file:
            return one.changed_by, one.reason
    return "", ""


def differences(old: Body, new: Body) -> Iterator[Difference]:
    """Key by key, in the order of the new rule; a list is one value."""
    before, after = dict(_flat(old)), dict(_flat(new))
    for key in (*after, *(key for key in before if key not in after)):
        if before.get(key) != after.get(key):
            yield Difference(key, before.get(key), after.get(key))


def _flat(body: Body, path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in body.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
