"""Thinks. What can be found about a device, and the order of risk in which somebody goes to it."""

from enum import StrEnum


class Finding(StrEnum):
    SILENT = "silent"
    NEVER = "never"  # registered, supervised, and never heard
    UNSEEN = "unseen"  # its gateway is silent, so nobody knows
    FAULT = "fault"  # also disabled
    TAMPER = "tamper"
    MISSING = "missing"
    BATTERY_LOW = "battery_low"
    LATE = "late"
    TEST_FAILED = "test_failed"
    FUNCTION_OVERDUE = "function_overdue"
    DURATION_OVERDUE = "duration_overdue"
    UNPROVEN = "unproven"  # no test on record and no day from which one was due
    EXPIRED = "expired"
    EXPIRES_SOON = "expires_soon"
    EXPIRES_LATER = "expires_later"
    EXPIRY_UNKNOWN = "expiry_unknown"
    NO_OWNER = "no_owner"
    CLOCK = "clock"
    FLAPPING = "flapping"
    GAPS = "gaps"
    LINK_WORSE = "link_worse"


VITAL, OTHER = (
    "vital",
    "other",
)  # vital: life-safety devices, and gateways, since those behind them fall silent too
_F = Finding

# The order of risk: what protects nobody now, what will soon not, what a person must put right, what is worth
# a look. docs/health.md prints this table.
ORDER: tuple[tuple[Finding, tuple[str, ...]], ...] = (
    (_F.SILENT, (VITAL,)),
    (_F.NEVER, (VITAL,)),
    (_F.UNSEEN, (VITAL,)),
    (_F.FAULT, (VITAL,)),
    (_F.TAMPER, (VITAL,)),
    (_F.EXPIRED, (VITAL,)),
    (_F.BATTERY_LOW, (VITAL,)),
    (_F.LATE, (VITAL,)),
    (_F.MISSING, (VITAL, OTHER)),
    (_F.EXPIRED, (OTHER,)),
    (_F.TEST_FAILED, (VITAL, OTHER)),
    (_F.FAULT, (OTHER,)),
    (_F.SILENT, (OTHER,)),
    (_F.NEVER, (OTHER,)),
    (_F.UNSEEN, (OTHER,)),
    (_F.DURATION_OVERDUE, (VITAL, OTHER)),
    (_F.FUNCTION_OVERDUE, (VITAL, OTHER)),
    (_F.TAMPER, (OTHER,)),
    (_F.NO_OWNER, (VITAL,)),
    (_F.BATTERY_LOW, (OTHER,)),
    (_F.EXPIRES_SOON, (VITAL, OTHER)),
    (_F.LATE, (OTHER,)),
    (_F.CLOCK, (VITAL, OTHER)),
    (_F.FLAPPING, (VITAL, OTHER)),
    (_F.GAPS, (VITAL, OTHER)),
    (_F.LINK_WORSE, (VITAL, OTHER)),
    (_F.UNPROVEN, (VITAL, OTHER)),
    (_F.NO_OWNER, (OTHER,)),
    (_F.EXPIRES_LATER, (VITAL, OTHER)),
    (_F.EXPIRY_UNKNOWN, (VITAL, OTHER)),
)
PLACE = {(finding, who): number for number, (finding, whom) in enumerate(ORDER, 1) for who in whom}


def rank(finding: Finding, vital: bool) -> int:
    """Its place in the order: 1 is the gravest."""
    return PLACE[finding, VITAL if vital else OTHER]
