"""Thinks. One alert in words: the place first, then what, when, its class, what to do, and the code.

Three lengths: `short` fits one SMS, `title` is one line, `body` a page. Nothing that a device or a person
typed goes through as it came: see alerts/clean.py.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from alerts.clean import clean, cut, quoted, size
from ingest.bilingual import told
from rules.verdict import Class, Text


class Purpose(StrEnum):
    """Why a notice is sent."""

    RAISE = "raise"  # the first notice of an alert
    ESCALATE = "escalate"  # nobody acted in time: the next step
    AGAIN = "again"  # a further occurrence inside the alert
    LAPSED = "lapsed"  # whoever took it did not finish in time
    OVERDUE = "overdue"  # it is taken, and a step that waits for arrival or verification has come
    RELEASED = "released"  # it was inhibited, is no longer, and still stands
    REAL = "real"  # it was drill or test, and is real
    OFFERED = "offered"  # somebody hands it over to this person
    DECLINED = "declined"  # the handover was refused
    BOUNCED = "bounced"  # the handover was not accepted in time
    CONFIRMED = "confirmed"  # an alarm is no false alarm: everybody at once
    GONE = "gone"  # its owner is gone: the post's again
    CLEAR = "clear"  # all-clear, to those who were reached
    TAKEN = "taken"  # somebody else took it: one of a team who need not come
    HAZARD = "hazard"  # a hazard is overdue
    COMMAND = "command"  # the command of the incident it belongs to
    ANSWER = "answer"  # what is said back to a person who answered
    TEST = "test"  # a person tries the channel


Plain = str | int | float | bool | None


class Named(Protocol):
    """Anything with a name in both languages: a place, a Text."""

    @property
    def zh(self) -> str: ...

    @property
    def en(self) -> str: ...


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What the words are about, in plain values.

    `moment` is when this occurrence began (ms) and `zone` the campus's time zone. `late`: ms by which the
    notice itself is late, told from one minute on. `detail` is text of a device or a person: it is quoted.
    `who` took the alert (said in LAPSED, and where it is `taken` at this moment). `todo` replaces the class's
    own advice. `returned`: its cause is back to normal. `senses`: the device is not registered, so this and
    its name are all that tells where it may be. `alone`: it is confirmed, and the second person is still
    wanted.
    """

    code: str
    title: Text
    alert_class: Class
    moment: int
    zone: str = "Asia/Shanghai"
    alert: int = 0
    occurrence: int = 1
    place: str = ""
    device: str = ""
    device_name: Text | None = None
    senses: Text | None = None
    rule: str = ""
    detail: str = ""
    who: Text | None = None
    todo: Text | None = None
    late: int = 0
    returned: bool = False
    taken: bool = False
    alone: bool = False
    life_safety: bool = False
    mode: str = "real"  # real, drill or test
    unrecorded: bool = False


class Words(msgspec.Struct, frozen=True):
    short: str
    title: str
    body: str


CLASS_WORDS = {
    Class.ALARM: Text("报警", "ALARM"),
    Class.SUPERVISORY: Text("监管", "supervisory"),
    Class.TROUBLE: Text("故障", "trouble"),
    Class.STATUS: Text("状态", "status"),
}
ADVICE = {
    Class.ALARM: Text("请立即到场核实", "Go and check now"),
    Class.SUPERVISORY: Text("请尽快查看", "Check it soon"),
    Class.TROUBLE: Text("请安排检修", "Arrange a repair"),
    Class.STATUS: Text("仅供知悉", "For information"),
}
CLEARED = Text("请补全处置记录", "Complete the record")
CONFIRMED = Text("按预案处置", "Follow the plan")
RETURNED = Text("，现已恢复正常", ", now back to normal")
ALONE = Text("，已确认，还缺第二人", ", confirmed, and a second person is wanted")
# What goes out late says who has it by then, so that nobody runs for what is in good hands.
SAYS_WHO = frozenset({Purpose.RAISE, Purpose.AGAIN, Purpose.RELEASED, Purpose.REAL, Purpose.GONE})
OVER = frozenset({Purpose.CLEAR, Purpose.TAKEN})  # "alarm" would only frighten who is told to relax
SPARED = Text("您不必前往", "You need not come")
MODES = {"drill": Text("【演练】", "[DRILL] "), "test": Text("【测试】", "[TEST] ")}
UNRECORDED = Text("【未记录】", "[NOT RECORDED] ")
NOWHERE = Text("地点未登记", "Place not registered")
SMS_ANY = 70  # UTF-16 units in one SMS that holds anything but the GSM alphabet
SMS_ASCII = 150  # of 160: brackets count double there
PLAIN = str.maketrans(
    {"°": "", "“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "≥": ">=", "≤": "<=",
     "µ": "u", "μ": "u", "×": "x", "…": "...", "·": "-"}
)  # fmt: skip
LEAST_TITLE = 8  # units of the title worth keeping beside the whole path of the place


class _Parts(msgspec.Struct, frozen=True):
    """The same facts in one language, washed."""

    language: str
    prefix: str
    path: list[str]
    title: str
    turn: str  # what the purpose adds to the title
    word: str  # the class
    advice: str
    code: str

    def say(self, zh: str, en: str) -> str:
        return en if self.language == "en" else zh


def words(
    subject: Subject, purpose: Purpose, place_path: Sequence[Named], language: str, limit: int | None = None
) -> Words:
    """The alert for one reader. `place_path` is root first. `limit` is the length of `short` in UTF-16 units;
    None takes one SMS. The innermost place and the code survive every cut (down to 40 units)."""
    parts = _Parts(
        language=language,
        prefix=(_in(MODES[subject.mode], language) if subject.mode in MODES else "")
        + (_in(UNRECORDED, language) if subject.unrecorded else ""),
        path=_path(place_path, language),
        title=clean(_unknown(subject, language) + _in(subject.title, language), 160),
        turn=_turn(subject, purpose, language),
        word="" if purpose in OVER else _in(CLASS_WORDS[subject.alert_class], language),
        advice=_advice(subject, purpose, language),
        code=clean(subject.code, 16),
    )
    line = f"{parts.prefix}{_joined(parts.path, language)}{parts.say('：', ': ')}{parts.title}{parts.turn}"
    short = _short(_plain(parts) if language == "en" else parts, subject, limit)
    return Words(short=short, title=cut(line, 200), body=_body(parts, subject))


def facts(subject: Subject, purpose: Purpose, place_path: Sequence[Named]) -> dict[str, Plain]:
    """The same for machines: plain values, names in both languages."""
    return {
        "id": subject.alert,
        "code": subject.code,
        "purpose": purpose.value,
        "class": subject.alert_class.value,
        "occurrence": subject.occurrence,
        "since": subject.moment,
        "zone": subject.zone,
        "place": subject.place,
        "place_zh": _joined(_path(place_path, "zh"), "zh"),
        "place_en": _joined(_path(place_path, "en"), "en"),
        "title_zh": clean(_in(subject.title, "zh"), 120),
        "title_en": clean(_in(subject.title, "en"), 120),
        "device": subject.device,
        "rule": subject.rule,
        "life_safety": subject.life_safety,
        "mode": subject.mode,
        "todo_zh": _advice(subject, purpose, "zh"),
        "todo_en": _advice(subject, purpose, "en"),
        "recorded": not subject.unrecorded,
        **_taker(subject, purpose),
        **({"returned": True} if _returned(subject, purpose) else {}),
    }


def _returned(subject: Subject, purpose: Purpose) -> bool:
    return subject.returned and purpose is not Purpose.CLEAR


def _taker(subject: Subject, purpose: Purpose) -> dict[str, Plain]:
    if not (subject.taken and subject.who and purpose in SAYS_WHO):
        return {}
    return {f"taken_by_{one}": clean(_in(subject.who, one), 30) for one in ("zh", "en")}


def _unknown(subject: Subject, language: str) -> str:
    """What a device that nobody registered says of itself, before the rule's sentence."""
    if subject.senses is None or subject.device_name is None:
        return ""
    name = quoted(_in(subject.device_name, language), language, 30)
    what = _in(subject.senses, language)
    return f"{what} {name}, " if language == "en" else f"{what}{name}，"


def _in(text: Named, language: str) -> str:
    """In the reader's language, or in the other one when that is all there is."""
    return (text.en or text.zh) if language == "en" else (text.zh or text.en)


def _path(place_path: Sequence[Named], language: str) -> list[str]:
    """Names root first, without the campus itself when something nearer is known."""
    names = [name for place in place_path if (name := clean(_in(place, language), 60))]
    return names[1:] if len(names) > 1 else names or [_in(NOWHERE, language)]


def _joined(path: Sequence[str], language: str) -> str:
    return (", " if language == "en" else " ").join(path)


def _turn(subject: Subject, purpose: Purpose, language: str) -> str:
    who = clean(_in(subject.who, language), 30) if subject.who else ""
    turns = {
        Purpose.ESCALATE: Text("，至今无人受理", ", nobody has taken it"),
        Purpose.AGAIN: Text(f"，第{subject.occurrence}次", f", occurrence {subject.occurrence}"),
        Purpose.LAPSED: Text(f"，{who}受理后超时", f", taken{' by ' * bool(who)}{who}, overdue"),
        Purpose.OVERDUE: Text("，已受理，仍未到场或核实", ", taken, but not yet reached or verified"),
        Purpose.RELEASED: Text("，抑制已结束，仍未恢复", ", no longer inhibited and still active"),
        Purpose.REAL: Text("，这不是演练，按真实处置", ", NO DRILL: this is real"),
        Purpose.OFFERED: Text("，请您接手", ", handed over to you: accept or refuse"),
        Purpose.DECLINED: Text("，对方拒绝接手，仍由您负责", ", your handover was refused: still yours"),
        Purpose.BOUNCED: Text("，交接超时未接手", ", handover not accepted in time"),
        Purpose.CONFIRMED: Text("，已确认属实", ", CONFIRMED: it is real"),
        Purpose.GONE: Text("，责任人已离开，请重新受理", ", its owner is gone: take it"),
        Purpose.TAKEN: Text(f"，{who}已受理", f", taken{' by ' * bool(who)}{who}"),
        Purpose.COMMAND: Text("，事件指挥移交", ", command of the incident"),
        Purpose.CLEAR: Text("，已解除", ", all clear"),
    }
    held = subject.taken and purpose in SAYS_WHO
    turn = ALONE if purpose is Purpose.OVERDUE and subject.alone else turns.get(purpose)
    said = (_in(turn, language) if turn else "") + (_in(turns[Purpose.TAKEN], language) if held else "")
    return said + (_in(RETURNED, language) if _returned(subject, purpose) else "")


def _advice(subject: Subject, purpose: Purpose, language: str) -> str:
    if purpose is Purpose.CLEAR:
        nothing = subject.alert_class is Class.STATUS  # nobody has to verify it
        return _in(ADVICE[Class.STATUS] if nothing else CLEARED, language)
    if purpose is Purpose.TAKEN:
        return _in(SPARED, language)
    if purpose is Purpose.CONFIRMED:
        return _in(CONFIRMED, language)
    return clean(_in(subject.todo or ADVICE[subject.alert_class], language), 60)


def _when(parts: _Parts, subject: Subject, form: str) -> str:
    moment = datetime.fromtimestamp(subject.moment / 1000, ZoneInfo(subject.zone)).strftime(form)
    minutes = subject.late // 60_000
    return moment + (parts.say(f"（迟发{minutes}分钟）", f" ({minutes} min late)") if minutes else "")


def _tails(parts: _Parts, subject: Subject) -> tuple[str, ...]:
    """What may follow the title, the fullest first."""
    when, stop = _when(parts, subject, "%m-%d %H:%M"), parts.say("。", ". ")
    dated = f"{when}{parts.say('，', ', ') * bool(parts.word)}{parts.word}{stop}"
    return (f"{dated}{parts.advice}{stop}", dated, f"{when}{stop}", "")


def _short(parts: _Parts, subject: Subject, limit: int | None) -> str:
    """The fullest wording that fits. Given up in this order: advice, class, time, the end of the title, the
    outer places, and only then the end of the innermost place's name."""
    colon, stop, tails = parts.say("：", ": "), parts.say("。", ". "), _tails(parts, subject)
    code = parts.say(f"代码{parts.code}", f"Code {parts.code}")
    wheres = [_joined(parts.path, parts.language), parts.path[-1]]
    room = (
        _one_sms(f"{parts.prefix}{wheres[0]}{parts.title}{parts.turn}{tails[0]}") if limit is None else limit
    )
    for where in wheres:
        head = f"{parts.prefix}{where}{colon}"
        for tail in tails:
            if size(text := f"{head}{parts.title}{parts.turn}{stop}{tail}{code}") <= room:
                return text
        left = room - size(f"{head}{parts.turn}{stop}{code}")
        if left >= LEAST_TITLE:
            said = f"{head}{cut(parts.title, left)}{parts.turn}"
            return f"{said}{' ' if said.endswith('.') else stop}{code}"
    bare = f"{parts.prefix}{cut(parts.path[-1], max(1, room - size(parts.prefix + stop + code)))}{stop}{code}"
    return cut(bare, room)


def _plain(parts: _Parts) -> _Parts:
    """For an SMS in English: one sign beyond ASCII would cut it from 150 characters to 70. Unchanged where
    that does not help, because a name is Chinese."""
    plain = msgspec.structs.replace(
        parts, path=[name.translate(PLAIN) for name in parts.path], title=parts.title.translate(PLAIN),
        turn=parts.turn.translate(PLAIN), advice=parts.advice.translate(PLAIN),
    )  # fmt: skip
    return plain if "".join((*plain.path, plain.title, plain.turn, plain.advice)).isascii() else parts


def _one_sms(text: str) -> int:
    return SMS_ASCII if text.isascii() and "`" not in text else SMS_ANY


def _body(parts: _Parts, subject: Subject) -> str:
    device = clean(subject.device, 80)
    name = _in(subject.device_name, parts.language) if subject.device_name else ""
    if name:  # what nobody registered has given itself its name
        name = quoted(name, parts.language, 60) if subject.senses else clean(name, 60)
    named = parts.say(f"{name}（{device}）", f"{name} ({device})")
    detail = quoted(told(subject.detail, parts.language), parts.language) if subject.detail else ""
    lines = (
        ("", "", f"{parts.prefix}{_joined(parts.path, parts.language)}"),
        ("", "", f"{parts.title}{parts.turn}"),
        ("时间：", "When: ", _when(parts, subject, "%Y-%m-%d %H:%M:%S")),
        ("类别：", "Class: ", parts.word),
        ("设备：", "Device: ", named if name else device),
        ("原文：", "Reported: ", detail),
        ("处置：", "Do: ", parts.advice),
        ("代码：", "Code: ", parts.code),
    )
    return "\n".join(parts.say(zh, en) + value for zh, en, value in lines if value)
