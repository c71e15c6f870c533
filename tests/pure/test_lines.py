"""Thinks. Readings as line protocol: what is escaped, what is tagged, which number stands for which word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.campus.device import Device, Place
from ingest.campus.kinds import METRICS
from ingest.campus.registry import Registry
from ingest.history.lines import WORD_CODES, line, series_of
from tests.fakes.influx import parse

REGISTRY = Registry.build(
    [
        Place("campus", "校园", "Campus"),
        Place("dorm", "宿舍", "Dorm", "campus"),
        Place("dorm-3", "三层", "Floor 3", "dorm"),
        Place("dorm-305", "305", "305", "dorm-3"),
    ],
    [],
    [Device("smoke-1", "smoke_detector", "dorm-305"), Device("gate-1", "door", "campus")],
)


def test_a_series_names_site_building_room_device_and_kind() -> None:
    assert series_of("smoke", "smoke-1", "north", REGISTRY) == (
        "smoke,building=dorm,device=smoke-1,kind=smoke_detector,room=dorm-305,site=north"
    )


def test_a_device_on_the_campus_itself_has_the_same_tags() -> None:
    assert series_of("contact", "gate-1", "north", REGISTRY) == (
        "contact,building=campus,device=gate-1,kind=door,room=campus,site=north"
    )


def test_what_is_not_known_is_a_dash_since_the_tags_must_never_vary() -> None:
    assert series_of("smoke", "gone", "", REGISTRY) == "smoke,building=-,device=gone,kind=-,room=-,site=-"


def test_numbers_are_written_as_floats_and_words_as_their_code() -> None:
    assert line("s", 20.0, None, 17) == "s value=20.0 17"
    assert line("s", None, "alarm", 17) == "s value=1.0 17"
    assert line("s", None, "unknown", 17) == "s value=-1.0 17"


def test_what_has_no_number_is_no_line() -> None:
    assert line("s", None, "gibberish", 17) is None
    assert line("s", float("nan"), None, 17) is None
    assert line("s", float("inf"), None, 17) is None


@pytest.mark.parametrize("metric", list(METRICS))
def test_every_word_a_metric_can_report_has_a_code(metric: str) -> None:
    assert set(METRICS[metric].words) <= set(WORD_CODES)


def test_no_two_words_share_a_code() -> None:
    assert len(set(WORD_CODES.values())) == len(WORD_CODES)


@given(
    st.text(), st.text(), st.text(), st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 2**53)
)
def test_whatever_the_names_hold_a_line_stays_one_line_with_the_same_tags(
    metric: str, device: str, site: str, number: float, at: int
) -> None:
    text = line(series_of(metric, device, site, REGISTRY), number, None, at)
    assert text is not None
    assert len(text.split("\n")) == 1
    point = parse(text)
    assert [key for key, _ in point.tags] == ["building", "device", "kind", "room", "site"]
    assert (point.value, point.at) == (number, at)


@given(st.text(st.characters(blacklist_categories=["Cc", "Cs"], blacklist_characters="\\"), min_size=1))
def test_a_name_without_backslash_and_control_characters_arrives_as_it_is(site: str) -> None:
    text = line(series_of("smoke", "smoke-1", site, REGISTRY), 1.0, None, 1)
    assert dict(parse(text or "").tags)["site"] == site
