"""Thinks. The short code by which people name an open alert: on the telephone, in an SMS, in a corridor."""

from collections.abc import Iterator

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 I: 32 letters, 5 bits each
DISTINCT = 32**3  # alerts below this number have three letters, and no two the same


def codes(alert: int) -> Iterator[str]:
    """The codes of an alert, the wanted one first: three letters, then fours should these be taken.

    Multiplying by an odd number gives every id below DISTINCT its own three letters, and neighbours
    codes that do not look alike.
    """
    yield _letters(alert * 0x4D35 + 0x1B7, 3)
    salt = 0
    while True:
        yield _letters((alert + salt) * 0x9E375 + 0x2A5C1, 4)
        salt += 1


def _letters(number: int, length: int) -> str:
    return "".join(ALPHABET[number >> (5 * place) & 31] for place in range(length))
