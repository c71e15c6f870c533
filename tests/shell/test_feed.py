"""Touches. The feed against Debian's VictoriaMetrics with an outage, and a strict fake that refuses."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from ingest.campus.device import Device, Place
from ingest.campus.registry import Registry
from ingest.history.feed import MOST, SUSPICIOUS, Feed, Row
from ingest.history.history import History
from ingest.history.sealed import DAY
from ingest.settings import FeedSettings, HistorySettings
from tests.fakes.influx import FakeInflux, Point
from tests.servers import VictoriaMetrics, wait_for
from tests.spools import Spool, Told, reading

NOW = 1_795_348_800_000
REGISTRY = Registry.build(
    [Place("campus", "校园", "Campus"), Place("dorm", "宿舍", "Dorm", "campus")],
    [],
    [Device(f"d{n}", "climate", "dorm") for n in range(20)],
)


class Waiting:
    """A history that has exactly these readings to send."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows

    def unsent(self, limit: int) -> list[Row]:
        return self.rows[:limit]

    def sent(self, number: int) -> None:
        self.rows = [row for row in self.rows if row[0] > number]


def rows(count: int) -> list[Row]:
    return [(n + 1, f"d{n % 20}", "temperature", NOW + n, float(n), None) for n in range(count)]


@pytest.fixture
def influx() -> Iterator[FakeInflux]:
    fake = FakeInflux()
    yield fake
    fake.close()


@pytest.fixture
def told() -> Told:
    return Told()


Starter = Callable[..., Feed]


@pytest.fixture
def feeding(tmp_path: Path, told: Told) -> Iterator[Starter]:
    running: list[Feed] = []

    def start(url: str, history: Waiting | History, token: str = "", patience: float = 0.001) -> Feed:
        settings = FeedSettings(url=url, token=token, site="north")
        refused = tmp_path / "refused.jsonl"
        feed = Feed(settings, history, lambda: REGISTRY, refused, told, lambda: NOW, patience)
        feed.start()
        running.append(feed)
        return feed

    yield start
    for feed in running:
        feed.stop()


def sent_all(history: Waiting) -> None:
    wait_for("everything is sent", lambda: not history.rows)


def test_readings_arrive_once_each_in_order_with_all_tags(influx: FakeInflux, feeding: Starter) -> None:
    history = Waiting(rows(MOST * 2 + 7))
    feeding(influx.url, history)
    sent_all(history)
    assert [point.value for point in influx.points] == [float(n) for n in range(MOST * 2 + 7)]
    tags = (("building", "dorm"), ("device", "d0"), ("kind", "climate"), ("room", "dorm"), ("site", "north"))
    assert influx.points[0] == Point("temperature", tags, 0.0, NOW)


@pytest.mark.parametrize("answer", [429, 500, 502, 503, 504, 408, "hang up"])
def test_a_server_that_is_busy_or_broken_is_asked_again_until_it_takes_everything(
    influx: FakeInflux, feeding: Starter, told: Told, answer: int | str
) -> None:
    influx.answers = [answer] * 5
    history = Waiting(rows(10))
    feeding(influx.url, history)
    sent_all(history)
    assert len(influx.points) == 10
    assert [word for _, word, _ in told.words] == ["fault", "normal"]


def test_one_short_hiccup_is_not_worth_a_report(influx: FakeInflux, feeding: Starter, told: Told) -> None:
    influx.answers = [503]
    history = Waiting(rows(10))
    feeding(influx.url, history)
    sent_all(history)
    assert "fault" not in [word for _, word, _ in told.words]


@pytest.mark.parametrize("answer", [401, 403, 404])
def test_a_wrong_token_or_bucket_is_reported_at_once_and_kept_trying(
    influx: FakeInflux, feeding: Starter, told: Told, answer: int
) -> None:
    influx.answers = [answer] * 2
    history = Waiting(rows(10))
    feeding(influx.url, history)
    sent_all(history)
    assert told.words[0][:2] == ("feed", "fault")
    assert f"HTTP {answer}" in told.words[0][2]
    assert "check url, bucket and token" in told.words[0][2]
    assert told.last("feed")[0] == "normal"
    assert len(influx.points) == 10


def test_the_token_is_sent_and_never_told(influx: FakeInflux, feeding: Starter, told: Told) -> None:
    influx.token = "s3cret"
    history = Waiting(rows(10))
    wrong = feeding(influx.url, history, token="wr0ng")
    wait_for("the fault", lambda: told.last("feed")[0] == "fault")
    wrong.stop()
    feeding(influx.url, history, token="s3cret")
    sent_all(history)
    assert not any("wr0ng" in note or "s3cret" in note for _, _, note in told.words)


def test_a_line_the_server_cannot_read_is_set_aside_with_its_reason_and_the_rest_arrives(
    influx: FakeInflux, feeding: Starter, told: Told, tmp_path: Path
) -> None:
    influx.refuses = lambda point: point.value in (7.0, 800.0)
    history = Waiting(rows(1000))
    feeding(influx.url, history)
    sent_all(history)
    assert sorted(point.value for point in influx.points) == [n for n in range(1000) if n not in (7, 800)]
    kept = [json.loads(text) for text in (tmp_path / "refused.jsonl").read_text().splitlines()]
    assert [one["line"].split("value=")[1].split()[0] for one in kept] == ["7.0", "800.0"]
    assert "field type conflict" in kept[0]["reason"]
    assert told.last("feed")[0] == "fault"


def test_a_server_that_refuses_every_line_loses_nothing(
    influx: FakeInflux, feeding: Starter, told: Told, tmp_path: Path
) -> None:
    influx.refuses = lambda point: True
    history = Waiting(rows(300))
    feeding(influx.url, history)
    wait_for("it notices", lambda: "check url" in told.last("feed")[1])
    assert len(history.rows) == 300
    influx.refuses = lambda point: False
    sent_all(history)
    refused = len((tmp_path / "refused.jsonl").read_text().splitlines())
    assert refused < SUSPICIOUS
    assert len({point.value for point in influx.points if point.name == "temperature"}) + refused == 300


def test_many_bad_lines_in_a_row_are_still_told_from_a_bad_server(
    influx: FakeInflux, feeding: Starter, tmp_path: Path
) -> None:
    influx.refuses = lambda point: point.name == "temperature" and point.value < 100
    history = Waiting(rows(300))
    feeding(influx.url, history)
    sent_all(history)
    assert len((tmp_path / "refused.jsonl").read_text().splitlines()) == 100
    assert len([point for point in influx.points if point.name == "temperature"]) == 200


def test_a_request_too_large_is_halved_until_it_fits(influx: FakeInflux, feeding: Starter) -> None:
    influx.most = 300
    history = Waiting(rows(4000))
    feeding(influx.url, history)
    sent_all(history)
    assert [point.value for point in influx.points] == [float(n) for n in range(4000)]


def test_a_feed_that_is_stopped_while_the_server_is_away_stops_at_once(feeding: Starter, told: Told) -> None:
    history = Waiting(rows(10))
    feed = feeding("http://127.0.0.1:9", history, patience=1000.0)
    wait_for("it waits", lambda: feed._failures > 0)
    feed.stop()
    assert not feed._thread.is_alive()
    assert len(history.rows) == 10


@pytest.fixture
def store(tmp_path: Path) -> Spool:
    return Spool(tmp_path, now=NOW)


def wait_taken(history: History, position: int) -> None:
    wait_for("taken", lambda: history.cursor == position)


def history_on(tmp_path: Path, store: Spool) -> History:
    settings = HistorySettings()
    history = History(tmp_path / "history", store.read, store.epoch, settings, Told(), store.now, fed=True)
    history.start()
    return history


def test_nothing_is_lost_in_an_outage_of_days_with_a_restart_in_between(
    tmp_path: Path, store: Spool, influx: FakeInflux, feeding: Starter
) -> None:
    influx.answers = [503] * 100_000
    history = history_on(tmp_path, store)
    feed = feeding(influx.url, history)
    for day in range(3):
        store.moment = NOW + day * DAY
        batches = [
            [reading(f"d{n}", float(n + 20 * k), store.moment + k) for n in range(20)] for k in range(50)
        ]
        last = store.add_all(batches)
        history.wake()
        wait_taken(history, last)
        store.trim(last)
        feed.stop()
        history.stop()
        history = history_on(tmp_path, store)
        feed = feeding(influx.url, history)
    wait_for("two days are sealed", lambda: len(list((tmp_path / "history" / "days").glob("*.parquet"))) == 2)
    assert influx.points == []
    influx.answers.clear()
    wait_for("all is sent", lambda: len(influx.points) >= 3000 and history.behind() == 0)
    got = {(dict(p.tags)["device"], p.at, p.value) for p in influx.points}
    assert len(got) == len(influx.points) == 3000
    feed.stop()
    history.stop()


def test_what_was_sent_is_not_sent_again_after_a_restart(
    tmp_path: Path, store: Spool, influx: FakeInflux, feeding: Starter
) -> None:
    history = history_on(tmp_path, store)
    feed = feeding(influx.url, history)
    store.add(*[reading("d1", float(n), NOW + n) for n in range(50)])
    history.wake()
    wait_for("sent", lambda: len(influx.points) == 50 and history.behind() == 0)
    feed.stop()
    history.stop()
    history = history_on(tmp_path, store)
    feeding(influx.url, history)
    store.add(reading("d1", 99.0, NOW + 99))
    history.wake()
    wait_for("the new one", lambda: len(influx.points) == 51)
    history.stop()


def test_victoria_metrics_has_every_reading_after_an_outage(
    tmp_path: Path, store: Spool, victoria_metrics: VictoriaMetrics, feeding: Starter
) -> None:
    history = history_on(tmp_path, store)
    feeding(victoria_metrics.url, history, patience=0.05)

    def add(first: int) -> None:
        batches = [
            [
                reading("d1", float(n), store.moment + n),
                reading("d2", ["normal", "alarm"][n % 2], store.moment + n),
            ]
            for n in range(first, first + 1000)
        ]
        last = store.add_all(batches)
        history.wake()
        wait_taken(history, last)

    add(0)
    wait_for("the first part is sent", lambda: history.behind() == 0)
    victoria_metrics.stop()
    add(1000)
    assert history.behind() > 0
    victoria_metrics.start()
    add(2000)
    wait_for("all is sent", lambda: history.behind() == 0)
    expected = [(store.moment + n, float(n)) for n in range(3000)]
    wait_for("temperature", lambda: exported(victoria_metrics, "temperature_value", "d1") == expected)
    states = [(store.moment + n, float(n % 2)) for n in range(3000)]
    wait_for("smoke", lambda: exported(victoria_metrics, "smoke_value", "d2") == states)
    history.stop()


def exported(server: VictoriaMetrics, name: str, device: str) -> list[tuple[int, float]]:
    series = f'{name}{{device="{device}",building="dorm",site="north"}}'
    wanted = urlencode({"match[]": series, "start": (NOW - DAY) // 1000, "end": (NOW + DAY) // 1000})
    with urllib.request.urlopen(f"{server.url}/api/v1/export?{wanted}", timeout=10) as answer:
        found = [json.loads(text) for text in answer.read().splitlines()]
    return sorted(pair for one in found for pair in zip(one["timestamps"], one["values"], strict=True))
