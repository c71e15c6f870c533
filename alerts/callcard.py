"""Thinks. What to say on the telephone to 119 (GB 25506 4.2.2): five facts, filled in, to be read out. Whom
else a plan names (120, 110) asks for the same five, and not about fire."""

from collections.abc import Sequence

import msgspec

from alerts.alert import Activity, Alert
from alerts.duty.people import Directory
from ingest.campus.kinds import KINDS
from ingest.campus.registry import Registry
from rules.verdict import Text

NUMBER = "119"
_MOST = 4  # places that are named; the rest are counted
_UNKNOWN = Text("未登记：请口头说明", "not registered: say it in your own words")
_TRAPPED = Text("被困人数：问现场", "people trapped: ask those on site")
_HURT = Text("受伤或有危险的人数：问现场", "people hurt or in danger: ask those on site")


class CallCard(msgspec.Struct, frozen=True):
    """The unit's address, where it is, what burns or was seen, how big it is, who calls and from where."""

    number: str
    address: Text
    where: Text
    what: Text
    size: Text
    caller: Text


def call_card(
    alert: Alert, near: Sequence[Alert], caller: str, number: str, directory: Directory, registry: Registry
) -> CallCard:
    """`near`: the open alarms of the same building, this one among them. `caller` is a person's id."""
    number = number or NUMBER
    return CallCard(
        number=number,
        address=_address(alert, registry),
        where=_where(alert.place, registry),
        what=_what(alert, registry),
        size=_size(near, registry, _TRAPPED if number == NUMBER else _HURT),
        caller=_caller(alert, caller, directory, registry),
    )


def building_of(place: str, registry: Registry) -> str:
    """The place below the campus in which it lies."""
    path = registry.path(place)
    return path[min(1, len(path) - 1)].id if path else place


def _nearest(place: str, field: str, registry: Registry) -> str:
    found = (getattr(part, field) for part in reversed(registry.path(place)))
    return next((value for value in found if value), "")


def _address(alert: Alert, registry: Registry) -> Text:
    unit, address = registry.root, _nearest(alert.place, "address", registry)
    zh, en = address or _UNKNOWN.zh, address or _UNKNOWN.en
    return Text(f"{unit.zh or unit.en}，{zh}", f"{unit.en or unit.zh}, {en}")


def _where(place: str, registry: Registry) -> Text:
    path = registry.path(place)[1:] or registry.path(place)
    if not path:
        return _UNKNOWN
    return Text(" ".join(p.zh or p.en for p in path), ", ".join(p.en or p.zh for p in path))


def _what(alert: Alert, registry: Registry) -> Text:
    kind = KINDS.get(alert.device_kind)
    zh, en = alert.title.zh or alert.title.en, alert.title.en or alert.title.zh
    if kind is not None:
        zh, en = f"{zh}（{kind.zh}）", f"{en} ({kind.en})"
    note = f" {alert.note}" if alert.note else ""
    return Text(zh + note, en + note)


def _size(near: Sequence[Alert], registry: Registry, people: Text) -> Text:
    standing = [one for one in near if one.activity is not Activity.NORMAL]
    places = list(dict.fromkeys(one.place for one in standing))
    zh = "、".join(_last(place, "zh", registry) for place in places[:_MOST])
    en = ", ".join(_last(place, "en", registry) for place in places[:_MOST])
    more_zh, more_en = ("等", " and more") if len(places) > _MOST else ("", "")
    count = len(standing)
    return Text(
        f"{count} 个点位报警：{zh}{more_zh}；{people.zh}" if count else f"点位已恢复；{people.zh}",
        f"{count} points in alarm: {en}{more_en}; {people.en}"
        if count
        else f"the points are back to normal; {people.en}",
    )


def _last(place: str, language: str, registry: Registry) -> str:
    path = registry.path(place)
    return str(getattr(path[-1], language) or path[-1].zh or path[-1].en) if path else place


def _caller(alert: Alert, caller: str, directory: Directory, registry: Registry) -> Text:
    phone = _nearest(alert.place, "phone", registry)
    zh, en = phone or f"回拨电话{_UNKNOWN.zh}", phone or f"telephone {_UNKNOWN.en}"
    return Text(f"{directory.name(caller, 'zh')}，{zh}", f"{directory.name(caller, 'en')}, {en}")
