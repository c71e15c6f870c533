"""Thinks. Why a person is told now, in words: every notification carries them."""

from alerts.alert import Alert, Effect
from rules.verdict import Text

LATE = 5_000  # ms from which a step says that it is late

_WAITS = {
    "acknowledged": Text("无人受理", "nobody has taken it"),
    "arrived": Text("无人到场", "nobody has arrived"),
    "verified": Text("未核实", "nobody has verified it"),
    "joined": Text("第二人未到", "the second person has not come"),
}


def first(cause: Effect, alert: Alert, who: Text) -> Text:
    """Why the ladder started. `who` is the name of the owner, in both languages."""
    if cause is Effect.AGAIN:
        nth = alert.occurrence
        return Text(f"受理后再次发生：第 {nth} 次", f"activated again after it was taken: occurrence {nth}")
    if cause is Effect.LAPSED:
        return Text(
            f"{who.zh} 受理后未在时限内到场或核实",
            f"{who.en} took it and neither arrived nor verified it in time",
        )
    if cause is Effect.GONE:
        return Text(f"责任人已离开，退回{who.zh}", f"its owner is gone: it is for {who.en} again")
    if cause is Effect.RELEASED and alert.hidden:
        missed = f"（其间发生 {alert.hidden} 次）", f" (activated {alert.hidden} times meanwhile)"
        return Text(_STARTS[cause].zh + missed[0], _STARTS[cause].en + missed[1])
    return _STARTS.get(cause, _STARTS[Effect.RAISED])


_STARTS = {
    Effect.RAISED: Text("首次通知", "first notice"),
    Effect.BOUNCED: Text("移交没有被接受", "a handover was not accepted"),
    Effect.CONFIRMED: Text("已确认属实：全员通知", "confirmed to be real: everybody is told"),
    Effect.RELEASED: Text("搁置、抑制或停用已结束，警情仍在", "no longer inhibited, and it still stands"),
    Effect.REAL: Text("演练中的真实警情", "raised in a drill or test, and real after all"),
}


def step(number: int, waited: int, until: str) -> Text:
    """Escalation step `number` (the first is 1), because nothing was done for `waited` ms."""
    return Text(
        f"升级第 {number} 步：{duration(waited, 'zh')}内{_WAITS[until].zh}",
        f"escalation step {number}: {_WAITS[until].en} within {duration(waited, 'en')}",
    )


def absent(number: int, who: Text) -> Text:
    """Escalation step `number` before its time: whoever alone was to come says that they cannot."""
    return Text(f"升级第 {number} 步：{who.zh} 不能到", f"escalation step {number}: {who.en} cannot come")


def repeat(waited: int, until: str) -> Text:
    return Text(
        f"再次通知：{duration(waited, 'zh')}内{_WAITS[until].zh}",
        f"told again: {_WAITS[until].en} for {duration(waited, 'en')}",
    )


def offered(owner: Text) -> Text:
    return Text(f"{owner.zh} 请您接手", f"{owner.en} hands it over to you")


def taken(owner: Text) -> Text:
    return Text(f"{owner.zh} 已受理", f"{owner.en} has taken it")


def unanswered(channel: str) -> Text:
    """Why the person's next contact is told: nobody knows whether the last message went out."""
    return Text(
        f"{channel} 没有应答，改用下一联系方式", f"no answer from {channel}: the next contact is told too"
    )


def undelivered(channel: str) -> Text:
    return Text(
        f"{channel} 未送达，改用下一联系方式", f"not delivered by {channel}: the next contact is told"
    )


def blocked(channel: str) -> Text:
    """The same: its gateway does not work, so it waits there."""
    return Text(
        f"{channel} 暂时中断，改用下一联系方式", f"{channel} does not work now: the next contact is told too"
    )


def unproven(channel: str, waited: int) -> Text:
    zh, en = duration(waited, "zh"), duration(waited, "en")
    return Text(
        f"{channel} 在 {zh}内没有回执，改用下一联系方式",
        f"no receipt from {channel} within {en}: the next contact is told too",
    )


DECLINED = Text("对方拒绝接手，仍由您负责", "your handover was refused: it is still yours")
BOUNCED = Text("移交未被接受，仍由您负责", "your handover was not accepted: it is still yours")
CANARY = Text("无需前往，受理即可", "Nobody need go: only take it")
CLEARED = Text("警情已解除", "all clear: the alert is closed")


def late(reason: Text, by: int) -> Text:
    """The reason, and how late it comes when that is worth saying."""
    if by <= LATE:
        return reason
    return Text(f"{reason.zh}（迟到 {duration(by, 'zh')}）", f"{reason.en} ({duration(by, 'en')} late)")


def duration(ms: int, language: str) -> str:
    """In the largest unit that loses nothing worth telling: 90 s, 5 min, 2 h."""
    seconds = round(ms / 1000)
    zh = language == "zh"
    if seconds < 120 or (seconds < 600 and seconds % 60):
        return f"{seconds} 秒" if zh else f"{seconds} s"
    if seconds < 7200:
        return f"{round(seconds / 60)} 分钟" if zh else f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} 小时" if zh else f"{round(seconds / 3600)} h"


# The command of an incident, by the fact: {who} commands it now.
COMMAND = {
    "CommandOffered": Text("{who} 请您接任事件指挥", "{who} asks you to take command of the incident"),
    "CommandDeclined": Text("对方不接，仍由您指挥", "it was refused: you still command the incident"),
    "CommandLapsed": Text("指挥移交超时，仍由您指挥", "nobody accepted: you still command the incident"),
    "CommandLeft": Text("事件指挥已离开：请接任指挥", "its commander is gone: take command"),
}
