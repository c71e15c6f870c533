"""Touches. The live stream: everybody hears, nobody waits for the slow, and silence always means trouble."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dashboard import live, views
from dashboard.live import Client
from dashboard.reach import EVERYWHERE, Reach
from tests.fakes.service import FakeHouse

FOREVER = 10**15


def everywhere() -> Reach:
    return EVERYWHERE


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeHouse]:
    monkeypatch.setattr(live, "HEARTBEAT", 0.2)
    monkeypatch.setattr(live, "PAUSE", 0.01)
    house = FakeHouse(tmp_path)
    service = house.service
    task = asyncio.create_task(
        house.live.run(
            lambda conn, ids, beat: views.frame(service, conn, ids, beat),
            lambda device: views.device_view(service, device),
            lambda frame, reach: views.narrowed(service, frame, reach),
        )
    )
    await asyncio.sleep(0)
    yield house
    house.live.close()
    await asyncio.wait_for(task, 20)


async def _next(client: Client) -> tuple[str, Any]:
    chunk = await asyncio.wait_for(client.next(), 20)
    assert chunk is not None
    event, data = chunk.decode().strip().split("\n", 1)
    return event.removeprefix("event: "), msgspec.json.decode(data.removeprefix("data: "))


async def _frame(client: Client, wanted: str) -> Any:
    """The first frame in which `wanted` is not empty."""
    while True:
        event, data = await _next(client)
        if event == "frame" and data.get(wanted):
            return data


async def test_a_stream_begins_with_hello_and_goes_on_with_heartbeats(house: FakeHouse) -> None:
    client = house.live.join("s", FOREVER, everywhere)
    event, hello = await _next(client)
    assert (event, hello["boot"]) == ("hello", house.live.boot)
    beats = [(await _next(client))[1] for _ in range(3)]
    assert [beat["seq"] for beat in beats] == sorted({beat["seq"] for beat in beats})
    assert all("counts" in beat for beat in beats)


async def test_an_alert_comes_whole_and_a_closed_one_by_its_number(house: FakeHouse) -> None:
    client = house.live.join("s", FOREVER, everywhere)
    number = await asyncio.to_thread(house.fires, "lab-101-smoke", verify=False)
    assert (await _frame(client, "alerts"))["alerts"][0]["id"] == number
    await asyncio.to_thread(house.settles, number, "lab-101-smoke")
    assert (await _frame(client, "closed"))["closed"] == [number]


async def test_a_snapshot_is_never_newer_than_the_frames_after_it(house: FakeHouse) -> None:
    client = house.live.join("s", FOREVER, everywhere)
    with house.read() as conn:
        seq = views.snapshot(house.service, conn, EVERYWHERE)["seq"]
    await asyncio.to_thread(house.fires, "lab-101-smoke")
    assert (await _frame(client, "alerts"))["seq"] > seq


async def test_what_could_not_be_recorded_reaches_the_screen(house: FakeHouse) -> None:
    client = house.live.join("s", FOREVER, everywhere)
    house.cannot_write("lab-101-smoke")
    assert (await _frame(client, "unrecorded"))["unrecorded"][0]["place"] == "lab-101"


async def test_only_who_watches_a_device_gets_its_points(house: FakeHouse) -> None:
    watcher, other = (
        house.live.join("s", FOREVER, everywhere, "lab-101-smoke"),
        house.live.join("t", FOREVER, everywhere),
    )
    house.reads("lab-101-smoke", "temperature", 31.0)
    while True:
        event, data = await _next(watcher)
        if event == "device":
            break
    assert data["points"][0]["value"] == 31.0
    assert {(await _next(other))[0] for _ in range(5)} <= {"hello", "frame"}


async def test_a_slow_screen_is_dropped_and_the_others_hear_on(house: FakeHouse) -> None:
    slow, quick = house.live.join("slow", FOREVER, everywhere), house.live.join("quick", FOREVER, everywhere)
    heard = 0
    while not slow.ended:
        house.live.publish([1], ())
        await _next(quick)
        heard += 1
    assert heard >= 50
    assert await slow.next() is None
    await _next(quick)


async def test_signing_out_ends_the_open_stream(house: FakeHouse) -> None:
    gone, stays = house.live.join("gone", FOREVER, everywhere), house.live.join("stays", FOREVER, everywhere)
    house.live.end(["gone"])
    while await asyncio.wait_for(gone.next(), 20) is not None:
        pass
    assert gone.ended
    assert not stays.ended


async def test_a_stream_ends_with_its_session(house: FakeHouse) -> None:
    client = house.live.join("s", house.now() - 1, everywhere)
    while await asyncio.wait_for(client.next(), 20) is not None:
        pass
    assert client.ended


async def test_a_database_that_cannot_be_read_is_said_and_made_good_later(house: FakeHouse) -> None:
    client = house.live.join("s", FOREVER, everywhere)
    number = await asyncio.to_thread(house.fires, "lab-101-smoke")
    await _frame(client, "alerts")
    house.breaks_reading()
    house.live.publish([number], ())
    assert await _frame(client, "unreadable")
    house.mends_reading()
    assert (await _frame(client, "alerts"))["alerts"][0]["id"] == number


async def test_closing_ends_every_stream(house: FakeHouse) -> None:
    clients = [house.live.join(str(number), FOREVER, everywhere) for number in range(5)]
    house.live.close()
    for client in clients:
        while await asyncio.wait_for(client.next(), 20) is not None:
            pass
    late = house.live.join("late", FOREVER, everywhere)
    assert late.ended


def test_publishing_before_the_web_loop_runs_is_harmless(tmp_path: Path) -> None:
    FakeHouse(tmp_path).live.publish([1, 2], ["a"])
