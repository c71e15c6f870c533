"""Touches. Keeps the topics of alerts/outward/topics.py on the broker: a client and a thread of its own.

It hears of an alert after the commit and never holds up whoever tells it. What a slow broker has not taken
yet is replaced by what is true by then. A new connection publishes everything again, and empties what stands
there of an earlier life: a crash leaves no alert behind that nobody ends.
"""

import contextlib
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from alerts.alert import Alert
from alerts.outward.settings import StatesSettings
from alerts.outward.shown import for_others, iso
from alerts.outward.topics import Wanted
from ingest.campus.registry import Registry
from ingest.settings import BrokerSettings

log = structlog.get_logger("alerts.outward")

NAME = "states"
HEARTBEAT = 30.0  # seconds
ON_THE_WAY = 200  # messages that the broker has not acknowledged
GATHER = 0.1  # seconds: what changes together is published together
ANSWER = 5.0  # seconds a broker has for answering CONNECT
LAST_WORD = 2.0  # seconds for saying that we go

Report = Callable[[str, str, str], None]


class Line:
    """One connection: what came of it, and what is on its way. Its callbacks run on paho's thread."""

    def __init__(self, client: mqtt.Client, wake: threading.Event) -> None:
        self.client = client
        self.open = threading.Event()
        self.over = ""
        self.refused = ""
        self.stale: deque[str] = deque()
        self._waiting: list[mqtt.MQTTMessageInfo] = []
        self.sent: dict[str, bytes] = {}
        self._wake = wake
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message

    def publish(self, topic: str, payload: bytes) -> mqtt.MQTTMessageInfo:
        info = self.client.publish(topic, payload, 1, retain=True)
        self._waiting.append(info)
        return info

    def full(self) -> bool:
        """Whether so much is on its way that the broker has to answer first."""
        if len(self._waiting) >= ON_THE_WAY:
            self._waiting = [info for info in self._waiting if not info.is_published()]
        return len(self._waiting) >= ON_THE_WAY

    def _on_connect(self, _c: mqtt.Client, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        if reason.is_failure:
            self.over = f"the broker answered: {reason}"
        self.open.set()

    def _on_disconnect(self, _c: mqtt.Client, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        self.over = self.over or f"connection closed: {reason}"
        self.open.set()
        self._wake.set()

    def _on_publish(self, _c: mqtt.Client, _u: Any, mid: int, reason: ReasonCode, _p: Any) -> None:
        if reason.is_failure:
            self.refused = f"the broker refuses what we publish ({reason}): see its access rules"
        self._wake.set()

    def _on_message(self, _c: mqtt.Client, _u: Any, message: mqtt.MQTTMessage) -> None:
        if message.retain and message.payload:
            self.stale.append(message.topic)
            self._wake.set()


class Board:
    """`follow` may be called from any thread. `ready`: whether messages are received and recorded now."""

    def __init__(
        self,
        settings: StatesSettings,
        broker: BrokerSettings,
        registry: Callable[[], Registry],
        ready: Callable[[], bool],
        now: Callable[[], int],
        report: Report,
        version: str = "",
    ) -> None:
        self._base = settings.base
        self._broker = broker
        self._registry = registry
        self._ready = ready
        self._now = now
        self._report = report
        self._wanted = Wanted(settings, version)
        self._news: deque[Alert] = deque()
        self._use_v5 = broker.protocol != "3.1.1"
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="states", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, within: float = ANSWER) -> None:
        """Says `offline`, where the broker listens."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(within)

    def follow(self, alerts: Sequence[Alert]) -> None:
        self._news.extend(alert for alert in alerts if for_others(alert))
        self._wake.set()

    # ---- its thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            self._look()  # also while nobody can be told: what waits here must not grow
            try:
                why = self._connection()
            except Exception as error:  # whatever it is, it must come back
                why = f"{self._broker.host}:{self._broker.port}: {error}"
            failures = 0 if time.monotonic() - began > HEARTBEAT else failures + 1
            if not self._stopping.is_set():
                log.warning("alert states are not published", why=why)
                self._report(NAME, "fault", f"{NAME}: {why}"[:250])
                self._stopping.wait(min(30.0, 0.5 * 2 ** min(failures, 6)) * random.uniform(0.5, 1))

    def _connection(self) -> str:
        """From connecting to the end of it, and why it ended."""
        line = Line(self._client(), self._wake)
        try:
            line.client.connect(self._broker.host, self._broker.port, self._broker.keepalive)
            line.client.loop_start()
            if not line.open.wait(ANSWER) or line.over:
                self._try_the_other_protocol()
                return line.over or f"the broker did not answer CONNECT within {ANSWER:.0f} s"
            self._serve(line)
            if self._stopping.is_set():
                self._go(line)
            return line.over
        finally:
            with contextlib.suppress(Exception):
                line.client.disconnect()
            line.client.loop_stop()

    def _client(self) -> mqtt.Client:
        s, protocol = self._broker, MQTTProtocolVersion.MQTTv311
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{s.client_id}-states",
            protocol=MQTTProtocolVersion.MQTTv5 if self._use_v5 else protocol,
            clean_session=None if self._use_v5 else True,
            reconnect_on_failure=False,
        )
        client.connect_timeout = ANSWER
        client.max_inflight_messages_set(ON_THE_WAY)
        if s.username:
            client.username_pw_set(s.username, s.password)
        if s.tls:
            client.tls_set(s.tls.ca, s.tls.cert, s.tls.key)
            client.tls_insecure_set(s.tls.insecure)
        client.will_set(f"{self._base}/availability", b"offline", 1, retain=True)
        return client

    def _try_the_other_protocol(self) -> None:
        if self._broker.protocol == "auto":
            self._use_v5 = not self._use_v5

    def _serve(self, line: Line) -> None:
        for wildcard in self._wanted.ours():
            line.client.subscribe(wildcard, 1)
        beat = time.monotonic()
        while not line.over and not self._stopping.is_set():
            self._wake.clear()
            self._look()
            behind = self._catch_up(line)
            if not behind and time.monotonic() >= beat:
                self._beat(line)
                beat = time.monotonic() + HEARTBEAT
            self._tell(line)
            if self._wake.wait(HEARTBEAT if behind else max(0.0, beat - time.monotonic())):
                self._stopping.wait(GATHER)

    def _look(self) -> None:
        news = [self._news.popleft() for _ in range(len(self._news))]
        registry = self._registry()
        if news or registry is not self._wanted.registry:
            self._wanted.follow(news, registry)

    def _catch_up(self, line: Line) -> bool:
        """Publish what is not on the broker as it should be, as far as it takes it. Whether more is left."""
        wanted = self._wanted.topics
        gone = [topic for topic in line.sent if topic not in wanted]
        stale = [line.stale.popleft() for _ in range(len(line.stale))]
        for topic in dict.fromkeys([*gone, *(one for one in stale if one not in wanted)]):
            line.sent.pop(topic, None)
            line.publish(topic, b"")
        for topic, payload in wanted.items():
            if line.sent.get(topic) != payload:
                if line.full():
                    return True
                line.sent[topic] = payload
                line.publish(topic, payload)
        return False

    def _beat(self, line: Line) -> None:
        """Only after everything is said, so that who reads `online` can believe what stands there."""
        line.publish(f"{self._base}/availability", b"online")
        if self._ready():  # else its silence says so
            body = {"schema": 1, "at": iso(self._now()), "ready": True}
            line.publish(f"{self._base}/heartbeat", msgspec.json.encode(body))

    def _tell(self, line: Line) -> None:
        word = "fault" if line.refused else "normal"
        self._report(NAME, word, f"{NAME}: {line.refused}"[:250] if line.refused else "")

    def _go(self, line: Line) -> None:
        with contextlib.suppress(ValueError, RuntimeError):
            line.publish(f"{self._base}/availability", b"offline").wait_for_publish(LAST_WORD)
