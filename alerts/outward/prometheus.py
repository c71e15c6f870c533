"""Thinks. What an Alertmanager's webhook (version 4) says, as verdicts for the desk: Prometheus raises.

Each of its alerts is a subject by its fingerprint, so a repeat is no second alert, "resolved" makes it
normal, and firing after that is a new activation. It can raise no life-safety alert, and at most MOST stand
at once: the others are one alert that says so, and come in by themselves, with Alertmanager's next repeat,
once there is room. An Alertmanager repeats what fires every few hours; one that has lost its memory falls
silent and never says "resolved", so what is not repeated for long is unknown, and at last over.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

import msgspec
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerts.alert import Activity, Alert
from alerts.clean import clean, quoted
from ingest.bilingual import both
from rules.verdict import Class, Evidence, Holds, Text, Verdict

RULE = "alertmanager"
MARK = "tocsin"  # the label that says: this one came from us
MOST = 200
MORE = f"{RULE}/more"
QUIET = 24 * 3_600_000  # ms without a repeat, after which nobody knows; repeat_interval is 4 h by default
OVER = 7 * QUIET
_FORGOTTEN = both("Alertmanager 已超过一天没有重复此告警", "Alertmanager has not repeated it for over a day")
_SAYS = (("zh", "Prometheus："), ("en", "Prometheus: "))
_SEVERITY = {  # of the label `severity`, as is usual; the label `class` names one of ours
    "critical": (Class.TROUBLE, 1),
    "error": (Class.TROUBLE, 2),
    "warning": (Class.TROUBLE, 3),
    "info": (Class.STATUS, 4),
    "none": (Class.STATUS, 5),
}


Labels = dict[str, str]


class _Model(BaseModel):
    """What is not named here means nothing to us, and may be there."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Told(_Model):
    """One alert of the payload."""

    status: Literal["firing", "resolved"]
    labels: Labels
    startsAt: AwareDatetime  # noqa: N815 - as it is sent
    fingerprint: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    annotations: Labels = Field(default_factory=dict)


class Webhook(_Model):
    """The payload."""

    version: Literal["4"]
    alerts: list[Told] = Field(max_length=5000)
    truncatedAlerts: int = Field(0, ge=0, le=1_000_000)  # noqa: N815 - as it is sent


class Heard(msgspec.Struct):
    """What became of a payload: verdicts for the desk, and how many of its alerts fared how."""

    verdicts: list[Verdict]
    firing: int = 0
    resolved: int = 0
    ignored: int = 0  # resolved and not open here; or they came from us
    no_room: int = 0


def heard(said: Webhook, standing: Collection[str], now: int, places: Collection[str], home: str) -> Heard:
    """`standing`: subjects that are open. `places`: where it may raise; `home`: where, when it names none of
    these."""
    found, known = Heard([]), set(standing)
    for alert in {one.fingerprint: one for one in said.alerts}.values():
        _one(alert, found, known, now, places, home)
    found.no_room += said.truncatedAlerts
    found.verdicts += _more(found.no_room, known, now, home)
    return found


def _one(alert: Told, found: Heard, known: set[str], now: int, places: Collection[str], home: str) -> None:
    subject = f"{RULE}/{alert.fingerprint}"
    if MARK in alert.labels or (alert.status == "resolved" and subject not in known):
        found.ignored += 1
    elif alert.status == "resolved":
        found.resolved += 1
        known.discard(subject)
        found.verdicts.append(_verdict(subject, alert, Holds.NO, now, places, home))
    elif subject not in known and len(known - {MORE}) >= MOST:
        found.no_room += 1
    else:
        found.firing += 1
        known.add(subject)
        found.verdicts.append(_verdict(subject, alert, Holds.YES, now, places, home))


def _verdict(
    subject: str, alert: Told, holds: Holds, now: int, places: Collection[str], home: str
) -> Verdict:
    since = max(0, min(now, int(alert.startsAt.timestamp() * 1000)))
    summary = alert.annotations.get("summary") or alert.labels.get("alertname") or alert.fingerprint
    alert_class, priority = _class(alert.labels)
    place = alert.labels.get("place", "")
    told = clean(", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items())), 400)
    note = clean(alert.annotations.get("description", ""), 400)
    if place not in places:
        place = home
    return Verdict(
        rule=RULE, version="4", subject=subject, device="", holds=holds, moment=now, since=since,
        title=Text(*(f"{who}{quoted(summary, one, 120)}" for one, who in _SAYS)), alert_class=alert_class,
        priority=priority, evidence=(Evidence(RULE, alert.status, since, now, told, note),),
        place=place,
    )  # fmt: skip


def _class(labels: Mapping[str, str]) -> tuple[Class, int]:
    alert_class, priority = _SEVERITY.get(labels.get("severity", "").lower(), (Class.TROUBLE, 3))
    named = labels.get("class", "").lower()
    return (Class(named), priority) if named in tuple(Class) else (alert_class, priority)


def _more(left_out: int, known: Collection[str], now: int, home: str) -> Iterator[Verdict]:
    if not left_out and (MORE not in known or len(set(known) - {MORE}) >= MOST):
        return
    holds = Holds.YES if left_out else Holds.NO
    yield Verdict(
        rule=RULE, version="4", subject=MORE, device="", holds=holds, moment=now, since=now,
        title=Text(
            f"Alertmanager 的告警超过 {MOST} 条，其余未逐条显示：请到 Alertmanager 查看",
            f"More than {MOST} alerts of Alertmanager, the rest is not shown one by one: look there",
        ),
        alert_class=Class.TROUBLE, priority=1,
        evidence=(Evidence(RULE, float(left_out), now, now, f"> {MOST}"),), place=home,
    )  # fmt: skip


def unheard(standing: Iterable[Alert], now: int) -> Iterator[Verdict]:
    """What is known no more, and what is over, of these alerts of RULE: the first that is not repeated for so
    long that Alertmanager has forgotten it."""
    for alert in standing:
        last = max((one.received for one in alert.evidence), default=alert.active_at)
        if now - last > OVER and alert.activity is not Activity.NORMAL:
            yield _forgotten(alert, Holds.NO, now)
        elif now - last > QUIET and alert.activity is Activity.ACTIVE:
            yield _forgotten(alert, Holds.UNKNOWN, now)


def _forgotten(alert: Alert, holds: Holds, now: int) -> Verdict:
    """`received` stays that of the last repeat, from which all of it is counted."""
    evidence = tuple(msgspec.structs.replace(one, note=_FORGOTTEN) for one in alert.evidence)
    return Verdict(
        rule=RULE, version="4", subject=alert.subject, device="", holds=holds, moment=now,
        since=alert.active_at, title=alert.title, alert_class=alert.alert_class, priority=alert.priority,
        evidence=evidence, place=alert.place,
    )  # fmt: skip
