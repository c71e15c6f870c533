"""Touches. Reading YAML files with includes, secrets and variables: what works, and what a mistake says."""

from pathlib import Path
from typing import Any

import pytest

from tocsin.document import Document
from tocsin.mistake import Mistakes
from tocsin.yamlfile import load

ENVIRONMENT = {"HOST": "broker.example", "PORT": "8883", "EMPTY": ""}


def read(folder: Path, text: str, **others: str) -> Document:
    for name, content in others.items():
        file = folder / (name.replace("__", "/") + ".yaml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    (folder / "main.yaml").write_text(text, encoding="utf-8")
    return load(folder / "main.yaml", ENVIRONMENT)


def value(folder: Path, text: str, **others: str) -> Any:
    return read(folder, text, **others).value


def wrong(folder: Path, text: str, **others: str) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        read(folder, text, **others)
    return [line.replace(f"{folder}/", "") for line in caught.value.lines]


def test_plain_values_keep_their_types(tmp_path: Path) -> None:
    text = "a: 1\nb: 1.5\nc: true\nd: ~\ne: text\nf: [1, x]\ng: 2024-01-01\nh: '1'\ni: no\nj: 0x1F"
    expected = {"a": 1, "b": 1.5, "c": True, "d": None, "e": "text", "f": [1, "x"]}
    assert value(tmp_path, text) == {**expected, "g": "2024-01-01", "h": "1", "i": "no", "j": 31}


def test_a_variable_takes_the_type_of_what_it_becomes_unless_it_is_quoted(tmp_path: Path) -> None:
    text = 'a: ${PORT}\nb: "${PORT}"\nc: mqtt://${HOST}:${PORT}\nd: ${NONE:-7}\ne: ${EMPTY:-x}\nf: $${HOST}'
    expected = {"a": 8883, "b": "8883", "c": "mqtt://broker.example:8883", "d": 7, "e": "x", "f": "${HOST}"}
    assert value(tmp_path, text) == expected


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    assert wrong(tmp_path, "a: ${NONE}") == [
        "main.yaml:1:4  a  the environment has no NONE  set it, or write ${NONE:-default}"
    ]


def test_an_included_file_stands_where_it_is_included(tmp_path: Path) -> None:
    found = read(
        tmp_path, "a: !include parts/one.yaml", parts__one="- x\n- !include two.yaml", parts__two="b: 2"
    )
    assert found.value == {"a": ["x", {"b": 2}]}
    assert str(found.at(("a", 1, "b"))) == f"{tmp_path}/parts/two.yaml:1:4"


def test_a_missing_include_is_blamed_on_the_line_that_asks_for_it(tmp_path: Path) -> None:
    lines = wrong(tmp_path, "a: !include one.yaml", one="b:\n  c: !include gone.yaml")
    assert lines == ["one.yaml:2:6  a.b.c  cannot read gone.yaml: No such file or directory"]


def test_an_include_cannot_leave_the_folder_not_even_by_a_link(tmp_path: Path) -> None:
    inside = tmp_path / "etc"
    inside.mkdir()
    (tmp_path / "outside.yaml").write_text("a: 1")
    (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    for name in ("../outside.yaml", "link.yaml", str(tmp_path / "outside.yaml")):
        assert "only files inside" in wrong(inside, f"a: !include {name}")[0]


def test_files_that_include_each_other_are_shown_as_a_circle(tmp_path: Path) -> None:
    lines = wrong(tmp_path, "a: !include one.yaml", one="b: !include main.yaml")
    assert lines == [
        "one.yaml:1:4  a.b  got !include main.yaml  "
        "the files include each other: main.yaml → one.yaml → main.yaml"
    ]


def test_a_secret_comes_from_the_file_beside_and_never_shows_in_an_error(tmp_path: Path) -> None:
    found = read(tmp_path, "a: !secret broker", secrets="broker: 0123456\n")
    assert found.value == {"a": "0123456"}
    assert found.got(("a",), found.value["a"]) == "got !secret broker"


def test_an_unknown_secret_offers_the_nearest_name(tmp_path: Path) -> None:
    lines = wrong(tmp_path, "a: !secret brokr", secrets="broker: x")
    assert lines == [
        "main.yaml:1:4  a  got !secret brokr  secrets.yaml has no such name  did you mean 'broker'?"
    ]


def test_merged_mappings_lose_to_the_mapping_itself(tmp_path: Path) -> None:
    text = "base: &base {a: 1, b: 2}\nuse:\n  b: 3\n  <<: *base"
    found = read(tmp_path, text)
    assert found.value["use"] == {"a": 1, "b": 3}
    assert found.at(("use", "b")).line == 3


def test_a_key_given_twice_is_a_mistake(tmp_path: Path) -> None:
    assert "given twice; the first is at" in wrong(tmp_path, "a: 1\nb: 2\na: 3")[0]


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [id]",
        "a: !!python/name:os.system",
        "a: !anything x",
        "a: !!binary aGk=",
        "a: !!set {x}",
    ],
)
def test_no_tag_can_make_an_object(tmp_path: Path, text: str) -> None:
    assert "unknown tag" in wrong(tmp_path, text)[0]


def test_an_alias_bomb_is_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "aliases repeat more than" in wrong(tmp_path, "\n".join(lines))[0]


def test_an_alias_inside_itself_is_refused(tmp_path: Path) -> None:
    assert "deep" in wrong(tmp_path, "a: &a [*a]")[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1, 2\nb: 3", "main.yaml:2:2"),
        ("a: b: c", "main.yaml:1:5"),
        ("a: *nothing", "main.yaml:1:4"),
        ("a: 1\n---\nb: 2", "main.yaml:2:1"),
        ("\ta: 1", "main.yaml:1:1"),
        ("a: \x01", "not readable as YAML"),
        ("a:\n  b: ｛c: 1｝", "write the plain { in place of the full-width ｛"),
        ("a: {b: 1，c: 2}", "write the plain , in place of the full-width ，"),
        ("a:\n\tb: 1", "indent with spaces, not with tabs"),
        ("a: {b: 1, c: ${NAME}}", 'inside {…} write "${NAME}" in quotes'),
        ("[" * 5000, "nested"),
        ("? [a, b]\n: c", "a key must be a single word"),
        ("a: !!int word", "not a int"),
    ],
)
def test_unreadable_yaml_says_where(tmp_path: Path, text: str, said: str) -> None:
    assert said in " ".join(wrong(tmp_path, text))


def test_a_file_that_is_not_there_or_not_text_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Mistakes, match=r"cannot read .*No such file"):
        load(tmp_path / "gone.yaml", {})
    (tmp_path / "latin.yaml").write_bytes("a: Müller".encode("latin-1"))
    with pytest.raises(Mistakes, match="UTF-8"):
        load(tmp_path / "latin.yaml", {})


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    assert len(wrong(tmp_path, "a: ${NONE}\nb: !secret x\nc: !include gone.yaml\nd: !what x")) == 5
