"""Thinks. Something found that somebody has to mend: what a hazard begins with, or comes back by."""

from collections.abc import Iterable
from typing import Literal
from zlib import crc32

import msgspec

from alerts.alert import TOCSIN, Alert, Inhibition, Mode
from alerts.delivery.notification import Lost, Notification
from alerts.duty.people import Directory
from alerts.reasons import CAUSES
from ingest.bilingual import plain
from rules.verdict import Text, Verdict

Source = Literal["rule", "drill", "false_alarm", "delivery", "person"]


class Found(msgspec.Struct, frozen=True):
    """`cause` is what is wrong with what: a code of alerts/reasons.py, a rule's id, or a word of the source.
    The same cause of the same subject is the same hazard. `by` is the person who said so, or "tocsin";
    `alert` is 0 where none was open; `contact` is "person/channel" where it is no thing on the campus; an
    `owner` of "" falls to the device's owner, else to the post."""

    alert: int
    source: Source
    device: str
    place: str
    cause: str
    by: str
    moment: int
    title: Text = Text("", "")
    note: str = ""
    rule: str = ""
    contact: str = ""
    owner: str = ""
    life_safety: bool = False

    @property
    def subject(self) -> str:
        if self.contact:
            return f"contact/{self.contact}"
        return f"device/{self.device}" if self.device else f"place/{self.place}"


def of_false_alarm(alert: Alert, now: int) -> Found:
    """A false alarm that was just verified."""
    cause = CAUSES[alert.cause]
    return Found(
        alert=alert.id,
        source="false_alarm",
        device=alert.device,
        place=alert.place,
        cause=alert.cause,
        by=alert.verified_by,
        moment=now,
        title=Text(f"误报：{cause.zh}", f"False alarms: {cause.en}"),
        life_safety=alert.life_safety,
    )


def of_failures(lost: Iterable[Lost], directory: Directory, now: int) -> list[Found]:
    return [_of_dead(one, directory, now) if one.dead else _of_failure(one.row, now) for one in lost]


def _of_dead(lost: Lost, directory: Directory, now: int) -> Found:
    """A number that does not exist, for whoever keeps the roster, with the gateway's words. The number itself
    stays out of the record."""
    row, address = lost.row, lost.row.address
    names = Text(directory.name(row.person, "zh"), directory.name(row.person, "en"))
    found = _of_failure(row, now)
    return msgspec.structs.replace(
        found,
        cause="dead_address",
        title=Text(
            f"号码或地址不存在：{names.zh}（{row.channel}）",
            f"No such number or address: {names.en} ({row.channel})",
        ),
        note=plain(lost.reason.replace(address, "…") if address else lost.reason),
        contact=f"{found.contact}/{crc32(address.encode()):08x}",
        owner=_keeper(directory),
    )


def _keeper(directory: Directory) -> str:
    """Who may change rosters for the whole campus; "" where the register names nobody."""
    for role in ("manager", "administrator"):
        for person in directory.persons.values():
            if person.role == role and not person.scope:
                return person.id
    return ""


def _of_failure(row: Notification, now: int) -> Found:
    """A notice that can never be delivered: somebody cannot be reached on that channel."""
    return Found(
        alert=max(row.alert, 0),
        source="delivery",
        device="",
        place="",
        cause="undelivered",
        by=TOCSIN,
        moment=now,
        title=Text(
            f"通知送不到：{row.person}（{row.channel}）", f"Cannot be told: {row.person} ({row.channel})"
        ),
        contact=f"{row.person}/{row.channel}",
        life_safety=True,
    )


def of_rule(alert: Alert, verdict: Verdict) -> Found | None:
    """What a rule that says `hazard` has found; nothing in a drill, and nothing of what is out of service."""
    hidden = alert.inhibition is Inhibition.OUT_OF_SERVICE or alert.mode is not Mode.REAL
    if not verdict.hazard or hidden:
        return None
    return Found(
        alert=alert.id,
        source="rule",
        device=alert.device,
        place=alert.place,
        cause=verdict.rule,
        by=TOCSIN,
        moment=verdict.moment,
        title=verdict.title,
        rule=verdict.rule,
        life_safety=verdict.life_safety,
    )
