"""Thinks. The words of LoRaWAN end devices, as vendors' codecs spell them, in the words of the campus."""

from typing import Any

from ingest.value import READERS, UNKNOWN, Value, parsed, shown

_OTHER = {32: None, 45: None, 95: None}  # blanks, hyphens, underscores


def plain(word: str) -> str:
    """How words and property names are compared: vendors spell the same one in several ways."""
    return word.lower().translate(_OTHER)


_NOT_PRESSED = {"", "none", "off", "no", "false", "normal", "noevent"}
_NOT_PRESSED_PARTS = ("releas", "idle", "noalarm", "notpressed", "unpressed")
_PRESSED = {"alarm", "on", "yes", "true", "active"}
_PRESSED_PARTS = ("short", "long", "double", "triple", "single", "press", "click", "hold", "sos", "panic",
                  "emergency", "alarm", "trigger")  # fmt: skip


def press(raw: Any) -> Value | None:
    """One button spoken of in three shapes, `"short"`, `"short press"`, `{"status": "short press"}`; or 1."""
    if type(raw) is dict:
        raw = raw.get("status", raw.get("event"))
    number = parsed(raw) if isinstance(raw, str) else raw
    if raw is None or number == 0:
        return None
    if number == 1:
        return "alarm", ""
    if number in (2, 3):
        return "alarm", f"button event {int(number)}"
    word = plain(raw) if isinstance(raw, str) and len(raw) <= 40 else shown(raw)
    if word in _NOT_PRESSED or any(part in word for part in _NOT_PRESSED_PARTS):
        return None
    if word in ("test", "testing"):
        return "test", ""
    if word in _PRESSED:
        return "alarm", ""
    if any(part in word for part in _PRESSED_PARTS):
        return "alarm", raw if raw.isprintable() else shown(raw)
    return UNKNOWN, f"not understood: {shown(raw)}"


_TAMPER = {
    **dict.fromkeys(("installed", "normal", "attached", "noalarm", "no", "false", "0", "ok"), "normal"),
    **dict.fromkeys(
        (
            "uninstalled",
            "removed",
            "detached",
            "dismantled",
            "tamper",
            "tampered",
            "alarm",
            "triggered",
            "true",
        ),
        "tamper",
    ),
}


def tamper(raw: Any) -> Value | None:
    """Of a bare 0 or 1 of `tamper_status` nobody knows the meaning: Milesight's manual contradicts itself."""
    word = _TAMPER.get(raw) or _TAMPER.get(plain(raw[:40])) if isinstance(raw, str) else None
    return (word, "") if word else READERS["tamper"](raw)


def tamper_status(raw: Any) -> Value | None:
    if isinstance(raw, str) and raw not in ("0", "1"):
        return tamper(raw)
    return UNKNOWN, "" if raw is None else f"not understood: {shown(raw)} may be installed or not"


_OPEN = {
    **dict.fromkeys(("open", "opened", "true", "yes", "alarm"), "open"),
    **dict.fromkeys(("close", "closed", "shut", "false", "no", "normal"), "closed"),
}


def opened(raw: Any) -> Value | None:
    """A field named after being open: 1 and true are open (the registry's own `contact` is the other way)."""
    if raw is True or raw == 1 or raw == "1":
        return "open", ""
    if raw is False or raw == 0 or raw == "0":
        return "closed", ""
    word = _OPEN.get(raw) or _OPEN.get(plain(raw[:40])) if isinstance(raw, str) else None
    return (word, "") if word else READERS["contact"](raw)


def door(raw: Any) -> Value | None:
    """`door` and `contact` say open or closed in words only: how a bare 1 is meant is not in the name."""
    if isinstance(raw, str) and plain(raw[:40]) in ("open", "opened", "close", "closed", "shut"):
        return READERS["contact"](raw)
    return UNKNOWN, "" if raw is None else f"not understood: {shown(raw)} may be open or closed"


_HAZARD_WORDS = {
    **dict.fromkeys(("leakage", "leaking", "smoke", "trigger"), "alarm"),
    **dict.fromkeys(("noleakage", "nosmoke", "nofire", "nogas", "vacant"), "normal"),
}


def hazard(metric: str) -> Any:
    """The reader of a hazard, with the spellings of these vendors."""
    read = READERS[metric]

    def reader(raw: Any) -> Value | None:
        value = read(raw)
        if value is not None and value[0] == UNKNOWN and isinstance(raw, str) and len(raw) <= 40:
            word = plain(raw)
            if word in ("silent", "silenced", "muted"):
                return "alarm", "silenced"
            if word in _HAZARD_WORDS:
                return _HAZARD_WORDS[word], ""
        return value

    return reader


_WELL = {"normal", "ok", "none", "good", "clear", "cleared", "nofault", "noerror", "noalarm"}
_OVER = ("release", "recover", "disappear")


def fault(raw: Any) -> Value | None:
    """A boolean, or a word of which every one but the calm ones is some fault."""
    if isinstance(raw, str) and raw:
        word = plain(raw[:80])
        if word in _WELL or any(part in word for part in _OVER):
            return "normal", ""
        if word == "unknown":
            return UNKNOWN, ""
    value = READERS["fault"](raw)
    if isinstance(raw, str) and raw and value is not None and value[0] == UNKNOWN:
        return "fault", raw[:60] if raw.isprintable() else shown(raw)
    return value


def battery_word(raw: Any) -> Value | None:
    """Dragino's `Bat_status`: 0 very low, 1 low, 2 well, 3 good."""
    if raw in (0, 1, 2, 3) and raw is not True and raw is not False:
        return ("low" if raw < 2 else "normal"), ""
    return READERS["battery_low"](raw)


def battery_ok(raw: Any) -> Value | None:
    """1 is good: the other way round than `battery_low`."""
    value = READERS["battery_low"](raw)
    turned = {"low": "normal", "normal": "low"}
    return value if value is None else (turned.get(str(value[0]), UNKNOWN), value[1])


def voltage(raw: Any) -> Value | None:
    """V, or mV: no mains is above 480 V, and no battery below 480 mV."""
    number: Any = parsed(raw) if isinstance(raw, str) else raw
    if type(number) in (int, float) and 480 < number < 1e6:
        return READERS["voltage"](number / 1000)
    return READERS["voltage"](raw)
