"""Thinks. When a hazard is due, and how its owner is told that it is overdue."""

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from alerts.clean import clean, cut
from alerts.delivery.message import SMS_ANY, SMS_ASCII, Purpose
from alerts.delivery.notification import Notification
from alerts.duty.hours import local_day, moment
from alerts.duty.people import Directory, Person
from alerts.duty.policy import Target
from alerts.hazards.hazard import Hazard, Mending
from ingest.campus.registry import Registry
from rules.verdict import Text

DAY = 86_400_000
MORNING = 9 * 60  # minutes: a reminder comes when somebody can do something about it
WHY = Text("隐患逾期提醒", "a hazard is overdue")


def term(now: int, days: int, zone: ZoneInfo) -> int:
    """The first morning that is at least so many days away."""
    earliest = now + days * DAY
    day = local_day(earliest, zone)
    first = moment(day, MORNING, zone)
    return first if first >= earliest else moment(day + timedelta(days=1), MORNING, zone)


def overdue(
    hazard: Hazard, owner: str, directory: Directory, registry: Registry, now: int
) -> Iterator[Notification]:
    """A notice for each person behind the owner: a person, the members of a team, who is on duty at a post;
    and where that reaches nobody, the post that everything falls to."""
    persons = people(owner, directory, now) or directory.told_by(directory.fallback.notify, now)
    for person in persons:
        contacts = directory.contacts(person, now)
        if not contacts:
            continue
        contact = contacts[hazard.reminders % len(contacts)]
        short, title, body = _words(hazard, registry, now, person.language)
        yield Notification(
            alert=-hazard.id,  # there is no alert behind it
            occurrence=1,
            step=0,
            round=hazard.reminders,
            person=person.id,
            channel=contact.channel,
            address=contact.address,
            language=person.language,
            purpose=Purpose.HAZARD,
            code=hazard.code,
            short=short,
            title=title,
            body=body,
            why=WHY.en if person.language == "en" else WHY.zh,
            facts={"hazard": hazard.id, "code": hazard.code, "place": hazard.place, "device": hazard.device},
        )


def people(owner: str, directory: Directory, now: int) -> list[Person]:
    kinds = (("person", directory.persons), ("team", directory.teams), ("post", directory.posts))
    kind = next((kind for kind, known in kinds if owner in known), None)
    targets = (Target(kind, owner),) if kind else ()  # type: ignore[arg-type]
    found = directory.told_by(targets, now)
    return [person for person in found if directory.contacts(person, now)]


def _words(hazard: Hazard, registry: Registry, now: int, language: str) -> tuple[str, str, str]:
    english = language == "en"
    path = registry.path(hazard.place)
    names = ((part.en or part.zh) if english else (part.zh or part.en) for part in path[1:] or path)
    where = (", " if english else " ").join(clean(name, 60) for name in names)
    what = clean(hazard.title.en if english else hazard.title.zh, 120)
    days = max(0, now - hazard.due_at) // DAY
    waits = hazard.mending is Mending.MENDED
    if english:
        late = f"{'recheck' if waits else 'mending'} overdue" + (f" by {days} d" if days else "")
        head, tail = f"[HAZARD] {where}: " if where else "[HAZARD] ", f", {late}. {hazard.code}"
    else:
        late = ("复查" if waits else "整改") + "已逾期" + (f" {days} 天" if days else "")
        head, tail = f"【隐患】{where}：" if where else "【隐患】", f"，{late}。编号{hazard.code}"
    whole = f"{head}{what}{tail}"
    room = SMS_ASCII if whole.isascii() else SMS_ANY
    left = max(8, room - 30 - len(tail))
    short = whole if len(whole) <= room else f"{cut(head, 30)}{cut(what, left)}{tail}"
    return short, cut(whole, 200), whole
