"""Thinks. The buildings of the demo school, how many of them a number of devices needs, and their rooms."""

from typing import NamedTuple


class Building(NamedTuple):
    """`use` decides what is fitted in it; `gateway` is the connection its devices speak through."""

    id: str
    zh: str
    en: str
    use: str
    floors: int
    rooms: int  # on each floor
    gateway: str
    owner: str


class Gateway(NamedTuple):
    id: str
    zh: str
    en: str
    building: str
    dialect: str = "tocsin"


GATEWAYS = (
    Gateway("gw-teach-a", "教学楼A座网关", "Teaching A gateway", "teach-a"),
    Gateway("gw-teach-b", "教学楼B座网关", "Teaching B gateway", "teach-b"),
    Gateway("gw-dorm-1", "1号宿舍楼网关", "Dormitory 1 gateway", "dorm-1"),
    Gateway("gw-dorm-2", "2号宿舍楼网关", "Dormitory 2 gateway", "dorm-2"),
    Gateway("gw-lab", "实验楼网关", "Laboratory gateway", "lab"),
    Gateway("gw-canteen", "食堂网关", "Canteen gateway", "canteen"),
    Gateway("gw-gate", "校门网关", "Gate gateway", "gate"),
    Gateway("gw-library", "图书馆 Zigbee 网关", "Library Zigbee gateway", "library", "zigbee2mqtt"),
)

BUILDINGS = (
    Building("teach-a", "教学楼A座", "Teaching Building A", "teaching", 4, 4, "gw-teach-a", "zhao-lei"),
    Building("teach-b", "教学楼B座", "Teaching Building B", "teaching", 4, 4, "gw-teach-b", "zhao-lei"),
    Building("dorm-1", "1号宿舍楼", "Dormitory 1", "dormitory", 3, 8, "gw-dorm-1", "chen-jing"),
    Building("dorm-2", "2号宿舍楼", "Dormitory 2", "dormitory", 3, 8, "gw-dorm-2", "sun-li"),
    Building("lab", "实验楼", "Laboratories", "laboratory", 2, 3, "gw-lab", "huang-min"),
    Building("canteen", "食堂", "Canteen", "canteen", 1, 0, "gw-canteen", "wu-qiang"),
    Building("library", "图书馆", "Library", "library", 1, 0, "gw-library", "zheng-jie"),
    Building("gate", "校门与周界", "Gate and Perimeter", "gate", 1, 0, "gw-gate", "li-wei"),
)


def annex(number: int) -> Building:
    """The further buildings of a bigger school, one after the other: dormitory 3, teaching C, dormitory 4, …

    They are served by the gateways there are, so a bigger school needs no more connections.
    """
    pair, teaching = divmod(number, 2)
    side = pair % 2
    if teaching:
        letter = chr(ord("C") + pair) if pair < 24 else str(pair + 3)
        return Building(
            f"teach-{letter.lower()}",
            f"教学楼{letter}座",
            f"Teaching Building {letter}",
            "teaching",
            5,
            12,
            ("gw-teach-a", "gw-teach-b")[side],
            "zhao-lei",
        )
    return Building(
        f"dorm-{pair + 3}",
        f"{pair + 3}号宿舍楼",
        f"Dormitory {pair + 3}",
        "dormitory",
        6,
        20,
        ("gw-dorm-1", "gw-dorm-2")[side],
        ("chen-jing", "sun-li")[side],
    )
