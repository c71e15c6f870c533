"""Thinks. The rows of a campus file: all mistakes in one round, Chinese titles, what --add leaves alone."""

import re
from pathlib import Path
from typing import Any

import pytest

from ingest.campus.checks import unknown_kind
from ingest.campus.kinds import COMMON_METRICS, KINDS, METRICS, NOT_FOR_PEOPLE, guessed
from tocsin import adding, campusfile
from tocsin.document import Document
from tocsin.mistake import Mistakes, Position
from tocsin.sheet import TableReader

KINDS_PAGE = Path(__file__).parents[2] / "docs" / "kinds.md"


def document(**sections: Any) -> Document:
    made = Document()
    made.value = sections
    return made


def mistakes(found: Document) -> str:
    with pytest.raises(Mistakes) as caught:
        campusfile.parse(found)
    return "\n".join(caught.value.lines)


def table(*rows: list[str], section: str = "devices") -> TableReader:
    reader = TableReader("d.csv")
    reader.read(section, list(enumerate(rows, 1)), lambda line, column: Position("d.csv", line, column))
    return reader


def test_all_that_is_wrong_in_a_row_is_told_in_one_round() -> None:
    row = {"id": "a", "kind": "烟敢", "place": "campus", "interval": "1 h", "sleepy": "maybe",
           "position": [1.2, "y"], "expires": "31/12/2027"}  # fmt: skip
    said = mistakes(document(devices=[row, {"id": "b", "kind": "door", "installed": "gestern"}]))
    for expected in (
        "devices[0].interval  got '1 h'  must be a whole number",
        "devices[0].sleepy  got 'maybe'  must be true or false",
        "devices[0].position[1]  got 'y'  must be a number",
        "devices[0].expires  device 'a': expires '31/12/2027' is not a day such as 2025-08-31",
        "devices[0].kind  device 'a': kind '烟敢' is not known",
        "devices[1]  missing: place",
        "devices[1].installed  device 'b': installed 'gestern' is not a day",
    ):
        assert expected in said


def test_a_wrong_class_of_a_policy_is_told_by_the_key_that_was_written_with_the_choices() -> None:
    said = mistakes(document(policies=[{"id": "p", "match": {"class": ["fire"]}, "steps": []}]))
    assert "policies[0].match.class[0]  got 'fire'  must be alarm, supervisory, trouble or status" in said


def test_a_kind_may_be_written_as_it_is_called() -> None:
    rows = [
        {"id": str(n), "kind": kind, "place": "campus"}
        for n, kind in enumerate(("烟感", "door", "exit sign"))
    ]
    parts = campusfile.parse(document(devices=rows))
    assert [device.kind for device in parts.devices or ()] == ["smoke_detector", "door", "exit_sign"]


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("smoke", "smoke_detector"),
        ("smoke_detectr", "smoke_detector"),
        ("烟感器", "smoke_detector"),
        ("detector", ""),
    ],
)
def test_a_kind_that_is_not_known_is_answered_with_what_was_meant(kind: str, meant: str) -> None:
    said = unknown_kind(kind)
    assert f"did you mean {meant!r}?" in said if meant else "did you mean" in said
    assert "it is one of: smoke_detector, heat_detector" in unknown_kind("????")


def test_the_page_of_kinds_has_every_kind_metric_and_word() -> None:
    page = KINDS_PAGE.read_text("utf-8")
    for kind in KINDS.values():
        if kind.name not in NOT_FOR_PEOPLE:
            (row,) = re.findall(rf"^\| `{kind.name}` \| (?!state|event).*$", page, re.MULTILINE)
            cells = [cell.strip() for cell in row.split("|")[1:-1]]
            vital, speaks = "yes" if kind.life_safety else "", f"{kind.interval:,} s"
            assert cells[1:5] == [kind.zh, kind.en, vital, f"{speaks}, see below" if kind.mute else speaks]
            assert cells[5] == ", ".join(f"`{metric}`" for metric in kind.metrics)
    told = {metric for kind in KINDS.values() if kind.name not in NOT_FOR_PEOPLE for metric in kind.metrics}
    for name in sorted(told | set(COMMON_METRICS)):
        (row,) = re.findall(rf"^\| `{name}` \| (?:state|event|number) \|.*$", page, re.MULTILINE)
        metric = METRICS[name]
        assert row.split("|")[5].strip() == (", ".join(metric.words) or metric.unit or "–")


def test_chinese_titles_name_the_columns() -> None:
    reader = table(
        ["编号", "类型", "地点", "责任人", "有效期至", "标签.资产"],
        ["a", "烟感", "campus", "li", "2027/1/2", "7"],
    )
    assert reader.mistakes == []
    assert reader.document.value["devices"] == [
        {
            "id": "a",
            "kind": "烟感",
            "place": "campus",
            "owner": "li",
            "expires": "2027-01-02",
            "labels": {"资产": "7"},
        }
    ]
    places = table(["编号", "名称", "级别"], ["c", "校园", "校区"], section="places")
    assert places.document.value["places"] == [{"id": "c", "zh": "校园", "level": "campus"}]


def test_an_unknown_column_is_answered_with_the_columns_there_are() -> None:
    (said,) = table(["id", "颜色"], ["a", "red"]).mistakes
    assert "颜色  unknown column  the columns are: id, kind, place" in said


def test_a_day_as_a_bare_number_is_told_how_to_mend_it() -> None:
    (said,) = table(["id", "expires"], ["a", "46387"]).mistakes
    assert "got '46387'  is the number of a day: format the cell as a date" in said


def test_with_add_a_column_that_is_not_there_stays_and_an_empty_cell_is_emptied() -> None:
    labels = {"asset": "7", "batch": "2"}
    known = {"id": "s1", "kind": "smoke_detector", "place": "b", "gateway": "gw1", "owner": "li"}
    stored = {"devices": [{**known, "labels": labels}]}
    found = table(
        ["id", "kind", "place", "owner", "label.asset"], ["s1", "smoke_detector", "b", "", "8"]
    ).document
    adding.complete(found, stored)
    assert found.value["devices"] == [
        {
            "id": "s1",
            "kind": "smoke_detector",
            "place": "b",
            "gateway": "gw1",
            "labels": {"asset": "8", "batch": "2"},
        }
    ]


def test_with_add_a_key_that_a_yaml_row_leaves_out_stays_and_a_new_row_is_as_it_stands() -> None:
    rows = [{"id": "s1", "place": "c", "gateway": None}, {"id": "new", "kind": "door", "place": "c"}]
    found = document(devices=rows)
    adding.complete(
        found, {"devices": [{"id": "s1", "kind": "door", "place": "b", "gateway": "gw1", "zh": "门"}]}
    )
    assert found.value["devices"] == [
        {"id": "s1", "place": "c", "gateway": None, "kind": "door", "zh": "门"},
        {"id": "new", "kind": "door", "place": "c"},
    ]


@pytest.mark.parametrize(
    ("said", "kind"),
    [("smoke alarm, fault normal", "smoke_detector"), ("temperature 21.0, smoke normal", "smoke_detector"),
     ("leak alarm", "water_leak"), ("contact open, battery 80.0", ""), ("", "")],
)  # fmt: skip
def test_the_kind_of_a_stranger_is_guessed_where_only_one_says_such_things(said: str, kind: str) -> None:
    assert guessed(said) == kind
