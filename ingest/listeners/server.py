"""Touches. The server of a listener: TCP and, if set, UDP on one port, on a thread of its own.

A piece becomes a Message for the writer and is answered when that was committed (`settle`), in the order of
its connection. What is not committed is never answered, so the device sends it again, to us or to the next
process. Memory is bounded: a connection with too many messages unsettled is not read from; bytes without an
end, frames that never end, silence and floods of connections cost the peer its connection, and are counted.
"""

import contextlib
import resource
import selectors
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

import structlog

from ingest.decode import LISTENER
from ingest.listeners.connection import Connection, Ended
from ingest.listeners.crowd import Crowd, room, spare
from ingest.listeners.listening import Piece, Speech
from ingest.message import Message
from ingest.settings import ListenerSettings

log = structlog.get_logger("ingest.listeners")

HALF = 10_000  # ms that a frame may take from its first byte to its last
MOST_UNSETTLED = 200  # messages of one connection
MOST_OWED = 5_000  # messages of all
DATAGRAMS = 100  # read at once
TICK = 1.0  # seconds between two looks at what is overdue
AGAIN = 5.0  # seconds until a port that could not be opened is tried again
SAY_EVERY = 60_000  # ms between two lines of log on the same mischief of the same peer
MOST_LINES = 60  # of log in that time: who comes from a thousand addresses writes no more

Deliver = Callable[[list[Message]], None]
Report = Callable[[str, str, str, str], None]  # part, metric, word, note
Peer = Connection | tuple[Any, ...]


class Server:
    """`port` is the one in use, once `ready` is set. `counts`: connections closed and refused, and why."""

    def __init__(
        self,
        speech: Speech,
        settings: ListenerSettings,
        deliver: Deliver,
        report: Report,
        now: Callable[[], int],
    ) -> None:
        self.name = f"listen-{speech.name}"
        self.port = settings.port
        self.ready = threading.Event()
        self.counts: Counter[str] = Counter()
        self.connections: dict[int, Connection] = {}
        self._speech, self._settings = speech, settings
        self._deliver, self._report, self._now = deliver, report, now
        self._allowed = [ip_network(one) for one in settings.allow]
        self._numbers = 0
        self._owed: dict[int, tuple[Peer, bytes]] = {}  # of a message that awaits its commit
        self._settled: deque[int] = deque()
        self._said: set[tuple[str, str]] = set()
        self._said_since = 0
        self._crowd = Crowd()
        self._most = settings.connections
        self._selector = selectors.DefaultSelector()
        self._tcp: socket.socket | None = None
        self._udp: socket.socket | None = None
        self._stopping = threading.Event()
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_out.setblocking(False)
        self._wake_in.setblocking(False)
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    # ---- called from other threads -------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(5)

    def settle(self, messages: Sequence[Message]) -> None:
        for message in messages:
            message.acked = True
        self._settled.extend(message.mid for message in messages)
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._wake_in.send(b".")

    def status(self) -> dict[str, Any]:
        return {"open": self.ready.is_set(), "connections": len(self.connections), **self.counts}

    # ---- the listener's thread -------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._open()
                self._serve()
            except Exception as error:  # whatever it is, the door must open again
                log.exception("listener failed", listener=self.name)
                where = f"{self._settings.host}:{self._settings.port}"
                self._report(self.name, "listener", "fault", f"{self.name} cannot listen at {where}: {error}")
                self._stopping.wait(AGAIN)
            finally:
                self._shut()

    def _open(self) -> None:
        family = socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET
        self._tcp = socket.socket(family, socket.SOCK_STREAM)
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._tcp.bind((self._settings.host, self._settings.port))
        self._tcp.listen(64)
        self.port = self._tcp.getsockname()[1]
        opened = [self._tcp, self._wake_out]
        if self._settings.udp:
            self._udp = socket.socket(family, socket.SOCK_DGRAM)
            self._udp.bind((self._settings.host, self.port))
            opened.append(self._udp)
        self._selector = selectors.DefaultSelector()
        for sock in opened:
            sock.setblocking(False)
            self._selector.register(sock, selectors.EVENT_READ)
        self._most = room(self._settings.connections, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        if self._most < self._settings.connections:
            log.warning("too few files for `connections`", listener=self.name, connections=self._most)
        self._report(self.name, "listener", "normal", "")
        log.info("listening", listener=self.name, host=self._settings.host, port=self.port)
        self.ready.set()

    def _serve(self) -> None:
        look_at = time.monotonic() + TICK
        while not self._stopping.is_set():
            for key, events in self._selector.select(max(0.0, look_at - time.monotonic())):
                if key.fileobj is self._wake_out:
                    self._wake_out.recv(4096)
                elif key.fileobj is self._tcp:
                    self._accept(self._tcp)
                elif key.fileobj is self._udp:
                    self._receive(self._udp)
                elif key.data in self.connections.values():
                    self._attend(key.data, events)
            self._answer()
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + TICK
                self._close_overdue()
                self._take_breath()

    def _shut(self) -> None:
        self.ready.clear()
        for connection in list(self.connections.values()):
            self._close(connection, "")
        for sock in (self._tcp, self._udp):
            if sock is not None:
                sock.close()
        self._tcp = self._udp = None
        self._selector.close()

    # ---- in ----------------------------------------------------------------------------------------------

    def _accept(self, listening: socket.socket) -> None:
        try:
            sock, address = listening.accept()
        except (BlockingIOError, ConnectionError):  # gone again
            return
        except OSError as error:  # no file left: asked again and again it would eat the processor as well
            self._mischief("accept", "nobody", f"a connection could not be taken: {error}")
            self._selector.unregister(listening)  # until the next tick
            self._make_room(f"a connection could not be taken: {error}")
            return
        peer = _plain(address[0])
        if not self._may(peer):
            sock.close()
            return
        sock.setblocking(False)
        if len(self.connections) >= self._most:
            self._make_room(f"more than {self._most} connections")
        self._numbers += 1
        connection = Connection(sock, peer, self._numbers, self._now())
        self.connections[connection.number] = connection
        self._selector.register(sock, selectors.EVENT_READ, connection)

    def _may(self, peer: str) -> bool:
        allowed = any(ip_address(peer) in network for network in self._allowed)
        if not allowed:
            self._mischief("refused", peer, "it is not on the list `allow`")
        return allowed

    def _make_room(self, why: str) -> None:
        told = self._crowd.comes(self._now(), [one.peer for one in self.connections.values()], why)
        if told:
            self._report(self.name, "listener", "fault", f"{self.name}: {told}")
        if self.connections:
            self._close(spare(self.connections.values(), self._most), why)

    def _attend(self, connection: Connection, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                connection.send()
            if events & selectors.EVENT_READ:
                now = self._now()
                found = connection.read(self._speech, now, self._settings.max_frame)
                self._hand_on(found, connection, connection.peer, now)
                if connection.too_much:
                    raise Ended(connection.too_much)
            self._watch(connection)
        except Ended as ended:
            self._close(connection, str(ended))

    def _receive(self, udp: socket.socket) -> None:
        for _ in range(DATAGRAMS):
            try:
                data, address = udp.recvfrom(65_535)
            except OSError:
                return
            peer, now = _plain(address[0]), self._now()
            if not self._may(peer):
                continue
            if len(data) > self._settings.max_frame or len(self._owed) >= MOST_OWED:
                self._mischief("dropped", peer, f"a datagram of {len(data)} bytes was dropped")
                continue
            self._hand_on(self._speech.last(data, now), address, peer, now)

    def _hand_on(self, found: Iterable[Piece], to: Peer, peer: str, now: int) -> None:
        messages = []
        for piece in found:
            self.counts["frames" if piece.good else "broken"] += 1
            self._numbers += 1
            topic = f"{LISTENER}{self._speech.name}/{piece.who or peer}"
            # QoS 0: what comes again is known by the numbers that the device gives it, never by ours.
            message = Message(self, topic, piece.payload, now, qos=0, mid=self._numbers)
            self._owed[message.mid] = to, piece.answer
            messages.append(message)
            if isinstance(to, Connection):
                to.unsettled += 1
        if messages:
            self._deliver(messages)

    # ---- out -----------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        full = len(self._owed) >= MOST_OWED
        while self._settled:
            to, answer = self._owed.pop(self._settled.popleft(), (None, b""))
            if isinstance(to, Connection):
                to.unsettled -= 1
                if to.number in self.connections:
                    self._send(to, answer)
            elif to is not None and answer and self._udp is not None:
                with contextlib.suppress(OSError):
                    self._udp.sendto(answer, to)
        if full and len(self._owed) < MOST_OWED:
            for connection in self.connections.values():
                self._watch(connection)

    def _send(self, connection: Connection, answer: bytes) -> None:
        try:
            connection.send(answer)
            self._watch(connection)
        except Ended as ended:
            self._close(connection, str(ended))

    def _watch(self, connection: Connection) -> None:
        """Listen only to a peer whose messages are settled; write only where something is left to write."""
        reading = connection.unsettled < MOST_UNSETTLED and len(self._owed) < MOST_OWED
        events = selectors.EVENT_READ * reading | selectors.EVENT_WRITE * bool(connection.out)
        known = self._selector.get_map().get(connection.socket.fileno())
        if known is None and events:
            self._selector.register(connection.socket, events, connection)
        elif known is not None and not events:
            self._selector.unregister(connection.socket)
        elif known is not None and known.events != events:
            self._selector.modify(connection.socket, events, connection)

    # ---- endings -------------------------------------------------------------------------------------------

    def _close_overdue(self) -> None:
        now = self._now()
        for connection in list(self.connections.values()):
            if connection.unsettled >= MOST_UNSETTLED or len(self._owed) >= MOST_OWED:
                continue  # it is we who do not listen
            if why := connection.overdue(now, self._settings.idle * 1000, HALF):
                self._close(connection, why)

    def _take_breath(self) -> None:
        if self._tcp is not None and self._selector.get_map().get(self._tcp.fileno()) is None:
            self._selector.register(self._tcp, selectors.EVENT_READ)
        if self._crowd.is_over(self._now()):
            self._report(self.name, "listener", "normal", "")

    def _close(self, connection: Connection, why: str) -> None:
        """What was never finished goes to the quarantine, where it can be looked at."""
        if self.connections.pop(connection.number, None) is None:
            return
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        connection.close()
        if not why:
            return
        now = self._now()
        self._mischief("closed", connection.peer, why)
        self._hand_on(self._speech.last(connection.rest, now), connection, connection.peer, now)

    def _mischief(self, what: str, peer: str, why: str) -> None:
        """Counted always; told once a minute for each peer, and of no more than MOST_LINES of them."""
        self.counts[what] += 1
        now = self._now()
        if not 0 <= now - self._said_since < SAY_EVERY:
            self._said, self._said_since = set(), now
        if (what, peer) in self._said or len(self._said) >= MOST_LINES:
            return
        self._said.add((what, peer))
        log.warning("listener", listener=self.name, what=what, peer=peer, why=why, count=self.counts[what])


def _plain(address: str) -> str:
    """The address of a peer; an IPv4 one on an IPv6 socket is still that."""
    return address.partition("%")[0].removeprefix("::ffff:")
