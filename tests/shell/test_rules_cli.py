"""Touches. `tocsin rules` and `tocsin why` as a person types them, at rest and on a running service."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.service import Service, campus
from tests.fakes.engine import rule
from tests.fakes.webhook import WebhookSink
from tests.servers import Mosquitto, wait_for
from tocsin.cli import main

COLD = "rules:\n" + rule("{metric: temperature, above: 8}", "trouble", "cold-store", only="{kind: climate}")
TEST = """tests:
  - name: a cold store over 8 °C is told at once
    steps:
      - {at: 0s, climate/temperature: 8.1, raises: cold-store on climate/temperature}
"""
STANDING = "SELECT * FROM alert WHERE rule = 'own-rules' AND activity = 'active'"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "mine.yaml").write_text(COLD)
    (tmp_path / "rules.d" / "mine.test.yaml").write_text(TEST)
    (tmp_path / "tocsin.yaml").write_text("rules: [rules.d]\ndata: data\n")
    return tmp_path


def test_the_tests_beside_the_rules_and_those_of_the_pack_are_run(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "test"]) == 0
    said = capsys.readouterr().out
    passed, _, total = said.splitlines()[-1].removesuffix(" tests passed").partition(" of ")
    assert passed == total
    assert int(total) > 60
    assert main(["rules", "test", "rules.d"]) == 0
    assert capsys.readouterr().out == "1 of 1 tests passed\n"


def test_a_test_that_fails_says_where_and_what_happened_instead(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "rules.d" / "mine.yaml").write_text(COLD.replace("above: 8", "above: 9"))
    assert main(["rules", "test", "rules.d/mine.test.yaml"]) == 1
    told = capsys.readouterr()
    assert told.err == (
        "rules.d/mine.test.yaml:4:52  “a cold store over 8 °C is told at once”, at 0s  expected cold-store"
        " raised on climate/temperature  got nothing: it is at rest, it looks for temperature above 9\n"
    )
    assert told.out == "0 of 1 tests passed\n"


def test_a_chinese_terminal_is_answered_in_chinese(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    (folder / "rules.d" / "mine.yaml").write_text(COLD.replace("cold-store", "cold"))
    (folder / "rules.d" / "mine.test.yaml").unlink()
    assert main(["rules", "test", "rules.d"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith("cold: 没有测试触发此规则")
    assert told[-1] == "0 个测试中通过 0 个"


def test_a_rule_without_a_test_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rules.d" / "mine.test.yaml").unlink()
    assert main(["rules", "test"]) == 0
    assert "mine.yaml:2  cold-store: no test raises this rule" in capsys.readouterr().out


def test_without_a_configuration_the_named_rules_are_tested_beside_the_pack(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tocsin.yaml").unlink()
    assert main(["rules", "test", "rules.d"]) == 0
    assert capsys.readouterr().out == "1 of 1 tests passed\n"


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        (
            "mine.test.yaml",
            "tests: 5\n",
            "rules.d/mine.test.yaml:1:8  tests  got 5  expected a list of tests\n",
        ),
        ("mine.yaml", "rules: 5\n", "mine.yaml:1:8  rules  got 5  expected a list of rules\n"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str], file: str, text: str, told: str
) -> None:
    (folder / "rules.d" / file).write_text(text)
    assert main(["rules", "test", "rules.d"]) == 2
    assert capsys.readouterr().err.endswith(told)


def test_a_file_that_is_not_there_and_a_service_that_is_not_are_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "test", "nothing.yaml"]) == 2
    assert main(["rules", "reload"]) == 1
    assert main(["why", "nothing"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "nothing.yaml: there is no such file or folder",
        "tocsin rules: no service is running with this configuration",
        "why: no alert has the code 'nothing', and no device is called so",
    ]


@pytest.fixture
def service(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Service]:
    (tmp_path / "mine.yaml").write_text(COLD)
    with WebhookSink() as sink:
        made = Service(tmp_path, mosquitto, sink.url, {"rules": [str(tmp_path / "mine.yaml")]})
        made.apply(campus(10))
        made.start()
        yield made
        made.stop()


def test_a_running_service_takes_over_what_is_right_refuses_what_is_wrong_and_starts_again_with_the_last_good(
    service: Service, tmp_path: Path
) -> None:
    file, config = tmp_path / "mine.yaml", ("-c", str(service.config))
    version = service.status()["rules"]

    file.write_text(COLD.replace("above: 8", "abov: 8"))
    with pytest.raises(RuntimeError, match=r"mine.yaml:4:33  rules\[0\].when.abov .* did you mean 'above'"):
        service.tocsin("rules", "reload", *config)
    assert service.status()["rules"] == version
    wait_for("it is raised", lambda: service.rows(STANDING))

    service.stop()
    service.start()
    assert service.status()["rules"] == version
    assert "rules" in service.status()["faults"]

    file.write_text("changed_by: Li Wei\n" + COLD.replace("above: 8", "above: 5"))
    os.utime(file, ns=(1, 1))  # whatever its time says, it is another one
    wait_for("the watch has found it", lambda: service.status()["rules"] != version)
    wait_for("it is over", lambda: "rules" not in service.status()["faults"])
    (changed,) = service.rows("SELECT * FROM rule_change WHERE what = 'changed'")
    assert (changed["rule"], changed["changed_by"], changed["reason"]) == ("cold-store", "Li Wei", "")
    assert service.tocsin("rules", "reload", *config).endswith(", 0 rules changed\n")
    assert "heard nothing to judge: " in service.tocsin("why", "d1", *config)
    wait_for(
        "a backtest knows what is not sealed yet",
        lambda: "own-rules  would have fired" in service.tocsin("rules", "replay", "--since", "1h", *config),
    )
