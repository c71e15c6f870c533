"""Thinks. Who works at the demo school: persons, teams, duty posts and escalation policies, as plain data.

Nobody here is real, and no number here can be rung: a Beijing number never begins with 0.
"""

from typing import Any

_PERSONS = (  # id, zh, en, language
    ("li-wei", "李伟", "Li Wei", "zh"),
    ("wang-fang", "王芳", "Wang Fang", "zh"),
    ("zhang-qiang", "张强", "Zhang Qiang", "zh"),
    ("liu-yang", "刘洋", "Liu Yang", "zh"),
    ("chen-jing", "陈静", "Chen Jing", "zh"),
    ("sun-li", "孙丽", "Sun Li", "zh"),
    ("zhao-lei", "赵磊", "Zhao Lei", "zh"),
    ("huang-min", "黄敏", "Huang Min", "zh"),
    ("wu-qiang", "吴强", "Wu Qiang", "zh"),
    ("zheng-jie", "郑洁", "Zheng Jie", "en"),
    ("principal", "周涛", "Zhou Tao", "zh"),
)

_TEAMS = (
    ("security", "安保组", "Security team", ("li-wei", "wang-fang", "zhang-qiang", "liu-yang")),
    ("facilities", "后勤维修组", "Facilities team", ("zhao-lei", "wu-qiang")),
    ("wardens", "宿管组", "Dormitory wardens", ("chen-jing", "sun-li")),
)

_ROLES = {"principal": "manager", "zhao-lei": "manager", "chen-jing": "duty", "sun-li": "duty"}  # else guard

_POSTS: tuple[dict[str, Any], ...] = (  # two in the control room round the clock, as GB 25506 asks for
    {
        "id": "duty",
        "zh": "消防控制室值班岗",
        "en": "Security office duty",
        "shifts": [
            {"from": "07:30", "to": "19:30", "who": ["li-wei", "wang-fang"]},
            {"from": "19:30", "to": "07:30", "who": ["zhang-qiang", "liu-yang"]},
        ],
    },
    {
        "id": "wardens-duty",
        "zh": "宿管值班岗",
        "en": "Dormitory warden duty",
        "shifts": [{"turn": "week", "since": "2026-01-05", "who": ["chen-jing", "sun-li"]}],
    },
    {
        "id": "maintenance",
        "zh": "维修值班岗",
        "en": "Maintenance duty",
        "order": ["wu-qiang"],  # while no shift stands
        "shifts": [{"days": "workdays", "from": "08:00", "to": "18:00", "who": ["zhao-lei", "wu-qiang"]}],
    },
    {"id": "lab-safety", "zh": "实验室安全岗", "en": "Laboratory safety", "order": ["huang-min", "zhao-lei"]},
)

_POLICIES: tuple[dict[str, Any], ...] = (
    {
        "id": "fire-dormitory",
        "match": {
            "class": ["alarm"],
            "kind": ["smoke_detector", "heat_detector", "call_point"],
            "place": ["dorm-1", "dorm-2"],
        },
        "steps": [
            {"after": "0s", "notify": [{"post": "duty"}, {"post": "wardens-duty"}], "channels": ["siren"]},
            {"after": "30s", "notify": [{"team": "security"}, {"team": "wardens"}]},
            {"after": "90s", "notify": [{"person": "principal"}]},
        ],
        "repeat": {"every": "120s"},
    },
    {
        "id": "gas-laboratory",
        "match": {"class": ["alarm"], "place": ["lab"]},
        "steps": [
            {"after": "0s", "notify": [{"post": "duty"}, {"post": "lab-safety"}], "channels": ["siren"]},
            {"after": "60s", "notify": [{"person": "principal"}]},
        ],
        "repeat": {"every": "120s"},
    },
    {
        "id": "fire",
        "match": {"class": ["alarm"]},
        "steps": [
            {"after": "0s", "notify": [{"post": "duty"}], "channels": ["siren"]},
            {"after": "60s", "notify": [{"team": "security"}]},
            {"after": "120s", "notify": [{"person": "principal"}]},
        ],
        "repeat": {"every": "120s"},
    },
    {
        "id": "supervisory",
        "match": {"class": ["supervisory"]},
        "steps": [
            {"after": "0s", "notify": [{"post": "duty"}]},
            {"after": "5m", "notify": [{"post": "maintenance"}]},
        ],
        "repeat": {"every": "15m"},
    },
    {
        "id": "default",
        "match": {},
        "steps": [
            {"after": "0s", "notify": [{"post": "maintenance"}]},
            {"after": "30m", "notify": [{"post": "duty"}]},
        ],
        "repeat": {"every": "2h"},
    },
)  # fmt: skip


def persons() -> list[dict[str, Any]]:
    return [
        {
            "id": id,
            "zh": zh,
            "en": en,
            "language": language,
            "contacts": [{"channel": "phone", "address": f"+8610{number:08d}"}],
            "role": _ROLES.get(id, "guard"),
        }
        for number, (id, zh, en, language) in enumerate(_PERSONS, start=1)
    ]


def teams() -> list[dict[str, Any]]:
    return [{"id": id, "zh": zh, "en": en, "members": list(members)} for id, zh, en, members in _TEAMS]


def posts() -> list[dict[str, Any]]:
    return [dict(post) for post in _POSTS]


def policies() -> list[dict[str, Any]]:
    return [dict(policy) for policy in _POLICIES]
