"""Thinks. A building site: gathers places, zones and devices while the demo school is being fitted."""

from typing import NamedTuple

from tocsin.simulate.school import Building

KIND_WORDS: dict[str, tuple[str, str, str]] = {  # kind: (suffix of the device id, zh, en)
    "smoke_detector": ("smoke", "烟感", "smoke detector"),
    "heat_detector": ("heat", "温感", "heat detector"),
    "call_point": ("call", "手报", "call point"),
    "gas_detector": ("gas", "燃气探测器", "gas detector"),
    "co_detector": ("co", "一氧化碳探测器", "CO detector"),
    "electrical_fire": ("elec", "电气火灾探测器", "electrical fire monitor"),
    "panic_button": ("panic", "紧急按钮", "panic button"),
    "emergency_light": ("light", "应急灯", "emergency light"),
    "exit_sign": ("exit", "疏散指示灯", "exit sign"),
    "extinguisher": ("ext", "灭火器", "extinguisher"),
    "water_leak": ("leak", "水浸传感器", "water leak sensor"),
    "camera": ("camera", "摄像机", "camera"),
    "door": ("door", "门禁", "door"),
    "perimeter": ("fence", "周界探测器", "perimeter sensor"),
    "climate": ("climate", "温湿度计", "climate sensor"),
}
ZONED = frozenset(("smoke_detector", "heat_detector", "call_point"))
ZIGBEE = frozenset(("smoke_detector", "co_detector", "water_leak", "door", "climate", "panic_button"))


class Place(NamedTuple):
    id: str
    zh: str
    en: str
    parent: str | None


class Zone(NamedTuple):
    id: str
    zh: str
    en: str


class Device(NamedTuple):
    """A simulated device as it is registered. `essential`: a scenario needs it, so no campus omits it."""

    id: str
    kind: str
    place: str
    zh: str
    en: str
    owner: str
    building: str
    gateway: str | None = None
    zone: str | None = None
    dialect: str = "tocsin"
    address: str = ""
    interval: int | None = None
    essential: bool = False


class Site:
    """What has been built so far. `zigbee` (a gateway) is set while Zigbee rooms are being fitted."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.zones: list[Zone] = []
        self.devices: list[Device] = []
        self.zigbee: str | None = None
        self._names: dict[str, tuple[str, str]] = {}

    def place(self, id: str, zh: str, en: str, parent: str | None) -> str:
        self.places.append(Place(id, zh, en, parent))
        self._names[id] = (zh, en)
        return id

    def floor(self, building: Building, number: int) -> tuple[str, str, str]:
        """A floor with a corridor and a fire zone: the ids of floor, corridor and zone."""
        floor = self.place(f"{building.id}-f{number}", f"{number}层", f"Floor {number}", building.id)
        corridor = self.place(f"{floor}-corridor", "走廊", "Corridor", floor)
        return floor, corridor, self.zone(building, floor, f"{number}层1区", f"floor {number} zone 1")

    def zone(self, building: Building, place: str, zh: str, en: str) -> str:
        self.zones.append(Zone(f"{place}-z1", f"{building.zh}{zh}", f"{building.en}, {en}"))
        return self.zones[-1].id

    def fit(
        self,
        building: Building,
        place: str,
        kind: str,
        count: int = 1,
        zone: str | None = None,
        essential: bool = False,
    ) -> None:
        """Put `count` devices of a kind in a place; they speak Zigbee where site and kind can."""
        suffix, zh, en = KIND_WORDS[kind]
        place_zh, place_en = self._names[place]
        for number in range(1, count + 1):
            mark = "" if count == 1 else str(number)
            id = f"{place}-{suffix}" + (f"-{mark}" if mark else "")
            device = Device(
                id, kind, place, f"{place_zh}{zh}{mark}", f"{place_en} {en} {mark}".strip(), building.owner,
                building.id, building.gateway, zone if kind in ZONED else None, essential=essential,
            )  # fmt: skip
            if self.zigbee and kind in ZIGBEE:
                address = f"{building.id}/{place_zh}/{suffix}_{number}"
                device = device._replace(dialect="zigbee2mqtt", address=address, gateway=self.zigbee)
            self.devices.append(device)
