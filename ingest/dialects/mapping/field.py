"""Thinks. One field of a mapping: from a path in the payload to a reading of a metric."""

from collections.abc import Callable
from typing import Any

import msgspec

from ingest.campus.kinds import COMMON_METRICS, KINDS, METRICS, OURS, Form, Metric
from ingest.dialects.mapping.path import MISSING, Path, path, plain
from ingest.dialects.mapping.section import Section, close
from ingest.dialects.mapping.unit import factor
from ingest.dialects.mapping.words import NOTHING, Words, words
from ingest.value import FALSE, READERS, TRUE, UNKNOWN, Reader, Value, parsed, shown

HAZARD = "hazard"  # the metric of an alarm bit without a nature of its own: the hazard of the device's kind
MOST_CONDITIONS = 8
_OF_DEVICES = {metric for kind in KINDS.values() if kind.name != "service" for metric in kind.metrics}
_ALLOWED = (HAZARD, *sorted((_OF_DEVICES | set(COMMON_METRICS)) - OURS - {"late_alarm"}))

Test = Callable[[Any, Any], bool]  # of the message and the part: whether a condition holds


class Field(msgspec.Struct, frozen=True):
    """`device`: the device's part of the address, where one message speaks of several; "" for its own.
    `error`: where the gateway says that it could not read the value. `note` explains every reading of it.
    """

    path: Path
    metric: str
    event: bool
    read: Reader
    holds: Test | None
    device: str
    error: Path | None
    note: str
    conditions: tuple[Path, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        return (self.path, *self.conditions, *((self.error,) if self.error else ()))


def field(text: str, document: Any, where: str) -> Field:
    """Compiles one field. Raises ValueError in words."""
    section = Section({"metric": document} if isinstance(document, str) else document, where)
    name = section.take("metric", str, default="")
    if name not in _ALLOWED:
        section.wrong("metric", f"{name!r} is no metric of a device{close(name, _ALLOWED)}")
    metric = METRICS["fire" if name == HAZARD else name]
    read = _reader(metric, section)
    when, unless = _tests(section, "when"), _tests(section, "unless")
    made = Field(
        _compiled(text, where),
        name,
        metric.form is Form.EVENT,
        read,
        _condition([test for _, test in when], [test for _, test in unless]),
        str(section.take("device", str, int, default="")),
        _error(section),
        section.take("note", str, default=""),
        tuple(at for at, _ in (*when, *unless)),
    )
    section.done()
    return made


def _compiled(text: str, where: str) -> Path:
    try:
        return path(text)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _error(section: Section) -> Path | None:
    told = section.take("error", str)
    return None if told is None else _compiled(told, section.at("error"))


def _condition(when: list[Test], unless: list[Test]) -> Test | None:
    if not when and not unless:
        return None

    def holds(message: Any, part: Any) -> bool:
        return all(test(message, part) for test in when) and not (
            unless and all(test(message, part) for test in unless)
        )

    return holds


def _tests(section: Section, name: str) -> list[tuple[Path, Test]]:
    """`{mode: [drill, exercise]}`: the value at a path is one of the words; `"*"`: there is one."""
    conditions = section.take(name, dict, default={})
    if len(conditions) > MOST_CONDITIONS:
        section.wrong(name, f"has more than {MOST_CONDITIONS} conditions")
    made = []
    for text, told in conditions.items():
        listed = told if isinstance(told, list) else [told]
        if any(isinstance(word, dict | list) for word in listed):
            section.wrong(name, f"{text!r} takes a word or a list of words")
        try:
            at = path(str(text))
            made.append((at, _test(at, frozenset(map(plain, listed)))))
        except ValueError as error:
            section.wrong(name, error)
    return made


def _test(at: Path, wanted: frozenset[str]) -> Test:
    anything = "*" in wanted

    def holds(message: Any, part: Any) -> bool:
        raw = at.get(message if at.whole else part)
        return raw is not MISSING and ((anything and raw is not None) or plain(raw) in wanted)

    return holds


def _reader(metric: Metric, section: Section) -> Reader:
    """The steps that were asked for, the last one first: each hands on to the one made before it."""
    read = READERS[metric.name]
    number = metric.form is Form.NUMBER
    told = section.take("words", dict)
    if told is not None:
        read = _worded(words(told, metric, section), number, _measured(metric, section, read))
    else:
        read = _measured(metric, section, read)
    if section.take("invert", bool):
        if told is not None or not (metric.true and metric.false):
            section.wrong("invert", f"is for a plain yes or no of {metric.name!r}; give `words` instead")
        read = _inverted(read)
    bit = section.take("bit", int)
    if bit is not None:
        if not 0 <= bit <= 63:
            section.wrong("bit", f"{bit} must be 0 to 63, 0 being the lowest")
        read = _of_bit(bit, read)
    sentinels = section.take("sentinels", list, int, float, str, default=[])
    read = _guarded(frozenset(map(plain, sentinels if isinstance(sentinels, list) else [sentinels])), read)
    return _empty(metric, section, read)


def _measured(metric: Metric, section: Section, read: Reader) -> Reader:
    scale = section.take("scale", int, float, default=1)
    offset = section.take("offset", int, float, default=0)
    unit = section.take("unit", str)
    if metric.form is not Form.NUMBER:
        if unit is not None or scale != 1 or offset:
            section.wrong("unit", f"{metric.name!r} is no number, which `unit`, `scale` and `offset` need")
        return read
    if unit is None and scale == 1 and not offset:
        return read
    try:
        times, plus = factor(unit, metric) if unit is not None else (1.0, 0.0)
    except ValueError as error:
        section.wrong("unit", error)
    ending = (unit or "").casefold()

    def measured(raw: Any) -> Value | None:
        if type(raw) is str and ending and raw.strip().casefold().endswith(ending):
            raw = raw.strip()[: -len(ending)]
        value = raw if type(raw) in (int, float) else parsed(raw.strip() if type(raw) is str else raw)
        if value is None or not abs(value) < 1e15:
            return read(raw)
        return read(round((value * scale + offset) * times + plus, 9))

    return measured


def _worded(known: Words, number: bool, other: Reader) -> Reader:
    """What no word stands for is a number to be measured, or not understood: never normal."""

    def read(raw: Any) -> Value | None:
        word = known.find(plain(raw))
        if word is not None:
            return None if word == NOTHING else (word, "")
        return other(raw) if number else (UNKNOWN, f"not understood: {shown(raw)}")

    return read


def _inverted(read: Reader) -> Reader:
    def inverted(raw: Any) -> Value | None:
        said = plain(raw)
        if said in TRUE or said in FALSE:
            return read(said in FALSE)
        return UNKNOWN, f"neither yes nor no: {shown(raw)}"

    return inverted


def _of_bit(bit: int, read: Reader) -> Reader:
    def of_bit(raw: Any) -> Value | None:
        number = _whole(raw)
        if number is None:
            return UNKNOWN, f"no whole number to take bit {bit} of: {shown(raw)}"
        return read(number >> bit & 1)

    return of_bit


def _whole(raw: Any) -> int | None:
    if type(raw) is str and len(raw) <= 20 and raw.isascii():
        text = raw.strip().lower()
        try:
            raw = int(text, 16) if text.startswith("0x") else int(text)
        except ValueError:
            return None
    if type(raw) is float and raw == raw // 1:
        raw = int(raw)
    return raw if type(raw) is int and 0 <= raw < 2**64 else None


def _guarded(sentinels: frozenset[str], read: Reader) -> Reader:
    if not sentinels:
        return read
    return lambda raw: (UNKNOWN, f"no measurement: {shown(raw)}") if plain(raw) in sentinels else read(raw)


def _empty(metric: Metric, section: Section, read: Reader) -> Reader:
    """null and an empty text: unknown for a state and nothing for the others, unless it was told."""
    told = section.take("empty", str)
    if told not in (None, UNKNOWN, NOTHING):
        section.wrong("empty", f"{told!r} must be unknown or nothing; nothing said is never normal")
    meant: Value | None = (UNKNOWN, "")
    if (told or (UNKNOWN if metric.form is Form.STATE else NOTHING)) == NOTHING:
        meant = None
    return lambda raw: meant if raw is None or raw == "" else read(raw)
