"""Touches. What a broker delivers again, and in which order: ingest/seen.py builds on it."""

from collections.abc import Callable

import pytest

from ingest.message import Message
from ingest.reading import Decoded
from ingest.seen import Seen
from tests.servers import Mosquitto, wait_for
from tests.shell.test_broker import Desk, desk, say

__all__ = ["desk"]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_was_not_acknowledged_comes_first_and_under_its_number_and_then_what_is_new(
    mosquitto: Mosquitto, desk: Callable[..., Desk], protocol: str
) -> None:
    first = desk(settle=False, protocol=protocol)
    say(mosquitto, *(b"%d" % n for n in range(300)))
    first.wait(300)
    first.session.stop()
    say(mosquitto, *(b"new %d" % n for n in range(300)))
    mosquitto.restart()
    second = desk(settle=False, protocol=protocol)
    second.wait(600)
    assert [message.dup for message in second.messages] == [True] * 300 + [False] * 300
    assert [one.mid for one in second.messages[:300]] == [one.mid for one in first.messages]


def test_a_redelivery_that_breaks_in_the_middle_counts_nothing_twice(
    mosquitto: Mosquitto, desk: Callable[..., Desk]
) -> None:
    """Three connections of one service; only the first brings anything new, and the second is cut short."""
    seen = Seen()

    def new(listener: Desk, epoch: int, most: int) -> int:
        taken = [_of(message, epoch) for message in listener.messages[:most]]
        return sum(seen.is_new(message, Decoded("d", [], None, None)) for message in taken)

    answers = []
    for epoch, most in ((1, 200), (2, 50), (3, 200)):
        listener = desk(settle=False)
        if epoch == 1:
            say(mosquitto, *[b"pressed"] * 200)
        listener.wait(200)
        answers.append(new(listener, epoch, most))
        listener.session.stop()
        wait_for("the connection is closed", lambda one=listener: not one.session.connected)  # type: ignore[misc]
    assert answers == [200, 0, 0]


def _of(message: Message, epoch: int) -> Message:
    """As if it had come on that connection of one and the same session."""
    message.epoch = epoch
    return message
