"""Thinks. One property of a Homie device: which metric it is, and what its text says."""

from ingest.campus.kinds import KINDS, METRICS, UNREGISTERED, Form
from ingest.dialects.hazard import hazard_of
from ingest.dialects.held import Hearing
from ingest.dialects.named import bare_alarm, number_named, state_named
from ingest.dialects.rtl433.fields import fahrenheit, scaled
from ingest.value import READERS, UNKNOWN, Value, parsed

_BOOLEANS = ("true", "false")
_EMERGENCY = ("panic", "sos", "emergency")
_BUTTONS = ("panic_button", "call_point")
_FACTORS = {"mV": 0.001, "mA": 0.001, "kPa": 0.001, "bar": 0.1}


def told_by(hearing: Hearing, node: str, name: str, text: str, described: list[str]) -> None:
    unit, datatype, format_ = described
    kind = hearing.device.kind
    hazard = "" if kind == UNREGISTERED else hazard_of(kind)
    own = "/" in hearing.address and bool(hazard)  # a node that is registered by itself
    number = parsed(text) is not None
    bit = text in ("0", "1") and (
        not datatype or (datatype == "integer" and (own or state_named(name, hazard)))
    )
    if not bit and (datatype in ("float", "integer") or (not datatype and number)):
        _number(hearing, number_named(name) or number_named(node), text, unit)
        return
    metric = state_named(name, hazard)
    if metric is None:
        metric = state_named(node, hazard) or (hazard if own else None)
    if metric is None and kind == UNREGISTERED and bare_alarm(name):
        metric = "fire"
    word = _label(text, format_) if datatype == "boolean" else text
    if metric == "press":
        _press(hearing, word)
    elif metric == "test":
        if hazard and READERS["fire"](text) == ("alarm", "") and not hearing.said.retained:
            hearing.once(hazard, ("test", name), "normal", "the test is told once")
    elif metric == "contact":
        hearing.take("contact", _contact(name, word), part=f"{node}/{name}")
    elif metric and not (metric == "intrusion" and kind not in ("perimeter", UNREGISTERED)):
        value = READERS[metric](word)
        if value is not None and value[0] == UNKNOWN and word is not text:
            value = READERS[metric](text)  # a label in another language says no more than the boolean
        hearing.take(metric, value, part=f"{node}/{name}")


def _number(hearing: Hearing, metric: str | None, text: str, unit: str) -> None:
    if metric is None:
        return
    if metric == "temperature" and unit == "°F":
        hearing.take(metric, fahrenheit(text))
    else:
        hearing.take(metric, scaled(metric, text, _FACTORS.get(unit, 1.0)))


def _label(text: str, format_: str) -> str:
    """The labels of a boolean (`close,open`) say what its false and its true mean."""
    labels = [one.strip() for one in format_.split(",")]
    if len(labels) != 2 or not all(labels) or text not in _BOOLEANS:
        return text
    return labels[_BOOLEANS[::-1].index(text)]


def _contact(name: str, word: str) -> Value | None:
    """`contact` true is closed, as a contact is; `open`, `door`, `window` true is open."""
    if word in _BOOLEANS and "contact" not in name.lower():
        word = "open" if word == "true" else "closed"
    return READERS["contact"](word)


def _press(hearing: Hearing, word: str) -> None:
    if hearing.said.retained:
        return
    kind = hearing.device.kind
    if kind in _BUTTONS or word.lower() in _EMERGENCY:
        metric = "press" if "press" in KINDS[kind].metrics else hazard_of(kind)
        if metric and METRICS[metric].form is not Form.NUMBER:
            hearing.take(metric, READERS["press"](word))
