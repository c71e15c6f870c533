"""Thinks. SIA DC-09 and Contact ID: what the lines of a panel say, and that no line hides a fire."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.kinds import METRICS
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects.siadc09.codes import CODES, HAZARD
from ingest.dialects.siadc09.contact import contact as meaning_of
from ingest.dialects.siadc09.line import checksum, pieces, read
from ingest.message import Message
from ingest.reading import Decoded, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings
from tests.fakes.siadc09 import arc, contact, framed, line, sealed, stamp

NOW = 1_795_305_600_000
PANEL, SMOKE, HEAT, CALL, FLOW = "panel", "smoke-3", "heat-4", "call-5", "flow-6"
KINDS = {
    PANEL: ("fire_panel", "1234"),
    SMOKE: ("smoke_detector", "1234/3"),
    HEAT: ("heat_detector", "1234/2/4"),
    CALL: ("call_point", "1234/5"),
    FLOW: ("flow_switch", "1234/6"),
    "panic-7": ("panic_button", "1234/7"),
}
DEVICES = [Device(name, kind, "campus", dialect="siadc09", address=at) for name, (kind, at) in KINDS.items()]


class Centre:
    def __init__(self, devices=DEVICES, topic="siadc09/gw"):
        self.decoder = Decoder(
            Registry.build([], [], devices), BrokerSettings(dialects={"siadc09": None}), ["siadc09"]
        )
        self.topic = topic

    def hear(self, payload, received=NOW, retained=False):
        source = type("Source", (), {"name": "listen-siadc09"})()
        return self.decoder.decode(Message(source, self.topic, payload, received, qos=0, retain=retained))

    def says(self, *payloads, **how):
        """{(device or address, metric): (word, note)} of the last line."""
        for payload in payloads:
            found = self.hear(payload, **how)
        assert isinstance(found, Parts), found
        strangers = self.decoder.strangers
        return {
            (strangers[one.device].address if one.device in strangers else one.device, one.metric): one.value
            for decoded in found.heard
            for one in decoded.readings
        }

    def refuses(self, payload, **how):
        found = self.hear(payload, **how)
        [refused] = [found] if isinstance(found, Rejected) else found.rejected
        return refused


@pytest.fixture
def centre():
    return Centre()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("Nri1/FA003", {(SMOKE, "smoke"): "alarm"}),
        ("NFA3", {(SMOKE, "smoke"): "alarm"}),
        ("Nri1FA3^library^", {(SMOKE, "smoke"): "alarm"}),
        ("Nti10:23/ri1/FA3", {(SMOKE, "smoke"): "alarm"}),
        ("OFA3", {(SMOKE, "smoke"): "alarm"}),
        ("Nri3/FA", {(SMOKE, "smoke"): "alarm"}),
        ("Nri3/FA000", {(SMOKE, "smoke"): "alarm"}),
        ("FA3", {(SMOKE, "smoke"): "alarm"}),
        ("NKA3", {(SMOKE, "heat"): "alarm"}),
        ("Nri2/FA4", {(HEAT, "heat"): "alarm"}),
        ("Nri2/KA4", {(HEAT, "heat"): "alarm"}),
        ("NFA5", {(CALL, "call_point"): "alarm"}),
        ("NUA5", {(CALL, "call_point"): "alarm"}),
        ("NFA7", {("panic-7", "call_point"): "alarm"}),
        ("NSA6", {(FLOW, "water_flow"): "alarm"}),
        ("NWA6", {(FLOW, "water_flow"): "alarm"}),
        ("NFA", {(PANEL, "fire"): "alarm"}),
        ("NBA", {(PANEL, "intrusion"): "alarm"}),
        ("NFS3", {(SMOKE, "smoke"): "prealarm"}),
        ("NFX3", {(SMOKE, "smoke"): "test"}),
        ("NFB3", {(SMOKE, "smoke"): "disabled"}),
        ("NFT3", {(SMOKE, "fault"): "fault"}),
        ("NTA3", {(SMOKE, "tamper"): "tamper"}),
        ("NXT3", {(SMOKE, "battery_low"): "low"}),
        ("NAT", {(PANEL, "power"): "battery"}),
        ("NAR", {(PANEL, "power"): "mains"}),
        ("NYT", {(PANEL, "battery_low"): "low"}),
        ("NLT2", {(PANEL, "fault"): "fault"}),
        ("NRP000", {}),
        ("NCL501", {}),
        ("Nri1/FA3/FT5", {(SMOKE, "smoke"): "alarm", (CALL, "fault"): "fault"}),
        ("Nri1/FA3|AKitchen", {(SMOKE, "smoke"): "alarm"}),
        ("NGA9", {("1234/9", "gas"): "alarm"}),
        ("Nri2/WA9", {("1234/2/9", "leak"): "alarm"}),
        ("NPA9", {("1234/9", "call_point"): "alarm"}),
    ],
)
def test_a_code_of_sia_says_it_of_the_point_that_is_meant(centre, data, expected):
    assert centre.says(line(data)) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("1110 00 003", {(SMOKE, "smoke"): "alarm"}),
        ("6110 00 003", {(SMOKE, "smoke"): "alarm"}),
        ("3110 00 003", {(SMOKE, "smoke"): "normal"}),
        ("1 110 00 003", {(SMOKE, "smoke"): "alarm"}),
        ("1114 02 004", {(HEAT, "heat"): "alarm"}),
        ("1115 00 005", {(CALL, "call_point"): "alarm"}),
        ("1113 00 006", {(FLOW, "water_flow"): "alarm"}),
        ("1118 00 003", {(SMOKE, "smoke"): "prealarm"}),
        ("1110 00 000", {(PANEL, "fire"): "alarm"}),
        ("1301 00 000", {(PANEL, "power"): "battery"}),
        ("3301 00 000", {(PANEL, "power"): "mains"}),
        ("1302 00 000", {(PANEL, "battery_low"): "low"}),
        ("1373 00 003", {(SMOKE, "fault"): "fault"}),
        ("1383 00 003", {(SMOKE, "tamper"): "tamper"}),
        ("1384 00 003", {(SMOKE, "battery_low"): "low"}),
        ("1571 00 003", {(SMOKE, "smoke"): "disabled"}),
        ("1570 00 005", {(CALL, "call_point"): "disabled"}),
        ("1602 00 000", {}),
        ("1604 00 000", {(PANEL, "fire"): "test"}),
        ("3401 01 057", {}),
        ("1111 00 009", {("1234/9", "smoke"): "alarm"}),
        ("1151 00 009", {("1234/9", "gas"): "alarm"}),
        ("1162 00 009", {("1234/9", "co"): "alarm"}),
        ("1154 00 009", {("1234/9", "leak"): "alarm"}),
        ("1120 00 009", {("1234/9", "call_point"): "alarm"}),
        ("1199 00 009", {("1234/9", "fire"): "alarm"}),
    ],
)
def test_a_code_of_contact_id_says_it_of_the_point_that_is_meant(centre, data, expected):
    assert centre.says(contact(data)) == expected


@pytest.mark.parametrize(
    "lines",
    [
        (line("NFA3"), line("NFR3")),
        (line("NFA3"), line("NFH3")),
        (contact("1110 00 003"), contact("3110 00 003")),
        (contact("1111 00 003"), contact("3110 00 003")),
        (line("NFA3"), contact("3110 00 003")),
        (line("NFX3"), line("NFR3")),
        (line("NFB3"), line("NFU3")),
        (contact("1118 00 003"), contact("3118 00 003")),
    ],
)
def test_a_restore_ends_what_its_own_family_raised(centre, lines):
    assert centre.says(*lines)[SMOKE, "smoke"] == "normal"


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ((line("NFA3"), line("NFU3")), "alarm"),
        ((line("NFA3"), line("NFB3")), "alarm"),
        ((line("NFA3"), line("NFX3")), "alarm"),
        ((line("NFA3"), line("NFV3")), "alarm"),
        ((line("NFA3"), line("NUR3")), "alarm"),
        ((line("NFA3"), contact("3118 00 003")), "alarm"),
        ((line("NFB3"), line("NFR3")), "disabled"),
    ],
)
def test_nothing_else_ends_or_hides_it(centre, lines, word):
    assert centre.says(*lines)[SMOKE, "smoke"] == word


def test_a_restore_of_another_zone_area_or_account_ends_nothing(centre):
    centre.says(line("NFA3"))
    assert (SMOKE, "smoke") not in centre.says(line("NFR5"))
    assert (SMOKE, "smoke") not in centre.says(line("NFR3", account="9999"))
    assert centre.says(line("NLT1"), line("NLT2"), line("NLR1"))[PANEL, "fault"] == "fault"
    assert centre.says(contact("1110 01 000"), contact("1110 02 000"), contact("3110 01 000")) == {
        (PANEL, "fire"): "alarm"
    }


def test_a_restoral_ends_the_trouble_as_well(centre):
    said = centre.says(line("NFT3"), line("NFR3"))
    assert said == {(SMOKE, "smoke"): "normal", (SMOKE, "fault"): "normal"}


def test_an_alarm_and_its_restore_in_one_line_are_both_told(centre):
    found = centre.hear(line("NFA3/FR3"))
    words = [one.value for heard in found.heard for one in heard.readings if one.metric == "smoke"]
    assert words == ["alarm", "normal"]


def test_the_area_is_looked_for_first_and_may_be_left_out_of_the_registry(centre):
    assert (SMOKE, "smoke") in centre.says(line("Nri8/FA3"))
    assert (HEAT, "heat") not in centre.says(line("Nri3/FA4"))


def test_a_link_test_is_a_sign_of_life_and_nothing_more(centre):
    for payload in (line("", token="NULL"), line("NRP"), b"SR0001L0001    1234XX    [ID00000000]"):
        found = centre.hear(payload)
        assert [(one.device, one.readings, one.alive) for one in found.heard] == [(PANEL, [], True)]


def test_a_stranger_is_heard_and_announced(centre):
    found = centre.hear(line("NFA9^Main hall^", account="77"))
    assert [(one.address, one.kind, one.name) for one in found.announced] == [
        ("77", "fire_panel", ""),
        ("77/9", "", "Main hall"),
    ]


def test_the_text_of_the_panel_is_the_note_and_may_hold_any_mark(centre):
    found = centre.hear(line("Nri1/FA3^Kitchen [2]/b^/FT5"))
    notes = {one.metric: one.note for heard in found.heard for one in heard.readings}
    assert notes == {"smoke": "Kitchen [2]/b", "fault": "fire trouble"}


@pytest.mark.parametrize(
    ("payload", "reason", "part"),
    [
        (line("NFA3", inner="5678"), Reason.IDENTITY, "its data of 5678"),
        (sealed("NFA3", NOW), Reason.MALFORMED, "encrypted, and there is no key"),
        (line("NQZ3"), Reason.MALFORMED, "the code QZ is not known"),
        (contact("1777 00 001"), Reason.MALFORMED, "the code 1777 is not known"),
        (contact("2110 00 001"), Reason.MALFORMED, "the code 2110 is not known"),
        (sealed("NFA3", NOW, error=1), Reason.MALFORMED, "encrypted, and the checksum is wrong"),
        (line("NFA3" + "/FA3" * 100), Reason.MALFORMED, "101 events in one line"),
        (line("hello"), Reason.MALFORMED, "no event in it"),
        (line("NFA3", token="SIA-PUL"), Reason.MALFORMED, "SIA-PUL is not read"),
        (framed('"SIA-DCS"0001L0#1234[#1234|NFA3'), Reason.MALFORMED, "cut off"),
        (framed('"SIA-DCS"0001L0[NFA3]'), Reason.MALFORMED, "no account"),
        (line("NFR3", error=1), Reason.MALFORMED, "checksum is wrong"),
        (b'{"smoke": true}', Reason.MALFORMED, "JSON"),
        (b"\xff\xfe\x00", Reason.MALFORMED, "no line of SIA DC-09"),
        (b"", Reason.MALFORMED, "empty payload"),
        (b"\r\n", Reason.MALFORMED, "empty payload"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(centre, payload, reason, part):
    refused = centre.refuses(payload)
    assert refused.reason is reason
    assert part in refused.detail


def test_a_wrong_checksum_hides_no_alarm_and_ends_none(centre):
    found = centre.hear(line("NFA3", error=1))
    assert [(one.device, one.alive) for one in found.heard] == [(PANEL, False), (SMOKE, False)]
    [reading] = found.heard[1].readings
    assert (reading.metric, reading.value, reading.note) == ("smoke", "alarm", "the checksum is wrong")
    assert centre.refuses(line("NFR3", error=1)).detail.startswith("the checksum is wrong")
    assert centre.says(line("NFT3"))[SMOKE, "fault"] == "fault"


@pytest.mark.parametrize(
    "payload",
    [
        line("NFA3", longer=40),
        b"<x0A>" + line("NFA3").strip(),
        line("NFA3").strip(),
        framed('"SIA-DCS"0001R579BDFL789ABC#1234[NFA3]'),
        framed('"SIA-DCS"0001L0#1234[|NFA3]'),
        framed('"SIA-DCS"0001[#1234|NFA3]'),
        framed('"SIA-DCS"0001L0#1234[P$w#!|#1234|NFA3][M0026B9E4268B]'),
        framed(b'"SIA-DCS"0001L0#1234[\xff\xfe\xb2|NFA3]'),
        framed('"*SIA-DCS"0001L0#1234[pad|#1234|NFA3]'),
    ],
)
def test_the_quirks_of_panels_hide_nothing(centre, payload):
    assert centre.says(payload)[SMOKE, "smoke"] == "alarm"


UNTIMED = b'"SIA-DCS"0001L0#1234[#1234|NFR3]'
UNTIMED = b"\n%04X%04X%b%b\r" % (arc(UNTIMED), len(UNTIMED), UNTIMED, stamp(NOW).encode())


def test_a_sum_that_leaves_out_the_time_is_right(centre):
    assert centre.says(UNTIMED)[SMOKE, "smoke"] == "normal"
    assert pieces(UNTIMED[:-20]) == ([], UNTIMED[1:-20])
    assert pieces(UNTIMED) == ([UNTIMED.strip()], b"")


def test_a_line_that_nothing_can_follow_needs_no_end():
    for sent in (line("NFA3", time=stamp(NOW)), sealed("NFA3", NOW)):
        assert pieces(sent.strip()) == ([sent.strip()], b"")
    assert pieces(line("NFA3").strip()) == ([], line("NFA3").strip())


def test_the_time_is_utc_and_counts_where_it_is_plausible(centre):
    for time, moment, quality in (
        (stamp(NOW - 7000), NOW - 7000, TimeQuality.DEVICE),
        ("", NOW, TimeQuality.RECEIVED),
        (stamp(NOW - 3_000_000_000), NOW, TimeQuality.IMPLAUSIBLE),
        ("_14:12:04,09-25-201", NOW, TimeQuality.IMPLAUSIBLE),
        ("_99:99:99,99-99-2026", NOW, TimeQuality.IMPLAUSIBLE),
    ):
        found = centre.hear(line("NFA3", time=time))
        reading = found.heard[1].readings[0]
        assert (reading.event_time, reading.time_quality) == (moment, quality)


def test_several_lines_in_one_payload_are_all_heard(centre):
    found = centre.hear(line("NFA3") + b"noise\r" + line("NFA5", 2))
    said = [(one.metric, one.value) for heard in found.heard for one in heard.readings]
    assert said == [("smoke", "alarm"), ("call_point", "alarm")]
    assert len(found.rejected) == 1


def test_a_payload_of_nothing_but_ends_of_lines_does_not_fill_the_quarantine(centre):
    found = centre.hear(b"x\r" * 30_000)
    assert len(found.rejected) == 501
    assert found.rejected[-1].detail == "30000 lines in one payload; 500 were read"


def test_what_is_retained_is_no_sign_of_life_and_an_empty_one_is_nothing(centre):
    found = centre.hear(line("NFA3"), retained=True)
    assert [one.alive for one in found.heard] == [False, False]
    assert found.heard[1].readings[0].retained
    assert not isinstance(centre.hear(b"", retained=True), Rejected)


def test_the_last_will_of_a_gateway_is_its_link():
    devices = [Device("gw", "gateway", "campus", dialect="siadc09", address="gw/a")]
    found = Centre(devices, "siadc09/gw/a/link").hear(b"offline")
    assert isinstance(found, Decoded)
    assert (found.device, found.readings[0].value, found.alive) == ("gw", "offline", False)


# ---- behind the listener --------------------------------------------------------------------------------


@pytest.fixture
def behind():
    return Centre(topic="listen:siadc09/1234")


def test_a_number_that_is_repeated_after_a_lost_confirmation_counts_once(behind):
    sent = line("NFA3", 7, time=stamp(NOW))
    assert behind.says(sent)
    assert behind.says(sent, received=NOW + 5000) == {}
    assert behind.says(line("NFA3", 7, time=stamp(NOW + 5000)), received=NOW + 5000) == {}
    assert behind.says(line("NFR3", 8), received=NOW + 6000)
    assert behind.says(sent, received=NOW + 7000) == {}
    assert behind.says(line("NFA3", 9), received=NOW + 8000)


def test_a_panel_that_counts_from_the_beginning_again_is_heard(behind):
    for at, sent in enumerate((line("NFA3", 1), line("NFR3", 2), line("NFA3", 1))):
        assert behind.says(sent, received=NOW + 1000 * at), at
    assert behind.says(line("NFA3", 1), received=NOW + 3000) == {}
    assert behind.says(line("NFA3", 1), received=NOW + 2000 + 600_001)


def test_the_same_message_read_twice_says_it_twice(behind):
    assert behind.says(line("NFA3")) == behind.says(line("NFA3"))


def test_a_repeat_is_a_sign_of_life(behind):
    behind.hear(line("NFA3", 7))
    found = behind.hear(line("NFA3", 7), received=NOW + 9000)
    assert [(one.device, one.readings, one.alive) for one in found.heard] == [(PANEL, [], True)]


def test_behind_the_listener_a_wrong_checksum_says_nothing_for_it_will_come_again(behind):
    assert "asked for it again" in behind.refuses(line("NFA3", error=1)).detail


def test_behind_the_listener_a_line_that_the_listener_gave_no_name_is_refused():
    behind = Centre(topic="listen:siadc09/127.0.0.1")
    assert behind.refuses(line("NFR3")).reason is Reason.IDENTITY


# ---- whatever comes ----------------------------------------------------------------------------------


def test_every_effect_is_a_word_that_its_metric_has():
    codes = [*CODES.values(), *(meaning_of(f"{q}{n:03}") for q in "136" for n in range(1000))]
    for effect in (effect for meaning in codes if meaning for effect in meaning.effects):
        metric = METRICS["fire" if effect.metric == HAZARD else effect.metric]
        assert effect.word in metric.words, effect


def test_every_letter_of_a_family_that_is_raised_can_be_ended():
    raised = {
        (e.metric, e.part) for m in CODES.values() for e in m.effects if e.word not in ("normal", "mains")
    }
    ended = {(e.metric, e.part) for m in CODES.values() for e in m.effects if e.word in ("normal", "mains")}
    assert {part for _, part in raised - ended} == set()


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_are_never_our_failure(data):
    found = Centre().hear(data)
    assert getattr(found, "reason", None) is not Reason.FAILED


DATA = st.text(alphabet="#|N/O^[]*riFATR0123456789 '_:,-\r\n\x00é", max_size=60)


@given(DATA, DATA, st.sampled_from(["SIA-DCS", "ADM-CID", "NULL", "*SIA-DCS"]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_arbitrary_data_in_a_good_line_are_never_our_failure(data, tail, token, listening):
    topic = "listen:siadc09/1234" if listening else "siadc09/gw"
    found = Centre(topic=topic).hear(framed(f'"{token}"0001L0#1234[{data}]{tail}'))
    assert getattr(found, "reason", None) is not Reason.FAILED
    if isinstance(found, Parts):
        assert all(one.reason is not Reason.FAILED for one in found.rejected)


@given(st.lists(st.sampled_from([
    line("NFA3"), line("NFA3").strip(), line("NFA3", time=stamp(NOW)).strip(), b"noise", b"\r", b"\n",
    sealed("NFA3", NOW), line("NFA3", error=1), b"\n0000", b'"', b"\x14", UNTIMED,
]), max_size=6), st.integers(1, 40))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_what_is_a_line_does_not_depend_on_how_the_stream_is_cut(parts, size):
    data = b"".join(parts)
    whole, rest = pieces(data)
    found, left = [], b""
    for at in range(0, len(data), size):
        some, left = pieces(left + data[at : at + size])
        found += some
    assert (found, left.strip(b"\0\r\n\x14\t ")) == (whole, rest.strip(b"\0\r\n\x14\t "))


def test_the_checksum_is_that_of_the_standard():
    assert checksum(b"123456789") == 0xBB3D
    assert read(line("NFA3")).good_sum
