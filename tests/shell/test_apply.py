"""Touches. The campus file against a real database: difference, round trip, every mistake at its place."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ingest import pending
from ingest.dialects import DIALECTS
from tocsin import apply as applying
from tocsin import campusfile
from tocsin.database import Database
from tocsin.located import located
from tocsin.mistake import Mistakes

ROOT = Path(__file__).parents[2]
CAMPUS = (ROOT / "docs" / "configuration.md").read_text("utf-8").split("```yaml\n")[2].split("```")[0]


def read(folder: Path, text: str, name: str = "campus.yaml") -> campusfile.Parts:
    (folder / name).write_text(text, encoding="utf-8")
    return campusfile.parse(campusfile.read(folder / name, {}))


def apply(database: Database, parts: campusfile.Parts, write: bool = True) -> list[str]:
    with database.transaction() as tx:
        return applying.apply(tx, parts, write).lines


def stored(database: Database) -> dict[str, Any]:
    with database.read() as conn:
        return applying.export(conn)


def dumped(values: Any) -> str:
    stream = StringIO()
    YAML().dump(values, stream)
    return stream.getvalue()


def wrong(folder: Path, text: str, name: str = "campus.yaml") -> list[str]:
    with pytest.raises(Mistakes) as caught:
        read(folder, text, name)
    return [line.replace(f"{folder}/", "") for line in caught.value.lines]


def wrong_together(folder: Path, database: Database, text: str) -> list[str]:
    (folder / "campus.yaml").write_text(text, encoding="utf-8")
    document = campusfile.read(folder / "campus.yaml", {})
    with pytest.raises(Mistakes) as caught:
        apply(database, campusfile.parse(document))
    return [line.replace(f"{folder}/", "") for line in located(caught.value.lines, document)]


def test_what_was_exported_is_the_file_that_was_applied(tmp_path: Path, database: Database) -> None:
    apply(database, read(tmp_path, CAMPUS))
    first = stored(database)
    assert first == YAML(typ="safe").load(CAMPUS)
    assert apply(database, read(tmp_path, dumped(first))) == []


def test_the_difference_names_what_comes_goes_and_changes(tmp_path: Path, database: Database) -> None:
    apply(database, read(tmp_path, CAMPUS))
    text = CAMPUS.replace("lib-smoke-1", "lib-smoke-2").replace("en: Li Wei", "en: Wei Li")
    text = text.replace("owner: li-wei", "interval: 60")
    assert apply(database, read(tmp_path, text)) == [
        "- devices lib-smoke-1",
        "+ devices lib-smoke-2",
        "~ devices dorm-2-305-smoke  owner: 'li-wei' → None, interval: None → 60",
        "~ persons li-wei  en: 'Li Wei' → 'Wei Li'",
    ]


def test_looking_writes_nothing(tmp_path: Path, database: Database) -> None:
    assert apply(database, read(tmp_path, CAMPUS), write=False)
    assert stored(database)["devices"] == []


def test_a_section_that_is_not_in_the_file_stays_as_it_is(tmp_path: Path, database: Database) -> None:
    apply(database, read(tmp_path, CAMPUS))
    before = stored(database)
    lines = apply(database, read(tmp_path, "zones: []\ndevices: []\n"))
    assert sorted(lines) == ["- devices dorm-2-305-smoke", "- devices lib-smoke-1", "- zones dorm-2-f3-z1"]
    assert {**before, "zones": [], "devices": []} == stored(database)


def test_a_campus_in_several_files_is_one_campus(tmp_path: Path, database: Database) -> None:
    (tmp_path / "places").mkdir()
    (tmp_path / "places" / "all.yaml").write_text("- {id: campus, zh: 校, en: C}\n")
    apply(database, read(tmp_path, "places: !include places/all.yaml\n"))
    assert stored(database)["places"] == [{"id": "campus", "zh": "校", "en": "C"}]


def test_names_and_addresses_are_text_also_when_they_look_like_numbers(
    tmp_path: Path, database: Database
) -> None:
    text = (
        "places: [{id: 0, zh: 校}, {id: 305, zh: 0305, parent: 0}]\n"
        "devices: [{id: 7, kind: door, place: 305, interval: 60, labels: {floor: 3}}]\n"
        "persons: [{id: a, zh: 甲, contacts: [{channel: sms, address: +8613800000001}]}]\n"
    )
    apply(database, read(tmp_path, text))
    values = stored(database)
    assert values["places"][1] == {"id": "305", "zh": "0305", "en": "0305", "parent": "0"}
    assert values["devices"] == [
        {"id": "7", "kind": "door", "place": "305", "interval": 60, "labels": {"floor": "3"}}
    ]
    assert values["persons"][0]["contacts"][0]["address"] == "+8613800000001"


def test_every_mistake_of_form_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    text = """\
plces: []
devices:
  - {id: a, kind: door, place: p, kidn: x}
  - {id: a, kind: door, place: p}
  - {kind: door, place: p}
  - nonsense
  - {id: b, kind: door, place: p, interval: often}
policies:
  - {id: p, match: {clas: alarm}, steps: [{after: soon, notify: [{pots: duty}]}], repeat: {evry: 5s}}
"""
    assert wrong(tmp_path, text) == [
        "campus.yaml:1:1  plces  unknown section  did you mean 'places'?",
        "campus.yaml:4:10  devices[1].id  got 'a'  given twice; the first is at campus.yaml:3:10",
        "campus.yaml:3:35  devices[0].kidn  unknown key  did you mean 'kind'?",
        "campus.yaml:5:5  devices[2]  missing: id",
        "campus.yaml:6:5  devices[3]  must be a mapping such as {id: …}",
        "campus.yaml:7:45  devices[4].interval  got 'often'  must be a whole number or nothing",
        "campus.yaml:9:21  policies[0].match.clas  unknown key  did you mean 'class'?",
        "campus.yaml:9:51  policies[0].steps[0].after  got 'soon'  "
        "must be a duration such as 60s, 5m, 2h or 1d",
        "campus.yaml:9:66  policies[0].steps[0].notify[0]  "
        "must be {post: …}, {team: …}, {role: …}, {person: …} or everyone",
        "campus.yaml:9:92  policies[0].repeat.evry  unknown key  did you mean 'every'?",
        "campus.yaml:9:91  policies[0].repeat.every  got nothing  "
        "must be a duration such as 60s, 5m, 2h or 1d",
    ]


def test_every_mistake_of_the_whole_is_told_at_once_with_its_place(
    tmp_path: Path, database: Database
) -> None:
    text = """\
places:
  - {id: campus, zh: 校}
  - {id: dorm, zh: 舍, parent: campsu}
devices:
  - {id: a, kind: smoke_detectr, place: dorm}
  - {id: b, kind: door, place: drm, gateway: nobody}
persons: [{id: li, zh: 李}]
teams: [{id: t, zh: 组, members: [li, wang]}]
policies: [{id: p, match: {kind: dor}, steps: [{notify: [{post: duty}]}]}]
"""
    assert wrong_together(tmp_path, database, text) == [
        "campus.yaml:3:31  places[1].parent  place 'dorm': parent 'campsu' is not a place; "
        "did you mean 'campus'?",
        "campus.yaml:5:19  devices[0].kind  device 'a': kind 'smoke_detectr' is not known; "
        "did you mean 'smoke_detector'?",
        "campus.yaml:6:32  devices[1].place  device 'b': place 'drm' is not a place; did you mean 'dorm'?",
        "campus.yaml:6:46  devices[1].gateway  device 'b': gateway 'nobody' is not a device",
        "campus.yaml:8:38  teams[0].members[1]  team 't': there is no person 'wang'  one of: li",
        "campus.yaml:9:65  policies[0].steps[0].notify[0].post  policy 'p': there is no post 'duty'",
        "campus.yaml:9:34  policies[0].match.kind  policy 'p': there is no kind 'dor'  did you mean 'door'?",
    ]
    assert stored(database)["places"] == [{"id": "campus", "zh": "校园", "en": "Campus"}]


def test_what_breaks_something_stored_says_so(tmp_path: Path, database: Database) -> None:
    apply(database, read(tmp_path, CAMPUS))
    lines = wrong_together(tmp_path, database, "zones: []\n")
    assert lines == ["already stored: device 'dorm-2-305-smoke': zone 'dorm-2-f3-z1' is not a zone"]


@pytest.mark.parametrize(("separator", "encoding"), [(",", "utf-8-sig"), (";", "utf-8"), ("\t", "gb18030")])
def test_devices_come_from_a_spreadsheet(
    tmp_path: Path, database: Database, separator: str, encoding: str
) -> None:
    apply(database, read(tmp_path, CAMPUS))
    rows = [
        ["id", "kind", "place", "zh", "interval", "sleepy", "label.asset"],
        ["door-1", "door", "dorm-2-305", "北门", "600", "是", "A-17"],
        ["", "", "", "", "", "", ""],
        ["door-2", "door", "dorm-2-305", "", "", "", ""],
    ]
    text = "\r\n".join(separator.join(row) for row in rows)
    (tmp_path / "devices.csv").write_bytes(text.encode(encoding))
    parts = campusfile.parse(campusfile.read(tmp_path / "devices.csv", {}))
    apply(database, parts)
    assert stored(database)["devices"] == [
        {
            "id": "door-1",
            "kind": "door",
            "place": "dorm-2-305",
            "zh": "北门",
            "interval": 600,
            "sleepy": True,
            "labels": {"asset": "A-17"},
        },
        {"id": "door-2", "kind": "door", "place": "dorm-2-305"},
    ]


def test_a_mistake_in_a_spreadsheet_names_its_line_and_cell(tmp_path: Path) -> None:
    assert wrong(tmp_path, "id,kind,plce\n", "devices.csv") == [
        "devices.csv:1:3  plce  unknown column  did you mean 'place'?"
    ]
    assert wrong(tmp_path, "kind,place\n", "devices.csv") == ["devices.csv:1:1  there is no column id"]
    assert wrong(tmp_path, "id,kind,place,interval\na,door,p,60\nb,door,p,often\n", "devices.csv") == [
        "devices.csv:3:4  devices[1].interval  got 'often'  must be a whole number or nothing"
    ]


def test_numbers_and_yes_and_no_of_a_mapping_stay_what_they_are(tmp_path: Path) -> None:
    text = """\
mappings:
- {id: 7, topic: meters/+/state, scale: 0.10, offset: 5, on: true, word: "5", nothing: null, deep: [{n: 010}]}
approvals:
- {id: sensor/kitchen/smoke, approved: true}
"""
    parts = read(tmp_path, text)
    (mapping,) = parts.mappings or ()
    assert mapping.pop("deep") == [{"n": 10}]
    expected = {"id": "7", "topic": "meters/+/state", "scale": 0.1, "offset": 5, "on": True, "word": "5"}
    assert mapping == {**expected, "nothing": None}
    assert type(mapping["offset"]) is int
    assert parts.definitions()["homeassistant"] == {"sensor/kitchen/smoke": {"approved": True}}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("{topic: x}", "1:12  mappings[0]  must be a mapping such as {id: …}, with an id"),
        ("{id: a, n: .nan}", "1:23  mappings[0].n  got .nan  must be a finite number"),
        (
            "{id: a, n: [99999999999999999999]}",
            "1:24  mappings[0].n[0]  got 99999999999999999999  is a number too large",
        ),
        ("{id: a}, {id: a}", "1:26  mappings[1].id  got 'a'  given twice; the first is at campus.yaml:1:17"),
    ],
)
def test_what_no_mapping_may_hold_is_told_with_its_place(
    tmp_path: Path, document: str, sentence: str
) -> None:
    assert wrong(tmp_path, f"mappings: [{document}]\n") == [f"campus.yaml:{sentence}"]


def test_what_a_dialect_says_of_a_mapping_is_told_with_its_place(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refuses:
        @staticmethod
        def define(name: str, document: dict[str, Any]) -> None:
            raise ValueError("unit 'furlong' is not known")

    monkeypatch.setitem(DIALECTS, "mapping", Refuses)
    text = "mappings:\n- id: a\n  fields:\n  - {unit: furlong}\n"
    assert wrong_together(tmp_path, database, text) == [
        "campus.yaml:4:12  mappings[0].fields[0].unit  mapping 'a': unit 'furlong' is not known"
    ]


def test_the_order_of_policies_is_a_difference_since_the_first_that_fits_is_taken(
    tmp_path: Path, database: Database
) -> None:
    first, second = ({"id": name, "steps": [{"notify": ["everyone"]}]} for name in "ab")
    apply(database, read(tmp_path, dumped({"policies": [first, second]})))
    assert apply(database, read(tmp_path, dumped({"policies": [second, first]}))) == [
        "~ policies  in another order"
    ]
    assert [policy["id"] for policy in stored(database)["policies"]] == ["b", "a"]


def test_nothing_is_written_when_the_difference_is_no_longer_the_one_agreed_to(
    tmp_path: Path, database: Database
) -> None:
    parts = read(tmp_path, CAMPUS)
    lines = apply(database, parts, write=False)
    apply(database, read(tmp_path, "zones: [{id: other, zh: 别}]\n"))
    with database.transaction() as tx, pytest.raises(Mistakes, match="has changed since"):
        applying.apply(tx, parts, agreed=lines)
    assert stored(database)["devices"] == []


def test_devices_that_nobody_answers_for_are_named(tmp_path: Path, database: Database) -> None:
    text = CAMPUS.replace("owner: li-wei", "owner: nobody")
    with database.transaction() as tx:
        warnings = applying.apply(tx, read(tmp_path, text), channels=["duty"]).warnings
        assert warnings == [
            "device 'dorm-2-305-smoke': owner 'nobody' is neither a person nor a team",
            "device 'lib-smoke-1': has no owner",
        ]
        found = applying.apply(tx, read(tmp_path, CAMPUS), channels=["mail"])
        assert found.warnings[0] == (
            "device 'dorm-2-305-smoke': owner 'li-wei' has no contact on a configured channel"
        )


def test_a_channel_that_the_settings_do_not_name_is_a_mistake_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "campus.yaml"
    path.write_text(
        "persons:\n- {id: li, zh: 李伟, contacts: [{channel: phoen, address: '1'}]}\n"
        "policies:\n- {id: fire, match: {}, steps: [{notify: [everyone], channels: [sirn, siren]}]}\n"
    )
    document = campusfile.read(path, {})
    with pytest.raises(Mistakes) as caught:
        campusfile.parse(document, ["phone", "siren"])
    first, second = caught.value.lines
    assert first.startswith(f"{path}:2:")
    assert first.endswith("got 'phoen'  the settings name no such channel  did you mean 'phone'?")
    assert second.startswith(f"{path}:4:")
    assert second.endswith("did you mean 'siren'?")
    assert campusfile.parse(document).persons, "without settings nothing is known of channels"


TWICE = """\
devices:
  - {id: native, kind: smoke_detector, place: campus, dialect: zigbee2mqtt, address: hall}
  - {id: approved, kind: smoke_detector, place: campus, dialect: homeassistant, address: x1}
approvals:
  - id: x1
    entities:
      smoke: {platform: binary_sensor, device_class: smoke, state_topic: zigbee2mqtt/hall}
"""


def test_one_topic_of_two_devices_is_refused_at_its_place_and_nothing_is_written(
    tmp_path: Path, database: Database
) -> None:
    [told] = wrong_together(tmp_path, database, TWICE)
    assert told.startswith("campus.yaml:2")
    assert "'native'" in told
    assert "'approved'" in told
    assert stored(database)["devices"] == []
    assert apply(database, read(tmp_path, TWICE.replace("zigbee2mqtt/hall", "other/hall")))


def test_a_topic_that_two_devices_came_to_share_is_a_warning_and_refuses_nothing_else(
    tmp_path: Path, database: Database
) -> None:
    text = TWICE.replace("address: hall", 'address: "0x01"')
    apply(database, read(tmp_path, text))
    with database.transaction() as tx:  # the gateway has given it this name since
        pending.save_learned(tx, {("zigbee2mqtt", "zigbee2mqtt", "names"): {"hall": "0x01"}})
        found = applying.apply(tx, read(tmp_path, text + "zones: [{id: z, zh: 区}]\n"))
    assert found.lines == ["+ zones z"]
    assert any("'native'" in warning and "'approved'" in warning for warning in found.warnings)
