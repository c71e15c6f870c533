"""Thinks. What a measured thing means: numbers in, findings out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tocsin.doctor.finding import Finding, found

DAY = 86_400
SOON = 30  # days before the end of a certificate
SLOW = 500  # ms from publish to delivery
READING = 64 * 1024  # bytes of the largest reading
WIDE = 16 * 1024 * 1024  # bytes of a packet that nobody honest sends
WEEK = 7 * DAY
FSYNC_SLOW, FSYNC_BAD = 20.0, 200.0  # ms
INODES = 10_000
MB = 1024 * 1024


def certificate(what: str, ends: datetime, begins: datetime, now: datetime, names: Sequence[str]) -> Finding:
    """`what` is "broker" or "dashboard"."""
    values = {"ends": f"{ends:%Y-%m-%d}", "days": (ends - now).days, "names": ", ".join(names)}
    if ends <= now:
        return Finding(f"{what}_certificate_expired", values)
    if begins > now:
        return Finding(f"{what}_certificate_not_yet", values | {"begins": f"{begins:%Y-%m-%d %H:%M}"})
    if (ends - now).days < SOON:
        return Finding(f"{what}_certificate_ends_soon", values)
    return Finding(f"{what}_certificate_good", values)


def round_trip(milliseconds: float) -> Finding:
    return found("round_trip_slow" if milliseconds > SLOW else "round_trip", ms=round(milliseconds, 1))


def queue(sent: int, kept: int) -> Finding:
    return found("queue_kept" if kept >= sent else "queue_short", sent=sent, kept=kept)


def ahead(sent: int, came: int) -> Finding:
    """`came`: how many of the waiting messages the broker sent before the first was acknowledged."""
    return found("ahead_good" if came >= sent else "ahead_short", sent=sent, came=came)


def absent_qos0(raised: bool, kept: bool) -> list[Finding]:
    return [
        found("qos0_raised" if raised else "qos0_not_raised"),
        found("qos0_kept" if kept else "qos0_lost"),
    ]


def promises(properties: Mapping[str, Any], asked: int) -> list[Finding]:
    """What a broker of MQTT 5 grants in CONNACK. `asked`: seconds we wanted a session to be kept."""
    findings = []
    if properties.get("MaximumQoS", 2) < 1:
        findings.append(found("qos1_absent"))
    if not properties.get("WildcardSubscriptionAvailable", 1):
        findings.append(found("wildcards_absent"))
    kept = properties.get("SessionExpiryInterval", asked)
    hours = round(kept / 3600, 1)
    findings.append(
        found("expiry_short" if kept < asked else "expiry_good", hours=hours, wanted=asked // 3600)
    )
    packet = properties.get("MaximumPacketSize")
    if packet is None or packet > WIDE:
        findings.append(found("packets_unlimited"))
    else:
        findings.append(found("packets_small" if packet < 2 * READING else "packets_limited", bytes=packet))
    window = properties.get("ReceiveMaximum", 65535)
    keepalive = properties.get("ServerKeepAlive")
    if keepalive is not None:
        findings.append(found("keepalive_forced", seconds=keepalive))
    return [*findings, found("window", count=window)]


def disk(free: int, total: int, inodes: int, all_inodes: int, reserve: int) -> list[Finding]:
    """`reserve`: bytes below which the service itself reports its disk as in trouble."""
    least = min(reserve, total // 20)
    name = "disk_full" if free < least else "disk_filling" if free < 4 * least else "disk_good"
    findings = [found(name, free=free // MB, total=total // MB, least=least // MB)]
    if all_inodes and inodes < INODES:  # file systems that make them as needed say 0
        findings.append(found("inodes_few", free=inodes))
    return findings


def fsync(milliseconds: Sequence[float]) -> Finding:
    """Every alarm waits for one of these."""
    ordered = sorted(milliseconds)
    middle, worst = ordered[len(ordered) // 2], ordered[-1]
    name = "fsync_bad" if middle > FSYNC_BAD else "fsync_slow" if middle > FSYNC_SLOW else "fsync_good"
    return found(name, middle=round(middle, 1), worst=round(worst, 1))


def schema_version(stored: str | None, newest: str | None) -> Finding:
    if stored is None:
        return found("database_empty")
    if newest is not None and stored > newest:
        return found("database_newer", stored=stored, newest=newest)
    name = "database_good" if stored == newest else "database_older"
    return found(name, stored=stored, newest=newest)


def some(names: Sequence[str], most: int = 5) -> str:
    """The first few of a list, and how many more there are."""
    more = f" … (+{len(names) - most})" if len(names) > most else ""
    return ", ".join(names[:most]) + more
