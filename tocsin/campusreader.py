"""Thinks. The values of a campus file as places, devices, people and policies, every mistake at its place."""

import math
import re
from collections.abc import Iterable
from enum import Enum
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from alerts.duty import icalfile
from alerts.duty.people import Person, Policy, Post, Team
from alerts.plan import Plan
from ingest.campus.calendar import Hours, Span
from ingest.campus.device import Device, Place, Zone
from ingest.campus.kinds import CALLED
from tocsin import duration
from tocsin.document import Document
from tocsin.mistake import KeyPath, Position, did_you_mean, told

T = TypeVar("T")
SECTIONS: dict[str, type[msgspec.Struct]] = {
    "places": Place,
    "zones": Zone,
    "devices": Device,
    "persons": Person,
    "teams": Team,
    "posts": Post,
    "policies": Policy,
    "plans": Plan,
    "calendar": Span,
    "hours": Hours,
}
DEFINED = {"mappings": "mapping", "approvals": "homeassistant"}  # sections of definitions, and their dialects
_NUMBERS = ("interval", "position")  # of a row: all else that looks like a number is text
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")  # no database keeps it
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # nor a spreadsheet
_LONGEST = 10_000
_FORMS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_TARGETS = ("post", "team", "role", "person")
_WRITTEN = {"classes": "class", "kinds": "kind", "places": "place", "rules": "rule", "hours": "hours"}
_HOW = {"all": "all", "in turn": "in_turn", "in_turn": "in_turn", "first": "first"}
_LISTS = ("quiet", "scope", "shifts", "overrides", "who")  # where one may stand alone


class Reader:
    """Turns rows into records, collecting mistakes."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.mistakes: list[str] = []

    def wrong(self, path: KeyPath, *sentences: str, key: bool = False) -> None:
        at = self.document.key_at(path) if key else self.document.at(path)
        self.mistakes.append(told(at, path, *sentences))

    def once_each(self, section: str, rows: list[Any]) -> None:
        """Complain of ids that are given twice."""
        first: dict[str, Position] = {}
        for index, row in enumerate(rows):
            if isinstance(row, dict) and "id" in row:
                path = (section, index, "id")
                name, here = str(row["id"]), self.document.at(path)
                if name in first:
                    self.wrong(path, f"got {name!r}", f"given twice; the first is at {first[name]}")
                first.setdefault(name, here)

    def channels(self, persons: Iterable[Person], policies: Iterable[Policy], known: list[str]) -> None:
        """Complain of channels that nothing is configured for: nobody would ever be told there."""
        named: list[tuple[KeyPath, str]] = [
            (("persons", i, "contacts", j, "channel"), contact.channel)
            for i, person in enumerate(persons)
            for j, contact in enumerate(person.contacts)
        ]
        named += [
            (("policies", i, "steps", j, "channels", k), channel)
            for i, policy in enumerate(policies)
            for j, step in enumerate(policy.steps)
            for k, channel in enumerate(step.channels)
        ]
        for path, name in named:
            if name not in known:
                near = did_you_mean(name, known)
                self.wrong(path, f"got {name!r}", "the settings name no such channel", near)

    def text(self, path: KeyPath, value: Any) -> Any:
        """Numbers as they were written: ids, addresses and names are text, also `305` and `+86138…`."""
        if isinstance(value, dict):
            return {self.text(path, k): self.text((*path, k), v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.text((*path, index), inner) for index, inner in enumerate(value)]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.document.written(path) or value
        if isinstance(value, str) and (_CONTROL.search(value) or len(value) > _LONGEST):
            why = (
                "has a character that is no text"
                if len(value) <= _LONGEST
                else f"is over {_LONGEST} characters"
            )
            self.wrong(path, self.document.got(path, value), why)
        return value

    def definition(self, section: str, index: int, row: Any) -> dict[str, Any] | None:
        """A mapping or an approval: its dialect knows the rest. Numbers and yes or no stay what they are."""
        path: KeyPath = (section, index)
        if not isinstance(row, dict) or row.get("id") in (None, ""):
            self.wrong(path, "must be a mapping such as {id: …}, with an id")
            return None
        self._plain(path, row)
        return {**row, "id": str(self.text((*path, "id"), row["id"]))}

    def _plain(self, path: KeyPath, value: Any) -> None:
        if isinstance(value, dict | list):
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                self._plain((*path, key), inner)
        elif isinstance(value, float) and not math.isfinite(value):
            self.wrong(path, self.document.got(path, value), "must be a finite number")
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            self.wrong(path, self.document.got(path, value), "is a number too large")
        elif isinstance(value, str) and _NO_TEXT.search(value):
            self.wrong(path, self.document.got(path, value), "has a character that is no text")

    def row(self, section: str, index: int, row: Any) -> Any:
        path: KeyPath = (section, index)
        if not isinstance(row, dict):
            return self.wrong(path, "must be a mapping such as {id: …}")
        before = len(self.mistakes)
        ics = row.pop("ics", "") if section == "posts" else ""  # as long as it likes
        row = {k: v if k in _NUMBERS else self.text((*path, k), v) for k, v in row.items() if v != ""}
        row |= {k: [v] for k, v in row.items() if k in _LISTS and not isinstance(v, list)}
        if ics:
            row["ics"] = icalfile.cleaned(ics) if isinstance(ics, str) else ics
        if isinstance(labels := row.get("labels"), dict):
            row["labels"] = {key: label for key, label in labels.items() if label != ""}
        if isinstance(position := row.get("position"), list):  # as exact as a spreadsheet keeps it
            row["position"] = [round(part, 6) if isinstance(part, float) else part for part in position]
        if section == "devices" and isinstance(kind := row.get("kind"), str):
            row["kind"] = CALLED.get(kind.strip(), kind)
        if section == "policies":
            row = self._policy(path, row)
        if section == "plans":
            row = self._plan(path, row)
        fields = SECTIONS[section].__struct_fields__
        for name in row:
            if name not in fields:
                self.wrong((*path, name), "unknown key", did_you_mean(name, fields), key=True)
        if section not in ("devices", "policies", "calendar", "hours"):
            row = {"zh": row.get("en", row.get("id", "")), "en": row.get("zh", row.get("id", "")), **row}
        return self._convert(path, row, SECTIONS[section]) if len(self.mistakes) == before else None

    def _convert(self, path: KeyPath, row: Any, made: type[T]) -> T | None:
        try:
            return msgspec.convert(row, made, strict=True)
        except msgspec.ValidationError as error:
            before = len(self.mistakes)
            for field in msgspec.structs.fields(made):  # type: ignore[arg-type]
                if field.encode_name in row:
                    self._field((*path, field.name), row[field.encode_name], get_type_hints(made)[field.name])
            if missing := _missing(row, made):
                self.wrong(path, f"missing: {', '.join(missing)}")
            if len(self.mistakes) == before:  # what only the whole row says
                self.wrong(path, _in_words(str(error)))
            return None

    def _field(self, path: KeyPath, value: Any, hint: Any) -> None:
        """Each key by itself, so that a row with three mistakes is told them all at once."""
        try:
            msgspec.convert(value, hint, strict=True)
        except msgspec.ValidationError as error:
            sentence, _, where = str(error).partition(" - at `$")
            inner: KeyPath = tuple(int(p) if p.isdigit() else p for p in re.findall(r"\w+", where))
            at = (*path, *inner)
            if path[-1] == "match":  # the keys as they were written
                at = tuple(_WRITTEN.get(str(one), one) if isinstance(one, str) else one for one in at)
            if found := re.fullmatch(r"Object contains unknown field `([^`]*)`", sentence):
                near = did_you_mean(found[1], _keys(_form(hint, inner)))
                self.wrong((*at, found[1]), "unknown key", near, key=True)
                return
            got = self.document.got(at, _inside(value, inner))
            self.wrong(at, got, _in_words(sentence, _choices(_form(hint, inner))))

    def _policy(self, path: KeyPath, row: dict[str, Any]) -> dict[str, Any]:
        row["match"] = self._match((*path, "match"), row.get("match") or {})
        steps = row.get("steps") or []
        row["steps"] = [self._step((*path, "steps", i), step) for i, step in enumerate(steps)]
        if isinstance(row.get("repeat"), dict):
            self._only((*path, "repeat"), row["repeat"], ("every",))
            row["repeat"] = self._duration((*path, "repeat", "every"), row["repeat"].get("every"))
        elif row.get("repeat") is not None:
            row["repeat"] = self._duration((*path, "repeat"), row["repeat"])
        for key in ("promise", "receipt"):
            if row.get(key) is not None:
                row[key] = self._duration((*path, key), row[key])
        return row

    def _match(self, path: KeyPath, match: Any) -> dict[str, Any]:
        names = {word: key for key, word in _WRITTEN.items()}
        if not isinstance(match, dict):
            self.wrong(path, "must be a mapping such as {class: alarm}")
            return {}
        self._only(path, match, names)
        return {names[k]: v if isinstance(v, list) else [v] for k, v in match.items() if k in names}

    def _plan(self, path: KeyPath, row: dict[str, Any]) -> dict[str, Any]:
        row["match"] = self._match((*path, "match"), row.get("match") or {})
        steps = row.get("steps") or []
        if not isinstance(steps, list) or not steps:
            self.wrong((*path, "steps"), "must be a list of steps such as {id: call-119, zh: …, en: …}")
            return row
        ids = [step.get("id") for step in steps if isinstance(step, dict)]
        for index, name in enumerate(ids):
            if name in ids[:index]:
                self.wrong((*path, "steps", index, "id"), f"got {name!r}", "given twice in this plan")
        row["steps"] = [_both(step) if isinstance(step, dict) else step for step in steps]
        return row

    def _step(self, path: KeyPath, step: Any) -> dict[str, Any]:
        if not isinstance(step, dict):
            self.wrong(path, "must be a mapping such as {after: 60s, notify: [{post: duty}]}")
            return {}
        self._only(path, step, ("after", "notify", "channels", "until"))
        made = {k: v for k, v in step.items() if k in ("channels", "until")}
        made["after"] = self._duration((*path, "after"), step.get("after", "0s"))
        notify = step.get("notify") or []
        made["notify"] = [self._target((*path, "notify", i), target) for i, target in enumerate(notify)]
        return made

    def _target(self, path: KeyPath, target: Any) -> dict[str, Any]:
        if target == "everyone":
            return {"kind": "everyone"}
        kinds = [kind for kind in _TARGETS if isinstance(target, dict) and kind in target]
        if len(kinds) != 1:
            self.wrong(path, "must be {post: …}, {team: …}, {role: …}, {person: …} or everyone")
            return {"kind": "everyone"}
        kind = kinds[0]
        self._only(path, target, (kind, "how", "every") if kind == "team" else (kind,))
        made = {"kind": kind, "id": target[kind]}
        if "how" in target:
            made["how"] = _HOW.get(str(target["how"]), "all")
            if str(target["how"]) not in _HOW:
                self.wrong((*path, "how"), "must be all, in turn or first")
        if made.get("how") == "in_turn":
            made["every"] = self._duration((*path, "every"), target.get("every", "60s"))
        elif "every" in target:
            self.wrong((*path, "every"), "is for `how: in turn` only")
        return made

    def _duration(self, path: KeyPath, text: object) -> int:
        made = duration.parse(text)
        if made is None:
            self.wrong(path, self.document.got(path, text), "must be a duration such as 60s, 5m, 2h or 1d")
            return 0
        return made

    def _only(self, path: KeyPath, row: Any, names: Any) -> None:
        for name in row if isinstance(row, dict) else ():
            if name not in names:
                self.wrong((*path, name), "unknown key", did_you_mean(name, names), key=True)


def _both(row: dict[str, Any]) -> dict[str, Any]:
    """With the words of the other language where one is left out."""
    return {"zh": row.get("en", ""), "en": row.get("zh", ""), **row}


def _missing(row: dict[str, Any], made: type) -> list[str]:
    fields = msgspec.structs.fields(made)
    return [field.name for field in fields if field.required and field.encode_name not in row]


def _form(hint: Any, where: tuple[str | int, ...]) -> Any:
    """The form of the value at this place below a value of this form."""
    for key in where:
        fields = get_type_hints(hint) if _is_struct(hint) else {}
        hint = fields.get(str(key)) or next((one for one in get_args(hint) if one is not type(None)), None)
    return hint


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


def _keys(hint: Any) -> list[str]:
    return [key for part in (hint, *get_args(hint)) if _is_struct(part) for key in part.__struct_fields__]


def _choices(hint: Any) -> tuple[str, ...]:
    """The words of which a value of this form is one, where only some may."""
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Literal:
            return get_args(part)
        if isinstance(part, type) and issubclass(part, Enum):
            return tuple(one.value for one in part)
    return ()


def _in_words(sentence: str, choices: tuple[str, ...] = ()) -> str:
    """What msgspec says of a wrong form, as a person would."""
    if sentence.startswith("Invalid enum value") and choices:
        return f"must be {', '.join(choices[:-1])} or {choices[-1]}"
    if found := re.fullmatch(r"Expected `array` of length (\d+)(, got \d+)?", sentence):
        return f"must be a list of {found[1]}"
    if found := re.fullmatch(r"Object missing required field `(\w+)`", sentence):
        return f"missing: {found[1]}"
    if found := re.fullmatch(r"Expected `([\w |]+)`, got `\w+`", sentence):
        return "must be " + " or ".join(_FORMS.get(form, form) for form in found[1].split(" | "))
    return sentence


def _inside(value: Any, path: KeyPath) -> Any:
    for key in path:
        if isinstance(value, dict | list):
            value = value[key]  # type: ignore[index]
    return value
