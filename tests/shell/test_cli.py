"""Touches. The command line: what each command answers, its exit codes, and no traceback for a person."""

import io
import json
import os
import sys
from pathlib import Path

import pytest

from tocsin import lastgood
from tocsin.cli import main
from tocsin.config import load


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tocsin.yaml").write_text("channels: {void: {kind: 'null'}}\n")
    return tmp_path


Output = pytest.CaptureFixture[str]


def test_a_good_configuration_is_said_to_be_good(folder: Path, capsys: Output) -> None:
    assert main(["check"]) == 0
    assert "no mistakes" in capsys.readouterr().out


def test_a_check_reads_what_is_stored_and_says_what_the_file_does_not_fit(
    folder: Path, capsys: Output
) -> None:
    (folder / "campus.yaml").write_text(
        "places: [{id: campus}]\npersons: [{id: li, zh: 李, contacts: [{channel: sms, address: '1'}]}]\n"
        "posts: [{id: duty, zh: 值班, order: [li]}]\n"
    )
    (folder / "tocsin.yaml").write_text("channels: {sms: {kind: 'null'}}\n")
    assert main(["apply", "campus.yaml", "--yes"]) == 0
    capsys.readouterr()
    assert main(["check"]) == 0
    assert "!" not in capsys.readouterr().out
    (folder / "tocsin.yaml").write_text("channels: {mail: {kind: 'null'}}\nrules: [mine.yaml]\n")
    (folder / "mine.yaml").write_text(
        "rules: [{id: hot, title: {zh: 热, en: Hot}, for: {kind: [smoke_detector]}, class: trouble,\n"
        " priority: 2, subject: device, when: {metric: temperature, above: 40}, policy: none-such},\n"
        " {id: warm, title: {zh: 温, en: Warm}, for: {kind: [smoke_detector]}, class: trouble,\n"
        " priority: 2, subject: device, when: {metric: temperature, above: 30}, policy: canary}]\n"
    )
    code = main(["check"])
    told = capsys.readouterr()
    assert code == 0, told.err
    assert "channel 'sms'" in told.out
    assert "! rule hot: there is no policy 'none-such'" in told.out
    assert "! rule warm: there is no policy 'canary'" in told.out  # which would try to make a test of it


def test_mistakes_in_configuration_and_rules_end_with_2_and_no_traceback(
    folder: Path, capsys: Output
) -> None:
    (folder / "tocsin.yaml").write_text("brokr: {}\nhistory: {keep_days: x}\n")
    assert main(["check"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    (folder / "tocsin.yaml").write_text("rules: [mine.yaml]\n")
    (folder / "mine.yaml").write_text("rules: [{id: x, knid: door}]\n")
    assert main(["check"]) == 2
    assert "mine.yaml:1:" in capsys.readouterr().err


@pytest.mark.parametrize("at_once", [False, True])
def test_a_reader_that_has_seen_enough_ends_a_command_quietly(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output, at_once: bool
) -> None:
    reading, writing = os.pipe()
    os.close(reading)  # as `| head` does
    with io.TextIOWrapper(os.fdopen(writing, "wb", 0), write_through=at_once) as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert main(["check"]) == 0
    assert capsys.readouterr().err == ""


def test_a_configuration_that_is_not_there_is_one_sentence(folder: Path, capsys: Output) -> None:
    assert main(["check", "-c", "gone.yaml"]) == 2
    assert capsys.readouterr().err.startswith("gone.yaml: there is no such file")


def test_a_campus_is_shown_written_and_exported(folder: Path, capsys: Output) -> None:
    (folder / "campus.yaml").write_text(
        "places: [{id: campus, zh: 校, en: C}]\ndevices: [{id: d, kind: door, place: campus}]\n"
    )
    assert main(["apply", "campus.yaml", "--dry-run"]) == 0
    assert "+ devices d" in capsys.readouterr().out
    assert main(["apply", "campus.yaml", "--yes"]) == 0
    assert "2 changes written" in capsys.readouterr().out
    assert main(["apply", "campus.yaml"]) == 0
    assert capsys.readouterr().out == "nothing to change\n"
    assert main(["export", "out.yaml"]) == 0
    assert main(["apply", "out.yaml"]) == 0
    assert capsys.readouterr().out == "nothing to change\n"


def test_a_spreadsheet_removes_nothing_unless_that_is_agreed_to(
    folder: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "three.csv").write_text("id,kind,place\na,door,campus\nb,door,campus\nc,door,campus\n")
    (folder / "one.csv").write_text("id,kind,place,zh\na,door,campus,门\n")
    assert main(["apply", "three.csv", "--yes"]) == 0
    told = capsys.readouterr()
    assert "devices: 3 added, 0 changed, 0 of 0 removed" in told.out
    assert "warning: three.csv:2:1  devices[0]  device 'a': has no owner" in told.err
    assert main(["apply", "one.csv", "--yes"]) == 1
    told = capsys.readouterr()
    assert "~ devices a  zh: None → '门'" in told.out
    assert "devices: 0 added, 1 changed, 2 of 3 removed" in told.out
    assert "THIS FILE REMOVES 2" in told.out
    assert "add --remove" in told.err
    monkeypatch.setattr("builtins.input", lambda question: "n" if "remove 2" in question else "y")
    assert main(["apply", "one.csv"]) == 0
    assert "nothing was written" in capsys.readouterr().out
    assert main(["apply", "one.csv", "--yes", "--remove"]) == 0
    assert "3 changes written" in capsys.readouterr().out
    monkeypatch.setattr("builtins.input", lambda question: "y" if "remove 1" in question else "n")
    (folder / "none.csv").write_text("id,kind,place\n")
    assert main(["apply", "none.csv"]) == 0
    assert "1 changes written" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["yaml", "csv", "xlsx"])
def test_what_is_exported_in_any_form_changes_nothing_when_it_is_applied(
    folder: Path, capsys: Output, form: str
) -> None:
    (folder / "campus.yaml").write_text(
        "places: [{id: 1, zh: 校, en: C, level: campus}, {id: 2, zh: '=1+1', parent: 1, level: room}]\n"
        "zones: [{id: z, zh: ' 区 '}]\n"
        "devices: [{id: 7, kind: door, place: 2, zone: z, owner: li, zh: '@x', installed: 2024-02-29,\n"
        "  expires: 2030-01-01, position: [0.25, 1], interval: 60, sleepy: true, labels: {'=k': '+1'}}]\n"
        "persons: [{id: li, zh: 李, contacts: [{channel: void}]}]\n"
    )
    assert main(["apply", "campus.yaml", "--yes"]) == 0
    assert main(["export", f"out.{form}"]) == 0
    assert main(["export", "--format", form, "named"]) == 0
    assert main(["export", "--format", form]) == (1 if form == "xlsx" else 0)
    (folder / "named").rename(folder / f"named.{form}")
    capsys.readouterr()
    for name in (f"out.{form}", f"named.{form}"):
        assert main(["apply", name]) == 0
        told = capsys.readouterr()
        assert (told.out, told.err) == ("nothing to change\n", "")


def test_nothing_is_written_when_nobody_can_be_asked(
    folder: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    (folder / "campus.yaml").write_text("places: [{id: campus, zh: 校, en: C}]\n")
    assert main(["apply", "campus.yaml"]) == 1
    assert "add --yes" in capsys.readouterr().err
    assert main(["apply", "campus.yaml", "--dry-run"]) == 0
    assert "nothing to change" not in capsys.readouterr().out


def test_a_campus_that_does_not_fit_together_ends_with_2_and_its_place(folder: Path, capsys: Output) -> None:
    (folder / "campus.yaml").write_text("devices: [{id: d, kind: dor, place: campus}]\n")
    assert main(["apply", "campus.yaml", "--yes"]) == 2
    assert capsys.readouterr().err == (
        "campus.yaml:1:25  devices[0].kind  device 'd': kind 'dor' is not known; did you mean 'door'?\n"
    )


def test_a_message_is_told_in_readings(folder: Path, capsys: Output) -> None:
    (folder / "campus.yaml").write_text("devices: [{id: d, kind: smoke_detector, place: campus}]\n")
    main(["apply", "campus.yaml", "--yes"])
    capsys.readouterr()
    assert main(["decode", "campus/d/reading", '{"values": {"smoke": "alarm", "battery": 87}}']) == 0
    assert capsys.readouterr().out.splitlines() == [
        "device d: 2 readings",
        "  smoke = alarm  [time: received]",
        "  battery = 87.0  [time: received]",
    ]
    assert main(["decode", "campus/d/reading", "{half"]) == 0
    assert capsys.readouterr().out.startswith("rejected as malformed")


def test_a_certificate_is_made_and_its_configuration_said(folder: Path, capsys: Output) -> None:
    assert main(["cert", "a.example"]) == 0
    assert f"cert: {folder}/tls/server.pem" in capsys.readouterr().out
    (folder / "tls" / "ca.key").unlink()
    assert main(["cert"]) == 1
    assert "ca.key is missing" in capsys.readouterr().err


def test_status_without_a_service_is_one_sentence(folder: Path, capsys: Output) -> None:
    assert main(["status"]) == 1
    assert "no service is running" in capsys.readouterr().err


def test_a_database_that_cannot_be_reached_is_one_sentence(folder: Path, capsys: Output) -> None:
    (folder / "tocsin.yaml").write_text("database: postgresql://nobody@127.0.0.1:9/x\n")
    assert main(["export"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_schema_is_written_without_any_configuration(folder: Path, capsys: Output) -> None:
    (folder / "tocsin.yaml").unlink()
    assert main(["check", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "tocsin.yaml"


def test_run_starts_with_the_last_good_configuration_and_ends_with_2_without_one(
    folder: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    def serve(settings: object) -> int:
        started.append(settings.refused)  # type: ignore[attr-defined]
        return 0

    monkeypatch.setattr("tocsin.serve.serve", serve)
    (folder / "bad.yaml").write_text("brokr: {}\n")
    assert main(["run", "-c", "bad.yaml"]) == 2
    assert main(["run"]) == 0
    (folder / "tocsin.yaml").write_text("brokr: {}\n")
    assert main(["run"]) == 0
    assert "starting with the last good configuration" in capsys.readouterr().err
    assert started == [[], ["tocsin.yaml:1:1  brokr  unknown key  did you mean 'broker'?"]]


def test_a_good_start_is_remembered(folder: Path) -> None:
    lastgood.keep(load(folder / "tocsin.yaml", {}))
    assert lastgood.recall(folder / "tocsin.yaml", {}, []) is not None


def test_the_version_is_said(capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("tocsin 0.")
