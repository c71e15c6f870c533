"""Touches. The live stream: one task composes what changed, and every screen gets the same frame.

A screen that reads too slowly is dropped and comes back for a snapshot, so it can slow down nobody. Each
frame has `boot` (this process) and `seq`; an empty one goes out every 5 s, so that silence means trouble.
"""

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection

from dashboard.reach import EVERYWHERE, Reach

log = structlog.get_logger("dashboard.live")

HEARTBEAT = 5.0  # seconds
PAUSE = 0.1  # at most ten frames a second
_WAITING_FRAMES = 64

Frame = dict[str, Any]
Compose = Callable[[Connection, set[int], bool], Frame]  # alerts that changed; whether it is a heartbeat
Watch = Callable[[str], Any]  # what to show of one device
Narrow = Callable[[Frame, Reach], Frame]  # what of a frame is seen from there


class Client:
    """One open stream. `session` may be ended by signing out; `until` is when it ends by itself (ms). `reach`
    is asked for each frame: None once whoever follows it may see nothing any more."""

    def __init__(self, session: str, until: int, device: str, reach: Callable[[], Reach | None]) -> None:
        self.session = session
        self.reach = reach
        self.until = until
        self.device = device
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING_FRAMES)
        self.ended = False

    def offer(self, frame: bytes) -> None:
        if self.ended:
            return
        try:
            self._queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        self.ended = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def next(self) -> bytes | None:
        """The next frame; None when the stream is over."""
        return await self._queue.get()


class Live:
    """`publish` may be called from any thread, before and after the web loop runs; it only remembers ids."""

    def __init__(
        self, read: Callable[[], AbstractContextManager[Connection]], now: Callable[[], int]
    ) -> None:
        self.boot = secrets.token_hex(6)
        self.seq = 0
        self._read = read
        self._now = now
        self._lock = threading.Lock()
        self._alerts: set[int] = set()
        self._devices: set[str] = set()
        self._watched: frozenset[str] = frozenset()
        self._clients: set[Client] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._called = False
        self._closing = False

    def publish(self, changed_alerts: Iterable[int], changed_devices: Iterable[str]) -> None:
        """Say what changed, after the commit. Nothing: look again at what is not in the database."""
        with self._lock:
            self._alerts.update(changed_alerts)
            if self._watched:
                self._devices.update(self._watched.intersection(changed_devices))
            if self._called or self._loop is None:
                return
            self._call(self._wake.set)
            self._called = True

    def end(self, sessions: Iterable[str]) -> None:
        """End the streams of sessions that were closed. Thread-safe."""
        gone = set(sessions)

        def act() -> None:
            for client in self._clients:
                if client.session in gone:
                    client.end()

        self._call(act)

    def close(self) -> None:
        """End every stream and the task, so that the web server can stop. Thread-safe."""
        self._closing = True
        self._call(self._close)

    def join(self, session: str, until: int, reach: Callable[[], Reach | None], device: str = "") -> Client:
        """A new stream (from the web loop). It begins with `hello`; the screen then asks for a snapshot."""
        client = Client(session, until, device, reach)
        hello = {"boot": self.boot, "seq": self.seq, "now": self._now()}
        client.offer(encode("hello", hello))
        if self._closing:
            client.end()
        self._clients.add(client)
        self._look()
        return client

    def leave(self, client: Client) -> None:
        self._clients.discard(client)
        self._look()

    async def run(self, compose: Compose, watch: Watch, narrow: Narrow) -> None:
        """The fan-out task; ends after close()."""
        self._loop = asyncio.get_running_loop()
        beat = time.monotonic() + HEARTBEAT
        while not self._closing:
            left = beat - time.monotonic()
            if left > 0:
                await self._sleep(left)
            is_beat = time.monotonic() >= beat
            if is_beat:
                beat = time.monotonic() + HEARTBEAT
            await self._round(compose, watch, narrow, is_beat)
            await asyncio.sleep(PAUSE)

    def _call(self, act: Callable[[], Any]) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(act)

    def _close(self) -> None:
        for client in self._clients:
            client.end()
        self._wake.set()

    def _look(self) -> None:
        with self._lock:
            self._watched = frozenset(c.device for c in self._clients if c.device)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    async def _round(self, compose: Compose, watch: Watch, narrow: Narrow, beat: bool) -> None:
        self._wake.clear()
        with self._lock:
            self._called = False
            alerts, self._alerts = self._alerts, set()
            devices, self._devices = self._devices, set()
        self.seq += 1
        if not self._clients or self._closing:
            return
        frame = await asyncio.to_thread(self._compose, compose, alerts, beat)
        frame.update(boot=self.boot, seq=self.seq, now=self._now())
        self._send(frame, narrow, {d: encode("device", watch(d)) for d in devices})

    def _compose(self, compose: Compose, alerts: set[int], beat: bool) -> Frame:
        """When the database cannot be read the frame says so, and the ids wait for the next one."""
        try:
            with self._read() as conn:
                return compose(conn, alerts, beat)
        except Exception as problem:
            log.error("cannot read what changed", problem=repr(problem), alerts=len(alerts))
            with self._lock:
                self._alerts |= alerts
            return {"alerts": [], "closed": [], "unreadable": True}

    def _send(self, frame: Frame, narrow: Narrow, devices: dict[str, bytes]) -> None:
        """Written out once for all who see as far as one another."""
        now = self._now()
        written: dict[Reach, bytes] = {}
        for client in self._clients:
            reach = client.reach()
            if client.until < now or reach is None:
                client.end()
                continue
            if reach.everywhere:
                reach = EVERYWHERE
            if reach not in written:
                written[reach] = encode("frame", narrow(frame, reach))
            client.offer(written[reach])
            if client.device in devices:
                client.offer(devices[client.device])


def encode(event: str, data: object) -> bytes:
    return b"event: " + event.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"
