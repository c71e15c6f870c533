"""Thinks. How far a notice that only tries a channel has come, and what that says, in words."""

from enum import StrEnum

import msgspec

from alerts.delivery.notification import State
from ingest.bilingual import both

PATIENCE = 60_000  # ms that are waited for a receipt before the lack of one is told


class Stage(StrEnum):
    SENDING = "sending"
    AGAIN = "again"  # a try failed; it is tried again by itself
    WAITING = "waiting"  # the gateway has it, and will say whether it arrived
    ARRIVED = "arrived"
    TAKEN = "taken"  # the gateway has it, and never says more
    SILENT = "silent"  # no receipt in the time that is waited for
    FAILED = "failed"


WAITED_FOR = frozenset({Stage.SENDING, Stage.AGAIN, Stage.WAITING})
WELL = frozenset({Stage.ARRIVED, Stage.TAKEN})
SAID = {
    Stage.SENDING: both("正在发送", "being sent"),
    Stage.AGAIN: both("这次没有成功，会自动重试", "it failed, and is tried again by itself"),
    Stage.WAITING: both("网关已接收，等待送达回执", "the gateway has it; its receipt is waited for"),
    Stage.ARRIVED: both("已送达", "it arrived"),
    Stage.TAKEN: both(
        "已交给网关；此通道不给送达回执，请向收件人确认",
        "the gateway has it, and gives no receipt of delivery: ask whoever should have it",
    ),
    Stage.SILENT: both(
        f"{PATIENCE // 1000} 秒内没有送达回执：可能关机、无信号或被拦截",
        f"no receipt within {PATIENCE // 1000} s: switched off, out of reach, or held back",
    ),
    Stage.FAILED: both("发送失败", "it failed"),
}
_ARRIVED = frozenset({State.DELIVERED, State.READ, State.ANSWERED})
_HANDED_OVER = frozenset({State.SENT, State.ACCEPTED})


class Trial(msgspec.Struct, frozen=True):
    """`asked`: its gateway will still be asked what became of it. `note`: a reason, in both languages."""

    person: str
    channel: str
    state: State
    asked: bool
    owed_at: int
    attempts: int = 0
    note: str = ""


def stage(trial: Trial, now: int) -> Stage:
    if trial.state in _ARRIVED:
        return Stage.ARRIVED
    if trial.state in (State.FAILED, State.CANCELLED):
        return Stage.FAILED
    if trial.state in _HANDED_OVER and not trial.asked:
        return Stage.TAKEN
    if now - trial.owed_at > PATIENCE:
        return Stage.SILENT if trial.state in _HANDED_OVER else Stage.FAILED
    if trial.state in _HANDED_OVER:
        return Stage.WAITING
    return Stage.AGAIN if trial.attempts else Stage.SENDING


def sentence(trial: Trial, now: int) -> str:
    """What came of it so far, in both languages."""
    at = stage(trial, now)
    reason = f": {trial.note}" if trial.note and at in (Stage.AGAIN, Stage.FAILED, Stage.SILENT) else ""
    return f"{trial.channel}: {SAID[at]}{reason}"
