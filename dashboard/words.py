"""Thinks. Words in the reader's language: catalogue sentences, names, spans of time, readings."""

import re
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from dashboard.catalogue import CATALOGUE
from ingest.campus.kinds import METRICS

LANGUAGES = ("zh", "en")
HTML_LANGUAGE = {"zh": "zh-CN", "en": "en"}
_WEIGHT = re.compile(r"(?:q\s*=\s*([01](?:\.\d{0,3})?))?", re.IGNORECASE)
_SPANS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds"))


class Named(Protocol):
    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...


def preferred(accepted: str) -> str:
    """Which of our languages an Accept-Language header likes best; "" when it names none of them."""
    liked: list[tuple[float, str]] = []
    for part in accepted[:500].split(","):
        tag, _, weight = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        number = _WEIGHT.fullmatch(weight.strip())
        if language in LANGUAGES and number:
            liked.append((float(number[1] or 1), language))
    weight_of, best = max(liked, key=lambda one: one[0], default=(0.0, ""))
    return best if weight_of else ""


def say(key: str, language: str, **values: object) -> str:
    """The sentence `key`; a missing key is shown as itself, never an error on a guard's screen."""
    pair = CATALOGUE.get(key)
    if pair is None:
        return key
    text = pair[LANGUAGES.index(language)]
    return text.format(**values) if values else text


def catalogue(language: str) -> dict[str, str]:
    """All of it in one language, for the scripts of a page."""
    index = LANGUAGES.index(language)
    return {key: pair[index] for key, pair in CATALOGUE.items()}


def name(thing: Named | None, language: str, otherwise: str = "") -> str:
    if thing is None:
        return otherwise
    wanted, other = (thing.zh, thing.en) if language == "zh" else (thing.en, thing.zh)
    return wanted or other or otherwise


def span(milliseconds: int, language: str) -> str:
    """A length of time in its largest whole unit: "2 min"."""
    seconds = max(0, milliseconds) // 1000
    for size, unit in _SPANS:
        if seconds >= size:
            return say(unit, language, n=seconds // size)
    return say("seconds", language, n=0)


def ago(moment: int, now: int, language: str) -> str:
    seconds = max(0, now - moment) // 1000
    for size, unit in _SPANS:
        if seconds >= size and seconds >= 5:
            return say(f"{unit}_ago", language, n=seconds // size)
    return say("just_now", language)


def exact(moment: int, zone: str) -> str:
    """Date and time to the second in the campus's zone."""
    return datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def clock(moment: int, now: int, zone: str) -> str:
    """The time of day, with the day where it is not today's."""
    at, today = exact(moment, zone), exact(now, zone)
    return at[11:16] if at[:10] == today[:10] else at[5:16]


def word(value: str, language: str) -> str:
    """A word that a point reported; what is not in the catalogue is shown as the device said it."""
    return say(f"word_{value}", language) if f"word_{value}" in CATALOGUE else value


def metric(metric_name: str, language: str) -> str:
    known = METRICS.get(metric_name)
    if known is not None and known.zh == metric_name and f"own_{metric_name}" in CATALOGUE:
        return say(f"own_{metric_name}", language)
    return name(known, language, metric_name)


def points(said: str, language: str) -> str:
    """What the tray keeps of the last message of a stranger ("smoke alarm, battery 80.0")."""
    return (
        say("health_joint", language).join(_point(part, language) for part in said.split(", "))
        if said
        else ""
    )


def _point(part: str, language: str) -> str:
    metric_name, _, value = part.partition(" ")
    if metric_name not in METRICS or not value:
        return part
    try:
        shown = reading(metric_name, float(value), language)
    except ValueError:
        shown = word(value, language)
    return f"{metric(metric_name, language)} {shown}"


def reading(metric_name: str, value: float | str, language: str) -> str:
    """A value as a person reads it: the word, or the number with its unit."""
    if isinstance(value, str):
        return word(value, language)
    known = METRICS.get(metric_name)
    number = f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    unit = known.unit if known else ""
    joint = "" if unit in ("%", "") else " "
    return f"{number}{joint}{unit}"
