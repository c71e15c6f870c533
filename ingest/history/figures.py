"""Thinks. What the history says of the devices over weeks: the figures of the device-health report.

Spans are whole UTC days, as the day files are: `week` is today and the seven days before it, `before` the
seven days before those, `month` today and 30 days, `quarter` today and 90 days.
"""

import msgspec

DAY = 86_400_000
LINKS = ("rssi", "link_quality")
REPLACED = 20.0  # a battery's daily mean that rises by so many points at once is another battery
ORDINARY = ("contact", "running", "control")  # states whose changes are daily business, never flapping


class Spans(msgspec.Struct, frozen=True):
    """The UTC days (since 1970) on which the spans begin; all end today."""

    today: int

    @property
    def week(self) -> int:
        return self.today - 7

    @property
    def before(self) -> int:
        return self.today - 14

    @property
    def month(self) -> int:
        return self.today - 30

    @property
    def quarter(self) -> int:
        return self.today - 90


class Trend(msgspec.Struct, frozen=True):
    """Of a battery, by the mean of each day since it was last replaced: `slope` in points per 30 days (None
    of a single day), from how many `days` between `first` and `last` (UTC days)."""

    slope: float | None
    days: int
    first: int
    last: int


class Link(msgspec.Struct, frozen=True):
    """Of all readings of the week and of the seven days before it; None where there were none."""

    metric: str
    median: float | None
    worst: float | None
    median_before: float | None
    worst_before: float | None


class Flap(msgspec.Struct, frozen=True):
    """The state that changed most in the week (then in the month, then by name), and how often."""

    metric: str
    week: int
    month: int


class Since(msgspec.Struct, frozen=True):
    """Since when a point says its last word. Not `exact`: it said so from the first that is known of it."""

    word: str
    moment: int
    exact: bool


class Figures(msgspec.Struct, frozen=True):
    """By device; `since` by (device, metric). `missing`: sealed days of the quarter not summed up yet, so
    that the figures are incomplete."""

    spans: Spans
    missing: int = 0
    trends: dict[str, Trend] = {}
    links: dict[str, Link] = {}
    flaps: dict[str, Flap] = {}
    gaps: dict[str, tuple[int, int]] = {}  # messages missed in the week, in the month
    clocks: dict[str, float] = {}  # the largest clock error of the week, in seconds, with its sign
    since: dict[tuple[str, str], Since] = {}
