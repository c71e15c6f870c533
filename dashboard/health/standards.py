"""Thinks. The numbers of the device-health report, each with where it comes from, all in one place.

Monthly is 31 days and yearly 366, so that a test on the same day of each month is never overdue.
"""

import msgspec

FROM_STANDARD = "EN 50172 / BS 5266; GB 51309, GB 17945"
CHOICE = "a choice of this project"


class Interval(msgspec.Struct, frozen=True):
    """How often a luminaire must be tested: `days` between two tests. `counts`: the metrics that are one."""

    days: int
    counts: tuple[str, ...]
    source: str


# EN 50172 / BS 5266: function monthly, full rated duration yearly. GB 51309 and GB 17945 are said to ask for
# the same; their text was not at hand, so have the fire company confirm it. A test that does not say which it
# was is taken for the smaller one.
FUNCTION_TEST = Interval(31, ("function_test", "self_test"), FROM_STANDARD)
DURATION_TEST = Interval(366, ("duration_test",), FROM_STANDARD)
TESTED_KINDS = ("emergency_light", "exit_sign")

EXPIRING_KINDS = ("extinguisher", "gas_detector", "co_detector")  # an unknown date is a finding of its own
SOON, LATER = 30, 90  # days until the expiry date

LOW_BATTERY = 20.0  # %: the standard pack's rule `battery-level-low`
LEAST_DAYS, LEAST_SPAN = (
    8,
    14,
)  # days with a reading, and from the first to the last, below which no trend is told
CLOCK_WRONG = 60.0  # s
FLAPPING = 10  # changes of one state in the week: five times there and back
GAPS = 10  # messages missed in the week
LINK_WORSE = {"rssi": 6.0, "link_quality": 30.0}  # by how much the week's median fell: a quarter of the power

STANDING = ("fault", "tamper", "disabled", "missing")  # words of a state that somebody must go to
