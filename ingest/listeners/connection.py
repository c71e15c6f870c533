"""Touches. One TCP connection of a listener: what came in and is not whole yet, what must still go out."""

import contextlib
import socket

from ingest.listeners.listening import Piece, Speech

READ = 16 * 1024  # bytes at a time: nobody keeps the others waiting
MOST_OUT = 64 * 1024  # bytes of answers that a peer may leave unread
MOST_BAD = 20  # pieces that are no frame, one behind the other


class Ended(Exception):
    """The connection must be closed; its text says why, "" where that is as it should be."""


class Connection:
    """`number` is its own for ever. Times are ms of the service's clock. Raises Ended, and nothing else."""

    def __init__(self, sock: socket.socket, peer: str, number: int, now: int) -> None:
        self.socket, self.peer, self.number = sock, peer, number
        self.heard = now  # when bytes last came
        self.began: int | None = None  # since when the rest has been waiting for its end
        self.unsettled = 0  # messages handed on whose commit is awaited
        self.rest = b""
        self.out = b""
        self.bad = 0
        self.spoken = False  # it has sent a frame that is one
        self.too_much = ""  # why it must be closed once what it said is handed on

    def read(self, speech: Speech, now: int, most: int) -> list[Piece]:
        """The pieces that are whole now."""
        try:
            data = self.socket.recv(READ)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError as error:
            raise Ended(f"the connection broke: {error}") from None
        if not data:
            raise Ended("it closed in the middle of a frame" if self.rest else "")
        self.heard = now
        found, self.rest = speech.cut(self.rest + data, now)
        if found or not self.rest:
            self.began = None
        if self.rest and self.began is None:
            self.began = now
        self._judge(found, most)
        return found

    def _judge(self, found: list[Piece], most: int) -> None:
        for piece in found:
            self.bad = 0 if piece.good else self.bad + 1
            self.spoken = self.spoken or piece.good
        if len(self.rest) > most:
            self.too_much = f"{len(self.rest)} bytes without a frame (max_frame is {most})"
        elif self.bad > MOST_BAD:
            self.too_much = f"{self.bad} pieces one behind the other that are no frame"

    def send(self, data: bytes = b"") -> None:
        """As much as the peer takes now; the rest when it can take more."""
        self.out += data
        if not self.out:
            return
        try:
            self.out = self.out[self.socket.send(self.out) :]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            raise Ended(f"the connection broke: {error}") from None
        if len(self.out) > MOST_OUT:
            raise Ended("it does not read our answers")

    def overdue(self, now: int, idle: int, half: int) -> str:
        """Why it must be closed for what has not come; "" mostly."""
        if self.began is not None and now - self.began > half:
            return f"{len(self.rest)} bytes, and the rest of the frame did not come within {half // 1000} s"
        return f"nothing came for {idle // 1000} s" if now - self.heard > idle else ""

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.close()
