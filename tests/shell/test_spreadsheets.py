"""Touches. Spreadsheets of the campus: what is exported comes back the same, every mistake has its cell."""

import csv
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from alerts.duty.people import Directory
from ingest.campus.device import Device, Place, Zone
from ingest.campus.registry import Registry
from tocsin import campusfile, xlsxfile
from tocsin.apply import difference, merged
from tocsin.campusrows import plain
from tocsin.csvfile import write_devices
from tocsin.located import located
from tocsin.mistake import Mistakes
from tocsin.yamlfile import dump

NASTY = [
    "=1+1", "+8613800000001", "-5", "@sum", "'", "'=x", "''", " x ", "\tx", "x\n", "a\nb", "a,b;c\td", '"',
    'say "x"', "305", "0305", "1e5", "1.50", "true", "null", "~", "NaN", "2025-08-31", "12:30", "${HOME}",
    "$${HOME}", "${a${b}", "$$${x}", "<<", "- x", "# x", "*a", "&a", "!include x", "警钟",
    "\u2028", "\u200b", "\ufeff",
    "é", "𝕏", "_x000D_", "%",
]  # fmt: skip
TEXT = st.sampled_from(NASTY) | st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn"), include_characters="\n\t"), min_size=1, max_size=20
)
ID = st.from_regex(r"[A-Za-z0-9_.:-]{1,12}", fullmatch=True) | st.sampled_from(
    ["305", "0305", "1e5", "-5", "true"]
)
ADDRESSES = ("=x", "-", "@a", "烟 感", "305", "1e5", "'", " a")
LEVELS = ("campus", "building", "floor", "room")
DAY = st.dates(date(1899, 1, 1), date(2199, 12, 31)).map(date.isoformat)
PART = st.integers(0, 10**6).map(lambda part: part / 10**6)


@st.composite
def places(draw: st.DrawFn) -> list[Place]:
    made = [Place(draw(ID), draw(TEXT), draw(TEXT), None, draw(st.sampled_from([None, "campus"])))]
    for name in draw(st.lists(ID, max_size=4, unique=True)):
        if all(name != place.id for place in made):
            above = draw(st.sampled_from(made))
            level = draw(st.sampled_from([None, *LEVELS[LEVELS.index(above.level or "room") :]]))
            made.append(Place(name, draw(TEXT), draw(TEXT), above.id, level))
    return made


@st.composite
def devices(draw: st.DrawFn, at: list[Place], zones: list[Zone]) -> list[Device]:
    made: list[Device] = []
    for number, name in enumerate(draw(st.lists(ID, max_size=5, unique=True))):
        days = sorted(draw(st.lists(DAY, min_size=2, max_size=2)))
        zigbee = draw(st.booleans())
        made.append(
            Device(
                name,
                draw(st.sampled_from(["smoke_detector", "door", "extinguisher"])),
                draw(st.sampled_from(at)).id,
                zone=draw(st.sampled_from([None, *(zone.id for zone in zones)])),
                owner=draw(st.none() | TEXT),
                dialect="zigbee2mqtt" if zigbee else "tocsin",
                address=f"{draw(st.sampled_from(ADDRESSES))}{number}" if zigbee else "",
                zh=draw(st.just("") | TEXT),
                en=draw(st.just("") | TEXT),
                gateway=draw(st.sampled_from([None, *(device.id for device in made)])),
                interval=draw(st.none() | st.integers(0, 366 * 86_400)),
                sleepy=draw(st.booleans()),
                labels=draw(st.dictionaries(TEXT, TEXT, max_size=3)),
                installed=draw(st.sampled_from([None, days[0]])),
                expires=draw(st.sampled_from([None, days[1]])),
                position=draw(st.none() | st.tuples(PART, PART)),
            )
        )
    return made


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    at = draw(places())
    zones = [Zone(name, draw(TEXT), draw(TEXT)) for name in draw(st.lists(ID, max_size=2, unique=True))]
    there = [device for device in draw(devices(at, zones)) if device.id != "tocsin"]
    return Registry.build(at, zones, there)


def write(path: Path, registry: Registry) -> Path:
    values = plain(registry, Directory())
    if path.suffix == ".yaml":
        path.write_text(dump(values), "utf-8", newline="")
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            write_devices(stream, values["devices"])
    else:
        with path.open("wb") as binary:
            xlsxfile.write_workbook(binary, values)
    return path


def applied(path: Path, registry: Registry) -> list[str]:
    """What applying the file to this registry would change."""
    parts = campusfile.parse(campusfile.read(path, {"HOME": "wrong", "x": "wrong"}))
    new, directory = campusfile.whole(merged(parts, registry, Directory()))
    return difference(plain(registry, Directory()), plain(new, directory)).lines


@pytest.mark.parametrize("name", ["campus.yaml", "devices.csv", "campus.xlsx"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(registry=registries())
def test_what_is_exported_changes_nothing_when_it_is_applied(
    tmp_path: Path, name: str, registry: Registry
) -> None:
    assert applied(write(tmp_path / name, registry), registry) == []


@pytest.mark.parametrize("text", NASTY)
def test_no_spreadsheet_computes_what_a_device_is_called(tmp_path: Path, text: str) -> None:
    registry = Registry.build(devices=[Device("d", "door", "campus", zh=text, labels={text: text})])
    with write(tmp_path / "devices.csv", registry).open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.reader(stream):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    book = load_workbook(write(tmp_path / "campus.xlsx", registry))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert applied(tmp_path / "devices.csv", registry) == []
    assert applied(tmp_path / "campus.xlsx", registry) == []


def book(path: Path, **sheets: list[list[Any]]) -> Path:
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def read(path: Path) -> campusfile.Parts:
    return campusfile.parse(campusfile.read(path, {}))


def wrong(path: Path) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        read(path)
    return [line.replace(f"{path.parent}/", "") for line in caught.value.lines]


def test_cells_are_read_as_they_are_shown(tmp_path: Path) -> None:
    path = book(
        tmp_path / "d.xlsx",
        Devices=[
            [
                "id",
                "kind",
                "place",
                "interval",
                "sleepy",
                "installed",
                "expires",
                "position.x",
                "position.y",
                "label.n",
            ],
            [
                305,
                "door",
                1.5,
                600.0,
                True,
                datetime(2024, 5, 1),  # noqa: DTZ001
                "2030/5/1",
                0.25,
                "0,5",
                7,
            ],
            [],
            ["d2", "door", "campus", None, "否", "2024年5月1日", date(2030, 1, 1), None, None, " x "],
        ],
    )
    first, second = read(path).devices or ()
    assert first == Device(
        "305", "door", "1.5", interval=600, sleepy=True, installed="2024-05-01", expires="2030-05-01",
        position=(0.25, 0.5), labels={"n": "7"},
    )  # fmt: skip
    assert second == Device(
        "d2", "door", "campus", installed="2024-05-01", expires="2030-01-01", labels={"n": "x"}
    )


def test_an_id_of_digits_keeps_the_zeros_that_its_cell_shows(tmp_path: Path) -> None:
    made = Workbook()
    made.active.append(["id", "kind", "place"])
    made.active.append([305, "door", "campus"])
    made.active["A2"].number_format = "0000"
    made.save(tmp_path / "d.xlsx")
    assert [device.id for device in read(tmp_path / "d.xlsx").devices or ()] == ["0305"]


def test_one_sheet_of_any_name_is_the_devices_and_of_several_each_has_its_section(tmp_path: Path) -> None:
    parts = read(book(tmp_path / "a.xlsx", 表1=[["id", "kind", "place"], ["d", "door", "campus"]], 表2=[]))
    assert [device.id for device in parts.devices or ()] == ["d"]
    assert parts.places is None
    parts = read(book(tmp_path / "b.xlsx", places=[["id", "level"], ["c", "campus"]], zones=[["id"]]))
    assert parts.places == [Place("c", "c", "c", None, "campus")]
    assert (parts.zones, parts.devices) == ([], None)


def test_every_mistake_in_a_workbook_names_its_sheet_its_cell_and_its_column(tmp_path: Path) -> None:
    path = book(
        tmp_path / "c.xlsx",
        places=[["id", "level"], ["campus", "campsu"]],
        zones=[["name"], ["z"]],
        devices=[
            ["id", "kind", "place", "interval", "sleepy", "position.x", "position.y", "installed", None],
            ["a", "door", "campus", "often", "perhaps", 0.5, None, date(2024, 1, 1), None],
            ["b", "door", "campus", 600.5, None, "left", 1, time(12), "stray"],
            [date(2025, 1, 2), "door", "campus", None, None, None, None, "soon", None],
            [1234567890123456, "#REF!", "campus", None, None, None, None, None, None],
        ],
        notes=[["call Li"]],
    )
    lines = "\n".join(wrong(path))
    for expected in [
        "c.xlsx zones!A1  name  unknown column",
        "c.xlsx zones!A1  there is no column id",
        "c.xlsx notes  unknown sheet",
        "c.xlsx devices!A2  devices[0].position  needs both position.x and position.y",
        "c.xlsx devices!H3  got '12:00:00'  is a time",
        "c.xlsx devices!I3  devices[1]  got 'stray'  stands in a column without a name",
        "c.xlsx devices!A4  devices[2].id  got '2025-01-02'  is a date: make the column text",
        "c.xlsx devices!A5  got '1234567890123456'  a spreadsheet has rounded",
        "c.xlsx devices!B5  got '#REF!'  an error of the spreadsheet",
    ]:
        assert expected in lines
    path = book(
        tmp_path / "c.xlsx",
        places=[["id", "level"], ["campus", "campsu"]],
        devices=[["id", "kind", "place", "interval", "sleepy"], ["a", "door", "campus", "often", "perhaps"],
                 [None, "door", "campus", 5, None]],
    )  # fmt: skip
    assert wrong(path) == [
        "c.xlsx places!B2  places[0].level  got 'campsu'  must be campus, building, floor or room",
        "c.xlsx devices!D2  devices[0].interval  got 'often'  must be a whole number or nothing",
        "c.xlsx devices!E2  devices[0].sleepy  got 'perhaps'  must be true or false",
        "c.xlsx devices!A3  devices[1]  missing: id",
    ]


def test_a_mistake_of_the_whole_names_its_cell(tmp_path: Path) -> None:
    path = book(
        tmp_path / "c.xlsx",
        devices=[["id", "kind", "place"], ["a", "door", "campus"], ["b", "dor", "campus"]],
    )
    document = campusfile.read(path, {})
    with pytest.raises(Mistakes) as caught:
        campusfile.whole(campusfile.parse(document))
    (line,) = located(caught.value.lines, document)
    assert line.startswith(f"{path} devices!B3  devices[1].kind  device 'b': kind 'dor' is not known")


def test_a_formula_counts_as_what_it_came_to_and_is_refused_where_nobody_computed_it(tmp_path: Path) -> None:
    path = book(
        tmp_path / "c.xlsx", devices=[["id", "kind", "place", "zh"], ["a", "door", "campus", '="x"&1']]
    )
    assert wrong(path) == [
        "c.xlsx devices!D2  got ''  a formula without a result: open the file, save it, and try again"
    ]
    parts = {}
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    computed = sheet.replace(
        b'<c r="D2"><f>"x"&amp;1</f><v /></c>', b'<c r="D2" t="str"><f>"x"&amp;1</f><v>x1</v></c>'
    )
    assert computed != sheet
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**parts, "xl/worksheets/sheet1.xml": computed}.items():
            archive.writestr(name, data)
    assert [device.zh for device in read(path).devices or ()] == ["x1"]


def test_merged_cells_are_refused_since_only_the_first_has_a_value(tmp_path: Path) -> None:
    made = Workbook()
    for row in (
        ["id", "kind", "place", "owner"],
        ["a", "door", "campus", "li"],
        ["b", "door", "campus", None],
    ):
        made.active.append(row)
    made.active.merge_cells("D2:D3")
    made.save(tmp_path / "m.xlsx")
    (line,) = wrong(tmp_path / "m.xlsx")
    assert line.startswith("m.xlsx Sheet!D2  has merged cells (D2:D3)")


def test_a_workbook_in_chinese_is_read_and_a_sheet_that_is_none_is_told_which_there_are(
    tmp_path: Path,
) -> None:
    places = [["编号", "名称", "级别"], ["campus", "示范学校", "校园"]]
    devices = [["编号", "类型", "地点"], ["a", "烟感", "campus"]]
    parts = read(book(tmp_path / "z.xlsx", 地点=places, 设备=devices))
    assert parts.places == [Place("campus", "示范学校", "示范学校", None, "campus")]
    assert [device.kind for device in parts.devices or ()] == ["smoke_detector"]
    (line,) = wrong(book(tmp_path / "n.xlsx", devices=[["id"]], Notes=[["call Li"]]))
    assert line.startswith("n.xlsx Notes  unknown sheet  a workbook has places, zones, calendar, devices")


def test_what_is_no_workbook_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0 an old or an encrypted one")
    assert wrong(path) == ["x.xlsx  is not an XLSX workbook: save it anew as .xlsx, without a password"]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "x")
    (line,) = wrong(path)
    assert line.startswith("x.xlsx  is not readable as XLSX: ")
    path.unlink()
    (line,) = wrong(path)
    assert line.startswith("x.xlsx  cannot be read: ")
    (tmp_path / "x.xls").write_bytes(b"")
    assert wrong(tmp_path / "x.xls") == ["x.xls  .xls is not read: save it as .xlsx or .csv"]
    good = book(
        tmp_path / "good.xlsx",
        devices=[["id", "kind", "place"], *([f"d{n}", "door", "campus"] for n in range(9))],
    )
    data, said = good.read_bytes(), list[str]()
    for cut in range(0, len(data), 97):  # torn anywhere and changed anywhere: a sentence, or the devices
        for spoilt in (data[:cut], data[:cut] + b"\xff\x00\x3c" + data[cut + 3 :]):
            path.write_bytes(spoilt)
            try:
                read(path)
            except Mistakes as error:
                said += error.lines
    assert all(str(path) in line for line in said)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (xlsxfile.MAX_UNPACKED + 1))
    assert path.stat().st_size < 1_000_000
    assert wrong(path) == ["bomb.xlsx  unpacks to over 64 MB"]
    entities = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/sharedStrings.xml", entities)
    assert wrong(path) == ["bomb.xlsx xl/sharedStrings.xml  has a document type, as no workbook has"]


def test_a_sheet_that_lies_about_its_size_ends_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsxfile, "MAX_ROWS", 50)
    path = book(tmp_path / "far.xlsx", devices=[["id", "kind", "place"], ["d", "door", "campus"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = (
        parts["xl/worksheets/sheet1.xml"]
        .replace(b'r="2"', b'r="1048576"')
        .replace(b'r="A2"', b'r="A1048576"')
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**parts, "xl/worksheets/sheet1.xml": sheet}.items():
            archive.writestr(name, data)
    assert wrong(path) == ["far.xlsx devices!A51  has over 50 rows"]
    path = book(tmp_path / "wide.xlsx", devices=[["id"], ["d", *[None] * 300, "x"]])
    (line,) = wrong(path)
    assert "has something beyond its first 200 columns" in line


def test_a_csv_says_where_it_is_wrong_in_every_way_a_spreadsheet_spoils_one(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("id,kind,place,id\na,door,campus,b\n", "utf-8")
    assert wrong(path) == ["d.csv:1:4  id  given twice"]
    path.write_text('id,kind,place,zh\na,door,campus,"two\nlines"\nb,door,campus,x,stray\n', "utf-8")
    assert wrong(path) == ["d.csv:4:5  devices[1]  got 'stray'  stands in a column without a name"]
    path.write_text("id,kind,place,sleepy,interval\na,door,campus,perhaps,\nb,door,campus,,²\n", "utf-8")
    assert wrong(path) == [
        "d.csv:2:4  devices[0].sleepy  got 'perhaps'  must be true or false",
        "d.csv:3:5  devices[1].interval  got '²'  must be a whole number or nothing",
    ]
    path.write_text(f"id,kind,place,zh\na,door,campus,{'x' * 200_000}\n", "utf-8")
    (line,) = wrong(path)
    assert line.startswith("d.csv  is not readable as CSV: ")
    path.write_text("", "utf-8")
    assert wrong(path) == ["d.csv:1:1  there is no column id"]


def test_text_that_no_spreadsheet_holds_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        'devices: [{id: d, kind: door, place: campus, zh: "a\\u0007", labels: {"b\\0": "\\ud800"}}]\n'
    )
    assert [line.split("  ", 1)[0] for line in wrong(path)] == ["c.yaml:1:50", "c.yaml:1:69", "c.yaml:1:77"]
