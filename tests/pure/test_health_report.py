"""Thinks. What is found about a device, in which order, and what changed since the last report."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from alerts.duty.people import Contact, Directory, Person, Team
from alerts.owners import state
from dashboard.catalogue import CATALOGUE
from dashboard.health import owners
from dashboard.health.changes import compare, snapshot
from dashboard.health.columns import COLUMNS
from dashboard.health.report import COUNTED, Report, make, narrow
from dashboard.health.risk import ORDER, PLACE, Finding, rank
from dashboard.health.row import REPORTING, Row, judge, slope
from ingest.campus.device import Device
from ingest.history.figures import DAY, Figures, Flap, Link, Since, Spans, Trend
from ingest.reading import Reading, TimeQuality

NOW = 1_795_337_000_000
TODAY = date(2026, 11, 22)
NOTHING = Figures(Spans(NOW // DAY))


def said(device: str, **values: Any) -> dict[str, Reading]:
    return {metric: Reading(device, metric, value, NOW, NOW) for metric, value in values.items()}


def row(
    kind: str = "smoke_detector",
    heard: int | None = NOW,
    figures: Figures = NOTHING,
    owner: str = "reachable",
    device: str = "d1",
    points: dict[str, Reading] | None = None,
    **fields: Any,
) -> Row:
    known = Device(device, kind, "room", owner="li-wei", **fields)
    return judge(known, "dorm", points or {}, heard, figures, owner, TODAY, NOW)


def test_every_finding_has_one_place_in_the_order_for_vital_and_for_other_devices() -> None:
    assert set(PLACE) == {(finding, who) for finding in Finding for who in ("vital", "other")}
    assert sum(len(whom) for _, whom in ORDER) == 2 * len(Finding)


def test_a_silent_detector_is_graver_than_anything_else() -> None:
    assert rank(Finding.SILENT, vital=True) == 1
    assert rank(Finding.SILENT, vital=True) < rank(Finding.SILENT, vital=False)


def test_a_silent_gateway_ranks_as_life_safety_because_of_those_behind_it() -> None:
    gateway = row("gateway", points=said("d1", supervision="silent"))
    assert gateway.risk == 1
    assert not gateway.device.life_safety


@pytest.mark.parametrize(
    ("made", "finding"),
    [
        (row(points=said("d1", supervision="silent")), Finding.SILENT),
        (row(points=said("d1", supervision="late")), Finding.LATE),
        (row(points=said("d1", supervision="unknown")), Finding.UNSEEN),
        (row(heard=None), Finding.NEVER),
        (row(points=said("d1", fault="fault")), Finding.FAULT),
        (row(points=said("d1", smoke="disabled")), Finding.FAULT),
        (row(points=said("d1", tamper="tamper")), Finding.TAMPER),
        (row("extinguisher", expires="2027-11-22", points=said("d1", presence="missing")), Finding.MISSING),
        (row(points=said("d1", battery=19.9)), Finding.BATTERY_LOW),
        (row(points=said("d1", battery_low="low")), Finding.BATTERY_LOW),
        (row("extinguisher", expires="2026-11-21"), Finding.EXPIRED),
        (row("extinguisher", expires="2026-11-22"), Finding.EXPIRES_SOON),
        (row("extinguisher", expires="2026-12-22"), Finding.EXPIRES_SOON),
        (row("extinguisher", expires="2026-12-23"), Finding.EXPIRES_LATER),
        (row("gas_detector", expires="2027-02-20"), Finding.EXPIRES_LATER),
        (row("co_detector"), Finding.EXPIRY_UNKNOWN),
        (row(owner="none"), Finding.NO_OWNER),
        (row(points=said("d1", clock_error=-60.0)), Finding.CLOCK),
    ],
)
def test_what_is_found(made: Row, finding: Finding) -> None:
    assert made.findings == (finding,)


@pytest.mark.parametrize(
    "made",
    [
        row(),
        row(points=said("d1", supervision="reporting", smoke="normal", battery=20.0, clock_error=59.0)),
        row("extinguisher", expires="2027-02-21"),
        row("door", heard=None, interval=0),
        row(figures=Figures(Spans(1), flaps={"d1": Flap("fault", 9, 40)}, gaps={"d1": (9, 90)})),
        row(figures=Figures(Spans(1), links={"d1": Link("rssi", -65.0, -90.0, -59.5, -60.0)})),
        row(points=said("d1", unprotected=3.0, smoke="alarm")),
    ],
)
def test_what_is_well_has_no_finding(made: Row) -> None:
    assert (made.findings, made.risk) == ((), None)


def test_figures_of_the_history_become_findings_at_their_limits() -> None:
    flap = row(figures=Figures(Spans(1), flaps={"d1": Flap("fault", 10, 10)}))
    gaps = row(figures=Figures(Spans(1), gaps={"d1": (10, 10)}))
    link = row(figures=Figures(Spans(1), links={"d1": Link("rssi", -66.0, -90.0, -60.0, -60.0)}))
    assert [one.findings for one in (flap, gaps, link)] == [
        (Finding.FLAPPING,), (Finding.GAPS,), (Finding.LINK_WORSE,)
    ]  # fmt: skip


def test_a_trend_needs_eight_days_over_two_weeks() -> None:
    assert slope(Trend(-3.0, 8, 0, 14)) == -3.0
    assert slope(Trend(-3.0, 7, 0, 14)) is None
    assert slope(Trend(-3.0, 8, 0, 13)) is None
    assert slope(None) is None


def light(**values: Reading | str) -> Row:
    points = {
        metric: one if isinstance(one, Reading) else Reading("d1", metric, one, NOW, NOW)
        for metric, one in values.items()
    }
    return row("exit_sign", points=points)


def test_a_light_without_a_test_is_overdue_only_by_the_day_it_was_installed() -> None:
    assert light().findings == (Finding.UNPROVEN,)
    old = row("exit_sign", installed="2025-10-01")
    assert old.findings == (Finding.DURATION_OVERDUE, Finding.FUNCTION_OVERDUE)
    assert row("exit_sign", installed="2026-11-01").findings == ()
    assert row("exit_sign", installed="2026-10-01").findings == (Finding.FUNCTION_OVERDUE,)


def test_a_test_is_overdue_once_its_interval_has_passed() -> None:
    def at(days: float) -> Reading:
        return Reading("d1", "function_test", "passed", 0, NOW - int(days * DAY))

    assert light(function_test=at(31), duration_test="passed").findings == ()
    assert light(function_test=at(31.001), duration_test="passed").findings == (Finding.FUNCTION_OVERDUE,)


def test_an_unnamed_self_test_counts_as_the_smaller_test_only() -> None:
    assert light(self_test="passed").findings == (Finding.UNPROVEN,)
    assert light(self_test="passed").function_test.last == NOW  # type: ignore[union-attr]


def test_a_failed_test_was_done_and_is_a_finding_of_its_own() -> None:
    assert light(function_test="failed", duration_test="passed").findings == (Finding.TEST_FAILED,)


def test_a_test_that_the_broker_kept_proves_nothing_without_a_time_of_its_own() -> None:
    kept = Reading("d1", "function_test", "passed", NOW, NOW, TimeQuality.RECEIVED, True)
    dated = Reading("d1", "function_test", "passed", NOW, NOW - DAY, TimeQuality.DEVICE, True)
    assert Finding.UNPROVEN in light(function_test=kept, duration_test="passed").findings
    assert light(function_test=dated, duration_test="passed").findings == ()


def test_a_fault_stands_since_the_history_says_so_and_else_at_least_since_it_was_last_told() -> None:
    points = said("d1", fault="fault")
    known = Figures(Spans(1), since={("d1", "fault"): Since("fault", NOW - 5 * DAY, True)})
    behind = Figures(Spans(1), since={("d1", "fault"): Since("normal", NOW - 5 * DAY, True)})
    assert [(s.since, s.exact) for s in row(points=points, figures=known).standing] == [(NOW - 5 * DAY, True)]
    assert [(s.since, s.exact) for s in row(points=points, figures=behind).standing] == [(NOW, False)]


def report(*rows: Row) -> Report:
    return make(rows, NOW, None)


def test_the_report_is_ordered_by_risk_and_then_by_how_long_it_has_been_so() -> None:
    old = {"supervision": Reading("old", "supervision", "silent", NOW - DAY, NOW - DAY)}
    rows = [
        row(device="fine"),
        row("door", device="door", points=said("door", supervision="silent")),
        row(device="new", points=said("new", supervision="silent")),
        row(device="old", points=old),
        row(device="battery", points=said("battery", battery=5.0)),
    ]
    assert [one.device.id for one in report(*rows).rows] == ["old", "new", "battery", "door", "fine"]


def test_a_part_of_the_report_counts_only_its_own() -> None:
    whole = report(row(device="a", points=said("a", fault="fault")), row("door", device="b"))
    part = narrow(whole, kind="door")
    assert (part.total.counts["devices"], part.total.counts["findings"]) == (1, 0)
    assert narrow(whole, owners=("li-wei",)).total.counts["devices"] == 2
    assert narrow(whole, owners=("",)).total.counts["devices"] == 0
    assert narrow(whole) is whole


def test_what_changed_is_told_as_new_worse_better_and_gone() -> None:
    before = {
        "mended": ["fault"], "worse": ["battery_low"], "better": ["silent", "battery_low"], "more": ["fault"],
        "same": ["fault"], "removed": ["tamper"], "other version": ["no such finding"],
    }  # fmt: skip
    low = {"battery": 5.0}
    rows = [
        row(device="new", points=said("new", tamper="tamper")),
        row(device="mended"),
        row(device="worse", points=said("worse", supervision="silent", **low)),
        row(device="better", points=said("better", **low)),
        row(device="more", points=said("more", fault="fault", **low)),
        row(device="same", points=said("same", fault="fault")),
        row(device="fine"),
    ]
    found = compare(1, before, report(*rows))
    told = {kind: [one.device for one in getattr(found, kind)] for kind in ("new", "worse", "better", "gone")}
    assert told == {
        "new": ["new"], "worse": ["worse", "more"], "better": ["better"],
        "gone": ["mended", "other version", "removed"],
    }  # fmt: skip
    assert [one.device for one in compare(1, before, report(*rows), removed=False).gone] == ["mended"]


def test_nothing_changed_against_its_own_snapshot() -> None:
    whole = report(row(device="a", points=said("a", fault="fault")), row(device="b"))
    assert snapshot(whole) == {"a": ["fault"]}
    assert len(compare(1, snapshot(whole), whole)) == 0


PEOPLE = Directory(
    [
        Person("li", "李", "Li", "zh", (Contact("sms", "1"), Contact("mail", "li@example.edu"))),
        Person("wang", "王", "Wang", "en", (Contact("sms", "2"),)),
        Person("mute", "哑", "Mute", "zh", (Contact("gone", "3"),)),
    ],
    [Team("crew", "班", "Crew", ("li", "wang")), Team("empty", "空", "Empty", ())],
    channels=("sms", "mail"),
)


@pytest.mark.parametrize(
    ("owner", "expected"),
    [("li", "reachable"), ("crew", "reachable"), ("mute", "unreachable"), ("empty", "unreachable"),
     ("nobody", "unknown"), (None, "none"), ("", "none")],
)  # fmt: skip
def test_who_can_be_reached(owner: str | None, expected: str) -> None:
    assert state(owner, PEOPLE) == expected


def test_each_owner_gets_what_they_own_and_those_named_get_everything() -> None:
    found = owners.recipients(["li", "crew", "nobody"], ["wang"], PEOPLE, ["mail"])
    told = [(one.person.id, one.scope, one.contact and one.contact.address, one.owners) for one in found]
    assert told == [
        ("wang", "campus", None, None),
        ("li", "own", "li@example.edu", ("li", "crew")),
        ("wang", "own", None, ("crew",)),
    ]


def test_every_word_of_the_report_is_in_the_catalogue() -> None:
    keys = [column.key for column in COLUMNS] + [f"finding_{finding}" for finding in Finding]
    keys += [f"health_{word}" for word in (*REPORTING, *COUNTED)]
    assert [key for key in keys if key not in CATALOGUE] == []


def test_the_docs_print_the_order_of_risk() -> None:
    page = (Path(__file__).parents[2] / "docs" / "health.md").read_text("utf-8")
    printed = page.partition("<!-- order -->")[2].partition("<!-- /order -->")[0].strip().splitlines()[2:]
    assert printed == [
        f"| {number} | {CATALOGUE[f'finding_{finding}'][1]} | {'all' if len(whom) == 2 else whom[0]} |"
        for number, (finding, whom) in enumerate(ORDER, 1)
    ]


def test_every_finding_says_what_to_do() -> None:
    assert {f"do_{finding}" for finding in Finding} == {key for key in CATALOGUE if key.startswith("do_")}


def test_an_extinguisher_without_a_radio_is_not_supervised_rather_than_never_heard() -> None:
    assert row("extinguisher", heard=None, expires="2027-11-22").reporting == "unsupervised"
    assert row("extinguisher", heard=None, expires="2027-11-22", gateway="gw").reporting == "never"
