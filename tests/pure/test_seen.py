"""Thinks. Redelivery is certain to happen; two real presses look alike."""

from ingest.message import Message
from ingest.reading import Decoded
from ingest.seen import Seen


class Line:
    name = "life"

    def settle(self, message: Message) -> None:
        message.acked = True


LINE = Line()
PRESS = b'{"values":{"press":true}}'


def message(epoch: int, dup: bool = False, payload: bytes = PRESS, qos: int = 1, mid: int = 1) -> Message:
    return Message(LINE, "campus/panic/reading", payload, 0, qos=qos, dup=dup, epoch=epoch, mid=mid)


def decoded(boot: int | None = None, sequence: int | None = None) -> Decoded:
    return Decoded("panic", [], boot, sequence)


def restarted(seen: Seen) -> Seen:
    again = Seen()
    again.restore(seen.stored())
    return again


def test_two_presses_that_look_alike_are_two() -> None:
    seen = Seen()
    assert seen.is_new(message(1), decoded())
    assert seen.is_new(message(1), decoded())


def test_a_redelivery_after_a_kill_between_commit_and_acknowledgement_is_not_new() -> None:
    seen = Seen()
    assert seen.is_new(message(1), decoded())
    assert not restarted(seen).is_new(message(1, dup=True), decoded())


def test_two_presses_redelivered_are_two_redeliveries_and_no_third() -> None:
    seen = Seen()
    seen.is_new(message(1), decoded())
    seen.is_new(message(1), decoded())
    again = restarted(seen)
    answers = [again.is_new(message(1, dup=True), decoded()) for _ in range(3)]
    assert answers == [False, False, True]


def test_a_press_that_was_in_flight_when_we_died_is_new_though_it_looks_like_an_acknowledged_one() -> None:
    seen = Seen()
    first = message(1)
    seen.is_new(first, decoded())
    first.settle()
    assert restarted(seen).is_new(message(1, dup=True), decoded())


def test_it_is_new_also_when_the_other_was_acknowledged_after_the_last_commit() -> None:
    """A broker delivers a message again under its own packet number, never under another's."""
    seen = Seen()
    seen.is_new(message(1, mid=17), decoded())
    again = restarted(seen)  # what it stored still calls 17 unacknowledged
    assert again.is_new(message(1, dup=True, mid=18), decoded())
    assert not again.is_new(message(1, dup=True, mid=17), decoded())


def test_a_redelivery_on_the_next_connection_of_the_same_process_is_not_new() -> None:
    seen = Seen()
    seen.is_new(message(1), decoded())
    assert not seen.is_new(message(2, dup=True), decoded())


def test_what_one_connection_owed_is_forgotten_after_the_next() -> None:
    seen = Seen()
    seen.is_new(message(1), decoded())
    seen.is_new(message(2, payload=b"other"), decoded())
    assert seen.is_new(message(3, dup=True), decoded())


def test_without_the_duplicate_flag_nothing_unnumbered_is_a_redelivery() -> None:
    seen = Seen()
    seen.is_new(message(1), decoded())
    assert seen.is_new(message(2), decoded())


def test_a_numbered_message_is_known_by_its_number_alone() -> None:
    seen = Seen()
    assert seen.is_new(message(1), decoded(boot=7, sequence=1))
    assert not seen.is_new(message(1), decoded(boot=7, sequence=1))
    assert not restarted(seen).is_new(message(1), decoded(boot=7, sequence=1))
    assert seen.is_new(message(1), decoded(boot=8, sequence=1))
    assert seen.is_new(message(1), decoded(boot=7, sequence=2))


def test_unnumbered_messages_at_qos_0_are_never_redeliveries() -> None:
    seen = Seen()
    seen.is_new(message(1, qos=0), decoded())
    assert seen.is_new(message(2, dup=True, qos=0), decoded())


def test_memory_is_bounded() -> None:
    seen = Seen(size=100)
    for number in range(1000):
        seen.is_new(message(1), decoded(boot=1, sequence=number))
    assert not seen.is_new(message(1), decoded(boot=1, sequence=950))
    assert seen.is_new(message(1), decoded(boot=1, sequence=10))


def test_what_was_committed_is_not_stored_twice() -> None:
    seen = Seen()
    seen.is_new(message(1), decoded(boot=1, sequence=1))
    long = len(seen.stored())
    seen.committed()
    assert len(seen.stored()) < long
