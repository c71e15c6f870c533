"""Thinks. Units of measurement: from the one a device sends to the one of the metric."""

from ingest.campus.kinds import Metric
from ingest.dialects.mapping.section import close

# unit of the metric → unit of the device → (times, plus)
_UNITS: dict[str, dict[str, tuple[float, float]]] = {
    "MPa": {
        "MPa": (1, 0), "kPa": (1e-3, 0), "hPa": (1e-4, 0), "Pa": (1e-6, 0), "bar": (0.1, 0),
        "mbar": (1e-4, 0), "psi": (0.00689475729, 0), "kgf/cm2": (0.0980665, 0), "mH2O": (0.00980665, 0),
    },
    "°C": {"°C": (1, 0), "C": (1, 0), "℃": (1, 0), "°F": (5 / 9, -160 / 9), "F": (5 / 9, -160 / 9),
           "K": (1, -273.15)},
    "%": {"%": (1, 0), "ratio": (100, 0), "permille": (0.1, 0),
          "/254": (100 / 254, 0), "/255": (100 / 255, 0)},
    "%LEL": {"%LEL": (1, 0), "ratio": (100, 0)},
    "V": {"V": (1, 0), "mV": (1e-3, 0), "kV": (1e3, 0)},
    "A": {"A": (1, 0), "mA": (1e-3, 0)},
    "mA": {"mA": (1, 0), "A": (1e3, 0)},
    "m": {"m": (1, 0), "cm": (1e-2, 0), "mm": (1e-3, 0)},
    "L/s": {"L/s": (1, 0), "L/min": (1 / 60, 0), "m3/h": (1 / 3.6, 0), "m³/h": (1 / 3.6, 0),
            "m3/min": (1000 / 60, 0)},
    "ppm": {"ppm": (1, 0), "ppb": (1e-3, 0)},
    "dB/m": {"dB/m": (1, 0)},
    "dBm": {"dBm": (1, 0)},
}  # fmt: skip


def factor(unit: str, metric: Metric) -> tuple[float, float]:
    """What a number of the device is multiplied with, and what is then added."""
    known = _UNITS.get(metric.unit, {})
    if unit not in known:
        what = f"{metric.name!r} has no units" if not known else f"{unit!r} is no unit of {metric.name!r}"
        raise ValueError(what + (close(unit, tuple(known)) if known else "; use `scale`"))
    return known[unit]
