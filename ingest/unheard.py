"""Thinks. Why a device is called late, silent or reporting, in both languages: the notes of supervision."""

from ingest.bilingual import both
from ingest.campus.kinds import WORD_NAMES

_BEFORE = "it was silent before that"
SILENT_BEFORE = "; " + both("此前已失联", _BEFORE)
WILL = both("连接中断（遗嘱消息）", "its connection was lost (last will)")


def unheard(ms: int, gateway: str = "") -> str:
    """`gateway`: of a device behind one that lives."""
    seconds = ms // 1000
    number, zh, en = (
        (seconds, "秒", "s") if seconds < 120
        else (seconds // 60, "分钟", "min") if seconds < 7200
        else (seconds // 3600, "小时", "h")
    )  # fmt: skip
    lives = both(f"，所属网关 {gateway} 正常", f", its gateway {gateway} lives") if gateway else ""
    return both(f"{number} {zh}未收到消息", f"nothing heard for {number} {en}") + lives


def behind(gateway: str) -> str:
    return both(f"所属网关 {gateway} 失联", f"its gateway {gateway} is silent")


def back(gateway: str) -> str:
    return both(f"所属网关 {gateway} 已恢复", f"its gateway {gateway} is back")


def was(word: str) -> str:
    return both(f"此前{WORD_NAMES[word][0]}", f"was {word}")


def was_silent(note: str) -> bool:
    """Whether a stored note says so, also one of a version that knew one language."""
    return _BEFORE in note
