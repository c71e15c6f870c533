"""Touches. GB/T 26875.3 as real transmitters send it: each line of the shared samples, where they are.

Lines without a frame are the data of one: they are put into a frame as a transmitter would send it.
"""

import json
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Parts, Rejected, TimeQuality
from ingest.settings import BrokerSettings
from tests.fakes.gb26875 import frame, stamp

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "gb26875.jsonl"
RECEIVED = 1_789_799_405_000  # 2026-09-19 14:30:05 in China: when most of the frames say that they were sent

SOUNDER, SOUNDER_2, PANEL = "1.2.121.1027-513", "13.3.121.1541-1027", "1.1"
FAULTY = {"fire": "normal", "fault": "fault", "control": "automatic", "running": "stopped"}
WELL = {"fault": "normal", "power": "mains", "backup": "normal"}
LINES = {"bus": "normal", "control": "automatic", "running": "stopped"}

# line → what is said of each address below the transmitter ("" itself); a text: a part of why it is refused.
# Every frame is a sign of life of the transmitter.
EXPECTED = {
    1: "data of type 254 is of the maker’s own",
    2: "data of type 254 is of the maker’s own",
    3: {"1.2": {"fire": "normal", "fault": "fault", "power": "mains", "backup": "fault", **LINES}},
    4: {SOUNDER: {**FAULTY, "power": "mains"}},
    5: {SOUNDER: {**FAULTY, "power": "mains"}, SOUNDER_2: {**FAULTY, "power": "battery"}},
    6: {"1.2.40.1027-513": {"temperature": 80.0}},
    7: {"1.2.40.1027-513": {"temperature": 80.0}, SOUNDER_2: {"level": 204.81}},
    8: "data of type 4 is too short",
    9: {"1.2": {"fire": "alarm"}},  # 0x84: raised by hand
    10: {"1.2": {"fire": "alarm"}, "13.3": {"fire": "normal"}},  # and 0x73: a reset
    11: "data of type 5 is too short",
    12: {},  # versions
    13: "data of type 6 is too short",
    14: "data of type 6 is too short",
    15: {},  # a name
    16: "data of type 7 is too short",
    17: {},  # names
    18: "data of type 8 is too short",
    19: "data of type 21 is too short",
    20: {"": {"fire": "normal"}},  # 0x31: a reset at the transmitter
    21: {"": {"fire": "normal"}},
    22: {},  # a version
    23: {"": {"clock_error": -164_611_800.0}},  # a clock of 2021
    24: {"1.3.0.6-217": {"fire": "alarm", "fault": "normal"}},
    25: {},  # a confirmation
    26: "a broken frame",
    27: "a broken frame",
    28: {"1.1.42.2-1": {"smoke": "alarm", "fault": "normal"}},
    29: {"1.1.23.1-5": {"call_point": "alarm", "fault": "normal"}},
    30: {"1.1.42.2-2": {"smoke": "normal", "fault": "fault"}},
    31: {"1.1.42.2-2": {"smoke": "disabled", "fault": "normal"}},
    32: {"22.1.82.1-1": {"fire": "normal", "fault": "normal", "power": "battery", **LINES}},
    33: {PANEL: {"fire": "alarm", **WELL, "power": "battery", **LINES}},
    34: {"": {"fire": "normal", **WELL}},
    35: {PANEL: {"fire": "normal"}},
    36: {"1.1.17.1-3": {"residual_current": "unknown"}},
    37: {"1.1.42.2-1": {"smoke": "alarm", "fault": "normal"}},
}
del EXPECTED[32]["22.1.82.1-1"]["bus"]  # a component has none
NAMES = {4: "这是一个转码测试", 5: "这是一个转码测试", 15: "这是一个转码测试", 17: "这是一个转码测试",
         24: "Ａ区１层呷哺走廊", 28: "教学楼A 2层 201教室烟感", 29: "实验楼1层手动报警按钮"}  # fmt: skip
DOUBTFUL = {3, 4, 5, 24}  # their test bit is clear
IN_TIME = {*range(28, 38)}  # their clock goes right, that of 37 in BCD


@pytest.fixture(scope="module")
def samples():
    if not SAMPLES.exists():
        pytest.skip(f"the shared samples are not beside this checkout: {SAMPLES}")
    lines = SAMPLES.read_text(encoding="utf-8").splitlines()
    return {number: json.loads(line) for number, line in enumerate(lines, 1) if line.strip()}


def decode(sample):
    payload = bytes.fromhex(sample["payload_hex"])
    if "kind" in sample:
        payload = frame(payload, stamp(RECEIVED))
    gateway = Device("gw", "gateway", "campus", dialect="gb26875", address="889")
    decoder = Decoder(Registry.build([], [], [gateway]), BrokerSettings(dialects={"gb26875": None}))
    found = decoder.decode(Message(None, "gb26875/889", payload, RECEIVED, qos=0))
    addresses = {name: one.address for name, one in decoder.strangers.items()} | {"gw": "889"}
    return found, addresses


@pytest.mark.allowed_skip("samples")
def test_every_line_is_in_the_table(samples):
    assert sorted(samples) == sorted(EXPECTED)


@pytest.mark.allowed_skip("samples")
@pytest.mark.parametrize("number", EXPECTED)
def test_a_frame_of_a_real_transmitter_says_what_the_table_says(samples, number):
    found, addresses = decode(samples[number])
    expected = EXPECTED[number]
    if isinstance(expected, str):
        refused = [found] if isinstance(found, Rejected) else found.rejected
        assert [expected in one.detail for one in refused] == [True]
        return
    assert isinstance(found, Parts), found
    assert not found.rejected
    readings = [reading for decoded in found.heard for reading in decoded.readings]
    said = {}
    for reading in readings:
        below = addresses[reading.device].removeprefix("889").removeprefix("/")
        said.setdefault(below, {})[reading.metric] = reading.value
    assert said == expected
    assert [one.alive for one in found.heard] == [True] * len(found.heard)
    assert "gw" in [one.device for one in found.heard]
    assert any("test bit clear" in reading.note for reading in readings) is (number in DOUBTFUL)
    right = {reading.time_quality is TimeQuality.DEVICE for reading in readings}
    assert right <= {number in IN_TIME}
    assert NAMES.get(number, "") in [*(one.name for one in found.announced), ""]
