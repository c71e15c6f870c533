"""Thinks. What no dialect may make calm: a strange word, a test beside an alarm, a type nobody expected."""

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.settings import BrokerSettings
from tests.pure.test_dialect_panels import hear, values


def decoder_with(kind, dialect, address):
    device = Device("it", kind, "campus", dialect=dialect, address=address)
    return Decoder(Registry.build([], [], [device]), BrokerSettings(dialects={dialect: None}))


@pytest.mark.parametrize("payload", [b"eh", b"null", b"2"])
@pytest.mark.parametrize("field", ["contact_open", "alarm"])
def test_a_field_of_a_radio_detector_that_says_nothing_known_is_unknown(field, payload):
    decoder = decoder_with("smoke_detector", "rtl433", "Honeywell-Security/1")
    told = hear(decoder, f"rtl_433/pi/devices/Honeywell-Security/1/{field}", payload)
    assert values(told) == [("smoke", "unknown")]


@pytest.mark.parametrize(
    ("value", "word"),
    [(None, "unknown"), ("eh", "unknown"), ([1], "unknown"), ("fault", "fault"), (3, "fault")],
)
def test_the_error_bit_of_a_dali_gear_is_a_fault_normal_or_unknown(value, word):
    decoder = decoder_with("emergency_light", "dali", "g")
    told = hear(decoder, "DALI-PRO-IoT/c/devices/x/g/data/errorOverall", {"value": value})
    assert values(told) == [("fault", word)]


def test_a_test_beside_an_alarm_of_a_homie_device_ends_no_alarm():
    decoder = decoder_with("smoke_detector", "homie", "dev")
    assert values(hear(decoder, "homie/dev/det/smoke", b"true")) == [("smoke", "alarm")]
    assert values(hear(decoder, "homie/dev/det/test", b"true")) == [("smoke", "alarm")]
    assert values(hear(decoder, "homie/dev/det/smoke", b"false")) == [("smoke", "normal")]
    assert values(hear(decoder, "homie/dev/det/test", b"true")) == [("smoke", "test"), ("smoke", "normal")]


def test_a_hazard_of_homie_that_is_declared_a_whole_number_is_heard():
    decoder = decoder_with("smoke_detector", "homie", "dev")
    hear(decoder, "homie/dev/sens/smoke/$datatype", b"integer", retain=True)
    assert values(hear(decoder, "homie/dev/sens/smoke", b"1")) == [("smoke", "alarm")]


@pytest.mark.parametrize("type_", ["value", "text", "range"])
def test_a_control_that_is_registered_by_itself_is_what_its_kind_says_whatever_its_type(type_):
    decoder = decoder_with("smoke_detector", "wirenboard", "wb/K1")
    hear(decoder, "/devices/wb/controls/K1/meta", {"type": type_}, retain=True)
    assert values(hear(decoder, "/devices/wb/controls/K1", b"1")) == [("smoke", "alarm")]
    assert values(hear(decoder, "/devices/wb/controls/K1", b"0")) == [("smoke", "normal")]
