"""Touches. The device-health report as pages and files, through the dashboard's own HTTP door."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from dashboard.health.columns import COLUMNS
from ingest.campus.device import Device, Place
from ingest.campus.registry import Registry
from ingest.history.figures import DAY, Figures, Flap, Link, Spans, Trend
from tests.fakes.browser import PAGE, signed_in, web
from tests.fakes.service import FakeHouse

SMOKE = "dorm-2-305-smoke"


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    house = FakeHouse(tmp_path)
    house.all_report()
    return house


@pytest.fixture
def manager(house: FakeHouse) -> Iterator[TestClient]:
    with signed_in(house, "manager") as client:
        yield client


def lines(client: TestClient, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/health.csv{query}")
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_nobody_sees_it_without_signing_in(house: FakeHouse) -> None:
    with web(house) as stranger:
        for path in ("/health", "/health.csv", "/health.xlsx"):
            assert stranger.get(path).status_code == 401


def test_the_gravest_stands_first_on_the_page_and_in_the_file(house: FakeHouse, manager: TestClient) -> None:
    house.reads("lab-101-smoke", "battery", 3.0)
    house.reads(SMOKE, "supervision", "silent")
    page = manager.get("/health", headers=PAGE).text
    assert page.index(SMOKE) < page.index("lab-101-smoke")
    assert [line["编号"] for line in lines(manager)][:2] == [SMOKE, "lab-101-smoke"]


def test_filters_by_building_owner_and_kind_hold_on_the_page_and_in_the_files(
    house: FakeHouse, manager: TestClient
) -> None:
    assert {line["楼栋"] for line in lines(manager, "?building=lab")} == {"实验楼"}
    assert {line["类型"] for line in lines(manager, "?kind=emergency_light")} == {"应急照明灯"}
    assert {line["责任人"] for line in lines(manager, "?owner=li-wei")} == {"李伟"}
    assert {line["责任人"] for line in lines(manager, "?owner=-")} == {""}
    page = manager.get("/health?building=lab&kind=emergency_light", headers=PAGE).text
    assert "lab-f1-light" in page
    assert "dorm-1-f1-light" not in page


def test_every_view_shows_its_figures(house: FakeHouse, manager: TestClient) -> None:
    today = house.now() // DAY
    house.reads(SMOKE, "battery", 55.0)
    house.reads("lab-f1-light", "function_test", "passed")
    house.history.known = Figures(
        Spans(today),
        trends={SMOKE: Trend(-4.25, 40, today - 60, today)},
        links={SMOKE: Link("rssi", -70.0, -95.0, -60.0, -81.0)},
        flaps={SMOKE: Flap("fault", 12, 34)},
        gaps={SMOKE: (11, 22)},
    )
    signal = manager.get("/health?view=signal", headers=PAGE).text
    for figure in ("55 %", "-4.2 %", "-70 / -95", "-60 / -81", "11 / 22", "12 / 34"):
        assert figure in signal
    tests = manager.get("/health?view=tests&building=lab", headers=PAGE).text
    assert "通过" in tests
    assert "检测尚无记录" in tests
    assert "EN 50172" in tests


def test_the_page_says_when_the_history_is_away_and_shows_the_rest(
    house: FakeHouse, manager: TestClient
) -> None:
    house.history.broken = True
    house.reads(SMOKE, "supervision", "silent")
    page = manager.get("/health", headers=PAGE)
    assert page.status_code == 200
    assert "历史暂时不可用" in page.text
    assert SMOKE in page.text


def test_the_page_says_when_the_history_is_not_summed_up_yet(house: FakeHouse, manager: TestClient) -> None:
    house.history.known = Figures(Spans(house.now() // DAY), missing=7)
    assert "还有 7 天尚未汇总" in manager.get("/health", headers=PAGE).text


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A1", "+1", "-1", "@x", "\t=1", "＝1"])
def test_no_name_becomes_a_formula(house: FakeHouse, manager: TestClient, text: str) -> None:
    house.registry = Registry.build(
        [Place("campus", text, text)], [], [Device("d1", "door", "campus", zh=text, en=text)]
    )
    (line,) = lines(manager)
    assert line["设备"].startswith("'") or not line["设备"].startswith(("=", "+", "-", "@", "\t", "＝"))
    book = load_workbook(io.BytesIO(manager.get("/health.xlsx").content))
    cells = [cell for row in book.worksheets[1].iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]


def test_the_workbook_has_two_sheets_frozen_headings_and_typed_cells(
    house: FakeHouse, manager: TestClient
) -> None:
    house.reads(SMOKE, "battery", 12.5)
    book = load_workbook(io.BytesIO(manager.get("/health.xlsx").content))
    summary, devices = book.worksheets
    assert (summary.freeze_panes, devices.freeze_panes) == ("A2", "A2")
    heading = [cell.value for cell in devices[1]]
    assert len(heading) == len(COLUMNS)
    row = next(row for row in devices.iter_rows(min_row=2) if row[heading.index("编号")].value == SMOKE)
    cells = dict(zip(heading, row, strict=True))
    assert cells["电量"].value == 12.5
    assert isinstance(cells["最近上报"].value, datetime)
    assert cells["最近上报"].value == datetime.fromisoformat("2026-11-22T16:43:20")
    assert summary["B2"].value == devices.max_row - 1


def test_a_control_character_in_a_name_does_not_break_the_workbook(
    house: FakeHouse, manager: TestClient
) -> None:
    house.registry = Registry.build([], [], [Device("d1", "door", "campus", zh="a\x07b\ufffe", en="x")])
    book = load_workbook(io.BytesIO(manager.get("/health.xlsx").content))
    assert "a b " in [cell.value for cell in book.worksheets[1][2]]


def test_the_print_version_has_every_row(house: FakeHouse, manager: TestClient) -> None:
    screen = manager.get("/health?view=signal", headers=PAGE).text
    paper = manager.get("/health?view=signal&paper=1", headers=PAGE).text
    assert screen.count('<td class="end nowrap"') == 100
    assert paper.count('<td class="end nowrap"') == len(lines(manager))


def test_a_silly_address_is_answered_with_the_whole_report(manager: TestClient) -> None:
    page = manager.get("/health?view=nothing&building=<script>&owner='--&kind=%01", headers=PAGE)
    assert page.status_code == 200
    assert "<script>&" not in page.text
