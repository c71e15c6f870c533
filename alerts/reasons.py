"""Thinks. The lists a person picks from: causes, reasons to shelve; and how long things may last."""

from rules.verdict import Class, Text

MINUTE = 60_000
HOUR = 60 * MINUTE

CAUSES: dict[str, Text] = {
    "cooking": Text("油烟", "cooking"),
    "smoking": Text("吸烟", "smoking"),
    "steam": Text("水汽", "steam"),
    "dust": Text("粉尘或施工", "dust or building work"),
    "insects": Text("昆虫", "insects"),
    "test": Text("测试未登记", "a test that was not declared"),
    "device": Text("设备故障", "faulty device"),
    "malicious": Text("恶意触发", "set off on purpose"),
    "accident": Text("误碰", "touched by accident"),
    "unknown": Text("原因不明", "cause not found"),
}

HAZARD_CAUSES: dict[str, Text] = {  # what a person who walks by can find
    "damaged": Text("损坏", "damaged"),
    "covered": Text("遮挡或拆除", "covered or taken off"),
    "missing": Text("缺失", "missing"),
    "expired": Text("过期", "expired"),
    "passage": Text("疏散通道或出口堵塞", "escape route or exit blocked"),
    "wiring": Text("违规用电", "dangerous wiring or charging"),
    "storage": Text("易燃物堆放", "flammable things stored"),
    "other": Text("其他", "something else"),
}

SHELVE_REASONS: dict[str, Text] = {
    "chattering": Text("频繁抖动", "chattering"),
    "known_work": Text("已知施工", "known work going on"),
    "maintenance": Text("正在维修", "being repaired"),
    "nuisance": Text("无需处置的重复", "nuisance that needs no action"),
}

SHELVE_LIMIT: dict[Class, int] = {  # ms: the longest an alert of this class may be shelved at once
    Class.ALARM: HOUR,
    Class.SUPERVISORY: 8 * HOUR,
    Class.TROUBLE: 24 * HOUR,
    Class.STATUS: 72 * HOUR,
}

PROMISE: dict[Class, int] = {  # ms: how long an acknowledgement lasts without arrival or verification
    Class.ALARM: 5 * MINUTE,
    Class.SUPERVISORY: 30 * MINUTE,
    Class.TROUBLE: 8 * HOUR,
}

HANDOVER: dict[Class, int] = {  # ms: how long a handover may wait to be accepted
    Class.ALARM: 2 * MINUTE,
    Class.SUPERVISORY: 10 * MINUTE,
    Class.TROUBLE: HOUR,
    Class.STATUS: HOUR,
}
