"""Thinks. What Home Assistant's device classes and units mean as metrics of the campus."""

from collections.abc import Callable, Iterable

BARE = "alarm"  # an alarm whose nature only the registered kind says

# class of a binary sensor → the metric, and its word while the sensor is on / off
BINARY: dict[str, tuple[str, str, str]] = {
    "smoke": ("smoke", "alarm", "normal"),
    "heat": ("heat", "alarm", "normal"),
    "gas": ("gas", "alarm", "normal"),
    "carbon_monoxide": ("co", "alarm", "normal"),
    "moisture": ("leak", "alarm", "normal"),
    "safety": (BARE, "alarm", "normal"),
    "problem": ("fault", "fault", "normal"),
    "tamper": ("tamper", "tamper", "normal"),
    "battery": ("battery_low", "low", "normal"),
    "power": ("power", "mains", "battery"),
    "connectivity": ("link", "online", "offline"),
    "running": ("running", "running", "stopped"),
    **dict.fromkeys(("door", "window", "opening", "garage_door"), ("contact", "open", "closed")),
    **dict.fromkeys(("motion", "occupancy", "presence", "vibration"), ("intrusion", "alarm", "normal")),
}
MOVEMENT = ("motion", "occupancy", "presence", "vibration")  # means something at a perimeter only

# class of a sensor → the metric
NUMBERS = {
    "battery": "battery",
    "temperature": "temperature",
    "humidity": "humidity",
    "voltage": "voltage",
    "current": "current",
    "signal_strength": "rssi",
    "pressure": "pressure",
    "carbon_monoxide": "co_ppm",
    "carbon_dioxide": "co2",
    "volume_flow_rate": "flow",
}
_UNITS: dict[str, dict[str, float]] = {  # metric → unit → factor to the metric's own
    "battery": {"%": 1},
    "humidity": {"%": 1},
    "voltage": {"V": 1, "mV": 0.001},
    "current": {"A": 1, "mA": 0.001},
    "rssi": {"dBm": 1, "dB": 1},
    "pressure": {
        "MPa": 1,
        "kPa": 1e-3,
        "hPa": 1e-4,
        "mbar": 1e-4,
        "Pa": 1e-6,
        "bar": 0.1,
        "psi": 0.00689475729,
    },
    "co_ppm": {"ppm": 1, "ppb": 0.001},
    "co2": {"ppm": 1},
    "flow": {"L/s": 1, "L/min": 1 / 60, "L/h": 1 / 3600, "m³/h": 1 / 3.6, "m³/s": 1000},
}
_TEMPERATURE: dict[str, Callable[[float], float]] = {
    "°C": lambda number: number,
    "C": lambda number: number,
    "°F": lambda number: (number - 32) / 1.8,
    "F": lambda number: (number - 32) / 1.8,
    "K": lambda number: number - 273.15,
}

# What an entity says of → the kind the device most likely is. The first that fits.
_KINDS = (
    ("smoke", "smoke_detector"),
    ("co", "co_detector"),
    ("gas", "gas_detector"),
    ("heat", "heat_detector"),
    (BARE, "smoke_detector"),
    ("leak", "water_leak"),
    ("intrusion", "perimeter"),
    ("contact", "door"),
    ("humidity", "climate"),
    ("temperature", "climate"),
    ("link", "gateway"),
)


def converter(metric: str, unit: str) -> Callable[[float], float] | None:
    """From a unit to the metric's own; None where it is its own. Raises ValueError for one not known."""
    if not unit:
        return None
    known = _TEMPERATURE if metric == "temperature" else _UNITS.get(metric, {})
    if unit not in known:
        raise ValueError(f"the unit {unit[:20]!r} of {metric} is not known; known are {', '.join(known)}")
    if metric == "temperature":
        return None if unit in ("°C", "C") else _TEMPERATURE[unit]
    factor = _UNITS[metric][unit]
    return None if factor == 1 else lambda number: number * factor


def likely_kind(metrics: Iterable[str]) -> str:
    found = set(metrics)
    return next((kind for metric, kind in _KINDS if metric in found), "")
