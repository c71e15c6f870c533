"""Thinks. Wiren Board: `/devices/<device>/controls/<control>`, one retained text each.

A control whose `meta/error` is not empty shows its last known good value: it is unknown, but for an alarm,
which stays one. The value of a state is learned, so that it stands again when the error is over. The controls
of emergency lights on a DALI bus carry status bytes: see heard.
"""

from typing import Any

from ingest.campus.kinds import KINDS, METRICS, UNREGISTERED, Form
from ingest.dialects.dali import heard
from ingest.dialects.dialect import IGNORED, Known, Result, Said, malformed, no_definitions
from ingest.dialects.hazard import CALM, bare, hazard_of
from ingest.dialects.held import Hearing, key_of
from ingest.dialects.named import bare_alarm, number_named, state_named
from ingest.dialects.panel import told
from ingest.dialects.rtl433.fields import scaled
from ingest.guard import Malformed, check, check_size, json_object
from ingest.reading import Reason
from ingest.value import READERS, UNKNOWN, Value, parsed

NAME = "wirenboard"
BASES = ("/devices",)
INTERVAL = {"": 0}  # a control is published when it changes: `meta/error` tells of one that is not read
define = no_definitions

_MOST = 10_000
_STATES = ("switch", "alarm", "pushbutton")
_TYPES = {"temperature": "temperature", "rel_humidity": "humidity", "voltage": "voltage",
          "current": "current"}  # fmt: skip
_UNITS = {"deg C": ("temperature", 1.0), "°C": ("temperature", 1.0), "%, RH": ("humidity", 1.0),
          "V": ("voltage", 1.0), "mV": ("voltage", 0.001), "A": ("current", 1.0), "mA": ("current", 0.001),
          "bar": ("pressure", 0.1), "MPa": ("pressure", 1.0), "dBm": ("rssi", 1.0)}  # fmt: skip
_ERRORS = {"r": "read error", "w": "write error", "p": "not read in time"}


def topics(known: Known) -> list[str]:
    return ["+/controls/+", "+/controls/+/meta", "+/controls/+/meta/error", "+/controls/+/meta/type",
            "+/meta/error", "+/controls/+/meta/units"]  # fmt: skip


def filters(address: str, known: Known) -> list[str]:
    device, _, control = address.partition("/")
    below = f"{device}/controls/{control or '+'}"
    metas = [f"{below}/meta{part}" for part in ("", "/error", "/type", "/units")]
    return [below, *metas, f"{device}/meta/error"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if len(levels) < 3 or not levels[0]:
        return ()
    if levels[1:] == ["meta", "error"]:
        return (levels[0],)
    if levels[1] != "controls" or not levels[2]:
        return ()
    if levels[3:] not in ([], ["meta"], ["meta", "error"], ["meta", "type"], ["meta", "units"]):
        return ()
    own = f"{levels[0]}/{levels[2]}"
    return (own, levels[0]) if known.registered(own) is not None else (levels[0], own)


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    return check(payload) if rest.endswith("/meta") else check_size(payload)


def decode(said: Said) -> Result:
    levels, text = said.rest.split("/"), told(said.payload)
    hearing = Hearing(said, said.device, said.address)
    if levels[1] == "meta":
        return _device_error(hearing, text)
    control, part = levels[2], "/".join(levels[3:])
    if part == "meta/error":
        return _error(hearing, control, "" if text == "null" else text)
    if not text:
        return IGNORED  # deleted, or a text control that is empty
    if not part:
        return _value(hearing, control, text)
    try:
        _learn_meta(hearing, control, part, text)
    except Malformed as error:
        return malformed(error, said)
    return hearing.result(alive=False)


def _device_error(hearing: Hearing, text: str) -> Result:
    """Of the whole device; drivers set it as their last will."""
    calm = text in ("", "null")
    hearing.take("link", ("online", "") if calm else ("offline", f"meta/error {text[:40]}"))
    return hearing.result(alive=False)


def _learn_meta(hearing: Hearing, control: str, part: str, text: str) -> None:
    kind, units = _meta(hearing, control)
    if part == "meta":
        body = json_object(text.encode())
        kind, units = (str(body.get(key) or "")[:40] for key in ("type", "units"))
    elif part == "meta/type":
        kind = text[:40]
    else:
        units = text[:40]
    if [kind, units] != list(_meta(hearing, control)):
        _learn(hearing, "meta", control, [kind, units])


def _meta(hearing: Hearing, control: str) -> tuple[str, str]:
    kind, units = _known(hearing, "meta", control) or ("", "")
    return kind, units


def _known(hearing: Hearing, what: str, control: str) -> Any:
    return hearing.said.known.learned.get(_key(hearing, what, control))


def _learn(hearing: Hearing, what: str, control: str, value: Any) -> None:
    key, learned = _key(hearing, what, control), hearing.said.known.learned
    if hearing.device.kind != UNREGISTERED or key in learned or len(learned) < _MOST:
        hearing.news[key] = value


def _key(hearing: Hearing, what: str, control: str) -> str:
    return key_of(what, f"{hearing.said.rest.partition('/')[0]}/{control}")


def _value(hearing: Hearing, control: str, text: str) -> Result:
    query = heard.query_of(control)
    error = _known(hearing, "error", control)
    if query is not None:
        if error:
            return hearing.result(alive=False)  # the lamp does not answer: what is shown was
        return heard.answer(hearing, query, text, _meta(hearing, control)[1])
    _meant(hearing, control, text, error)
    return hearing.result(alive=False if error else None)


def _meant(hearing: Hearing, control: str, text: str, error: str | None) -> None:
    found = meaning(hearing, control, text)
    if found is None:
        return
    metric, value = found
    state = METRICS[metric].form is Form.STATE
    if state and _known(hearing, "value", control) != text[:40]:
        _learn(hearing, "value", control, text[:40])
    if error and (not state or value[0] in CALM):
        value = UNKNOWN, f"the last known good value: {_words(error)}"
    if METRICS[metric].form is Form.EVENT and (hearing.said.retained or error):
        return
    hearing.take(metric, value, part=control if state else "")


def _words(error: str) -> str:
    return ", ".join(_ERRORS.get(mark, mark) for mark in error[:3])


def _error(hearing: Hearing, control: str, text: str) -> Result:
    before = _known(hearing, "error", control)
    if before is None and not text:
        return hearing.result(alive=False)
    _learn(hearing, "error", control, text[:8] or None)
    if heard.query_of(control) is not None:
        hearing.take("link", ("offline", "the lamp does not answer") if text else ("online", ""))
        return hearing.result(alive=False)
    fault: Value = ("fault", f"{control[:40]}: {_words(text)}") if text else ("normal", "")
    hearing.take("fault", fault, part=f"{control}/error")
    last = _known(hearing, "value", control)
    if last is not None:
        _meant(hearing, control, last, text or None)
    return hearing.result(alive=False)


def meaning(hearing: Hearing, control: str, text: str) -> tuple[str, Value] | None:
    """What the text of a control is: by its own registration, its name, its type or its unit."""
    kind, (type_, units) = hearing.device.kind, _meta(hearing, control)
    own = "/" in hearing.address
    hazard = "" if kind == UNREGISTERED else hazard_of(kind)
    plain = text in ("0", "1") or parsed(text) is None
    if type_ in _STATES or (plain and ((not type_ and text in ("0", "1")) or (own and hazard))):
        return _state(control, text, kind, own, hazard, type_)
    metric, factor = _UNITS.get(units, (_TYPES.get(type_, number_named(control)), 1.0))
    if metric is None:
        return None
    value = scaled(metric, text, factor)
    return (metric, value) if value is not None else None


def _state(
    control: str, text: str, kind: str, own: bool, hazard: str, type_: str
) -> tuple[str, Value] | None:
    metric = _meant_by(kind) if own and kind != UNREGISTERED else state_named(control, hazard)
    if metric is None and kind == UNREGISTERED and bare_alarm(control):
        metric = "fire"
    if control == "error_status":  # of a DALI gear: alarm is a failure of the lamp or its gear
        metric = "fault"
    if metric is None and type_ == "alarm":
        value = READERS["fire"](text)
        return bare(value, kind) if value is not None and hazard else ("fault", _fault(text))
    if metric == "press":
        value = READERS["press"](text)
        return ("press", value) if value is not None and kind in ("panic_button", "call_point") else None
    if not metric or metric == "test":
        return None
    if metric == "contact":
        return "contact", _open(text)
    found = READERS[metric](text)
    return (metric, found) if found is not None else None


def _meant_by(kind: str) -> str:
    """What a control means that is registered by itself."""
    if kind == "panic_button":
        return "press"
    hazard = hazard_of(kind)
    return hazard or next((one for one in KINDS[kind].metrics if METRICS[one].form is Form.STATE), "")


def _fault(text: str) -> Value:
    return READERS["fault"](text) or (UNKNOWN, "")


def _open(text: str) -> Value:
    words: dict[str, Value] = {"1": ("open", ""), "0": ("closed", "")}
    return words.get(text) or READERS["contact"](text) or (UNKNOWN, "")
