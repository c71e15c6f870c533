"""Thinks. What decoded LoRaWAN payloads mean: names, words, polarity and units of each vendor's codec."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.kinds import KINDS
from ingest.dialects.lorawan.fields import found


def values(kind, body, unit="", labels=None):
    device = Device("it", kind, "campus", labels=labels or {})
    return {metric: value[0] for metric, value in found(body, device, unit).values.items()}


def notes(kind, body):
    return {metric: value[1] for metric, value in found(body, Device("it", kind, "campus")).values.items()}


GS524N = {"version": 2, "protocol": 2, "type": "smoke sensor", "battery": 100, "concentration": 0}
CALM = {"battery": 100.0, "temperature": 28.0}

SMOKE = [
    # event of a GS524N, what it says beside battery and temperature, faults that begin or end
    ("alarm", {"smoke": "alarm"}, []),
    ("silent", {"smoke": "alarm"}, []),  # a muted alarm is an alarm
    ("low battery", {"battery_low": "low"}, []),
    ("failover", {}, [("failover", True)]),
    ("normal", {"smoke": "normal", "battery_low": "normal"}, [("failover", False)]),
    ("removed", {"tamper": "tamper"}, []),
    ("installed", {"tamper": "normal"}, []),
    ("testing alarm with normal battery", {"smoke": "test", "battery_low": "normal"}, []),
    ("testing alarm with low battery", {"smoke": "test", "battery_low": "low"}, []),
    ("Testing Alarm With Low Battery", {"smoke": "test", "battery_low": "low"}, []),
    ("weird", {"smoke": "unknown"}, []),
    (7, {"smoke": "unknown"}, []),
]


@pytest.mark.parametrize(("event", "expected", "changes"), SMOKE)
def test_each_event_word_of_a_smoke_detector_has_its_own_meaning(event, expected, changes):
    body = {**GS524N, "event": event, "temperature": 28}
    assert values("smoke_detector", body) == CALM | expected
    assert values("unregistered", body) == CALM | expected
    assert found(body, Device("it", "smoke_detector", "campus")).changes == changes


def test_a_silenced_alarm_and_a_removed_detector_say_so():
    assert notes("smoke_detector", {**GS524N, "event": "silent"})["smoke"] == "silenced"
    assert notes("smoke_detector", {**GS524N, "event": "removed"})["tamper"] == "removed from its base"


def test_a_frame_whose_event_the_codec_does_not_know_leaves_the_smoke_unknown():
    assert values("smoke_detector", {**GS524N, "temperature": 28})["smoke"] == "unknown"


PAYLOADS = [
    # kind, decoded payload, readings
    # Netvox
    (
        "smoke_detector",
        {"Device": "RA02A", "Volt": 3.1, "FireAlarm": "No Alarm", "HighTempAlarm": "NoAlarm", "Temp": -4.5},
        {"voltage": 3.1, "battery_low": "normal", "smoke": "normal", "heat": "normal", "temperature": -4.5},
    ),
    (
        "smoke_detector",
        {"FireAlarm": "Alarm", "Volt": "2.4(low battery)"},
        {"smoke": "alarm", "voltage": 2.4, "battery_low": "low"},
    ),
    ("smoke_detector", {"Volt": 15.8}, {"voltage": 3.0, "battery_low": "low"}),  # the flag left in the number
    (
        "heat_detector",
        {"FireAlarm": "NoAlarm", "HighTempAlarm": "Alarm"},
        {"fire": "normal", "heat": "alarm"},
    ),
    ("unregistered", {"Device": "RA02A", "FireAlarm": "Alarm"}, {"smoke": "alarm"}),
    ("co_detector", {"COAlarm": "Alarm", "HighTempAlarm": "No Alarm"}, {"co": "alarm", "heat": "normal"}),
    ("panic_button", {"Device": "R312A", "Alarm": 1, "FunctionKeyTrigger": "others"}, {"press": "alarm"}),
    ("panic_button", {"Device": "R312A", "Alarm": 1.0}, {"press": "alarm"}),  # ChirpStack v4: all is a float
    ("panic_button", {"Device": "R312A", "Alarm": 0, "FunctionKeyTrigger": "others"}, {}),
    ("panic_button", {"Alarm": "NoAlarm"}, {}),
    ("call_point", {"Alarm": 1}, {"press": "alarm"}),
    ("unregistered", {"Device": "R312A", "Alarm": 1}, {"press": "alarm"}),
    ("unregistered", {"alarm": True}, {"fire": "alarm"}),
    ("smoke_detector", {"alarm": 1}, {"smoke": "alarm"}),
    ("gas_detector", {"alarm": "alarm"}, {"gas": "alarm"}),
    ("water_leak", {"WaterLeak_1": "NoLeak", "WaterLeak_2": "Leak"}, {"leak": "alarm"}),
    ("water_leak", {"WaterLeak_1": "Leak", "WaterLeak_2": "NoLeak"}, {"leak": "alarm"}),
    ("water_leak", {"WaterLeak_1": "NoLeak", "WaterLeak_2": "NoLeak"}, {"leak": "normal"}),
    ("water_leak", {"WaterLeak": "Leck"}, {"leak": "unknown"}),  # never normal
    # Milesight
    (
        "gas_detector",
        {"gas_status": "alarm", "valve_status": "off", "life_remain": 157680000},
        {"gas": "alarm"},
    ),
    ("gas_detector", {"gas_status": "normal", "relay_output_status": "off"}, {"gas": "normal"}),
    ("gas_detector", {"alarm": "power on"}, {}),  # no gas: what it changes is tested below
    ("water_leak", {"battery": 92, "leakage_status": "normal"}, {"battery": 92.0, "leak": "normal"}),
    ("water_leak", {"leakage_status": 1}, {"leak": "alarm"}),
    ("water_leak", {"leakage_status": None}, {"leak": "unknown"}),
    ("water_leak", {"battery": 90}, {"battery": 90.0}),  # a missing key says nothing
    (
        "door",
        {"magnet_status": "open", "tamper_status": "installed"},
        {"contact": "open", "tamper": "normal"},
    ),
    (
        "door",
        {"magnet_status": "close", "tamper_status": "uninstalled"},
        {"contact": "closed", "tamper": "tamper"},
    ),
    ("door", {"magnet_status": 1, "tamper_status": 1}, {"contact": "open", "tamper": "unknown"}),
    ("panic_button", {"button_event": {"status": "long press", "msgid": 123456}}, {"press": "alarm"}),
    ("panic_button", {"press": "double"}, {"press": "alarm"}),
    ("panic_button", {"button": "short"}, {"press": "alarm"}),
    ("panic_button", {"button_2_event": "short press"}, {"press": "alarm"}),
    ("panic_button", {"button_event": {"status": "unknown"}}, {"press": "unknown"}),
    ("panic_button", {"button": "released"}, {}),
    ("panic_button", {"button": ""}, {}),
    ("panic_button", {"button": None}, {}),
    ("panic_button", {"event": "test"}, {"press": "test"}),
    ("door", {"button": "short"}, {}),  # on a door a button has no meaning
    ("unregistered", {"button": "short"}, {}),  # a scene switch of nobody knows whom
    ("unregistered", {"sos": 1}, {"press": "alarm"}),
    # Dragino: DOOR_OPEN_STATUS 1 is open, and ALARM is "open for too long", no intrusion
    (
        "door",
        {"BAT_V": 2.952, "MOD": 1, "DOOR_OPEN_STATUS": 0, "ALARM": 0, "DOOR_OPEN_TIMES": 9472},
        {"voltage": 2.952, "contact": "closed"},
    ),
    (
        "perimeter",
        {"BAT_V": 3, "MOD": 1, "DOOR_OPEN_STATUS": 1, "ALARM": 1},
        {"voltage": 3.0, "contact": "open"},
    ),
    (
        "unregistered",
        {"BAT_V": 3, "MOD": 1, "DOOR_OPEN_STATUS": 1, "ALARM": 1},
        {"voltage": 3.0, "contact": "open"},
    ),
    (
        "water_leak",
        {"BAT_V": 3.6, "MOD": 2, "WATER_LEAK_STATUS": 1, "WATER_LEAK_TIMES": 3},
        {"voltage": 3.6, "leak": "alarm"},
    ),
    ("hydrant", {"Bat_V": 3.3, "Water_pressure_MPa": 0.35}, {"voltage": 3.3, "pressure": 0.35}),
    ("water_tank", {"Water_deep_cm": 182}, {"level": 1.82}),
    # pressures
    ("hydrant", {"pressure": 350}, {"pressure": 0.35}),  # EM500-PP: kPa
    ("extinguisher", {"pressure": 12, "unit": "bar"}, {"pressure": 1.2}),
    ("extinguisher", {"pressure_mpa": 1.2}, {"pressure": 1.2}),
    ("extinguisher", {"pressure_bar": "12.3"}, {"pressure": 1.23}),
    ("extinguisher", {"pressurePsi": 174.045}, {"pressure": 1.199998}),
    ("extinguisher", {"pressure": None}, {}),
    ("extinguisher", {"pressure": "nan"}, {"pressure": "unknown"}),
    ("extinguisher", {"pressure_alarm": "threshold alarm"}, {"fault": "fault"}),
    ("extinguisher", {"pressure_alarm": "threshold alarm release"}, {"fault": "normal"}),
    ("extinguisher", {"alarm": 1}, {"fault": "fault"}),
    ("extinguisher", {"presence": False}, {"presence": "missing"}),
    (
        "climate",
        {"temperature": 21.5, "humidity": 40, "pressure": 1013},
        {"temperature": 21.5, "humidity": 40.0},
    ),
    # names and units
    ("climate", {"co2": 450, "CO2_2": 460, "pm2_5": 7}, {"co2": 450.0}),
    ("co_detector", {"co": 12}, {"co_ppm": 12.0}),
    ("co_detector", {"co": True}, {"co": "alarm"}),
    (
        "climate",
        {"temperatureSensor": {"1": 25}, "humiditySensor": {"2": 32}},
        {"temperature": 25.0, "humidity": 32.0},
    ),
    ("climate", {"temperature_1": 21, "relative_humidity_2": 40}, {"temperature": 21.0, "humidity": 40.0}),
    ("climate", {"battery_voltage": 3600}, {"voltage": 3.6}),  # mV
    ("climate", {"low_battery": True}, {"battery_low": "low"}),
    ("climate", {"battery_ok": 1}, {"battery_low": "normal"}),
    ("climate", {"Bat_status": 3}, {"battery_low": "normal"}),
    ("climate", {"Bat_status": 0}, {"battery_low": "low"}),
    ("climate", {"battery": 255}, {"battery": "unknown"}),
    ("climate", {"battery": 16.0}, {"battery": 16.0}),
    ("climate", {"temperature": -127.99}, {"temperature": "unknown"}),
    ("door", {"door": "open"}, {"contact": "open"}),
    ("door", {"door": 1}, {"contact": "unknown"}),  # which way is not in the name
    ("door", {"open": True}, {"contact": "open"}),
    ("door", {"fault": "broken"}, {"fault": "fault"}),
    ("door", {"ipso_version": "v0.1", "sn": "6124b", "device_status": "on"}, {}),
    # a test is no alarm, and hides none
    ("smoke_detector", {"test": True}, {"smoke": "test"}),
    ("smoke_detector", {"smoke": "normal", "test": 1}, {"smoke": "test"}),
    ("smoke_detector", {"smoke": "alarm", "test": 1}, {"smoke": "alarm"}),
    ("door", {"test": True}, {}),
]


@pytest.mark.parametrize(("kind", "body", "expected"), PAYLOADS)
def test_a_decoded_payload_says_what_the_table_says(kind, body, expected):
    assert values(kind, body) == expected


def test_an_alarm_of_one_of_several_channels_names_it():
    assert notes("water_leak", {"WaterLeak_1": "NoLeak", "WaterLeak_2": "Leak"})["leak"] == "WaterLeak_2"


def test_a_door_open_for_too_long_says_so():
    assert notes("door", {"DOOR_OPEN_STATUS": 1, "ALARM": 1})["contact"] == "open for longer than its limit"


GS101 = [
    ("power off", [("power off", True)]),
    ("power on", [("power off", False)]),
    ("sensor fault", [("sensor fault", True)]),
    ("device fault", [("sensor fault", True)]),
    ("sensor fault recovered", [("sensor fault", False)]),
    ("sensor will be invalid soon", [("will soon be at the end of its life", True)]),
    ("device invalid", [("at the end of its life: replace it", True)]),
]


@pytest.mark.parametrize(("word", "changes"), GS101)
def test_the_alarm_words_of_a_gas_detector_are_faults_that_begin_and_end_and_no_gas(word, changes):
    for kind in ("gas_detector", "unregistered"):
        it = found({"alarm": word}, Device("it", kind, "campus"))
        assert (it.values, it.changes) == ({}, changes)


def test_a_unit_that_somebody_told_is_used_and_one_in_the_name_stands_above_it():
    assert values("hydrant", {"pressure": 3.5}, unit="bar") == {"pressure": 0.35}
    assert values("hydrant", {"pressure_kpa": 350}, unit="bar") == {"pressure": 0.35}
    assert values("hydrant", {"pressure": 3.5}, unit="furlong") == {"pressure": "unknown"}


WIKA = [
    # payload, readings, faults that begin or end
    (
        {
            "measurement": {
                "channels": [
                    {"channelName": "pressure", "value": 9.427},
                    {"channelName": "device temperature", "value": 23.1},
                    {"channelName": "battery voltage", "value": 3.5},
                ]
            }
        },
        {"pressure": 0.9427, "temperature": 23.1, "voltage": 3.5},
        [],
    ),
    ({"measurements": [{"channelName": "pressure", "value": 9.4}]}, {"pressure": 0.94}, []),
    ({"measurement": {"channels": [{"channelName": "pressure", "value": -0.011}]}}, {"pressure": 0.0}, []),
    (
        {"processAlarms": [{"channelName": "pressure", "event": "triggered", "alarmType": "low threshold"}]},
        {},
        [("pressure: low threshold", True)],
    ),
    (
        {
            "processAlarms": [
                {
                    "channelName": "pressure",
                    "event": 1,
                    "eventName": "disappeared",
                    "alarmType": 0,
                    "alarmTypeName": "low threshold",
                    "value": 5,
                }
            ]
        },
        {"pressure": 0.5},
        [("pressure: low threshold", False)],
    ),
    (
        {
            "processAlarms": [
                {
                    "channelName": "pressure",
                    "eventName": "triggered",
                    "alarmFlags": {"lowThreshold": True, "highThreshold": False},
                }
            ]
        },
        {},
        [("pressure: lowThreshold", True)],
    ),
    (
        {"processAlarms": [{"channelName": "pressure", "alarmFlags": {"lowThreshold": False}}]},
        {},
        [("pressure: lowThreshold", False)],
    ),
    (
        {"technicalAlarms": [{"alarmTypeNames": ["sensor communication error"], "eventName": "triggered"}]},
        {},
        [("instrument sensor communication error", True)],
    ),
    (
        {
            "technicalAlarms": [
                {"channelName": "pressure", "causeOfFailureName": "", "eventName": "disappeared"}
            ]
        },
        {},
        [("instrument pressure: *", False)],
    ),
    ({"deviceAlarm": {"eventName": "triggered", "alarmTypeName": "battery low"}}, {"battery_low": "low"}, []),
    ({"deviceStatistic": {"batteryLevelPercent": 63}}, {"battery": 63.0}, []),
]


@pytest.mark.parametrize(("body", "expected", "changes"), WIKA)
def test_a_pressure_transmitter_says_values_and_alarms_that_begin_and_end(body, expected, changes):
    it = found(body, Device("it", "extinguisher", "campus"))
    assert {metric: value[0] for metric, value in it.values.items()} == expected
    assert it.changes == changes


def test_a_pressure_transmitter_tells_its_unit():
    told = {"deviceInformation": {"pressureUnitName": "psi"}}
    assert found(told, Device("it", "extinguisher", "campus")).unit == "psi"


NAMES = st.sampled_from(
    [
        "event",
        "type",
        "Alarm",
        "ALARM",
        "Volt",
        "pressure",
        "pressure_bar",
        "unit",
        "co",
        "history",
        "button_event",
        "measurement",
        "measurements",
        "processAlarms",
        "technicalAlarms",
        "deviceAlarm",
        "deviceStatistic",
        "deviceInformation",
        "magnet_status",
        "tamper_status",
        "WaterLeak_2",
        "test",
        "silenced",
        "battery",
        "Device",
        "life_remain",
        "Water_deep_cm",
        "fault",
        "DOOR_OPEN_STATUS",
        "MOD",
        "BAT_V",
        "Bat_status",
    ]
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=200)
@given(st.sampled_from(sorted(KINDS)), st.dictionaries(NAMES | st.text(max_size=20), ANY, max_size=6))
def test_no_payload_makes_it_raise(kind, body):
    found(body, Device("it", kind, "campus"))
