"""Touches. Backtests over real day files: a simulated month through the command, and nothing left out."""

import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ingest.campus.registry import Registry
from ingest.history import recorded
from ingest.history.history import History
from ingest.history.recorded import Files
from ingest.history.sealed import DAY
from ingest.reading import Reading, TimeQuality
from ingest.settings import HistorySettings
from rules.load import Texts, read
from rules.replay import Replay
from tests.fakes.engine import CAMPUS, rule, rules_from
from tests.fakes.month import START, campus, record
from tests.servers import wait_for
from tests.spools import Spool, Told
from tocsin import backtest, clock
from tocsin.backtest import Job, Source, campus_of
from tocsin.backtests import Backtests
from tocsin.cli import main

HOUR, MINUTE = 3_600_000, 60_000
WARM = rule(
    "{metric: temperature, above: 40, deadband: 2}", "supervisory", "too-warm", only="{kind: smoke_detector}"
)


def flapping(device: str, at: int, times: int, apart: int) -> Iterator[Reading]:
    """It goes over 40 °C and back so many times."""
    for number in range(times):
        moment = at + number * apart
        yield Reading(device, "temperature", 45.0, moment, moment)
        yield Reading(device, "temperature", 20.0, moment + 5_000, moment + 5_000)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation at rest with thirty recorded days: one detector chattered, three were warm once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: START + 30 * DAY)
    told = [*flapping("d-7", START + 9 * DAY, 11, 15_000)]
    for day in (12, 15, 18):
        told += flapping(f"d-{day}", START + day * DAY, 1, 1)
    record(tmp_path / "data" / "history" / "days", 30, devices=20, told=told)
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "mine.yaml").write_text("rules:\n" + WARM)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine.yaml").write_text("rules:\n" + WARM.rstrip() + "\n    on_delay: 10s\n")
    (tmp_path / "tocsin.yaml").write_text("rules: [rules.d]\ndata: data\n")
    devices = "".join(f"  - {{id: d-{n}, kind: smoke_detector, place: dorm}}\n" for n in range(20))
    (tmp_path / "campus.yaml").write_text(
        "places:\n  - {id: campus, zh: 校园, en: Campus, level: campus}\n"
        "  - {id: dorm, zh: 宿舍, en: Dormitory, parent: campus, level: building}\ndevices:\n" + devices
    )
    assert main(["apply", "campus.yaml", "--yes"]) == 0
    return tmp_path


def test_a_backtest_over_a_simulated_month_prints_its_answer(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    capsys.readouterr()
    assert main(["rules", "replay", "--since", "30d", "--rule", "too-warm"]) == 0
    told = capsys.readouterr()
    said = told.out.splitlines()
    assert "replaying" not in told.err  # no progress bar where nobody looks
    assert "259,228 readings recorded" in said[0]
    assert said[1] == (
        "too-warm  would have fired 14 times, 11 of them chatter (≥ 3 activations in 60 s), on 4 devices"
    )
    assert (
        "d-7/temperature, Dormitory  temperature 45.0 (above 40, deadband 2)  for 5 s  [chatter]" in said[2]
    )
    assert len([line for line in said if "[chatter]" in line]) == 11
    assert main(["rules", "replay", "--since", "30d", "--rules", "new"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "too-warm (changed)  would have fired 0 times instead of 14 times"
    assert said[4] == "  both 0, only now 14, only proposed 0"
    assert main(["rules", "replay", "--since", "30d", "--rule", "too-warm", "--device", "d-12"]) == 0
    assert "would have fired once" in capsys.readouterr().out
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert main(["rules", "replay", "--since", "30d", "--rule", "too-warm"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "too-warm  会触发 14 次，其中 11 次为抖动（60 秒内 ≥ 3 次），涉及 4 台设备"
    assert not [*(folder / "data" / "history" / "replay").glob("*")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rule", "too-worm"], "--rule too-worm: there is no such rule; did you mean 'too-warm'?"),
        (["--device", "d-99"], "--device d-99: there is no such device; did you mean 'd-9'?"),
        (["--since", "lately"], "'lately' is no time: write 14:05, or '2026-11-22 14:05'; or how long ago"),
        (["--since", "1d", "--until", "2d"], "--since 1d: expected before the end"),
        (["--rules", "nowhere"], "nowhere: there is no such file or folder"),
    ],
)
def test_what_cannot_be_replayed_is_said_in_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["rules", "replay", *arguments]) == 2
    assert said in capsys.readouterr().err


LISTENING = [
    rule("{metric: temperature, rises: 6, within: 30m}", "trouble", "rising", only="{device: store-1}"),
    rule("{metric: temperature, silent_for: 50m}", "trouble", "silent", only="{device: smoke-1}"),
    rule("{metric: contact, changes: {from: closed, to: open}}", "trouble", "opened"),
]
WAITING = [
    rule("{metric: temperature, above: 25, deadband: 2}", "trouble", "warm", on_delay="20m", off_delay="5m"),
    rule("{metric: contact, is: [open], times: 3, within: 20m}", "trouble", "flaps"),
    rule("{metric: smoke, is: [alarm]}", "alarm", "smoke", off_delay="20m"),
    rule("{metric: press, happens: [alarm], hold: 5m}", "alarm", "pressed"),
    rule("{any: [warm, flaps]}", "trouble", "either", subject="place"),
]
SAYS = {
    ("store-1", "temperature"): (20.0, 24.0, 26.0, 31.0),
    ("smoke-1", "temperature"): (20.0, 27.0),
    ("smoke-1", "smoke"): ("normal", "normal", "alarm", "unknown"),
    ("smoke-2", "smoke"): ("normal", "alarm"),
    ("door-1", "contact"): ("open", "closed", "closed"),
    ("panic-1", "press"): ("alarm",),
    ("light-1", "battery"): (90.0,),
}


def drawn(seed: int, days: int) -> list[Reading]:
    """Readings by lot, in order of receipt; some dated earlier by the device, some retained."""
    chance, found = random.Random(seed), []
    for at in range(START, START + days * DAY, 11 * MINUTE):
        device, metric = chance.choice([*SAYS])
        received = at + chance.randrange(5 * MINUTE)
        late = chance.randrange(3 * HOUR) if chance.random() < 0.2 else 0
        quality = TimeQuality.DEVICE if late else TimeQuality.RECEIVED
        value = chance.choice(SAYS[device, metric])
        retained = chance.random() < 0.05
        found.append(
            Reading(device, metric, value, received, received - late, quality, retained, "n" * (late > 0))
        )
    return found


def seal(folder: Path, readings: list[Reading]) -> dict[int, str]:
    files: dict[int, str] = {}
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE r (device VARCHAR, metric VARCHAR, event_time BIGINT, received BIGINT,"
            " value DOUBLE, word VARCHAR, time_quality VARCHAR, retained BOOLEAN, note VARCHAR)"
        )
        connection.executemany(
            "INSERT INTO r VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [_row(one) for one in readings]
        )
        for day in sorted({r.event_time // DAY for r in readings}):
            files[day] = str(folder / f"{day}.parquet")
            where = f"event_time // {DAY} = {day} ORDER BY device, metric, event_time"
            connection.execute(f"COPY (SELECT * FROM r WHERE {where}) TO '{files[day]}' (FORMAT parquet)")
    return files


def _row(one: Reading) -> tuple[object, ...]:
    value, word = (one.value, None) if isinstance(one.value, float) else (None, one.value)
    quality, note = str(one.time_quality), one.note or None
    return (one.device, one.metric, one.event_time, one.received, value, word, quality, one.retained, note)


@pytest.mark.parametrize(("seed", "chosen"), [(0, [*LISTENING, *WAITING]), (1, WAITING), (2, WAITING)])
def test_what_is_skipped_changes_nothing_in_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, chosen: list[str]
) -> None:
    monkeypatch.setattr(recorded, "SLICE", 7)
    monkeypatch.setattr(recorded, "PART", 100)
    said, text = drawn(seed, days=6), "rules:\n" + "".join(chosen)
    plain = Replay(rules_from(text), CAMPUS, said[0].received, START + 3 * DAY)
    plain.play(said)
    plain.forward(START + 6 * DAY)
    texts = Texts({}, {"rules.yaml": text})
    monkeypatch.setattr("rules.law.unheard", lambda rules: [])
    source = Source(Files(seal(tmp_path, said), ""), campus_of(CAMPUS), texts, [])
    monkeypatch.setattr(backtest, "WARM", 3 * DAY)
    answer = backtest.run(Job(START + 3 * DAY, START + 6 * DAY, source))
    assert answer.now == plain.tallies()
    assert sum(one.count for one in answer.now.values()) > 10
    assert answer.played < len(said)


def test_what_each_point_said_last_before_it_judges_is_known(tmp_path: Path) -> None:
    said = [Reading("store-1", "temperature", 45.0, START, START)]
    said += [Reading("store-1", "temperature", 46.0, at, at) for at in (START + 2 * DAY + HOUR,)]
    texts = read()
    own = Texts(
        texts.standard, {"rules.yaml": "rules:\n" + rule("{metric: temperature, above: 40}", name="warm")}
    )
    source = Source(Files(seal(tmp_path, said), ""), campus_of(CAMPUS), own, [])
    answer = backtest.run(Job(START + 2 * DAY, START + 3 * DAY, source, names=["warm"]))
    assert (answer.now["warm"].count, answer.now["warm"].standing) == (0, 1)


USUALLY = rule(
    "{metric: temperature, past: {above: 3, weeks: 2}}", "trouble", "unusual", only="{kind: climate}"
)


def test_what_a_point_said_in_the_weeks_before_each_hour_is_worked_out_of_the_same_recording(
    tmp_path: Path,
) -> None:
    hours = range(START, START + 22 * DAY, HOUR)
    said = [Reading("store-1", "temperature", 20.0 + at // HOUR % 24, at + 9, at + 9) for at in hours]
    at = START + 21 * DAY + 15 * HOUR  # 35 °C is usual at 15:00, and 29 °C at 9:00
    said += [
        Reading("store-1", "temperature", 36.0, moment, moment) for moment in (at + 99, at - 6 * HOUR + 99)
    ]
    own = Texts(read().standard, {"rules.yaml": "rules:\n" + USUALLY})
    source = Source(Files(seal(tmp_path, said), ""), campus_of(CAMPUS), own, [])
    found = backtest.run(Job(START + 20 * DAY, START + 22 * DAY, source, names=["unusual"])).now["unusual"]
    assert [one.moment for one in found.firings] == [at - 6 * HOUR + 99]
    young = backtest.run(Job(START + 6 * DAY, START + 13 * DAY, source, names=["unusual"])).now
    assert "unusual" not in young  # one week before is too little to say


def test_what_is_not_sealed_yet_is_copied_out_for_whoever_asks(tmp_path: Path) -> None:
    spool = Spool(tmp_path, START + DAY)  # a day is sealed an hour after its end
    history = History(tmp_path / "history", spool.read, spool.epoch, HistorySettings(), Told(), spool.now)
    said = [
        Reading("store-1", "temperature", 20.0, START, START),
        Reading(
            "store-1", "temperature", 45.0, START + DAY, START + DAY - HOUR, TimeQuality.DEVICE, True, "n"
        ),
        Reading("store-1", "temperature", 50.0, START + DAY, START - 9 * DAY, TimeQuality.HISTORIC),
    ]
    history.start()
    try:
        position = spool.add(*said)
        history.wake()
        wait_for("the history has them", lambda: history.cursor >= position)
        found = history.recorded(START + 1, START + 2 * DAY)
    finally:
        history.stop()
    assert found is not None
    watched = [recorded_point("store-1", "temperature")]
    with recorded.Recording(Files({}, found.rest), watched) as recording:
        pieces = [reading for _, rows in recording.pieces(START, START + 2 * DAY, list) for reading in rows]
        assert recording.count(START, START + 2 * DAY) == 2
    assert pieces == [said[1]]


def recorded_point(device: str, metric: str):  # type: ignore[no-untyped-def]
    from rules.replay import Watched

    return Watched(device, metric, (), 0.0, 1.0, True)


@pytest.mark.parametrize("quality", TimeQuality)
def test_every_time_quality_has_its_word_in_a_sealed_day_and_in_what_is_copied_out(
    tmp_path: Path, quality: TimeQuality
) -> None:
    spool = Spool(tmp_path, START)
    history = History(tmp_path / "history", spool.read, spool.epoch, HistorySettings(), Told(), spool.now)
    history.start()
    try:
        position = spool.add(Reading("store-1", "temperature", 20.0, START, START, quality, True))
        history.wake()
        wait_for("the history has it", lambda: history.cursor >= position)
        copied = history.recorded(START, START + DAY)
        spool.moment += 2 * DAY
        history.wake()
        wait_for("the day is sealed", lambda: [*(tmp_path / "history" / "days").glob("*.parquet")])
    finally:
        history.stop()
    assert copied is not None
    (sealed,) = (tmp_path / "history" / "days").glob("*.parquet")
    for file in (copied.rest, str(sealed)):
        assert duckdb.sql(f"SELECT time_quality, retained FROM '{file}'").fetchall() == [
            (quality.value, True)
        ]


def test_a_time_in_which_tocsin_was_down_is_found_in_its_own_account(tmp_path: Path) -> None:
    told = [
        Reading("d-1", "smoke", "normal", START, START),
        Reading("tocsin", "database", "normal", START + 5 * HOUR, START + 5 * HOUR),
        Reading("tocsin", "blind", "unknown", START + 5 * HOUR + 9, START),
    ]
    with recorded.Recording(Files(seal(tmp_path, told), ""), []) as recording:
        assert recording.downs(START, START + DAY) == [(START, START + 5 * HOUR)]


def test_what_the_dashboard_asks_for_runs_in_a_process_of_its_own_one_at_a_time(tmp_path: Path) -> None:
    said = [*flapping("store-1", START + 9 * DAY, 4, 10_000)]
    own = Texts(
        read().standard, {"rules.yaml": "rules:\n" + rule("{metric: temperature, above: 40}", name="warm")}
    )
    source = Source(Files(seal(tmp_path, said), ""), campus_of(CAMPUS), own, [])
    tests = Backtests(lambda start, end: source, lambda: START + 30 * DAY)
    assert tests.start("warm")
    assert not tests.start("warm")
    wait_for("it has an answer", lambda: tests.last is not None and not tests.last.running)
    assert tests.last is not None
    assert (tests.last.problem, tests.last.share) == ("", 1.0)
    assert tests.last.answer is not None
    assert (tests.last.answer.now["warm"].count, tests.last.answer.now["warm"].chatter) == (4, 4)


def test_a_backtest_that_fails_says_why_and_the_next_may_begin() -> None:
    source = Source(Files({0: str(Path("nowhere.parquet"))}, ""), campus_of(CAMPUS), read(), [])
    tests = Backtests(lambda start, end: source, lambda: 20 * DAY)
    for _ in range(2):
        assert tests.start("smoke-alarm")
        wait_for("it has ended", lambda: tests.last is not None and not tests.last.running)
        assert tests.last is not None
        assert tests.last.problem
        assert tests.last.answer is None


def test_a_registry_travels_whole_to_another_process() -> None:
    registry: Registry = campus(3)
    again = campus_of(registry).registry()
    assert (again.devices, again.places, again.zones) == (registry.devices, registry.places, registry.zones)
