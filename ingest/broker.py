"""Touches. One session with the broker, on a thread of its own.

A connection is one paho client and one epoch. Messages are handed on with `settle()`; an acknowledgement is
sent by this thread, in arrival order, and only while the connection it arrived on still stands: after a
broker restart the same message id is another message, and acknowledging it would throw away an alarm.
"""

import contextlib
import random
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, cast

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.buffered import BufferedSocket
from ingest.message import Message
from ingest.publish import packet_end, puback
from ingest.publish import read as read_publish
from ingest.settings import BrokerSettings

log = structlog.get_logger("ingest.broker")

SESSION_EXPIRY = 7 * 24 * 3600  # seconds the broker keeps our queue while we are away
SUBSCRIBE_CHUNK = 200  # filters in one SUBSCRIBE packet
ANSWER = 5.0  # seconds a broker has for answering CONNECT
GATHER = 0.005  # seconds in which ordinary messages come together while they keep coming: every look at the
# socket takes the interpreter lock from whoever thinks, several times, and costs as much as ten messages
RECORD = 16_000  # bytes: a piece as large as TLS makes them says that there is more already
SHED_ABOVE = 100_000  # messages handed on and not yet settled, above which those at QoS 0 are dropped
Report = Callable[[str, str, str], None]


class _Client(mqtt.Client):
    def _create_socket(self) -> Any:
        sock = super()._create_socket()
        sock.setblocking(False)
        return BufferedSocket(cast(socket.socket, sock))


class Session:
    """A persistent session: connects, subscribes, hands messages on, acknowledges what was settled.

    `name` is "life", "all" or "ear"; `deliver` gets every message in arrival order, on the session's thread.
    One that is not `lasting` only listens, to what is said from now on: at QoS 0, the broker keeps nothing
    for it, and retained messages, which are old news, are not sent (on 3.1.1: are dropped).
    """

    def __init__(
        self,
        name: str,
        settings: BrokerSettings,
        filters: Callable[[], Sequence[str]],
        deliver: Callable[[list[Message]], None],
        report: Report,
        now: Callable[[], int],
        lasting: bool = True,
    ) -> None:
        self.name = name
        self.settings = settings
        self._lasting = lasting
        self._filters = filters
        self._deliver = deliver
        self._report = report
        self._now = now
        self.epoch = 0
        self.connected = False
        self.opened_at = 0  # ms, when the broker accepted the present connection
        self.granted = False  # every filter of this session was accepted on the present connection
        self.grants = 0  # how often they were
        self.ever_granted = threading.Event()
        self._client: _Client | None = None
        self._socket: BufferedSocket | None = None
        self._unsettled = 0
        self._shed = 0
        self._settled: deque[Message] = deque()
        self._outgoing: deque[tuple[str, bytes, bool, Future[None]]] = deque()
        self._published: dict[int, Future[None]] = {}
        self._awaiting: dict[int, list[str]] = {}
        self._refused: list[str] = []
        self._resubscribe = False
        self._stopping = False
        self._use_v5 = settings.protocol != "3.1.1"
        self._spoke_v5 = False
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_out.setblocking(False)
        self._wake_in.setblocking(False)
        self._thread = threading.Thread(target=self._run, name=f"broker-{name}", daemon=True)

    # ---- called from other threads -------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake()
        self._thread.join(5)

    def settle(self, messages: Sequence[Message]) -> None:
        self._settled.extend(messages)
        self._wake()

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> Future[None]:
        """Publish at QoS 1; the future is done when the broker acknowledges it."""
        future: Future[None] = Future()
        self._outgoing.append((topic, payload, retain, future))
        self._wake()
        return future

    def resubscribe(self) -> None:
        """The registry changed: subscribe again to what `filters()` now says."""
        self.granted = False
        self._resubscribe = True
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_in.send(b".")

    # ---- this session's thread -----------------------------------------------------------------------

    def _run(self) -> None:
        failures = 0
        while not self._stopping:
            try:
                self._connect()
                began = time.monotonic()
                self._serve()
                failures = 0 if time.monotonic() - began > 5 and self.epoch else failures + 1
            except Exception as error:  # whatever it is, the session must come back
                failures += 1
                self._try_the_other_protocol()
                self._lost(f"cannot reach {self.settings.host}:{self.settings.port}: {error}")
            if not self._stopping:
                self._pause(min(10.0, 0.25 * 2 ** min(failures, 6)) * random.uniform(0.5, 1.0))

    def _pause(self, seconds: float) -> None:
        """Wait it out, unless we are stopping; whoever wakes us meanwhile has to wait as well."""
        end = time.monotonic() + seconds
        while not self._stopping and (left := end - time.monotonic()) > 0:
            if select.select([self._wake_out], [], [], left)[0]:
                self._wake_out.recv(4096)

    def _try_the_other_protocol(self) -> None:
        """A broker that knows no MQTT 5 answers nothing, closes, or says so; one that once did speaks it."""
        unanswered = self._socket is not None and not self.connected
        if unanswered and self.settings.protocol == "auto" and not self._spoke_v5:
            self._use_v5 = not self._use_v5

    def _connect(self) -> None:
        s = self.settings
        protocol = MQTTProtocolVersion.MQTTv5 if self._use_v5 else MQTTProtocolVersion.MQTTv311
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{s.client_id}-{self.name}",
            protocol=protocol,
            manual_ack=True,
            clean_session=None if self._use_v5 else not self._lasting,
        )
        if s.username:
            client.username_pw_set(s.username, s.password)
        if s.tls:
            client.tls_set(s.tls.ca, s.tls.cert, s.tls.key)
            client.tls_insecure_set(s.tls.insecure)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        # With this set, paho leaves writing to our loop and many acknowledgements leave in one piece.
        client.on_socket_register_write = lambda *_: None
        properties = None
        if self._use_v5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_EXPIRY if self._lasting else 0
            # No MaximumPacketSize: Mosquitto drops what is larger, unseen by all, but gives its place in our
            # window never back, and after `receive_maximum` of them we are deaf. Its own limit is the place.
            properties.ReceiveMaximum = s.receive_maximum
        self._client = client
        clean = not self._lasting
        arguments: dict[str, Any] = {"clean_start": clean, "properties": properties} if self._use_v5 else {}
        client.connect(s.host, s.port, s.keepalive, **arguments)
        sock = client.socket()
        assert isinstance(sock, BufferedSocket)
        self._socket = sock

    def _serve(self) -> None:
        client, sock = self._client, self._socket
        assert client is not None
        assert sock is not None
        answered_by = time.monotonic() + ANSWER
        coming = False  # ordinary messages, now and then
        while not self._stopping and client.socket() is not None:
            client.loop_write()  # before waiting: paho leaves even CONNECT to this loop
            flushed = sock.flush()
            if coming and flushed:
                time.sleep(GATHER)
            else:
                self._wait(sock, flushed)
            coming = 0 < self._read(client, sock) < RECORD and self.name == "all"
            self._acknowledge(sock)
            self._send_outgoing(client)
            client.loop_misc()
            if not self.connected and time.monotonic() > answered_by:
                raise TimeoutError(f"the broker did not answer CONNECT within {ANSWER:.0f} s")
        if self._stopping and self.connected:
            client.disconnect()
            client.loop_write()
        else:
            self._try_the_other_protocol()
        self._lost("connection closed")

    def _wait(self, sock: BufferedSocket, flushed: bool) -> None:
        """Until there is something to read, or somebody wakes us."""
        waiting = 0.0 if sock.ssl_pending() else 1.0
        both: list[Any] = [sock, self._wake_out]
        readable, _, _ = select.select(both, [] if flushed else [sock], [], waiting)
        if self._wake_out in readable:
            self._wake_out.recv(4096)

    def _read(self, client: _Client, sock: BufferedSocket) -> int:
        """PUBLISH packets are read here (ingest/publish.py); every other whole packet is paho's. How many
        bytes there were."""
        size = sock.fill()
        moment, mqtt5 = self._now(), self._use_v5
        gathered: list[Message] = []
        buffer = sock.buffer
        while (end := packet_end(buffer, sock.at)) is not None:
            found = read_publish(buffer, sock.at, end, mqtt5)
            if found is None:
                sock.until = end  # or paho swallows the PUBLISHes behind it, one for each of ours in flight
                client.loop_read()
                sock.until = None
                if client.socket() is None:
                    break
                continue
            topic, payload, qos, retain, dup, mid, sock.at = found
            if qos == 0 and self.name == "all" and self._unsettled > SHED_ABOVE:
                self._drop()
                continue
            if retain and not self._lasting and not mqtt5:
                continue
            # Not an epoch read before: what begins it, the answer to CONNECT, may stand in the same buffer.
            gathered.append(Message(self, topic, payload, moment, qos, retain, dup, self.epoch, mid))
        if sock.ended and client.socket() is not None:
            client.loop_read()  # paho finds out that the connection is over
        if gathered:
            self._unsettled += len(gathered)
            self._deliver(gathered)
        return size

    def _drop(self) -> None:
        """Memory must stay bounded: what nobody was promised goes, and it is said. Never from `life`."""
        if not self._shed:
            self._report(
                f"broker_{self.name}", "fault", "more than can be stored: messages at QoS 0 are dropped"
            )
        self._shed += 1

    def _acknowledge(self, sock: BufferedSocket) -> None:
        settled, epoch = self._settled, self.epoch
        while settled:
            message = settled.popleft()
            self._unsettled -= 1
            if message.epoch == epoch and self.connected:
                if message.qos:
                    sock.send(puback(message.mid))
                message.acked = True
        if self._shed and self._unsettled < SHED_ABOVE // 2:
            log.warning("messages at QoS 0 were dropped", session=self.name, count=self._shed)
            self._shed = 0
            self._report(f"broker_{self.name}", "normal", "")

    def _send_outgoing(self, client: _Client) -> None:
        while self._outgoing and self.connected:
            topic, payload, retain, future = self._outgoing.popleft()
            try:
                info = client.publish(topic, payload, 1, retain)
            except ValueError as error:  # a topic that cannot be published on is its sender's mistake
                future.set_exception(error)
            else:
                self._published[info.mid] = future
        if self._resubscribe and self.connected:
            self._resubscribe = False
            self._subscribe(client)

    def _subscribe(self, client: _Client) -> None:
        filters, qos = list(self._filters()), int(self._lasting)
        options = SubscribeOptions(qos)
        if not self._lasting:
            options.retainHandling = SubscribeOptions.RETAIN_DO_NOT_SEND
        self.granted = False
        self._refused = []
        for at in range(0, len(filters), SUBSCRIBE_CHUNK):
            chunk = filters[at : at + SUBSCRIBE_CHUNK]
            if self._use_v5:
                _, mid = client.subscribe([(f, options) for f in chunk])
            else:
                _, mid = client.subscribe([(f, qos) for f in chunk])
            if mid is not None:
                self._awaiting[mid] = chunk
        if not filters:
            self._all_granted()

    def _all_granted(self) -> None:
        self.grants += not self._refused
        self.granted = not self._refused
        self.ever_granted.set()
        if self._refused:
            names = ", ".join(self._refused[:5])
            why = f"session {self.name}: the broker refused to subscribe at QoS 1: {names}"
            self._report("subscription", "fault", why)
        else:
            self._report("subscription", "normal", "")
        if not self._shed:
            self._report(f"broker_{self.name}", "normal", "")

    def _lost(self, why: str) -> None:
        if self.connected or self._client is not None:
            log.warning("broker session lost", session=self.name, why=why)
        self.connected = False
        self.granted = False
        if self._socket is not None:
            self._socket.close()
        self._client = self._socket = None
        self._awaiting.clear()
        for future in self._published.values():
            future.set_exception(ConnectionError(why))
        self._published.clear()
        if not self._stopping:
            self._report(f"broker_{self.name}", "fault", why)

    # ---- paho's callbacks, on this session's thread ----------------------------------------------------

    def _on_connect(self, client: mqtt.Client, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        if reason.is_failure:
            log.warning("broker refused the session", session=self.name, reason=str(reason))
            raise ConnectionRefusedError(f"the broker answered: {reason}")
        self.epoch += 1
        self.opened_at = self._now()
        self.connected = True
        self._spoke_v5 = self._spoke_v5 or self._use_v5
        log.info("broker session open", session=self.name, epoch=self.epoch, mqtt5=self._use_v5)
        assert self._client is not None
        self._subscribe(self._client)

    def _on_disconnect(self, _c: mqtt.Client, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        log.info("broker session closed", session=self.name, reason=str(reason))

    def _on_publish(self, _c: mqtt.Client, _u: Any, mid: int, _r: ReasonCode, _p: Any) -> None:
        future = self._published.pop(mid, None)
        if future is not None:
            future.set_result(None)

    def _on_subscribe(self, _c: mqtt.Client, _u: Any, mid: int, codes: list[ReasonCode], _p: Any) -> None:
        asked = self._awaiting.pop(mid, [])
        for name, code in zip(asked, codes, strict=False):
            if code.is_failure or code.value < self._lasting:  # QoS 0 would be no promise at all
                self._refused.append(name)
        if not self._awaiting:
            self._all_granted()
