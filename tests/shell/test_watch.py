"""Touches. The watch: what hangs or fails of its duties, and what that may not stop."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin import watch
from tocsin.watch import ClockLook, Watch, watch_disk, watch_service


def nothing() -> None:
    """A duty with nothing to do."""


@pytest.fixture
def watches() -> Iterator[list[Watch]]:
    """Stopped at the end."""
    made: list[Watch] = []
    yield made
    for one in made:
        one.stop()


def test_a_disk_that_hangs_does_not_keep_a_hanging_commit_from_being_noticed(
    tmp_path: Path, watches: list[Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "HANG_EVERY", 0.01)
    monkeypatch.setattr(watch, "LOOK_EVERY", 0.01)
    hangs, thawed, noticed = threading.Event(), threading.Event(), threading.Event()

    def touch() -> None:
        hangs.set()
        thawed.wait(30)

    def notice() -> None:
        if hangs.is_set():
            noticed.set()

    watches.append(watch_disk(tmp_path, touch, lambda *_: None))
    watches.append(watch_service(notice, nothing, nothing, nothing, nothing, nothing, nothing))
    for one in watches:
        one.start()
    try:
        assert noticed.wait(30)
        assert not thawed.is_set()
    finally:
        thawed.set()


def test_a_duty_that_fails_stops_no_other_and_is_tried_again(watches: list[Watch]) -> None:
    failed, done = threading.Semaphore(0), threading.Semaphore(0)

    def fail() -> None:
        failed.release()
        raise ZeroDivisionError("a mistake of ours")

    def do() -> None:
        done.release()

    watches.append(Watch("watch", [(0, 0.01, fail), (0, 0.01, do)]))
    watches[0].start()
    for _ in range(3):
        assert failed.acquire(timeout=30)
        assert done.acquire(timeout=30)


def test_a_clock_that_goes_back_is_told_with_how_far_and_one_that_goes_on_or_forward_is_not() -> None:
    hour = 3_600_000
    moments = iter([0, 0, -hour, hour, hour])
    reports, back = list[tuple[str, str, str]](), list[int]()
    look = ClockLook(lambda *said: reports.append(said), lambda: next(moments), back.append)
    for _ in range(4):
        look()
    assert [word for _, word, _ in reports] == ["normal", "fault", "fault", "normal"]
    assert len(back) == 1
    assert abs(back[0] - hour) < 60_000
