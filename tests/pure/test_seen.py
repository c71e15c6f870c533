"""Thinks. Redelivery is certain to happen; two real presses look alike."""

from collections.abc import Sequence

from ingest.message import Message, settle
from ingest.reading import Decoded
from ingest.seen import Seen, numbers


class Line:
    name = "life"

    def settle(self, messages: Sequence[Message]) -> None:
        for message in messages:
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
    settle([first])
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


OTHER, LAST = b"other", b"last"


def delivered(seen: Seen, *payloads: bytes, epoch: int, dup: bool = True) -> list[bool]:
    """What is new of the messages of a connection, numbered from 1 by the broker."""
    return [
        seen.is_new(message(epoch, dup, payload, mid=mid), decoded())
        for mid, payload in enumerate(payloads, start=1)
    ]


def test_a_redelivery_that_is_cut_short_goes_on_with_the_third_connection() -> None:
    seen = Seen()
    delivered(seen, PRESS, OTHER, LAST, epoch=1, dup=False)
    assert delivered(seen, PRESS, epoch=2) == [False], "and then the connection breaks"
    assert delivered(seen, PRESS, OTHER, LAST, epoch=3) == [False, False, False]


def test_a_redelivery_that_is_cut_short_twice_and_once_by_a_restart_goes_on_as_well() -> None:
    seen = Seen()
    delivered(seen, PRESS, OTHER, LAST, epoch=1, dup=False)
    delivered(seen, PRESS, epoch=2)
    seen = restarted(seen)
    delivered(seen, PRESS, OTHER, epoch=1)
    assert delivered(seen, PRESS, OTHER, LAST, epoch=2) == [False, False, False]


def test_something_new_ends_the_redelivery_and_what_is_left_hides_no_press() -> None:
    for boot in (None, 7):
        seen = Seen()
        delivered(seen, PRESS, OTHER, epoch=1, dup=False)
        delivered(seen, PRESS, epoch=2)
        seen.is_new(message(2, payload=LAST, mid=9), decoded(boot, boot))
        assert delivered(seen, PRESS, OTHER, epoch=3) == [False, True]


def test_what_ends_no_redelivery_is_a_duplicate_a_restored_state_or_what_was_not_promised() -> None:
    seen = Seen()
    delivered(seen, PRESS, OTHER, epoch=1, dup=False)
    seen.is_new(message(2, dup=True, payload=b"was in flight", mid=9), decoded())
    seen.is_new(message(2, payload=LAST, qos=0), decoded())
    restored = message(2, payload=LAST, mid=10)
    restored.retain = True
    seen.is_new(restored, decoded())
    assert delivered(seen, PRESS, OTHER, epoch=2) == [False, False]


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
    seen = Seen(most=50)
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


def test_a_stored_batch_counts_the_numbered_messages_that_it_saw() -> None:
    seen = Seen()
    for number in range(3):
        seen.is_new(message(1), decoded(boot=1, sequence=number))
        seen.is_new(message(1), decoded())
    assert numbers(seen.stored()) == 3
