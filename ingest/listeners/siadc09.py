"""Thinks. SIA DC-09 over TCP and UDP: ACK for what is stored, DUH for what is not understood, NAK for a line
that came wrong, with our time. Lines of an account with a key must be encrypted; so are their ACKs.

Only the allow-list and the keys guard who speaks. What must not be believed (a key that does not fit, a line
in clear of an account with a key, a time out of its window) goes to the dialect, to be refused in words.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2s

import msgspec

from ingest.dialects.siadc09 import NAME, told
from ingest.dialects.siadc09.heard import Told
from ingest.dialects.siadc09.line import HEARTBEAT, Line, pieces, read, written
from ingest.listeners.listening import Piece, Speech
from ingest.settings import SiaSettings

BEHIND, AHEAD = 40_000, 20_000  # ms that the time of an encrypted line may be off
BLOCK = 16

Keys = Mapping[str, bytes]


def speech(settings: SiaSettings) -> Speech:
    keys = {account: _key(text) for account, text in settings.keys.items()}
    return Speech(NAME, partial(_cut, keys), partial(_last, keys))


def _key(text: str) -> bytes:
    return bytes.fromhex(text[4:]) if text.startswith("hex:") else text.encode()


def _cut(keys: Keys, data: bytes, now: int) -> tuple[list[Piece], bytes]:
    found, rest = pieces(data)
    return [_piece(keys, one, now) for one in found], rest


def _last(keys: Keys, data: bytes, now: int) -> list[Piece]:
    found, rest = _cut(keys, data, now)
    return [*found, _piece(keys, rest, now)] if rest else found


def _piece(keys: Keys, raw: bytes, now: int) -> Piece:
    line = read(raw)
    if isinstance(line, str):
        return Piece(raw, good=False)  # no line at all: who knows what it would take an answer for
    if line.token == HEARTBEAT:
        return Piece(raw, line.account, b'"ACK"')
    if not line.good_sum:
        return Piece(raw, line.account, _nak(now), good=False)
    key = keys.get(line.account or told(line).account)
    if line.encrypted:
        return _sealed(line, key, raw, now)
    what = told(line)
    if key is not None or line.starred:
        return Piece(raw, "", _answer("DUH", line), good=False)  # under no account's name
    answer = _answer("ACK" if what.understood else "DUH", line)
    return Piece(raw, what.account, answer if line.good_length else _nak(now), good=not what.why)


def _sealed(line: Line, key: bytes | None, raw: bytes, now: int) -> Piece:
    plain = _opened(line, key) if key else None
    what = told(plain) if plain else None
    if key is None or plain is None or what is None:
        return Piece(raw, line.account, _answer("DUH", line), good=False)
    if not what.why and not _in_time(what, now):
        return Piece(_rewritten(plain, True), line.account, _nak(now), good=False)
    answer = _sealed_ack(line, key, now) if what.understood else _answer("DUH", line)
    return Piece(
        _rewritten(plain, False), line.account, answer if line.good_length else _nak(now), good=not what.why
    )


def _opened(line: Line, key: bytes) -> Line | None:
    """The line in clear, or None where the key is wrong."""
    try:
        data = _cipher(key, False)(bytes.fromhex(line.rest)).decode("latin-1")
    except ValueError:  # an odd number of digits, or no whole blocks
        return None
    padding, bar, rest = data.partition("|")
    head, bracket, _ = data.partition("]")
    if not bar or (bracket and len(head) < len(padding)):  # the bar is left out where there are no data
        rest = data[len(head) :]
    plain = msgspec.structs.replace(line, rest=rest)
    found = plain.data
    return plain if found is not None and found[1] is not None and found[0].isprintable() else None


def _in_time(what: Told, now: int) -> bool:
    return what.moment is not None and -BEHIND <= what.moment - now <= AHEAD


def _rewritten(line: Line, starred: bool) -> bytes:
    """An opened line as the panel would have sent it in clear; with the star if nobody is to believe it."""
    return written(f'"{"*" if starred else ""}{line.token}"{_head(line)}[{line.rest}')


def _head(line: Line) -> str:
    return f"{line.number}{line.receiver}{line.line}{'#' if line.said else ''}{line.said}"


def _answer(word: str, line: Line) -> bytes:
    return written(f'"{word}"{_head(line)}[]')


def _nak(now: int) -> bytes:
    return written(f'"NAK"0000R0L0A0[]{_stamp(now)}')


def _stamp(now: int) -> str:
    return datetime.fromtimestamp(now // 1000, UTC).strftime("_%H:%M:%S,%m-%d-%Y")


def _sealed_ack(line: Line, key: bytes, now: int) -> bytes:
    end = f"|]{_stamp(now)}".encode()
    # Padding that nobody can foresee who has not the key: a file that thinks throws no dice.
    dice = blake2s(line.body, key=key, salt=now.to_bytes(8, "little")).hexdigest().encode()
    sealed = _cipher(key, True)(dice[: 2 * BLOCK - len(end) % BLOCK] + end)
    return written(f'"*ACK"{_head(line)}[{sealed.hex().upper()}')


def _cipher(key: bytes, seal: bool) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # only where keys are used

    made = Cipher(algorithms.AES(key), modes.CBC(bytes(BLOCK)))
    context = made.encryptor() if seal else made.decryptor()
    return lambda data: context.update(data) + context.finalize()
