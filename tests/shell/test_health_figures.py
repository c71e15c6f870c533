"""Touches. Every figure of the device-health report against an independent script over the raw rows."""

from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.health.gather import gather
from dashboard.health.report import Report
from dashboard.health.row import Row, slope
from dashboard.reach import EVERYWHERE
from ingest.interval import expected_interval
from tests import recompute_health as again
from tests.fakes.aged import DAY, NOW, AgedHouse

TODAY = NOW // DAY


class Both:
    """The report, and the raw rows it came from."""

    def __init__(self, aged: AgedHouse) -> None:
        aged.house.quarantines("campus/stranger/reading", b"{}")
        aged.house.quarantines("campus/stranger/reading", b"{}")
        aged.house.quarantines("campus/other", b"{")
        self.report = _whole(aged)
        self.campus = aged.campus
        self.registry = aged.house.registry
        aged.history.stop()
        self.database = aged.folder / "state.db"
        self.points, self.heard = again.latest_points(self.database)
        self.raw: dict[str, list[again.Raw]] = {}
        for row in again.raw_readings(aged.folder / "history"):
            self.raw.setdefault(row[0], []).append(row)

    def each(self) -> Iterator[tuple[Row, list[again.Raw], dict[str, list[Any]]]]:
        for row in self.report.rows:
            name = row.device.id
            yield row, self.raw.get(name, []), self.points.get(name, {})


def _whole(aged: AgedHouse) -> Report:
    """Asked until every day is summed up."""
    for _ in range(1000):
        report = gather(aged.house.service, EVERYWHERE)
        if not report.missing:
            return report
    raise AssertionError("the days are never summed up")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    aged = AgedHouse(tmp_path_factory.mktemp("aged"))
    aged.grow_old()
    return Both(aged)


def test_every_registered_device_is_in_the_report_once(both: Both) -> None:
    wanted = sorted(device["id"] for device in both.campus["devices"])
    assert sorted(row.device.id for row in both.report.rows) == wanted


def test_the_trend_of_every_battery_is_the_least_squares_line_of_its_days(both: Both) -> None:
    known = 0
    for row, raw, _ in both.each():
        expected, days = again.trend(raw, row.device.id, TODAY)
        assert (row.trend.days if row.trend else 0) == days, row.device.id
        assert slope(row.trend) == (expected if expected is None else pytest.approx(expected, abs=1e-6))
        known += expected is not None
    assert known > 20


def test_a_battery_that_only_says_nonsense_takes_no_figure_from_anybody(both: Both) -> None:
    said = {
        name: {row[5] for row in raw if row[1] == "battery"}
        for name, raw in both.raw.items()
        if any(row[1] == "battery" for row in raw)
    }
    nonsense = {name for name, words in said.items() if words == {"unknown"}}
    assert nonsense
    assert both.report.spans is not None
    assert all(row.trend is None for row in both.report.rows if row.device.id in nonsense)


def test_a_replaced_battery_does_not_pass_for_one_that_charges(both: Both) -> None:
    replaced = [row for row in both.report.rows if row.trend and row.trend.first > TODAY - 60]
    assert replaced
    assert all((slope(row.trend) or 0) < 1 for row in replaced)


def test_the_link_of_every_device_is_the_median_and_worst_of_both_weeks(both: Both) -> None:
    known = 0
    for row, raw, _ in both.each():
        found = row.link and (
            row.link.metric, row.link.median, row.link.worst, row.link.median_before, row.link.worst_before
        )  # fmt: skip
        assert found == again.link(raw, row.device.id, TODAY), row.device.id
        known += found is not None
    assert known > 50


def test_the_changes_of_every_state_are_counted_over_both_spans(both: Both) -> None:
    known = 0
    for row, raw, _ in both.each():
        found = row.flap and (row.flap.metric, row.flap.week, row.flap.month)
        assert found == again.flaps(raw, row.device.id, TODAY), row.device.id
        known += found is not None
    assert known > 10


def test_missed_messages_and_clock_errors_are_those_of_the_rows(both: Both) -> None:
    for row, raw, points in both.each():
        assert row.gaps == again.gaps(raw, row.device.id, TODAY), row.device.id
        worst = again.worst_clock(raw, row.device.id, TODAY)
        assert row.clock_worst == worst or abs(row.clock_worst or 0) == abs(worst or 0), row.device.id
        assert row.clock_error == (points["clock_error"][2] if "clock_error" in points else None)
        level = points["battery"][2] if "battery" in points else None
        assert row.battery == (None if level == "unknown" else level)
    assert any(row.gaps[0] for row in both.report.rows)
    assert any(row.clock_worst for row in both.report.rows)


def test_what_stands_stands_since_the_row_in_which_it_began(both: Both) -> None:
    known = 0
    for row, raw, points in both.each():
        found = {(one.metric, one.word, one.since, one.exact) for one in row.standing}
        assert found == again.standing(raw, row.device.id, points, TODAY), row.device.id
        known += len(found)
    assert known > 5


def test_how_each_device_reports_and_since_when(both: Both) -> None:
    words = set()
    for row, _, points in both.each():
        heard = both.heard.get(row.device.id)
        interval = expected_interval(row.device)
        assert (row.reporting, row.since) == again.reporting(points, heard, interval), row.device.id
        assert row.heard == heard
        words.add(row.reporting)
    assert words >= {"reporting", "never", "unsupervised", "silent"}


def test_the_last_tests_of_every_light_and_whether_they_are_overdue(both: Both) -> None:
    lights = 0
    registered = {device["id"]: device for device in both.campus["devices"]}
    for row, _, points in both.each():
        if row.device.kind not in ("emergency_light", "exit_sign"):
            assert row.function_test is None
            continue
        lights += 1
        installed = registered[row.device.id].get("installed")
        for proof, metrics, days in (
            (row.function_test, ("function_test", "self_test"), 31),
            (row.duration_test, ("duration_test",), 366),
        ):
            assert proof is not None
            expected = again.test(points, metrics, days, installed, NOW)
            assert (proof.last, proof.result, proof.due, proof.overdue) == expected, row.device.id
    assert lights > 5


def test_expiry_building_and_owner_are_those_registered(both: Both) -> None:
    registered = {device["id"]: device for device in both.campus["devices"]}
    for row in both.report.rows:
        device = registered[row.device.id]
        assert row.days_left == again.days_left(device.get("expires"), NOW)
        assert row.building == again.building(both.campus, device["place"])
        assert row.owner_state == again.owner_state(both.campus, device.get("owner"), None)


def test_the_counts_of_each_group_are_those_of_its_rows(both: Both) -> None:
    rows, report = both.report.rows, both.report
    for groups, key_of in (
        ((report.total,), lambda row: ""),
        (report.buildings, lambda row: row.building),
        (report.owners, lambda row: row.device.owner or ""),
        (report.kinds, lambda row: row.device.kind),
    ):
        assert sum(group.counts["devices"] for group in groups) == len(rows)
        for group in groups:
            mine = [row for row in rows if key_of(row) == group.key]
            for word in ("reporting", "late", "silent", "never", "unknown", "unsupervised"):
                assert group.counts[word] == sum(row.reporting == word for row in mine)
            assert group.counts["findings"] == sum(1 for row in mine if row.findings)
            assert group.counts["expired"] == sum((row.days_left or 0) < 0 for row in mine)
            assert group.counts["no_owner"] == sum(row.owner_state != "reachable" for row in mine)


def test_the_quarantine_is_counted(both: Both) -> None:
    assert both.report.quarantined == again.quarantined(both.database) == (2, 3)
