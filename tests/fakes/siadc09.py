"""Thinks. An alarm panel that speaks SIA DC-09: its lines, in clear and encrypted, and what answers it."""

import re
from datetime import UTC, datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ACCOUNT, KEY = "1234", "0123456789ABCDEF"


def arc(body: bytes) -> int:
    total = 0
    for byte in body:
        total ^= byte
        for _ in range(8):
            total = total >> 1 ^ (0xA001 if total & 1 else 0)
    return total


def stamp(now: int) -> str:
    return datetime.fromtimestamp(now / 1000, UTC).strftime("_%H:%M:%S,%m-%d-%Y")


def framed(body: str | bytes, error: int = 0, longer: int = 0) -> bytes:
    """`error` is added to the checksum, `longer` to the length."""
    plain = body if isinstance(body, bytes) else body.encode()
    return b"\n%04X%04X%b\r" % (arc(plain) ^ error, len(plain) + longer, plain)


def line(data: str, number: int = 1, token: str = "SIA-DCS", account: str = ACCOUNT, **how) -> bytes:
    """`time`: what stands behind the data; `inner`: the account within them."""
    time, inner = how.pop("time", ""), how.pop("inner", account)
    content = f"#{inner}|{data}" if data else ""
    return framed(f'"{token}"{number:04}R1L0#{account}[{content}]{time}', **how)


def contact(data: str, number: int = 1, **how) -> bytes:
    return line(data, number, token="ADM-CID", **how)


def crypt(text: bytes, key: str, seal: bool) -> bytes:
    made = Cipher(algorithms.AES(key.encode()), modes.CBC(bytes(16)))
    context = made.encryptor() if seal else made.decryptor()
    return context.update(text) + context.finalize()


def sealed(data: str, now: int, number: int = 1, token: str = "SIA-DCS", **how) -> bytes:
    key, account, inner = how.pop("key", KEY), how.pop("account", ACCOUNT), how.pop("inner", ACCOUNT)
    content = f"|#{inner}|{data}]{stamp(now)}" if data else f"|]{stamp(now)}"
    pad = how.pop("pad", "x") * (16 - len(content) % 16)
    text = crypt((pad + content).encode(), key, True).hex().upper()
    return framed(f'"*{token}"{number:04}R1L0#{account}[{text}', **how)


_ANSWER = re.compile(rb'\n([0-9A-F]{4})(0[0-9A-F]{3})("(\*?[A-Z]+)"(\d{4})([^\r]*))\r')


def answers(data: bytes) -> list[tuple[str, int, str]]:
    """(word, number, the rest) of each whole answer; its sum and its length are right."""
    found = []
    for total, length, body, word, number, rest in _ANSWER.findall(data):
        assert (int(total, 16), int(length, 16)) == (arc(body), len(body))
        found.append((word.decode(), int(number), rest.decode()))
    return found


def opened(rest: str, key: str = KEY) -> str:
    """What stands in an encrypted answer."""
    return crypt(bytes.fromhex(rest.partition("[")[2]), key, False).decode()
