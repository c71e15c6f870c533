"""Touches. One MQTT connection of a probe, driven by its caller: every wait has an end, and nothing of what a
broker does (hangs, resets, speaks garbage) comes out as anything but NoLink."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

ANSWER = 5.0  # seconds a broker has for each answer
KEEPALIVE = 30
IN_FLIGHT = 200  # publishes of ours that wait for their acknowledgement at a time


class NoLink(Exception):
    """There is no connection (any more). `kind` is one of closed, unreachable, unknown_host, silent, hung_up,
    garbage, tls, refused, lost; `why` is what the other side or the system said."""

    def __init__(self, kind: str, why: str = "") -> None:
        super().__init__(f"{kind}: {why}")
        self.kind = kind
        self.why = why


class Interrupted(Exception):
    """The person does not want to wait any longer."""


@dataclass(frozen=True)
class Login:
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Door:
    """Where a broker is, and how it is spoken to. `stop` ends every wait."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    mqtt5: bool = True
    stop: threading.Event = field(default_factory=threading.Event)


class Link:
    """`with Link(door, id, login) as link`: connected until the end of the block.

    `expiry`: seconds the broker is to keep the session afterwards; with 0, one that it has is thrown away. (A
    clean start with an expiry would be no test: Mosquitto 2.0.11 does not save such a session to disk.)
    `holding` never acknowledges by itself: see `ahead` and `let_go`.
    """

    def __init__(
        self,
        door: Door,
        name: str,
        login: Login,
        expiry: int = 0,
        holding: bool = False,
        receive_maximum: int = 65535,
    ) -> None:
        self.came: list[mqtt.MQTTMessage] = []
        self.properties: dict[str, Any] = {}
        self.session_present = False
        self.lost: str | None = None
        self._door = door
        self._released = 0
        self._answer: ReasonCode | None = None
        self._answers: dict[int | None, list[ReasonCode]] = {}
        self._client = self._paho(name, login, clean=not expiry, holding=holding)
        self._options: dict[str, Any] = {}
        if door.mqtt5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = expiry
            properties.ReceiveMaximum = receive_maximum
            self._options = {"clean_start": not expiry, "properties": properties}

    def _paho(self, name: str, login: Login, clean: bool, holding: bool) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            name,
            clean_session=None if self._door.mqtt5 else clean,
            protocol=MQTTProtocolVersion.MQTTv5 if self._door.mqtt5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=holding,
        )
        client.connect_timeout = ANSWER
        client.max_inflight_messages_set(IN_FLIGHT)
        if login.username is not None:
            client.username_pw_set(login.username, login.password)
        if self._door.tls is not None:
            client.tls_set_context(self._door.tls)
        client.on_connect = self._on_connect  # type: ignore[assignment]
        client.on_disconnect = self._on_disconnect
        client.on_message = lambda _client, _data, message: self.came.append(message)
        client.on_subscribe = lambda _client, _data, mid, codes, _props: self._answers.update({mid: codes})
        client.on_publish = lambda _client, _data, mid, code, _props: self._answers.update({mid: [code]})
        return client

    def __enter__(self) -> "Link":
        try:
            self._connect()
            answered = self.wait(lambda: self._answer is not None)
        except BaseException:
            self._hang_up()
            raise
        if self._answer is not None and not self._answer.is_failure:
            return self
        self._hang_up()
        if not answered:
            raise NoLink("silent", f"{ANSWER:.0f} s")
        raise NoLink("refused", str(self._answer))

    def _go_on(self) -> None:
        """Before every touch: what is done after the end of a visit, nobody would clear away."""
        if self._door.stop.is_set():
            raise Interrupted

    def _connect(self) -> None:
        self._go_on()
        try:
            self._client.connect(self._door.host, self._door.port, KEEPALIVE, **self._options)
        except socket.gaierror as error:
            raise NoLink("unknown_host", error.strerror or str(error)) from None
        except (ssl.SSLError, ValueError) as error:
            raise NoLink("tls", getattr(error, "verify_message", "") or str(error)) from None
        except ConnectionRefusedError as error:
            raise NoLink("closed", str(error)) from None
        except ConnectionError as error:
            raise NoLink("hung_up" if self._door.tls is None else "tls", str(error)) from None
        except OSError as error:
            raise NoLink("unreachable", str(error)) from None

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self, forget: bool = False) -> None:
        """End the connection; `forget` the session as well (MQTT 5 only)."""
        properties = None
        if forget and self._door.mqtt5:
            properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 0
        with contextlib.suppress(Exception):
            self._client.disconnect(properties=properties)
            self._client.loop_write()
        self._hang_up()

    def vanish(self) -> None:
        """As a computer does that loses its power: no goodbye."""
        self._hang_up()

    def _hang_up(self) -> None:
        sock = self._client.socket()
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.close()

    # ---- waiting ------------------------------------------------------------------------------------------

    def wait(self, true: Callable[[], bool], seconds: float | None = None) -> bool:
        """Serve the connection until `true()`; False when that did not come in time. Raises NoLink."""
        end = time.monotonic() + (ANSWER if seconds is None else seconds)
        while not true():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self._serve(min(left, 0.2))
        return True

    def _serve(self, seconds: float) -> None:
        """One turn of the connection. Whatever paho makes of what it reads is the broker's doing."""
        self._go_on()
        if self._client.socket() is None:
            raise NoLink("lost" if self._connected else "hung_up", self.lost or "")
        try:
            code = self._client.loop(seconds)
        except Exception as error:
            raise NoLink("garbage", f"{type(error).__name__}: {error}") from None
        if code == mqtt.MQTT_ERR_SUCCESS or (self._answer is not None and self._answer.is_failure):
            return
        if self._connected or self._answer is not None:
            raise NoLink("lost", self.lost or mqtt.error_string(code))
        raise NoLink("garbage" if code == mqtt.MQTT_ERR_PROTOCOL else "hung_up", mqtt.error_string(code))

    @property
    def _connected(self) -> bool:
        return self._answer is not None and not self._answer.is_failure

    def quiet(self, seconds: float, most: float) -> None:
        """Wait until nothing has come for so long, at most `most`."""
        end = time.monotonic() + most
        before = -1
        while before != len(self.came) and time.monotonic() < end:
            before = len(self.came)
            self.wait(lambda: False, seconds)

    # ---- acts ---------------------------------------------------------------------------------------------

    def subscribe(self, topic: str, qos: int = 1, old: bool = True) -> bool:
        """Whether the broker grants it at that QoS. `old`: retained messages are wanted too."""
        options: Any = qos
        if self._door.mqtt5:
            handling = (
                SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE if old else SubscribeOptions.RETAIN_DO_NOT_SEND
            )
            options = SubscribeOptions(qos, retainHandling=handling)
        _, mid = self._client.subscribe([(topic, options)])
        codes = self._answers_to([mid])[0]
        return bool(codes) and not codes[0].is_failure and codes[0].value >= qos

    def unsubscribe(self, topics: list[str]) -> None:
        self._client.unsubscribe(topics)
        self._serve(0)

    def publish(self, topic: str, payloads: list[bytes], qos: int = 1, retain: bool = False) -> list[bool]:
        """Whether the broker took each. Only MQTT 5 tells a refusal; at QoS 0 nothing is told."""
        taken: list[bool] = []
        piece = min(IN_FLIGHT, self.properties.get("ReceiveMaximum", IN_FLIGHT))
        for at in range(0, len(payloads), piece):
            some = payloads[at : at + piece]
            sent = [self._client.publish(topic, payload, qos, retain).mid for payload in some]
            self._serve(0)
            answers = self._answers_to(sent) if qos else []
            taken += [not codes[0].is_failure for codes in answers] if qos else [True] * len(some)
        return taken

    def _answers_to(self, mids: list[Any]) -> list[list[ReasonCode]]:
        """What the broker answered; ids come again, so each answer is taken away. Raises NoLink."""
        known = -1
        while known < len(mids):
            before, known = known, sum(mid in self._answers for mid in mids)
            if known == before:
                missing = f"{len(mids) - known} of {len(mids)}"
                raise NoLink("lost", f"no answer to {missing} of our packets within {ANSWER:.0f} s")
            count = len(self._answers)
            if known < len(mids):
                self.wait(lambda: len(self._answers) > count)  # noqa: B023
        return [self._answers.pop(mid) for mid in mids]

    def let_go(self) -> None:
        """Acknowledge everything that was held."""
        for message in self.came[self._released :]:
            self._client.ack(message.mid, message.qos)
        self._released = len(self.came)
        self._serve(0)

    def payloads(self) -> list[bytes]:
        return [bytes(message.payload) for message in self.came]

    def topics(self) -> list[tuple[str, bytes]]:
        return [(message.topic, bytes(message.payload)) for message in self.came]

    @property
    def mqtt5(self) -> bool:
        return self._door.mqtt5

    # ---- paho's callbacks --------------------------------------------------------------------------------

    def _on_connect(self, _c: Any, _u: Any, flags: Any, reason: ReasonCode, properties: Properties) -> None:
        self.session_present = flags.session_present
        self.properties = properties.json() if properties is not None else {}  # type: ignore[no-untyped-call]
        self._answer = reason

    def _on_disconnect(self, _c: Any, _u: Any, _flags: Any, reason: ReasonCode, _p: Any) -> None:
        self.lost = str(reason)
