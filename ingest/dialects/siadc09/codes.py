"""Thinks. What the codes of SIA DC-03 mean: the first letter is the family, the second what befell it.

A restore ends what the same family raised at the same zone, and nothing else: what stands is kept by *part*.
"""

from collections.abc import Iterator

import msgspec

from ingest.campus.kinds import KINDS, UNREGISTERED
from ingest.dialects.hazard import hazard_of

HAZARD = "hazard"  # stands for the metric that `hazard` finds
_FIRES = frozenset(("fire", "smoke", "heat", "flame", "water_flow", "gas", "co", "untyped"))


class Effect(msgspec.Struct, frozen=True):
    """`part`: whose word it is, where several speak of one metric. `family` is for a HAZARD."""

    metric: str
    word: str
    part: str
    family: str = ""
    note: str = ""


class Meaning(msgspec.Struct, frozen=True):
    """`point`: it is of the zone that is named, else of the panel. Without effects: only a sign of life."""

    effects: tuple[Effect, ...] = ()
    point: bool = True


NOTHING = Meaning(point=False)
ALARM, PREALARM, DISABLED, TEST, NORMAL = "alarm", "prealarm", "disabled", "test", "normal"


def hazard(family: str, kind: str) -> str:
    """The metric of an alarm: what the registered device is, where that is a matter of fire or gas."""
    own = "fire" if family == "untyped" else family
    if kind == UNREGISTERED or own in KINDS[kind].metrics:
        return own
    if family == "leak" and "water_flow" in KINDS[kind].metrics:
        return "water_flow"
    return (hazard_of(kind) or own) if family in _FIRES else own


def on(family: str, word: str, part: str, note: str = "") -> Meaning:
    return Meaning((Effect(HAZARD, word, part, family, note),))


def state(metric: str, word: str, part: str, point: bool = False) -> Meaning:
    return Meaning((Effect(metric, word, part, note=part if word == "fault" else ""),), point)


_FAMILIES = {
    "F": ("fire", "fire"),
    "K": ("heat", "heat"),
    "S": ("water_flow", "sprinkler"),
    "W": ("leak", "water"),
    "G": ("gas", "gas"),
    "P": ("call_point", "panic"),
    "H": ("call_point", "holdup"),
    "M": ("call_point", "medical emergency"),
    "Q": ("call_point", "emergency"),
    "B": ("intrusion", "burglary"),
    "U": ("untyped", "alarm of unknown type"),
}
_NOTED = frozenset("PHMQU")  # what it is does not follow from the metric


def _family(letter: str, family: str, name: str) -> Iterator[tuple[str, Meaning]]:
    def end(*parts: str) -> tuple[Effect, ...]:
        return tuple(Effect(HAZARD, NORMAL, part, family) for part in parts)

    trouble, missing = f"{name} trouble", f"{name} point missing"
    over = end(name, f"{name} test", f"{name} unverified")
    mended = tuple(Effect("fault", NORMAL, part) for part in (trouble, missing))
    yield "A", on(family, ALARM, name, name if letter in _NOTED else "")
    yield "M", on(family, ALARM, name, "verified by a second zone")
    yield "G", on(family, PREALARM, f"{name} unverified", "not verified")
    yield "S", on(family, PREALARM, f"{name} supervisory", f"{name} supervisory")
    yield "B", on(family, DISABLED, f"{name} bypass", "bypassed")
    yield "U", Meaning(end(f"{name} bypass"))
    yield "X", on(family, TEST, f"{name} test")
    yield "H", Meaning(over)
    yield "R", Meaning((*over, *end(f"{name} supervisory"), *mended))
    yield "T", state("fault", "fault", trouble, True)
    yield "J", Meaning(mended)
    yield "C", NOTHING  # cancelled by a person: the detector stands until it restores


def _of_families() -> Iterator[tuple[str, Meaning]]:
    for letter, (family, name) in _FAMILIES.items():
        for second, meaning in _family(letter, family, name):
            yield letter + second, meaning


def _pair(raised: str, ended: str, part: str, point: bool = False) -> dict[str, Meaning]:
    """Faults by their codes, and the codes that end them."""
    made = {code: state("fault", "fault", part, point) for code in raised.split()}
    return made | {code: state("fault", "normal", part, point) for code in ended.split()}


_TAMPER, _SHUT = state("tamper", "tamper", "tamper", True), state("tamper", "normal", "tamper", True)
_DOOR = tuple(Effect("intrusion", NORMAL, part) for part in ("door forced", "door left open"))

# Known, and nothing that is kept here: arming, access, users, programs, tests of the line, silencing.
_NO_READING = (
    "AB AF BC CA CB CC CD CE CF CG CI CJ CK CL CM CO CP CQ CR CS CT CW CX CZ DA DB DC DD DE DG DH DI DK DN "
    "DO DP DQ DS DU DV DW DX DY DZ EE EX EZ FC FL JA JC JD JH JK JL JO JP JR JS JT JV JX JY JZ LB LD LE LF "
    "LS LU LX MI NA NB NC ND NE NF NL NM NO NP NS OA OB OC OG OH OI OJ OK OL OP OQ OR OS OT OZ PC PD PE PF "
    "PG PO RA RB RC RD RN RO RP RS RT RU RX RY SC SM TB TC TE TP TS TU TW TX TZ VX XA XC XE XF XI XL XW XX "
    "YB YG YN YO YW YY ZY ZZ"
)

CODES: dict[str, Meaning] = {
    **dict.fromkeys(_NO_READING.split(), NOTHING),
    **dict(_of_families()),
    **_pair("BD", "BE", "swinger trouble", True),
    **_pair("BZ", "", "burglary point missing", True),
    **_pair("FY FZ", "", "fire point missing", True),
    **_pair("UY UZ XM", "", "alarm of unknown type point missing", True),
    **_pair("FW", "FQ", "fire supervisory trouble", True),
    **_pair("AS", "AN", "detector needs cleaning", True),
    **_pair("ZA ZS ZT", "ZH ZJ ZR", "too cold", True),
    **_pair("ET", "ER", "expansion module"),
    **_pair("EM", "EN", "expansion module missing"),
    **_pair("IA", "IR", "equipment", True),
    **_pair("LT", "LR", "phone line"),
    **_pair("NT", "NR", "network"),
    **_pair("OU", "OV", "output"),
    **_pair("VT VO VZ", "VR VI VY", "printer"),
    **_pair("XQ", "XH", "radio interference"),
    **_pair("YA", "YH", "bell"),
    **_pair("YC YS", "YK", "communication"),
    **_pair("YD", "YE", "line card"),
    **_pair("YI", "YJ", "overcurrent"),
    **_pair("YP", "YQ", "power supply"),
    **_pair("YX YF YU", "YZ", "service required"),
    **dict.fromkeys(("TA", "TT", "ES", "XS", "AA"), _TAMPER),
    **dict.fromkeys(("TR", "TH", "TJ", "EJ", "XJ"), _SHUT),
    "AT": state("power", "battery", "mains"),
    "AR": state("power", "mains", "mains"),
    "RR": state("power", "mains", "mains"),
    "YT": state("battery_low", "low", "battery"),
    "YM": state("backup", "fault", "battery missing"),
    "YR": Meaning((Effect("battery_low", "normal", "battery"), Effect("backup", "normal", "battery missing")),
                  False),
    "XT": state("battery_low", "low", "battery", True),
    "XR": state("battery_low", "normal", "battery", True),
    "FI": Meaning((Effect(HAZARD, TEST, "fire test of the area", "fire"),), False),
    "FK": Meaning((Effect(HAZARD, NORMAL, "fire test of the area", "fire"),), False),
    "FV": on("fire", NORMAL, "fire supervisory"),
    "BV": on("intrusion", ALARM, "burglary", "verified"),
    "EA": on("intrusion", ALARM, "burglary", "exit alarm"),
    "UX": on("untyped", ALARM, "alarm of unknown type", "alarm of unknown type"),
    "DF": state("intrusion", ALARM, "door forced", True),
    "DL": state("intrusion", ALARM, "door left open", True),
    "DJ": state("fault", "fault", "door", True),
    "DM": state("fault", "fault", "door", True),
    "DT": state("fault", "fault", "door", True),
    "DR": Meaning((*_DOOR, Effect("fault", "normal", "door"))),
}  # fmt: skip
