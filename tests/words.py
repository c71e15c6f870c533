"""Thinks. What people read and hear, as a page for a person to read: tests/golden/words.txt.

`python -m tests.words` writes it anew. Read the difference aloud before you commit it.
"""

from pathlib import Path

from msgspec.structs import replace

from alerts.clean import size
from alerts.delivery import bundle
from alerts.delivery.channels.channel import Notice
from alerts.delivery.message import Purpose, Subject, facts, words
from alerts.delivery.notification import Notification
from alerts.delivery.spoken import spoken
from ingest.campus.device import Place
from rules.verdict import Class, Text

GOLDEN = Path(__file__).parent / "golden" / "words.txt"
ROOM = [
    Place("campus", "示范学校", "Demo School"),
    Place("dorm-2", "2号宿舍楼", "Dormitory 2", "campus"),
    Place("dorm-2-f3", "3层", "Floor 3", "dorm-2"),
    Place("dorm-2-305", "305室", "Room 305", "dorm-2-f3"),
]
DEEP = [
    *ROOM[:1],
    Place("sci", "理科实验楼（南区）A座", "South Campus Science Laboratory Building, Wing A"),
    Place("sci-b1", "地下1层", "Basement 1"),
    Place(
        "sci-b1-x",
        "危险化学品暂存间及通风机房（原配电间）1011室",
        "Hazardous chemicals store and fan room 1011",
    ),
]
FIRE = Subject(
    code="A7K", title=Text("烟雾报警", "smoke alarm"), alert_class=Class.ALARM, moment=1795337000123, alert=7,
    occurrence=2, place="dorm-2-305", device="dorm-2-305-smoke", rule="smoke", who=Text("李伟", "Li Wei"),
    device_name=Text("305室烟感", "smoke detector 305"), life_safety=True,
)  # fmt: skip
HEAT = replace(
    FIRE, title=Text("温度78.5℃，高于70℃", "temperature 78.5 °C, above 70 °C"), alert_class=Class.SUPERVISORY
)
BATTERY = replace(
    FIRE, title=Text("电池电量12%，请更换", "battery at 12%: replace it"), alert_class=Class.TROUBLE
)
DOOR = replace(FIRE, title=Text("常闭防火门打开", "fire door open"), alert_class=Class.STATUS)
HOSTILE = replace(
    FIRE,
    title=Text("按钮“紧急”被按下", 'button "emergency" pressed'),
    detail='【真实】<a href="http://evil.example">全员撤离</a>\n代码：ZZZ @all \u202e`rm`',
    device_name=Text("】烟感\n代码：XXX", "]detector\nCode: XXX"),
)
STRANGER = replace(
    FIRE,
    senses=Text("烟感", "smoke detector"),
    device_name=Text("0x00158d【假】", "0x00158d[fake]"),
    place="",
)
CASES: list[tuple[str, Subject, Purpose, list[Place]]] = [
    ("报警，第一次通知 · alarm, first notice", FIRE, Purpose.RAISE, ROOM),
    ("监管 · supervisory", HEAT, Purpose.RAISE, ROOM),
    ("故障 · trouble", BATTERY, Purpose.RAISE, ROOM),
    ("状态 · status", DOOR, Purpose.RAISE, ROOM),
    ("演练 · drill", replace(FIRE, mode="drill"), Purpose.RAISE, ROOM),
    ("测试 · test", replace(FIRE, mode="test"), Purpose.RAISE, ROOM),
    ("磁盘已满，未记录 · not recorded", replace(FIRE, unrecorded=True), Purpose.RAISE, ROOM),
    ("迟发 · late", replace(FIRE, late=35 * 60_000), Purpose.RAISE, ROOM),
    ("升级 · escalation", FIRE, Purpose.ESCALATE, ROOM),
    ("升级，现已恢复 · escalation, back to normal", replace(FIRE, returned=True), Purpose.ESCALATE, ROOM),
    ("再次发生 · a further occurrence", FIRE, Purpose.AGAIN, ROOM),
    ("受理超时 · lapsed", FIRE, Purpose.LAPSED, ROOM),
    ("未到场 · overdue", FIRE, Purpose.OVERDUE, ROOM),
    ("缺第二人 · alone", replace(FIRE, alone=True), Purpose.OVERDUE, ROOM),
    ("抑制结束 · released", FIRE, Purpose.RELEASED, ROOM),
    ("演练转真实 · real", FIRE, Purpose.REAL, ROOM),
    ("交接 · offered", FIRE, Purpose.OFFERED, ROOM),
    ("拒绝交接 · declined", FIRE, Purpose.DECLINED, ROOM),
    ("交接超时 · bounced", FIRE, Purpose.BOUNCED, ROOM),
    ("确认属实 · confirmed", FIRE, Purpose.CONFIRMED, ROOM),
    ("责任人离开 · gone", FIRE, Purpose.GONE, ROOM),
    ("他人已受理 · taken", FIRE, Purpose.TAKEN, ROOM),
    ("解除 · all clear", FIRE, Purpose.CLEAR, ROOM),
    ("指挥 · command", FIRE, Purpose.COMMAND, ROOM),
    ("地点很长 · a long place", HEAT, Purpose.ESCALATE, DEEP),
    ("地点未登记的陌生设备 · a stranger", STRANGER, Purpose.RAISE, []),
    ("设备和人写的文字有恶意 · hostile text", HOSTILE, Purpose.RAISE, ROOM),
]
STORM: list[tuple[str, list[Subject], Purpose, list[Place]]] = [  # one message for several alerts
    ("两处报警 · two alarms", [FIRE] * 2, Purpose.RAISE, ROOM),
    ("十二处无人受理 · twelve that nobody has taken", [FIRE] * 12, Purpose.ESCALATE, ROOM),
    ("监管和故障 · supervisory and trouble", [BATTERY, HEAT] * 20, Purpose.RAISE, ROOM),
    ("演练，地点很长 · a drill, a long place", [replace(HEAT, mode="drill")] * 3, Purpose.RAISE, DEEP),
    ("迟发，都有人受理 · late, all are taken", [replace(BATTERY, taken=True)] * 3, Purpose.RAISE, ROOM),
    ("一百处解除 · a hundred all clear", [FIRE] * 100, Purpose.CLEAR, ROOM),
]


def page() -> str:
    parts = ["What people read and hear, by `python -m tests.words`. 短信 ≤ 70 字（全 ASCII 时 150）。\n"]
    parts += [_case(title, subject, purpose, places) for title, subject, purpose, places in CASES]
    parts.append("# 一条消息，多处警情 · one message for several\n")
    parts += [_storm(*case) for case in STORM]
    return "\n".join(parts)


def _beside(place: Place, number: int) -> Place:
    return replace(place, zh=f"{place.zh}-{number}", en=f"{place.en}-{number}")


def bundled(subjects: list[Subject], purpose: Purpose, places: list[Place], language: str) -> Notice:
    rows = []
    for number, subject in enumerate(subjects):
        one = replace(subject, code=f"{chr(65 + number % 26)}{number:02d}", alert=number)
        there = [*places[:-1], _beside(places[-1], number)] if len(subjects) > 2 and number else places
        text = words(one, purpose, there, language)
        rows.append(Notification(
            alert=number, occurrence=1, step=0, person="li-wei", channel="sms", purpose=purpose, id=number,
            code=one.code, short=text.short, title=text.title, body=text.body, language=language,
            facts=facts(one, purpose, there),
        ))  # fmt: skip
    return bundle.notice(rows)


def _storm(title: str, subjects: list[Subject], purpose: Purpose, places: list[Place]) -> str:
    lines = [f"## {title}"]
    for language in ("zh", "en"):
        notice = bundled(subjects, purpose, places, language)
        body = notice.body.split("\n")
        lines += [
            f"{language} SMS {size(notice.short):>3}  {notice.short}",
            f"{language} title    {notice.title}",
            f"{language} voice    {spoken(notice)}",
            *(f"{language} body     {line}" for line in [*body[:2], *body[-2:]]),
        ]
    return "\n".join(lines) + "\n"


def _case(title: str, subject: Subject, purpose: Purpose, places: list[Place]) -> str:
    lines = [f"## {title}"]
    for language in ("zh", "en"):
        text = words(subject, purpose, places, language)
        notice = Notice(
            key="", code=subject.code, purpose=purpose, person="li-wei", address="", language=language,
            short=text.short, title=text.title, body=text.body, alert=facts(subject, purpose, places),
        )  # fmt: skip
        lines += [
            f"{language} SMS {size(text.short):>3}  {text.short}",
            f"{language} title    {text.title}",
            f"{language} voice    {spoken(notice)}",
            *(f"{language} body     {line}" for line in text.body.split("\n")),
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    GOLDEN.write_text(page(), "utf-8")
