"""Touches. One gateway's connection to the broker: its last will, what waits, its death and return."""

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import aiomqtt
import structlog

from tocsin.simulate.site import Device
from tocsin.simulate.speech import Saying
from tocsin.simulate.stage import Stage

log = structlog.get_logger("simulate.line")

_MOST_WAITING = 5000  # messages a gateway keeps while the broker is away; beyond it the oldest are lost
_PATIENCE = (0.5, 5.0)  # seconds between two attempts to connect: at first, at most


class Login(NamedTuple):
    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = None
    ca: str | None = None  # a file of certificates: speak TLS

    def client(self, identifier: str | None, will: aiomqtt.Will | None = None) -> aiomqtt.Client:
        """A client of this broker; MQTT 3.1.1, which every broker speaks."""
        tls = ssl.create_default_context(cafile=self.ca) if self.ca else None
        return aiomqtt.Client(
            self.host,
            self.port,
            username=self.username,
            password=self.password,
            identifier=identifier,
            will=will,
            clean_session=True if identifier else None,
            keepalive=20,
            tls_context=tls,
        )


class Line:
    """What a gateway and its devices have to say goes through here, in order.

    While the broker is away, messages of QoS 1 wait and those of QoS 0 are lost; while the stage has cut the
    gateway off, everything is lost.
    """

    def __init__(
        self, stage: Stage, gateway: Device, login: Login, base: str, offset: Callable[[], int]
    ) -> None:
        self.connected = False
        self._stage = stage
        self._gateway = gateway
        self._login = login
        self._identifier = f"{base}-sim-{gateway.id}"
        self._offset = offset
        self._waiting: deque[Saying] = deque(maxlen=_MOST_WAITING)
        self._unsure: Saying | None = None  # sent, but not acknowledged yet
        self._wake = asyncio.Event()
        self._lost_before = False  # and not because the stage cut it

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def put(self, saying: Saying) -> None:
        if saying.qos or self.connected:
            self._waiting.append(saying)
            self._wake.set()

    def nudge(self) -> None:
        """Look again whether the gateway is cut off or mended."""
        self._wake.set()

    async def run(self) -> None:
        """Connect, speak, and connect again, until cancelled."""
        patience = _PATIENCE[0]
        while True:
            try:
                await self._until_mended()
                await self._connection()
            except aiomqtt.MqttError as error:
                if self.connected:
                    log.info("connection_lost", gateway=self._gateway.id, error=str(error))
                    patience = _PATIENCE[0]
                self.connected = False
                await asyncio.sleep(patience)
                patience = min(patience * 2, _PATIENCE[1])

    async def _until_mended(self) -> None:
        while self._gateway.id in self._stage.cut:
            self._wake.clear()
            await self._wake.wait()

    async def _connection(self) -> None:
        """One connection, from births to end. Raises aiomqtt.MqttError unless the stage cut it."""
        topic, payload = self._stage.will(self._gateway)
        will = aiomqtt.Will(topic, payload, qos=1, retain=True)
        async with self._login.client(self._identifier, will) as client:
            self.connected = True
            if self._lost_before:
                self._stage.returned(self._gateway.id, self._offset())
            self._lost_before = True
            await self._until_over(client)
        self.connected = self._lost_before = False
        self._waiting.clear()
        self._unsure = None

    async def _until_over(self, client: aiomqtt.Client) -> None:
        speaking = asyncio.create_task(self._speak(client))
        lost = asyncio.create_task(_lost(client))
        try:
            await asyncio.wait((speaking, lost), return_when=asyncio.FIRST_COMPLETED)
            if speaking.done() and not speaking.exception():
                _cut(client)
                await asyncio.wait((lost,), timeout=5)
                return
        finally:
            speaking.cancel()
            lost.cancel()
            await asyncio.gather(speaking, lost, return_exceptions=True)
        raise aiomqtt.MqttError("the broker closed the connection")

    async def _speak(self, client: aiomqtt.Client) -> None:
        """Say the births, then all that waits, one after the other; returns when the stage cuts it off."""
        for birth in self._stage.births(self._gateway, self._offset()):
            await client.publish(birth.topic, birth.payload, birth.qos, birth.retain)
        while self._gateway.id not in self._stage.cut:
            if self._unsure is None and not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            saying = self._unsure or self._waiting.popleft()
            self._unsure = saying
            await client.publish(saying.topic, saying.payload, saying.qos, saying.retain)
            self._unsure = None


async def _lost(client: aiomqtt.Client) -> None:
    """Ends, with aiomqtt.MqttError, when the connection does."""
    async for _ in client.messages:
        pass


def _cut(client: aiomqtt.Client) -> None:
    """Cut the cable: no DISCONNECT, so that the broker publishes the last will."""
    cable = client._client.socket()  # aiomqtt has no way to end a connection impolitely
    if isinstance(cable, socket.socket):
        with contextlib.suppress(OSError):
            cable.shutdown(socket.SHUT_RDWR)
