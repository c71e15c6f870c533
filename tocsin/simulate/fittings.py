"""Thinks. What is fitted in each building of the demo school, floor by floor and room by room."""

from collections.abc import Callable

from tocsin.simulate.school import Building
from tocsin.simulate.site import Site


def erect(site: Site, building: Building) -> None:
    site.place(building.id, building.zh, building.en, "campus")
    _FIT[building.use](site, building)


def _corridor(site: Site, building: Building, corridor: str, zone: str) -> None:
    """What every corridor has."""
    cast = building.id == "dorm-2" and corridor == "dorm-2-f3-corridor"
    site.fit(building, corridor, "smoke_detector", zone=zone, essential=cast)
    site.fit(building, corridor, "call_point", zone=zone, essential=cast)
    site.fit(building, corridor, "emergency_light", essential=building.id == "teach-a")
    site.fit(building, corridor, "exit_sign", 2, essential=building.id == "teach-a")
    site.fit(building, corridor, "extinguisher", 2)


def _entrance(site: Site, building: Building) -> None:
    lobby = site.place(f"{building.id}-lobby", "门厅", "Lobby", f"{building.id}-f1")
    power = site.place(f"{building.id}-power", "配电间", "Distribution room", f"{building.id}-f1")
    site.fit(building, lobby, "door", essential=building.id == "dorm-1")
    site.fit(building, lobby, "camera", 2)
    site.fit(building, lobby, "panic_button")
    site.fit(building, power, "electrical_fire", essential=building.id == "teach-a")
    site.fit(building, power, "heat_detector", zone=f"{building.id}-f1-z1")


def _dormitory(site: Site, building: Building) -> None:
    for number in range(1, building.floors + 1):
        floor, corridor, zone = site.floor(building, number)
        site.zigbee = "gw-library" if floor == "dorm-1-f3" else None  # this floor was refitted with Zigbee
        _corridor(site, building, corridor, zone)
        washroom = site.place(f"{floor}-washroom", "盥洗室", "Washroom", floor)
        site.fit(building, washroom, "water_leak")
        for room in range(1, building.rooms + 1):
            name = f"{number}{room:02d}"
            id = site.place(f"{building.id}-{name}", f"{name}室", f"Room {name}", floor)
            site.fit(building, id, "smoke_detector", zone=zone, essential=id == "dorm-2-305")
        site.zigbee = None
    _entrance(site, building)


def _teaching(site: Site, building: Building) -> None:
    for number in range(1, building.floors + 1):
        floor, corridor, zone = site.floor(building, number)
        _corridor(site, building, corridor, zone)
        for room in range(1, building.rooms + 1):
            name = f"{number}{room:02d}"
            id = site.place(f"{building.id}-{name}", f"{name}教室", f"Classroom {name}", floor)
            site.fit(building, id, "smoke_detector", zone=zone)
    _entrance(site, building)


def _laboratory(site: Site, building: Building) -> None:
    subjects = (("化学", "Chemistry"), ("物理", "Physics"), ("生物", "Biology"), ("创新", "Makers'"))
    for number in range(1, building.floors + 1):
        floor, corridor, zone = site.floor(building, number)
        _corridor(site, building, corridor, zone)
        for room, (zh, en) in enumerate(subjects[: building.rooms], start=1):
            name = f"{number}{room:02d}"
            id = site.place(f"{building.id}-{name}", f"{name}{zh}实验室", f"{en} lab {name}", floor)
            site.fit(building, id, "smoke_detector", zone=zone)
            site.fit(building, id, "gas_detector", essential=name == "201")
        store = site.place(f"{floor}-store", "药品库", "Chemicals store", floor)
        site.fit(building, store, "climate")
        site.fit(building, store, "heat_detector", zone=zone)
        site.fit(building, store, "co_detector")
    _entrance(site, building)


def _canteen(site: Site, building: Building) -> None:
    floor, corridor, zone = site.floor(building, 1)
    _corridor(site, building, corridor, zone)
    kitchen = site.place("canteen-kitchen", "后厨", "Kitchen", floor)
    hall = site.place("canteen-hall", "餐厅", "Dining hall", floor)
    cold = site.place("canteen-cold", "冷库", "Cold store", floor)
    for kind, count in (("gas_detector", 2), ("heat_detector", 2), ("co_detector", 2), ("water_leak", 1)):
        site.fit(building, kitchen, kind, count, zone=zone)
    for kind, count in (("smoke_detector", 2), ("emergency_light", 1), ("exit_sign", 1)):
        site.fit(building, hall, kind, count, zone=zone)
    site.fit(building, cold, "climate")
    _entrance(site, building)


def _library(site: Site, building: Building) -> None:
    site.zigbee = "gw-library"
    floor = site.place("library-f1", "1层", "Floor 1", "library")
    zone = site.zone(building, floor, "1层1区", "floor 1 zone 1")
    reading = site.place("library-reading", "阅览室", "Reading room", floor)
    stacks = site.place("library-stacks", "书库", "Book stacks", floor)
    rare = site.place("library-rare", "古籍室", "Rare books", floor)
    site.fit(building, reading, "smoke_detector", 2, zone=zone, essential=True)
    site.fit(building, reading, "panic_button")
    site.fit(building, stacks, "smoke_detector", 2, zone=zone)
    site.fit(building, stacks, "water_leak", essential=True)
    site.fit(building, rare, "smoke_detector", zone=zone)
    site.fit(building, rare, "climate")
    site.fit(building, reading, "door")
    site.fit(building, stacks, "co_detector")
    site.zigbee = None


def _gate(site: Site, building: Building) -> None:
    south = site.place("gate-south", "南门", "South gate", "gate")
    post = site.place("gate-guard", "门卫室", "Guard post", "gate")
    site.fit(building, south, "camera", 2, essential=True)
    site.fit(building, south, "door", 2)
    site.fit(building, post, "panic_button", essential=True)
    for side, zh in (("east", "东"), ("west", "西"), ("north", "北")):
        wall = site.place(f"gate-{side}", f"{zh}围墙", f"{side.title()} wall", "gate")
        site.fit(building, wall, "perimeter", 2)


_FIT: dict[str, Callable[[Site, Building], None]] = {
    "dormitory": _dormitory,
    "teaching": _teaching,
    "laboratory": _laboratory,
    "canteen": _canteen,
    "library": _library,
    "gate": _gate,
}
