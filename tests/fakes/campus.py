"""Thinks. A small school for the tests of alerts: its places and devices, people, and verdicts about it."""

from typing import Any

from alerts.alert import Alert
from alerts.duty.people import Contact, Directory, Match, Person, Policy, Post, Step, Target, Team
from alerts.lifecycle import step
from ingest.campus.device import Device, Place
from ingest.campus.registry import Registry
from rules.verdict import Class, Evidence, Holds, Text, Verdict

NOW = 1_795_337_000_000
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

SMOKE = "dorm-2-305-smoke"
LI, WANG = "li-wei", "wang-fang"


def registry() -> Registry:
    places = [
        Place("campus", "示范学校", "Demo School"),
        Place("dorm-2", "2号宿舍楼", "Dormitory 2", "campus"),
        Place("dorm-2-305", "305室", "Room 305", "dorm-2"),
        Place("lab", "实验楼", "Laboratories", "campus"),
    ]
    devices = [
        Device(SMOKE, "smoke_detector", "dorm-2-305"),
        Device("lab-gas", "gas_detector", "lab"),
        Device("lab-door", "door", "lab"),
    ]
    return Registry.build(places, (), devices)


def persons() -> list[Person]:
    return [
        Person("li-wei", "李伟", "Li Wei", "zh", (Contact("sms", "101"), Contact("push", "li"))),
        Person("wang-fang", "王芳", "Wang Fang", "en", (Contact("sms", "102"),)),
        Person("principal", "周涛", "Zhou Tao", "zh", (Contact("sms", "103"),)),
    ]


FIRE = Policy(
    "fire",
    Match(classes=(Class.ALARM,)),
    (
        Step(0, (Target("post", "duty"),), ("siren",)),
        Step(60 * SECOND, (Target("person", "principal"),)),
    ),
    120 * SECOND,
)


def directory(*policies: Policy, channels: tuple[str, ...] = ("sms", "push", "siren", "null")) -> Directory:
    """Li Wei and Wang Fang on duty, the principal behind them; the policy `fire` unless others are given."""
    return Directory(
        persons(),
        [Team("security", "安保组", "Security", ("wang-fang", "li-wei"))],
        [Post("duty", "值班室", "Security office", ("li-wei", "wang-fang"))],
        policies or (FIRE,),
        channels,
    )


def verdict(
    holds: Holds = Holds.YES,
    moment: int = NOW,
    *,
    rule: str = "std.smoke",
    device: str = SMOKE,
    alert_class: Class = Class.ALARM,
    again: bool = False,
    retained: bool = False,
    latch: bool = False,
    verify: bool = False,
    policy: str | None = None,
) -> Verdict:
    return Verdict(
        rule=rule,
        version="v1",
        subject=f"{device}/smoke",
        device=device,
        holds=holds,
        moment=moment,
        since=moment,
        title=Text("烟雾报警", "Smoke alarm"),
        alert_class=alert_class,
        priority=1,
        again=again,
        retained=retained,
        life_safety=alert_class is Class.ALARM,
        latch=latch,
        verify=verify,
        policy=policy,
        evidence=(Evidence("smoke", "alarm", moment, moment, "= alarm"),),
    )


def raised(**about: Any) -> Alert:
    """An alert as its first verdict makes it."""
    alert, _ = step(None, verdict(**about), NOW)
    assert alert is not None
    return alert
