"""Touches. The embedded history against real DuckDB and Parquet files: exactly once, and never in the way."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from ingest.history.history import History
from ingest.history.sealed import DAY
from ingest.reading import Reading, TimeQuality
from ingest.settings import HistorySettings
from tests.servers import wait_for
from tests.spools import Spool, Told, reading

START = 1_795_305_600_000 // DAY * DAY  # the beginning of a UTC day
NOON = START + DAY // 2


@pytest.fixture
def store(tmp_path: Path) -> Spool:
    return Spool(tmp_path, now=NOON)


@pytest.fixture
def told() -> Told:
    return Told()


Opener = Callable[..., History]


@pytest.fixture
def opened(tmp_path: Path, store: Spool, told: Told) -> Iterator[Opener]:
    """Starts a history on the spool; whatever was started is stopped at the end."""
    running: list[History] = []

    def start(keep_days: int = 400, fed: bool = False, consumed: Callable[[int], None] = print) -> History:
        settings = HistorySettings(keep_days=keep_days)
        folder = tmp_path / "history"
        history = History(folder, store.read, store.epoch, settings, told, store.now, consumed, fed)
        history.start()
        running.append(history)
        return history

    yield start
    for history in running:
        history.stop()


def reached(history: History, position: int) -> None:
    history.wake()
    wait_for(f"the history reaches {position}", lambda: history.cursor >= position)


def sealed(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "history" / "days").glob("*.parquet"))


def wait_sealed(tmp_path: Path, *names: str) -> None:
    wait_for(f"sealed: {names}", lambda: sealed(tmp_path) == sorted(names))


def values(history: History, device: str = "d", metric: str = "temperature") -> list[tuple[int, float]]:
    return [(at, mean) for at, _, mean, _ in history.series(device, metric, 0, START + 100 * DAY, 1 << 60)]


def test_readings_become_a_series_of_lowest_mean_and_highest(store: Spool, opened: Opener) -> None:
    rows = [reading("d", float(n), NOON + n * 1000) for n in range(100)]
    history = opened()
    reached(history, store.add(*rows, reading("e", 99.0, NOON)))
    assert history.series("d", "temperature", NOON, NOON + 99_999, points=10) == [
        (NOON + n * 10_000, n * 10.0, n * 10 + 4.5, n * 10 + 9.0) for n in range(10)
    ]


def test_a_series_never_has_more_parts_than_were_asked_for(store: Spool, opened: Opener) -> None:
    history = opened()
    reached(history, store.add(*[reading("d", 1.0, NOON + n * 777) for n in range(1000)]))
    for points in (1, 7, 600):
        assert len(history.series("d", "temperature", NOON, NOON + 776_999, points)) <= points


def test_a_state_is_told_by_its_changes_beginning_with_the_word_that_stood(
    store: Spool, opened: Opener
) -> None:
    words = ["normal", "normal", "alarm", "alarm", "normal"]
    history = opened()
    reached(history, store.add(*[reading("d", word, NOON + n * 10) for n, word in enumerate(words)]))
    assert history.words("d", "smoke", NOON + 5, NOON + 90) == [
        (NOON, "normal"),
        (NOON + 20, "alarm"),
        (NOON + 40, "normal"),
    ]


def test_every_press_of_a_button_is_told(store: Spool, opened: Opener) -> None:
    history = opened()
    reached(history, store.add(*[reading("d", "alarm", NOON + n, "press") for n in range(3)]))
    assert history.words("d", "press", NOON, NOON + 9) == [(NOON + n, "alarm") for n in range(3)]


def test_everything_a_reading_says_is_in_the_day_file(tmp_path: Path, store: Spool, opened: Opener) -> None:
    told_late = Reading("d", "smoke", "alarm", NOON + 9, NOON, TimeQuality.DEVICE, True, "蜂鸣 'x'")
    history = opened()
    reached(history, store.add(told_late, reading("c", 1.5, NOON)))
    store.moment = NOON + 2 * DAY
    history.stop()
    opened()
    wait_sealed(tmp_path, "2026-11-22.0.parquet")
    file = tmp_path / "history" / "days" / "2026-11-22.0.parquet"
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT * FROM '{file}'").fetchall()
    assert rows == [
        ("c", "temperature", NOON, NOON, 1.5, None, "received", False, None),
        ("d", "smoke", NOON, NOON + 9, None, "alarm", "device", True, "蜂鸣 'x'"),
    ]


def test_a_day_that_is_over_is_sealed_and_reads_the_same(
    tmp_path: Path, store: Spool, opened: Opener
) -> None:
    history = opened()
    reached(history, store.add(*[reading("d", float(n), NOON + n * 3_600_000) for n in range(-10, 20)]))
    before = values(history)
    history.stop()
    store.moment = NOON + DAY
    history = opened()
    wait_sealed(tmp_path, "2026-11-22.0.parquet")
    assert values(history) == before
    assert len(before) == 30


def test_a_day_is_not_sealed_within_its_first_hour_after(
    tmp_path: Path, store: Spool, opened: Opener
) -> None:
    store.moment = START + DAY + 3_599_000
    history = opened()
    reached(history, store.add(reading("d", 1.0, NOON)))
    history.stop()
    assert sealed(tmp_path) == []


def test_a_late_reading_of_a_sealed_day_is_read_at_once_and_folded_in_later(
    tmp_path: Path, store: Spool, opened: Opener
) -> None:
    history = opened()
    reached(history, store.add(reading("d", 1.0, NOON)))
    history.stop()
    store.moment = NOON + DAY
    history = opened()
    wait_sealed(tmp_path, "2026-11-22.0.parquet")
    reached(history, store.add(reading("d", 2.0, NOON - 1000, late=DAY)))
    assert values(history) == [(NOON - 1000, 2.0), (NOON, 1.0)]
    history.stop()
    history = opened()
    wait_sealed(tmp_path, "2026-11-22.1.parquet")
    assert values(history) == [(NOON - 1000, 2.0), (NOON, 1.0)]


def test_a_word_from_a_sealed_day_still_stands(tmp_path: Path, store: Spool, opened: Opener) -> None:
    history = opened()
    reached(history, store.add(reading("d", "alarm", NOON)))
    history.stop()
    store.moment = NOON + 3 * DAY
    history = opened()
    wait_sealed(tmp_path, "2026-11-22.0.parquet")
    assert history.words("d", "smoke", NOON + 2 * DAY, NOON + 3 * DAY) == [(NOON, "alarm")]


def test_days_older_than_the_setting_are_forgotten_and_no_younger_one(
    tmp_path: Path, store: Spool, opened: Opener
) -> None:
    history = opened()
    reached(history, store.add(*[reading("d", 1.0, NOON + n * DAY) for n in range(4)]))
    history.stop()
    store.moment = START + 4 * DAY + 3_600_000
    history = opened()
    days = [f"2026-11-{22 + n}.0.parquet" for n in range(4)]
    wait_sealed(tmp_path, *days)
    history.stop()
    opened(keep_days=2)
    wait_sealed(tmp_path, *days[2:])


def test_a_clock_gone_wrong_costs_a_few_days_and_not_the_history(
    tmp_path: Path, store: Spool, opened: Opener
) -> None:
    history = opened()
    reached(history, store.add(*[reading("d", 1.0, NOON + n * DAY) for n in range(20)]))
    history.stop()
    store.moment = NOON + 30 * DAY
    history = opened()
    wait_for("20 days", lambda: len(sealed(tmp_path)) == 20)
    history.stop()
    store.moment = NOON + 36_500 * DAY
    history = opened()
    reached(history, store.add(reading("d", 1.0, NOON)))
    history.stop()
    assert len(sealed(tmp_path)) >= 14


def test_the_cursor_survives_a_restart_and_nothing_is_taken_twice(store: Spool, opened: Opener) -> None:
    history = opened()
    reached(history, store.add(reading("d", 1.0, NOON)))
    history.stop()
    history = opened()
    reached(history, store.add(reading("d", 2.0, NOON + 1)))
    assert values(history) == [(NOON, 1.0), (NOON + 1, 2.0)]


def test_a_new_spool_is_read_from_its_beginning(tmp_path: Path, opened: Opener, store: Spool) -> None:
    history = opened()
    reached(history, store.add_all([[reading("d", float(n), NOON + n)] for n in range(9)]))
    history.stop()
    (tmp_path / "other").mkdir()
    other = Spool(tmp_path / "other", NOON)
    store.epoch, store.read = other.epoch, other.read  # type: ignore[method-assign]
    history = opened()
    reached(history, other.add(reading("d", 99.0, NOON + 99)))
    assert values(history)[-1] == (NOON + 99, 99.0)


CRASH = """
import os, sys
from pathlib import Path
from ingest.history.history import History
from ingest.history.today import Today
from ingest.settings import HistorySettings
from tests.spools import Spool, Told
folder, where = Path(sys.argv[1]), sys.argv[2]
spool = Spool(folder, now=int(sys.argv[3]))
die = lambda *_: os._exit(9)
if where == "before the commit":
    Today._move = die
if where == "while sealing":
    import ingest.history.sealed as sealed
    copy = sealed._copy
    sealed._copy = lambda *a: (copy(*a), die())
if where == "between the commit and the rename":
    Path.rename = die
consumed = die if where == "after the commit" else print
history = History(folder / "history", spool.read, spool.epoch, HistorySettings(), Told(), spool.now, consumed)
history.start()
history._thread.join(60)
"""


@pytest.mark.parametrize(
    ("where", "later"),
    [
        ("before the commit", 0),
        ("after the commit", 0),
        ("while sealing", 2 * DAY),
        ("between the commit and the rename", 2 * DAY),
    ],
)
def test_a_kill_in_the_middle_neither_loses_nor_doubles_a_reading(
    tmp_path: Path, store: Spool, opened: Opener, where: str, later: int
) -> None:
    last = store.add_all([[reading("d", float(n), NOON + n)] for n in range(50)])
    command = [sys.executable, "-c", CRASH, str(tmp_path), where, str(NOON + later)]
    assert subprocess.run(command, timeout=120).returncode == 9
    store.moment = NOON + later
    history = opened()
    reached(history, last)
    assert values(history) == [(NOON + n, float(n)) for n in range(50)]
    if later:
        wait_sealed(tmp_path, "2026-11-22.0.parquet")
        assert values(history) == [(NOON + n, float(n)) for n in range(50)]


@pytest.mark.parametrize("damage", ["garbage", "empty", "half", "flipped"])
def test_a_damaged_file_is_moved_aside_and_reported_and_the_history_goes_on(
    tmp_path: Path, store: Spool, opened: Opener, told: Told, damage: str
) -> None:
    history = opened()
    reached(history, store.add(*[reading(f"d{n}", float(n), NOON + n) for n in range(5000)]))
    history.stop()
    file = tmp_path / "history" / "today.duckdb"
    data = file.read_bytes()
    flipped = data[:4096] + bytes(byte ^ 0xFF for byte in data[4096:])
    file.write_bytes(
        {"garbage": b"x" * 5000, "empty": b"", "half": data[: len(data) // 2], "flipped": flipped}[damage]
    )
    history = opened()
    reached(history, store.add(reading("new", 7.0, NOON)))
    assert values(history, "new") == [(NOON, 7.0)]
    word, note = told.last("history")
    assert word == "fault"
    assert "today.duckdb.corrupt.2026-11-22T120000Z" in note
    assert (tmp_path / "history" / "today.duckdb.corrupt.2026-11-22T120000Z").exists()


def test_damage_found_while_running_is_moved_aside_as_well(
    tmp_path: Path, store: Spool, opened: Opener, told: Told
) -> None:
    history = opened()
    broken = duckdb.Error("Corrupt database file: computed checksum 1 does not match")
    reached(history, store.add(reading("d", 1.0, NOON)))
    today = history._today
    assert today is not None

    def fail(*_: object) -> None:
        raise broken

    today.insert = fail  # type: ignore[method-assign]
    reached(history, store.add(reading("d", 2.0, NOON + 1)))
    assert told.last("history")[0] == "fault"
    assert list((tmp_path / "history").glob("today.duckdb.corrupt.*"))
    wait_for("it goes on", lambda: (NOON + 1, 2.0) in values(history))


def test_a_day_file_that_cannot_be_read_is_left_out_and_set_aside(
    tmp_path: Path, store: Spool, opened: Opener, told: Told
) -> None:
    history = opened()
    reached(history, store.add(*[reading("d", float(n), NOON + n * DAY) for n in range(3)]))
    history.stop()
    store.moment = NOON + 3 * DAY
    history = opened()
    days = tmp_path / "history" / "days"
    wait_for("three days", lambda: len(sealed(tmp_path)) == 3)
    history.stop()
    (days / "2026-11-23.0.parquet").write_bytes(b"not Parquet" * 100)
    history = opened()
    wait_for("open", lambda: history._today is not None)
    assert values(history) == [(NOON, 0.0), (NOON + 2 * DAY, 2.0)]
    history.wake()
    wait_for("set aside", (days / "2026-11-23.0.parquet.corrupt").exists)
    assert "2026-11-23.0.parquet" in told.last("history")[1]


def test_another_process_on_the_file_is_waited_for_and_reported(
    tmp_path: Path, store: Spool, opened: Opener, told: Told
) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    script = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(folder / "today.duckdb")]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    other.stdout.readline()
    history = opened()
    wait_for("the fault", lambda: told.last("history")[0] == "fault")
    assert "lock" in told.last("history")[1]
    other.communicate("")
    reached(history, store.add(reading("d", 1.0, NOON)))
    assert values(history) == [(NOON, 1.0)]
    assert not list(folder.glob("*.corrupt.*"))
    wait_for("normal again", lambda: told.last("history")[0] == "normal")


def test_a_spool_that_fails_is_retried_and_said_to_be_well_again(
    store: Spool, opened: Opener, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = store.read
    failing = threading.Event()

    @contextmanager
    def read() -> Iterator[object]:
        if failing.is_set():
            raise OSError("disk I/O error")
        with working() as conn:
            yield conn

    monkeypatch.setattr(store, "read", read)
    history = opened()
    reached(history, store.add(reading("d", 1.0, NOON)))
    failing.set()
    history.wake()
    wait_for(
        "the fault", lambda: told.last("history") == ("fault", "the history is not written: disk I/O error")
    )
    failing.clear()
    reached(history, store.add(reading("d", 2.0, NOON + 1)))
    wait_for("normal again", lambda: told.last("history")[0] == "normal")
    assert values(history) == [(NOON, 1.0), (NOON + 1, 2.0)]


def test_an_unreadable_batch_is_left_out_and_reported(store: Spool, opened: Opener, told: Told) -> None:
    store.damage(store.add(reading("d", 1.0, NOON)))
    last = store.add(reading("d", 2.0, NOON + 1))
    history = opened()
    reached(history, last)
    assert values(history) == [(NOON + 1, 2.0)]
    assert "unreadable" in told.last("history")[1]


def test_the_spool_is_told_only_of_what_is_on_disk(tmp_path: Path, store: Spool, opened: Opener) -> None:
    consumed: list[int] = []
    history = opened(consumed=consumed.append)
    last = store.add_all([[reading("d", float(n), NOON + n)] for n in range(100)])
    reached(history, last)
    wait_for("consumed", lambda: bool(consumed) and consumed[-1] == last)
    history.stop()
    with duckdb.connect(str(tmp_path / "history" / "today.duckdb")) as connection:
        assert connection.execute("SELECT position FROM cursor").fetchone() == (last,)


def test_what_is_in_the_spool_is_taken_when_the_service_stops(store: Spool, opened: Opener) -> None:
    history = opened()
    last = store.add(reading("d", 1.0, NOON))
    history.stop()
    assert history.cursor == last


def test_questions_are_answered_while_readings_pour_in(store: Spool, opened: Opener) -> None:
    batches = [[reading(f"d{n % 50}", float(n), NOON + k * 500 + n) for n in range(500)] for k in range(100)]
    last = store.add_all(batches)
    history = opened()
    seen = []
    while history.cursor < last:
        history.wake()
        seen.append(len(values(history, "d1")))
    assert seen == sorted(seen)
    assert len(values(history, "d1")) == 1000


def test_no_extension_can_be_loaded_and_no_file_outside_be_read(
    tmp_path: Path, store: Spool, opened: Opener
) -> None:
    history = opened()
    reached(history, store.add(reading("d", 1.0, NOON)))
    assert history._today is not None
    with history._today.reader() as cursor:
        for statement in ("SELECT * FROM read_csv('/etc/passwd')", "INSTALL httpfs", "LOAD httpfs"):
            with pytest.raises(duckdb.Error):
                cursor.execute(statement)
