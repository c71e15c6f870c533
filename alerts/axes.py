"""Thinks. The words of each axis of an alert; what moves them is in alerts/lifecycle.py."""

from enum import StrEnum


class Activity(StrEnum):
    NORMAL = "normal"
    ACTIVE = "active"
    UNKNOWN = "unknown"  # the point is silent, or its rule or device is gone


class Acknowledgement(StrEnum):
    NOT_NEEDED = "not_needed"  # class status
    NO = "no"
    PROMISED = "promised"  # somebody took it, and the clock of that promise runs
    KEPT = "kept"  # they arrived or verified it: no clock runs


class Verification(StrEnum):
    NOT_NEEDED = "not_needed"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    FALSE = "false"
    UNDETERMINED = "undetermined"  # somebody looked and could not tell: stays open until it is told


class Ownership(StrEnum):
    NOBODY = "nobody"
    POST = "post"  # its owner is gone: the post's until somebody there takes it
    OWNED = "owned"
    OFFERED = "offered"  # handed over and not yet accepted: still the owner's


class Pair(StrEnum):
    """A confirmed alarm needs two named people: one stays, one goes."""

    NOT_NEEDED = "not_needed"
    IF_CONFIRMED = "if_confirmed"
    WANTED = "wanted"
    COMPLETE = "complete"


class Inhibition(StrEnum):
    NONE = "none"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"


class Mode(StrEnum):
    REAL = "real"
    DRILL = "drill"
    TEST = "test"


class Latch(StrEnum):
    FREE = "free"
    HELD = "held"  # latched, and its cause stands or is not known to be gone
    READY = "ready"  # latched, its cause is gone: waits for the reset


class Origin(StrEnum):
    RULE = "rule"
    PERSON = "person"
    ORPHAN = "orphan"  # its rule or device was removed while it was open: only a person closes it


class Life(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
