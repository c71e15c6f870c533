"""Touches. The player: lets the stage happen in real time over MQTT, and plays what it is asked to.

`<base>-simulator/scenario` takes a scenario's name (`?` asks for the status); `<base>-simulator/status`,
retained, says which one is running and which there are.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import aiomqtt
import structlog

from tocsin.simulate.campus import build
from tocsin.simulate.line import Line, Login
from tocsin.simulate.scenarios import SCENARIOS, UnknownScenario
from tocsin.simulate.speech import Topics
from tocsin.simulate.stage import Stage

log = structlog.get_logger("simulate.player")

_TICK = 0.1  # seconds: how long the player may be late
_ANSWER = 1.0  # seconds another simulator has to answer


class Settings(NamedTuple):
    login: Login
    base: str = "campus"
    z2m: str = "zigbee2mqtt"
    seed: int = 7
    devices: int = 300
    rate: float = 1.0
    scenario: str | None = None


def control_topic(base: str) -> str:
    return f"{base}-simulator/scenario"


def status_topic(base: str) -> str:
    return f"{base}-simulator/status"


async def simulate(settings: Settings, now: Callable[[], int], stop: asyncio.Event) -> None:
    """Simulate until `stop` is set. Waits for a broker that is not there. Raises ValueError for a campus that
    cannot be built and UnknownScenario, both before anything is sent."""
    campus = build(settings.seed, settings.devices)
    stage = Stage(campus, settings.seed, now(), settings.rate, Topics(settings.base, settings.z2m))
    player = Player(stage, settings, now)
    if settings.scenario:
        stage.play(settings.scenario, 0)
    await player.run(stop)


async def running_already(login: Login, base: str) -> bool:
    """Whether another simulator answers on this broker. Raises aiomqtt.MqttError when it is not usable."""
    async with login.client(None) as client:
        await client.subscribe(status_topic(base), qos=1)
        await client.publish(control_topic(base), b"?", qos=1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ANSWER):
                async for message in client.messages:
                    if not message.retain:
                        return True
    return False


async def ask_for(login: Login, base: str, scenario: str) -> None:
    """Have the simulator that runs on this broker play a scenario."""
    async with login.client(None) as client:
        await client.publish(control_topic(base), scenario.encode(), qos=1)


async def _end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel until all have ended: one that meets a connection being lost may be swallowed."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=1.0)


class Player:
    def __init__(self, stage: Stage, settings: Settings, now: Callable[[], int]) -> None:
        self._stage = stage
        self._settings = settings
        self._now = now
        self._began = time.monotonic()
        gateways = stage.gateways()
        self._lines = {
            gateway.id: Line(stage, gateway, settings.login, settings.base, self.offset)
            for gateway in gateways
        }
        self._changed = asyncio.Event()
        self._running: tuple[str, int] | None = None  # the scenario, and when it began
        self._error: str | None = None

    def offset(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    async def run(self, stop: asyncio.Event) -> None:
        tasks = [asyncio.create_task(line.run()) for line in self._lines.values()]
        tasks += [asyncio.create_task(self._control()), asyncio.create_task(self._tick())]
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((stopping, *tasks), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end(stopping, *tasks)
            ends = await asyncio.gather(stopping, *tasks, return_exceptions=True)
        for end in ends[1:]:
            if isinstance(end, Exception):
                raise end

    def play(self, name: str) -> None:
        """Start a scenario by name; an unknown one is said in the status."""
        try:
            self._stage.play(name, self.offset())
            self._error = None
        except UnknownScenario as error:
            self._error = str(error)
        log.info("scenario", name=name, error=self._error)
        self._changed.set()

    async def _tick(self) -> None:
        while True:
            offset = self.offset()
            cut = set(self._stage.cut)
            for saying in self._stage.due(offset):
                self._lines[saying.gateway].put(saying)
            for gateway in cut ^ self._stage.cut:
                self._lines[gateway].nudge()
            self._notice(offset)
            wait = (self._stage.next_due() - self.offset()) / 1000
            await asyncio.sleep(min(max(wait, 0.01), _TICK))

    def _notice(self, offset: int) -> None:
        """Say so when a scenario has begun or ended."""
        name = self._stage.running(offset)
        if name != (self._running and self._running[0]):
            self._running = (name, self._now()) if name else None
            self._changed.set()

    async def _control(self) -> None:
        will = aiomqtt.Will(status_topic(self._settings.base), b'{"online":false}', qos=1, retain=True)
        away = False
        while True:
            try:
                async with self._settings.login.client(f"{self._settings.base}-simulator", will) as client:
                    await client.subscribe(control_topic(self._settings.base), qos=1)
                    away = False
                    self._changed.set()
                    await self._converse(client, str(will.topic))
            except aiomqtt.MqttError as error:
                if not away:
                    log.warning("broker_away", error=str(error))
                away = True
                await asyncio.sleep(1)

    async def _converse(self, client: aiomqtt.Client, topic: str) -> None:
        telling = asyncio.create_task(self._tell(client, topic))
        try:
            async for message in client.messages:
                if not message.retain:  # a scenario happens when somebody asks for it, not at every start
                    self._asked(bytes(message.payload) if isinstance(message.payload, bytes) else b"")
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            with contextlib.suppress(aiomqtt.MqttError):
                await client.publish(topic, b'{"online":false}', qos=1, retain=True, timeout=1)

    def _asked(self, payload: bytes) -> None:
        name = payload.decode(errors="replace").strip()
        if name == "?":
            self._changed.set()
        else:
            self.play(name)

    async def _tell(self, client: aiomqtt.Client, topic: str) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await client.publish(topic, self._status(), qos=1, retain=True)

    def _status(self) -> bytes:
        name, since = self._running or (None, None)
        status = {
            "online": True,
            "running": name,
            "since": since,
            "error": self._error,
            "devices": len(self._stage.campus.devices),
            "scenarios": [{"name": s.name, "zh": s.zh, "en": s.en} for s in SCENARIOS.values()],
        }
        return json.dumps(status, ensure_ascii=False).encode()
