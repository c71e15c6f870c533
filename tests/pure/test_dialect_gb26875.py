"""Thinks. GB/T 26875.3: state bits, values, operations, times, texts, and frames in every condition."""

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry, RegistryError
from ingest.decode import Decoder
from ingest.dialects.gb26875.frame import pieces
from ingest.message import Message
from ingest.reading import Ignored, Parts, Reason, TimeQuality
from ingest.settings import BrokerSettings
from tests.fakes.gb26875 import (
    DISABLED,
    FAULT,
    FEEDBACK,
    FIRE,
    NORMAL,
    POWER,
    STARTED,
    SUPERVISORY,
    bcd,
    component,
    frame,
    stamp,
    system,
    unit,
)

RECEIVED = 1_795_305_600_000
NOW = stamp(RECEIVED)
PANEL, SMOKE = "889/1.1", "889/1.1.42.2-1"


def device(name, kind, address):
    return Device(name, kind, "campus", dialect="gb26875", address=address)


DEVICES = [
    device("gw", "gateway", "889"),
    device("panel", "fire_panel", PANEL),
    device("smoke", "smoke_detector", SMOKE),
    device("call", "call_point", "889/1.1.23.2-2"),
    device("odd", "heat_detector", "889/1.1.0.2-3"),
    device("pump", "pump", "889/1.1.91.2-4"),
    device("light", "emergency_light", "889/22.1.82.1-1"),
    device("arc", "electrical_fire", "889/1.1.17.2-5"),
    device("other-gw", "gateway", "777"),
]


def decoder(devices=DEVICES):
    return Decoder(Registry.build([], [], devices), BrokerSettings(dialects={"gb26875": None}))


def decode(payload, topic="gb26875/889", retain=False, by=None):
    message = Message(None, topic, payload, RECEIVED, qos=0, retain=retain)
    return (by or decoder()).decode(message)


def states(*bodies, time=NOW, **how):
    return frame(unit(2, *(body + time for body in bodies)), NOW, **how)


def said(found, device):
    assert isinstance(found, Parts), found
    readings = [one for decoded in found.heard if decoded.device == device for one in decoded.readings]
    return {reading.metric: reading.value for reading in readings}


def reading(found, device, metric):
    [one] = [
        one
        for decoded in found.heard
        for one in decoded.readings
        if decoded.device == device and one.metric == metric
    ]
    return one


# ---- states --------------------------------------------------------------------------------------------


def test_a_fire_bit_is_an_alarm_of_the_registered_kind():
    found = decode(states(component(NORMAL | FIRE), component(NORMAL | FIRE, type=0, point=3)))
    assert said(found, "smoke") == {"smoke": "alarm", "fault": "normal"}
    assert said(found, "odd") == {"heat": "alarm", "fault": "normal"}
    assert reading(found, "smoke", "smoke").note == ""


@pytest.mark.parametrize("more", [0, FAULT, DISABLED, SUPERVISORY, POWER, FAULT | DISABLED | SUPERVISORY])
def test_a_fire_bit_is_never_hidden_by_the_test_bit_or_by_any_other(more):
    one = reading(decode(states(component(FIRE | more))), "smoke", "smoke")
    assert one.value == "alarm"
    assert "test bit clear" in one.note


def test_a_fault_and_a_fire_stand_side_by_side():
    found = decode(states(component(NORMAL | FIRE | FAULT)))
    assert said(found, "smoke") == {"smoke": "alarm", "fault": "fault"}


def test_disabled_and_supervisory_are_words_of_the_hazard():
    assert said(decode(states(component(NORMAL | DISABLED))), "smoke")["smoke"] == "disabled"
    assert said(decode(states(component(NORMAL | SUPERVISORY))), "smoke")["smoke"] == "prealarm"
    assert said(decode(states(component(NORMAL))), "smoke")["smoke"] == "normal"


def test_a_power_fault_is_a_fault_where_the_kind_has_no_supply_of_its_own():
    assert said(decode(states(component(NORMAL | POWER))), "smoke") == {"smoke": "normal", "fault": "fault"}
    light = component(NORMAL | POWER, type=82, point=1, zone=1, system=22)
    assert said(decode(states(light)), "light") == {"fire": "normal", "fault": "normal", "power": "battery"}


def test_a_pump_says_whether_it_runs_and_who_controls_it():
    found = said(decode(states(component(NORMAL | STARTED | FEEDBACK | 1 << 11, type=91, point=4))), "pump")
    assert (found["running"], found["control"]) == ("running", "manual")
    assert said(decode(states(component(NORMAL, type=91, point=4))), "pump")["running"] == "stopped"


def test_a_panel_says_its_own_state():
    bits = NORMAL | FIRE | POWER | 1 << 9 | 1 << 10 | 1 << 11
    found = decode(frame(unit(1, system(bits) + NOW), NOW))
    expected = {"fire": "alarm", "fault": "normal", "power": "battery", "backup": "fault", "bus": "fault"}
    assert said(found, "panel") == {**expected, "control": "manual", "running": "stopped"}


def test_the_transmitter_says_its_own_state():
    found = decode(frame(unit(21, bytes((1,)) + NOW), NOW))
    normal = {"fire": "normal", "fault": "normal", "power": "mains", "backup": "normal"}
    assert said(found, "gw") == normal
    found = decode(frame(unit(21, bytes((0b1111110,)) + NOW), NOW))
    assert said(found, "gw") == {"fire": "alarm", "fault": "fault", "power": "battery", "backup": "fault"}


@pytest.mark.parametrize(
    ("type", "metric", "kind"),
    [
        (40, "smoke", "smoke_detector"),
        (44, "smoke", "smoke_detector"),
        (30, "heat", "heat_detector"),
        (37, "heat", "heat_detector"),
        (23, "call_point", "call_point"),
        (24, "call_point", "call_point"),
        (61, "flame", "flame_detector"),
        (69, "flame", "flame_detector"),
        (11, "gas", "gas_detector"),
        (74, "gas", "gas_detector"),
        (96, "water_flow", "flow_switch"),
        (16, "arc", "electrical_fire"),
        (0, "fire", ""),
        (25, "fire", ""),
        (200, "fire", ""),
    ],
)
def test_an_unregistered_component_is_in_alarm_by_its_type_and_is_announced(type, metric, kind):
    found = decode(states(component(FIRE, type=type, zone=9, text="三楼走廊")))
    [stranger] = [one for one in found.heard if one.device.startswith("unregistered.")]
    assert (stranger.readings[0].metric, stranger.readings[0].value) == (metric, "alarm")
    [known] = [one for one in found.announced if one.address == f"889/1.1.{type}.9-1"]
    assert (known.kind, known.name) == (kind, "三楼走廊")


def test_several_objects_of_a_frame_have_a_condition_each():
    found = decode(states(component(NORMAL | FIRE), component(NORMAL | FAULT, type=23, point=2)))
    assert said(found, "smoke")["smoke"] == "alarm"
    assert said(found, "call") == {"call_point": "normal", "fault": "fault"}


def test_a_device_that_stands_twice_in_a_frame_is_heard_once_with_both():
    found = decode(states(component(NORMAL | FIRE), component(NORMAL)))
    [one] = [one for one in found.heard if one.device == "smoke"]
    assert [r.value for r in one.readings if r.metric == "smoke"] == ["alarm", "normal"]


# ---- values, operations, names, clocks ------------------------------------------------------------------


def value(which, raw, type=42, point=1):
    address = component(0, type=type, point=point)[:7]
    return frame(unit(3, address + bytes((which,)) + raw.to_bytes(2, "little", signed=True) + NOW), NOW)


@pytest.mark.parametrize(
    ("which", "raw", "metric", "expected"),
    [
        (2, 312, "level", 3.12),
        (3, 655, "temperature", 65.5),
        (3, -55, "temperature", -5.5),
        (4, 6, "pressure", 0.6),
        (5, 6050, "pressure", 0.605),
        (6, 125, "gas_level", 12.5),
        (8, 2201, "voltage", 220.1),
        (9, 15, "current", 1.5),
        (10, 25, "flow", 2.5),
        (11, 6, "flow", 10.0),
        (3, 32767, "temperature", "unknown"),
        (8, -32768, "voltage", "unknown"),
        (9, -5, "current", "unknown"),
    ],
)
def test_an_analog_value_is_in_our_unit_and_what_cannot_be_measured_is_unknown(which, raw, metric, expected):
    assert said(decode(value(which, raw)), "smoke") == {metric: expected}


def test_the_current_of_an_electrical_fire_detector_is_a_residual_current():
    assert said(decode(value(9, 4, type=17, point=5)), "arc") == {"residual_current": 400.0}


def test_an_analog_value_that_we_do_not_keep_is_passed_over_and_an_unknown_kind_is_told():
    assert not decode(value(1, 7)).rejected
    [one] = decode(value(13, 7)).rejected
    assert "13" in one.detail


def operation(flags, system=1, panel=1):
    return frame(unit(4, bytes((system, panel, flags, 7)) + NOW), NOW)


def test_the_reset_of_a_panel_ends_the_alarms_of_its_components_and_of_no_others():
    by = decoder()
    decode(states(component(FIRE), component(FIRE, type=23, point=2), component(FIRE, panel=2)), by=by)
    found = decode(operation(1), by=by)
    assert said(found, "panel") == {"fire": "normal"}
    assert said(found, "smoke") == {"smoke": "normal"}
    assert said(found, "call") == {"call_point": "normal"}
    assert not [one for one in found.heard if one.device.startswith("unregistered.")]
    assert not said(decode(operation(1), by=by), "smoke")  # it was told already


def test_what_is_in_alarm_is_remembered_over_a_restart():
    before = decoder()
    decode(states(component(FIRE)), by=before)
    after = Decoder(
        Registry.build([], [], DEVICES), BrokerSettings(dialects={"gb26875": None}), learned=before.news
    )
    assert said(decode(operation(1), by=after), "smoke") == {"smoke": "normal"}


def test_a_component_that_ended_its_alarm_itself_is_forgotten():
    by = decoder()
    decode(states(component(FIRE)), by=by)
    decode(states(component(NORMAL)), by=by)
    assert not said(decode(operation(1), by=by), "smoke")


def test_a_state_with_the_reset_bit_is_a_reset_unless_it_is_a_fire():
    by = decoder()
    decode(states(component(FIRE)), by=by)
    assert not said(decode(frame(unit(1, system(NORMAL | FIRE | 1 << 13) + NOW), NOW), by=by), "smoke")
    found = decode(frame(unit(1, system(NORMAL | 1 << 13) + NOW), NOW), by=by)
    assert said(found, "smoke") == {"smoke": "normal"}


def test_a_manual_alarm_at_the_panel_or_the_transmitter_is_an_alarm():
    one = reading(decode(operation(4)), "panel", "fire")
    assert (one.value, one.note) == ("alarm", "raised by hand, operator 7")
    found = decode(frame(unit(24, bytes((4, 7)) + NOW), NOW))
    assert said(found, "gw") == {"fire": "alarm"}
    assert said(decode(frame(unit(24, bytes((8, 7)) + NOW), NOW)), "gw") == {"fire": "normal"}


def test_other_operations_are_signs_of_life_and_no_readings():
    found = decode(operation(2 | 16 | 32 | 64))
    assert not said(found, "panel")
    assert not found.rejected
    assert [one.alive for one in found.heard if one.device == "gw"] == [True]


def test_a_replayed_operation_or_alarm_changes_nothing_that_is_remembered():
    by = decoder()
    assert not decode(states(component(FIRE)), retain=True, by=by).learned
    decode(states(component(FIRE)), by=by)
    found = decode(operation(1), retain=True, by=by)
    assert not said(found, "panel")
    assert not said(found, "smoke")


def test_names_in_a_configuration_are_announced():
    body = component(0, zone=9)[:7] + "图书馆".encode("gb18030").ljust(31, b"\0")
    found = decode(frame(unit(7, body), NOW))
    assert ("889/1.1.42.9-1", "smoke_detector", "图书馆") in [
        (one.address, one.kind, one.name) for one in found.announced
    ]
    text = "一号楼".encode("gb18030")
    found = decode(frame(unit(6, bytes((1, 8, len(text))) + text), NOW))
    assert ("889/1.8", "一号楼") in [(one.address, one.name) for one in found.announced]


def test_a_clock_that_is_told_is_compared_with_ours():
    found = decode(frame(unit(28, stamp(RECEIVED - 90_000)), NOW))
    assert said(found, "gw") == {"clock_error": -90.0}
    found = decode(frame(unit(8, b"\1\1" + stamp(RECEIVED + 60_000)), NOW))
    assert said(found, "panel") == {"clock_error": 60.0}


# ---- times and texts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [NOW, bcd(NOW)], ids=["binary", "bcd"])
def test_a_time_is_binary_or_bcd_whichever_is_plausible(written):
    one = reading(decode(states(component(FIRE), time=written)), "smoke", "smoke")
    assert (one.event_time, one.time_quality) == (RECEIVED, TimeQuality.DEVICE)


@pytest.mark.parametrize("written", [bytes(6), b"\xff" * 6, stamp(RECEIVED - 400 * 86_400_000)])
def test_a_wrong_clock_costs_no_alarm(written):
    one = reading(decode(states(component(FIRE), time=written)), "smoke", "smoke")
    assert (one.value, one.event_time, one.time_quality) == ("alarm", RECEIVED, TimeQuality.IMPLAUSIBLE)


@pytest.mark.parametrize(
    ("text", "pad", "name"),
    [
        ("教学楼A 2层", b"\0", "教学楼A 2层"),
        ("教学楼A 2层", b" ", "教学楼A 2层"),
        (("A" + "楼" * 20).encode("gb18030")[:30], b"\0", "A" + "楼" * 14),
        ("楼" * 20, b"\0", "楼" * 15),
        (b"\xff\xff\x01roof", b"\0", "��roof"),
        ("", b"\0", ""),
    ],
)
def test_a_text_is_gb18030_padded_or_cut_in_the_middle_of_a_character(text, pad, name):
    found = decode(states(component(FIRE, zone=9, text=text, pad=pad)))
    [known] = [one for one in found.announced if one.address == "889/1.1.42.9-1"]
    assert known.name == name


GOOD = states(component(FIRE))

# ---- who speaks, and redelivery ----------------------------------------------------------------------------


def test_the_topic_says_who_speaks_whatever_address_is_set_in_the_transmitter():
    found = decode(states(component(FIRE), source=0), topic="gb26875/889")
    assert said(found, "smoke")["smoke"] == "alarm"
    found = decode(states(component(FIRE), source=5), topic="gb26875/dtu-5/up")
    assert [one.address for one in found.announced] == ["dtu-5", "dtu-5/1.1.42.2-1"]


def test_a_frame_of_another_registered_transmitter_is_a_security_event():
    found = decode(states(component(FIRE), source=777))
    assert [one.reason for one in found.rejected] == [Reason.IDENTITY]
    assert not found.heard


def test_a_frame_that_comes_again_is_known_by_time_and_number():
    one, again = decode(GOOD), decode(GOOD)
    numbers = [(d.device, d.boot, d.sequence) for d in one.heard]
    assert numbers == [(d.device, d.boot, d.sequence) for d in again.heard]
    assert numbers == [("gw", RECEIVED, 1), ("smoke", RECEIVED, 1)]


def test_a_clock_that_stands_still_gives_no_numbers_which_could_hide_an_alarm():
    found = decode(frame(unit(2, component(FIRE) + NOW), bytes(6), number=0))
    assert {(one.boot, one.sequence) for one in found.heard} == {(None, None)}


def test_a_retained_frame_restores_states_and_is_no_sign_of_life():
    found = decode(GOOD, retain=True)
    assert reading(found, "smoke", "smoke").retained
    assert not any(one.alive for one in found.heard)


def test_a_frame_over_the_up_topic_is_confirmed_on_the_down_topic_in_its_own_form():
    [(topic, sent)] = decode(GOOD.hex().encode(), topic="gb26875/889/up").replies
    assert topic == "gb26875/889/down"
    [piece], rest = pieces(bytes.fromhex(sent.decode()))
    assert (piece.frame.command, piece.frame.number, piece.frame.unit, rest) == (3, 1, b"", b"")
    assert int.from_bytes(piece.frame.target, "little") == 889
    assert piece.frame.sent == NOW


def test_a_wrong_checksum_is_denied_and_nothing_else_is_answered():
    [(_, sent)] = decode(states(component(FIRE), error=1, number=9), topic="gb26875/889/up").replies
    [piece], _ = pieces(sent)
    assert (piece.frame.command, piece.frame.number) == (6, 9)
    for payload in (GOOD[:-9], frame(b"", NOW, command=3), b"noise"):
        assert not getattr(decode(payload, topic="gb26875/889/up"), "replies", [])
    assert not decode(GOOD).replies
    assert not decode(GOOD, topic="gb26875/889/up", retain=True).replies


def test_the_last_will_of_the_gateway_is_its_link():
    [one] = decode(b"offline", topic="gb26875/889/link").readings
    assert (one.device, one.value) == ("gw", "offline")
    assert isinstance(decode(GOOD, topic="gb26875/889/down"), Ignored)


def test_the_session_life_hears_the_whole_topic_of_a_transmitter_with_detectors():
    assert decoder().owned_by_life("gb26875/889/up")
    assert not decoder().owned_by_life("gb26875/777/up")


@pytest.mark.parametrize("address", ["889/1", "889/1.1.42", "889/1.1.42.7", "889/x/y", "/1.1"])
def test_an_address_that_no_frame_can_carry_is_refused(address):
    with pytest.raises(RegistryError, match="no topic of dialect gb26875"):
        Registry.build([], [], [device("it", "smoke_detector", address)])
