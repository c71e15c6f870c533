"""Thinks. A raw JSON value as the value of a metric: the words that devices use, and which way each is meant.

Polarity is per metric (`contact: true` is closed, `power: true` is mains): see campus.kinds. A word that is
not known is "unknown" with a note, never normal; so is a number that is none, or outside its range.
"""

from collections.abc import Callable
from typing import Any

from ingest.campus.kinds import METRICS, Form, Metric

Value = tuple[float | str, str]  # the value, and a note for a person ("" mostly)
Reader = Callable[[Any], Value | None]  # None: nothing was said

UNKNOWN = "unknown"
TRUE = ("true", "1", "on", "yes", "active")
FALSE = ("false", "0", "off", "no", "inactive")

# Other spellings of a word, for every metric that has the word. Compared without case, blanks, _ and -.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "normal": ("ok", "none", "clear", "cleared", "all clear", "idle", "good", "no alarm", "no leak", "dry",
               "no fault", "正常"),
    "alarm": ("alarmed", "alarming", "fire", "leak", "wet", "detected", "triggered", "emergency", "panic",
              "sos", "报警", "火警"),
    "prealarm": ("warning", "预警"),
    "test": ("testing", "self test", "checking", "测试", "自检"),
    "fault": ("faulty", "trouble", "error", "failure", "defect", "故障"),
    "disabled": ("isolated", "bypassed", "屏蔽"),
    "tamper": ("tampered",),
    "low": ("critical", "empty"),
    "mains": ("ac", "line", "主电"),
    "battery": ("dc", "backup", "备电"),
    "open": ("opened",),
    "closed": ("close", "shut"),
    "present": ("in place",),
    "missing": ("absent", "removed"),
    "online": ("up", "connected", "在线"),
    "offline": ("down", "disconnected", "离线"),
    "passed": ("pass", "success", "ok"),
    "failed": ("fail", "failure"),
}  # fmt: skip
OWN_SPELLINGS: dict[str, dict[str, str]] = {  # metric → spelling → word
    "press": {"press": "alarm", "pressed": "alarm"},
    "take": {"press": "pressed", "take": "pressed"},
    "battery_low": {"high": "normal", "middle": "normal", "medium": "normal", "full": "normal"},
    "tamper": {"open": "tamper", "closed": "normal"},
}
NOT_PLAIN = {"lamp"}  # "on" and "off" say whether the lamp is lit, not whether it is well

# Values inside the range by which chips and converters say "no measurement".
SENTINELS: dict[str, frozenset[float]] = {
    "temperature": frozenset((127.99,)),
    "voltage": frozenset((65.535,)),
    "residual_current": frozenset((65535.0,)),
}


def _plain(word: str) -> str:
    return word.lower().translate({32: None, 45: None, 95: None})


def word_reader(metric: Metric) -> Reader:
    """How a state or an event is read. Null is "unknown" for a state and nothing for an event."""
    words = _words(metric)
    nothing = metric.form is Form.EVENT

    def read(raw: Any) -> Value | None:
        try:
            return words[raw]  # the fast way: true, 1, "alarm"
        except (KeyError, TypeError):
            pass
        if nothing and (not raw or (isinstance(raw, str) and _plain(raw) in ("none", *FALSE))):
            return None
        if raw is None:
            return UNKNOWN, ""
        found = words.get(_plain(raw)) if isinstance(raw, str) and len(raw) <= 40 else None
        return found or (UNKNOWN, f"not understood: {shown(raw)}")

    return read


def _words(metric: Metric) -> dict[Any, Value]:
    words: dict[Any, str] = {}
    for word in metric.words:
        words |= dict.fromkeys(map(_plain, SPELLINGS.get(word, ())), word)
    for plain, spelled, meant in ((True, TRUE, metric.true), (False, FALSE, metric.false)):
        if meant:
            words[plain] = meant  # 1 and 0 are equal to True and False, also as keys
            words |= dict.fromkeys(spelled[:2] if metric.name in NOT_PLAIN else spelled, meant)
    words |= OWN_SPELLINGS.get(metric.name, {})
    words |= {_plain(word): word for word in (*metric.words, UNKNOWN)}
    return {spelling: (word, "") for spelling, word in words.items()}


def number_reader(metric: Metric) -> Reader:
    """How a number is read: also from a text."""
    low, high = metric.low, metric.high
    expected = f"expected {low:g} to {high:g} {metric.unit}".rstrip()
    sentinels = SENTINELS.get(metric.name, frozenset())

    def read(raw: Any) -> Value | None:
        number: float | None = raw if type(raw) is float or type(raw) is int else parsed(raw)
        if number is None:
            return None if raw is None else (UNKNOWN, f"not a number: {shown(raw)}")
        if low <= number <= high and not (sentinels and number in sentinels):
            return number + 0.0, ""  # a float; only now, since an int of 400 digits cannot become one
        return UNKNOWN, f"no measurement: {shown(raw)} ({expected})"

    return read


def affirmed(raw: Any) -> bool:
    """Whether a raw value says yes: true, 1, "on"…"""
    return raw is True or raw == 1 or (isinstance(raw, str) and raw[:8].lower() in TRUE)


def parsed(raw: Any) -> float | None:
    """The number in a text such as "87" or "52.6"; may be nan or infinite. None for anything else."""
    if not isinstance(raw, str) or len(raw) > 40 or "_" in raw or not raw.isascii():
        return None
    try:
        return float(raw)
    except ValueError:
        return None


def shown(raw: Any) -> str:
    """A raw value as a note may show it: short, printable, never an error."""
    if isinstance(raw, str):
        return repr(raw[:40])
    if isinstance(raw, dict | list):
        return "an object" if isinstance(raw, dict) else "a list"
    if isinstance(raw, int) and abs(raw) > 10**18:
        return "a number of more than 18 digits"
    return repr(raw)


READERS: dict[str, Reader] = {
    name: number_reader(metric) if metric.form is Form.NUMBER else word_reader(metric)
    for name, metric in METRICS.items()
}
