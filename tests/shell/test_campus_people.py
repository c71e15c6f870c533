"""Touches. Persons, shifts and policies in the campus file: round trip, mistakes at their place, .ics."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from alerts.duty import roster
from ingest.campus.calendar import Calendar
from tests.pure.test_rota import at
from tests.shell.test_apply import apply, read, stored, wrong
from tocsin import apply as applying
from tocsin import campusfile
from tocsin.database import Database
from tocsin.icsfile import read_roster
from tocsin.mistake import Mistakes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "people.md").read_text("utf-8").split("```yaml\n")[1:]
PLACES = "places: [{id: campus}, {id: dorm-1, parent: campus}, {id: dorm-2, parent: campus}]\n"
OTHERS = ("wang-fang", "chen-jing", "sun-li", "zhang-qiang", "liu-yang", "zhao-lei", "wu-qiang", "huang-min",
          "principal")  # fmt: skip


@pytest.fixture
def page() -> str:
    """The example of docs/people.md, as one file."""
    persons, posts, policies = (part.split("```")[0] for part in PAGE)
    persons, teams = persons.split("teams:\n")
    teams += "  - {id: wardens, zh: 宿管组, en: Wardens, members: [chen-jing, sun-li]}\n"
    more = "".join(f"  - {{id: {name}, zh: {name}, en: {name}, role: manager}}\n" for name in OTHERS)
    return f"{PLACES}{persons}{more}teams:\n{teams}{posts}{policies}"


def test_the_page_about_people_is_read_and_comes_back_as_it_was(
    tmp_path: Path, database: Database, page: str
) -> None:
    apply(database, read(tmp_path, page))
    found, written = stored(database), YAML(typ="safe").load(page)
    assert found["policies"][0]["match"] == written["policies"][0]["match"]
    assert found["policies"][0]["steps"][1:3] == written["policies"][0]["steps"][1:3]
    for section in ("persons", "posts"):
        assert _plain(found[section][0]) == _plain(written[section][0])
    again = tmp_path / "again.yaml"
    with again.open("w", encoding="utf-8") as stream:
        YAML().dump(found, stream)
    assert apply(database, campusfile.parse(campusfile.read(again, {}))) == []


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if (key, value) != ("language", "zh")}


def test_the_roster_of_the_page_has_no_gap_in_a_year(tmp_path: Path, database: Database, page: str) -> None:
    _, people = campusfile.whole(read(tmp_path, page))
    rota = people.rotas["duty"]
    rota.calendar = Calendar("Asia/Shanghai", "none")
    watches = rota.watches(at("2026-11-20T00:00"), at("2027-11-20T00:00"))
    assert all(watch.who for watch in watches)


def test_mistakes_of_shifts_and_policies_are_told_at_their_place(tmp_path: Path) -> None:
    text = """\
persons:
  [{id: a, quiet: {from: "25:00"}}, {id: b, role: chief}, {id: c, contacts: [{channel: sms, adress: 1}]}]
posts:
  - {id: p, shifts: [{days: mon-fry, who: [a]}]}
  - {id: q, shifts: [{who: [a], turn: week}]}
  - {id: r, overrides: [{day: "2026-02-30", who: [a]}]}
policies:
  - {id: x, steps: [{notify: [{team: t, how: maybe}]}]}
  - {id: y, steps: [{notify: [{post: p, how: first}, {team: t, every: 5s}]}]}
"""
    found = "\n".join(wrong(tmp_path, text))
    for sentence in (
        "'25:00' is not a time of day such as 07:30",
        "persons[1].role  got 'chief'  must be viewer, guard, duty, manager or administrator",
        "persons[2].contacts[0].adress  unknown key  did you mean 'address'?",
        "'mon-fry' is no day",
        "turn needs `since`",
        "'2026-02-30' is not a day such as 2026-12-24",
        "policies[0].steps[0].notify[0].how  must be all, in turn or first",
        "policies[1].steps[0].notify[0].how  unknown key",
        "policies[1].steps[0].notify[1].every  is for `how: in turn` only",
    ):
        assert sentence in found, found


def test_a_calendar_file_becomes_the_roster_of_the_post_it_is_called_after(
    tmp_path: Path, database: Database, page: str
) -> None:
    apply(database, read(tmp_path, page))
    days = "DTSTART:20261102\r\nDTEND:20261109\r\nRRULE:FREQ=WEEKLY\r\nSUMMARY:{}\r\n"
    event = f"BEGIN:VEVENT\r\nUID:1\r\n{days}END:VEVENT\r\n"
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{event}END:VCALENDAR\r\n"
    path = tmp_path / "lab-safety.ics"

    def added(who: str) -> list[str]:
        path.write_text(text.format(who), "utf-8")
        parts = campusfile.parse(read_roster(path, stored(database)))
        with database.transaction() as tx:
            return applying.apply(tx, parts, add=True).lines

    (line,) = added("李伟")
    assert line.startswith("~ posts lab-safety  ics: None → 'BEGIN:VCALENDAR")
    with database.read() as conn:
        people = roster.load(conn)
    assert people.duty("lab-safety", at("2027-03-03T12:00")).who == ("li-wei",)
    assert len(people.posts) == 2
    with pytest.raises(Mistakes, match="there is no person 'who left'"):
        added("who left")
    with pytest.raises(Mistakes, match=r"there is no post 'labsafety'.*did you mean 'lab-safety'"):
        read_roster(tmp_path / "labsafety.ics", stored(database))
