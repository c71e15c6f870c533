"""Thinks. Both sessions bring what life safety says; each message counts once, and none is lost for it."""

from ingest.copies import Copies
from ingest.message import Message
from tests.pure.test_seen import LINE

NORMAL, ALARM = b"normal", b"alarm"


def message(payload: bytes, epoch: int = 1, topic: str = "campus/smoke-1/reading") -> Message:
    return Message(LINE, topic, payload, 0, epoch=epoch)


def after(*brought: Message) -> Copies:
    copies = Copies()
    for one in brought:
        copies.brought(one)
    return copies


def test_what_life_has_brought_is_a_copy_when_all_brings_it() -> None:
    copies = after(message(NORMAL), message(ALARM))
    assert copies.is_one(message(NORMAL), epoch=1)
    assert copies.is_one(message(ALARM), epoch=1)


def test_two_presses_that_look_alike_have_two_copies_and_the_third_is_a_press() -> None:
    copies = after(message(ALARM), message(ALARM))
    assert [copies.is_one(message(ALARM), epoch=1) for _ in range(3)] == [True, True, False]


def test_what_only_all_brings_is_no_copy() -> None:
    copies = after(message(NORMAL))
    assert not copies.is_one(message(ALARM), epoch=1)
    assert not copies.is_one(message(NORMAL, topic="campus/smoke-2/reading"), epoch=1)


def test_once_life_is_away_or_back_on_another_connection_nothing_of_before_hides_a_press() -> None:
    copies = after(message(ALARM))
    assert not copies.is_one(message(ALARM), epoch=0)
    assert not copies.is_one(message(ALARM), epoch=2)
    copies.brought(message(NORMAL, epoch=2))
    assert not copies.is_one(message(ALARM), epoch=2)


def test_it_forgets_when_it_is_not_needed_and_begins_anew_with_the_next_connection() -> None:
    copies = after(message(ALARM))
    copies.no_longer_needed()
    copies.brought(message(ALARM))
    assert not copies.is_one(message(ALARM), epoch=1)
    copies.brought(message(ALARM, epoch=2))
    assert copies.is_one(message(ALARM), epoch=2)


def test_it_never_remembers_without_end() -> None:
    copies = after(*(message(b"%d" % number) for number in range(100_001)))
    assert not copies.is_one(message(b"5"), epoch=1)
