"""Thinks. What goes into a template's variables: short, washed, and cut so that the place is never hidden.

A provider refuses the whole message for one link, telephone number or odd sign in a variable, so these go
before it sees them; and for a variable that is too long, so each is cut to what the account may hold.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.clean import clean
from alerts.delivery.channels.channel import Notice
from alerts.delivery.message import CLASS_WORDS, NOWHERE, Purpose
from alerts.delivery.spoken import speakable, spelled
from alerts.delivery.templates import SMS, VOICE, Kind, filled, slots
from rules.verdict import Class

ONE_SMS = 70  # characters of one Chinese SMS, its signature and 【】 included
ZONE = "Asia/Shanghai"
UNPLACED, UNDIVIDED = "未登记", "未细分"
LEAST = 4  # characters of the event worth keeping
LEAST_PLACE = 5
GOOD = 10  # of each, before more is given up
SPOKEN_TOGETHER = 240  # Aliyun: all variables of one call below 250; Tencent: 350 with the text around them
SPOKEN_PLACE = 100
STATES = {
    Purpose.RAISE: "待受理",
    Purpose.ESCALATE: "无人受理",
    Purpose.LAPSED: "受理超时",
    Purpose.OVERDUE: "尚未到场",
    Purpose.RELEASED: "抑制结束",
    Purpose.REAL: "不是演练",
    Purpose.OFFERED: "请您接手",
    Purpose.DECLINED: "仍由您负责",
    Purpose.BOUNCED: "交接超时",
    Purpose.CONFIRMED: "确认属实",
    Purpose.GONE: "责任人离开",
    Purpose.CLEAR: "已解除",
    Purpose.TAKEN: "已有人受理",
    Purpose.HAZARD: "隐患逾期",
    Purpose.COMMAND: "指挥移交",
    Purpose.TEST: "测试",
}
_SAID = str.maketrans(
    {
        "℃": "度",
        "·": "-",
        "～": "-",
        "：": " ",
        ":": " ",
    }
)
_ODD = re.compile(r"[^0-9A-Za-z〇\u3400-\u4dbf\u4e00-\u9fff ，、。.%+-]+")
_PARTED = re.compile(rf"(?<=[0-9]){_ODD.pattern}(?=[0-9])")  # 305/306, 305(2): two numbers, not one
_LINK = re.compile(r"(?i)\b(?:https?|www|ftp)\b|(?<=[a-z0-9])\.(?=[a-z])|(?<=[a-z])\.(?=[0-9])")
_DOTTED = re.compile(r"\d+(?:\.\d+){2,}")
_TELEPHONE = re.compile(r"\d{3,4}-\d{7,8}|\d{9,}")
_FLOOR = re.compile(r"(?:地下|负)?[-0-9A-Za-z一二三四五六七八九十]+[层楼F]|地下室")
# 305室, A座, 12号楼, 二〇五室: what tells a place from its neighbour
_ENDING = re.compile(r"([0-9A-Za-z〇零一二三四五六七八九十百-]+)([^\W\d_]{0,3})$")


def washed(text: str) -> str:
    """One line with no link, address, telephone number or sign that a provider refuses."""
    text = "".join(unicodedata.normalize("NFKC", one) if one.isalnum() else one for one in clean(text, 200))
    text = _ODD.sub("", _PARTED.sub("-", text.translate(_SAID)))
    text = _DOTTED.sub(lambda found: found[0].replace(".", "-"), _LINK.sub("", text))
    return " ".join(_TELEPHONE.sub(lambda found: found[0][-4:], text).split())


def values(notice: Notice, kind: Kind, sign: str, longest: int, now: int) -> dict[str, str]:
    """The variables of an SMS, none above `longest`. With the signature `sign` the message stays one SMS:
    given up are the end of the event, then outer places, then the ends of names; never the place itself."""
    made: dict[str, str] = {}
    for place, event, brief in _room(longest):
        made = _values(notice, kind, longest, now, place, event, brief)
        if len(filled(SMS[kind], made)) + len(sign) + 2 <= ONE_SMS:
            break
    return made


def _room(longest: int) -> Iterator[tuple[int, int, bool]]:
    """How long places and the event may be, and whether the time is brief; the fullest first."""
    yield longest, longest, longest < 12
    good = min(longest, GOOD)
    yield from ((longest, event, True) for event in range(longest, good - 1, -1))
    yield from ((place, good, True) for place in range(longest, good - 1, -1))
    yield from ((good, event, True) for event in range(good, LEAST - 1, -1))
    yield from ((place, LEAST, True) for place in range(good, LEAST_PLACE - 1, -1))


def _values(
    notice: Notice, kind: Kind, longest: int, now: int, place: int, event: int, brief: bool
) -> dict[str, str]:
    building, room = places(notice, place)
    found = {
        "building": building,
        "room": room,
        "event": _event(notice, event),
        "state": shortened(state(notice), longest),
        "time": _time(notice, now, brief),
        "level": _level(notice),
        "code": re.sub(r"[^0-9A-Za-z]", "", notice.code)[:longest] or "0",
    }
    return {name: found[name] for name in slots(SMS[kind])}


def places(notice: Notice, longest: int) -> tuple[str, str]:
    """The building, and where in it. The floor and outer names go first; of a name that is too long its
    start and the number it ends with stay."""
    path = str(notice.alert.get("place_zh") or NOWHERE.zh)
    names = [name for part in path.split() if (name := washed(part))]
    if not names or path == NOWHERE.zh:
        return UNPLACED, UNPLACED
    if len(names) == 1 and len(names[0]) > longest:
        return names[0][:longest], squeezed(names[0][longest:], longest)
    inner = _last(names[1:], longest)
    outer = names[: len(names) - len(inner)]
    if len("".join(outer)) > longest:
        outer = [name for name in outer if not _FLOOR.fullmatch(name)] or outer
    building = "".join(_last(outer, longest))
    return squeezed(building, longest), squeezed("".join(inner) or UNDIVIDED, longest)


def _last(names: list[str], longest: int) -> list[str]:
    """As many of the last names as fit together; one at least, where there is one."""
    for start in range(len(names)):
        if len("".join(names[start:])) <= longest:
            return names[start:]
    return names[-1:]


def squeezed(name: str, longest: int) -> str:
    """A name that is too long, with the number or letter at its end."""
    if len(name) <= longest:
        return name
    ending = _ENDING.search(name)
    tail = ""
    if ending:
        tail = next((one for one in (ending[0], ending[1]) if len(one) <= longest), ending[1][-longest:])
    return name[: longest - len(tail)] + tail


def shortened(text: str, longest: int) -> str:
    """Never ends within a number: half a number is a wrong one."""
    if len(text) <= longest:
        return text
    kept = text[:longest]
    if re.match(r"[\d.]*\d", text[longest:]) and kept[-1] in "0123456789.":
        kept = kept.rstrip("0123456789.")
    return kept.rstrip(" ，、。.-+")


def state(notice: Notice) -> str:
    """How it stands, in six characters at most."""
    if not notice.alert.get("recorded", True):
        return "未记录"
    if notice.alert.get("taken_by_zh"):
        return STATES[Purpose.TAKEN]
    if notice.purpose == Purpose.AGAIN:
        return "再次发生" if _count(notice) > 1 else f"第{notice.alert.get('occurrence', 2)}次发生"
    return next((words for purpose, words in STATES.items() if purpose == notice.purpose), "待受理")


def _title(notice: Notice) -> str:
    return washed(str(notice.alert.get("title_zh") or notice.title))


def _count(notice: Notice) -> int:
    """How many alerts the message is about."""
    more = notice.alert.get("more")
    return 1 + (more if isinstance(more, int) else 0)


def _event(notice: Notice, longest: int) -> str:
    """What has happened; before it how many there are, where the message is for several."""
    many = f"共{count}条" if (count := _count(notice)) > 1 else ""
    among = "含" if notice.alert.get("mixed") else ""
    left = longest - len(many) - len(among)
    title = shortened(_title(notice), left) if left > 1 else ""
    return f"{many}{among if title else ''}{title}"[-longest:] or "警情"


def _level(notice: Notice) -> str:
    try:
        return CLASS_WORDS[Class(str(notice.alert.get("class", "")))].zh
    except ValueError:
        return "警情"


def _time(notice: Notice, now: int, brief: bool) -> str:
    """The hour today; else the day, and the hour where there is room. (Aliyun refuses a time with 年.)"""
    zone = ZoneInfo(str(notice.alert.get("zone") or ZONE))
    since = notice.alert.get("since")
    began = datetime.fromtimestamp((since if isinstance(since, int) else now) / 1000, zone)
    if began.date() == datetime.fromtimestamp(now / 1000, zone).date():
        return began.strftime("%H:%M")
    day = f"{began.month}月{began.day}日"
    return day if brief else f"{day} {began:%H:%M}"


def spoken_values(notice: Notice, kind: Kind, longest: int) -> dict[str, str]:
    """The variables of a call: two, since Aliyun's public mode takes no more. `longest` for each."""
    path = str(notice.alert.get("place_zh") or NOWHERE.zh)
    place = "" if path == NOWHERE.zh else speakable(washed(path), "zh")
    place = place[-min(longest, SPOKEN_PLACE) :].lstrip("，。") or UNPLACED
    first = notice.purpose == Purpose.RAISE and state(notice) == STATES[Purpose.RAISE]
    told = "" if kind is Kind.TEST or first else f"，{speakable(state(notice), 'zh')}"
    code = f"，代码{spelled(notice.code, 'zh')}"
    room = min(longest, SPOKEN_TOGETHER - len(place)) - len(told) - len(code)
    event = speakable(_event(notice, max(room // 2, LEAST)), "zh") or "警情"
    found = {"place": place, "event": event[: max(room, LEAST)].rstrip("，") + told + code}
    return {name: found[name] for name in slots(VOICE[kind])}
