"""Thinks. Both sessions bring what life safety says; each message counts once, and none is lost for it."""

from ingest.copies import MARGIN, Copies
from ingest.message import Message
from tests.pure.test_seen import LINE

NORMAL, ALARM, MARKER = b"normal", b"alarm", b"marker of this start"


def message(payload: bytes, at: int = 0, epoch: int = 1, topic: str = "campus/smoke-1/reading") -> Message:
    return Message(LINE, topic, payload, at, epoch=epoch)


def after(*brought: Message) -> Copies:
    copies = Copies()
    for one in brought:
        copies.brought(one, grant=1)
    return copies


def marked(copies: Copies, at: int = 0, grant: int = 1) -> Copies:
    """`all` has brought the marker of this grant."""
    copies.mark(grant, MARKER)
    copies.is_one(message(MARKER, at), epoch=1, grant=grant)
    return copies


def test_what_life_has_brought_is_a_copy_when_all_brings_it() -> None:
    copies = after(message(NORMAL), message(ALARM))
    assert copies.is_one(message(NORMAL), epoch=1, grant=1)
    assert copies.is_one(message(ALARM), epoch=1, grant=1)


def test_two_presses_that_look_alike_have_two_copies_and_the_third_is_a_press() -> None:
    copies = after(message(ALARM), message(ALARM))
    assert [copies.is_one(message(ALARM), epoch=1, grant=1) for _ in range(3)] == [True, True, False]


def test_what_only_all_brings_is_no_copy_however_late_it_comes_from_a_long_queue() -> None:
    copies = after(message(NORMAL))
    assert not copies.is_one(message(ALARM, at=10**9), epoch=1, grant=1)
    assert not copies.is_one(message(NORMAL, topic="campus/smoke-2/reading"), epoch=1, grant=1)


def test_all_that_comes_a_while_after_the_marker_is_of_life_as_well() -> None:
    copies = marked(after(), at=5_000)
    assert not copies.is_one(message(ALARM, at=5_000 + MARGIN - 1), epoch=1, grant=1)
    assert copies.is_one(message(ALARM, at=5_000 + MARGIN), epoch=1, grant=1)


def test_the_marker_of_another_grant_or_of_another_start_means_nothing() -> None:
    copies = marked(after(), grant=1)
    assert not copies.is_one(message(ALARM, at=10**9), epoch=1, grant=2), "subscribed anew since"
    assert not copies.is_one(message(ALARM, at=10**9), epoch=1, grant=0), "not subscribed to all of it"
    copies.mark(2, b"the next marker")
    copies.is_one(message(MARKER), epoch=1, grant=2)
    assert not copies.is_one(message(ALARM, at=10**9), epoch=1, grant=2)


def test_once_life_is_away_or_back_on_another_connection_nothing_of_before_hides_a_press() -> None:
    copies = after(message(ALARM))
    assert not copies.is_one(message(ALARM), epoch=0, grant=0)
    assert not copies.is_one(message(ALARM), epoch=2, grant=1)
    copies.brought(message(NORMAL, epoch=2), grant=1)
    assert not copies.is_one(message(ALARM), epoch=2, grant=1)


def test_after_a_new_grant_on_the_same_connection_copies_are_known_again() -> None:
    copies = marked(after())
    copies.brought(message(ALARM), grant=0)
    assert copies.is_one(message(ALARM, at=10**9), epoch=1, grant=0)


def test_it_never_remembers_without_end() -> None:
    copies = after(*(message(b"%d" % number) for number in range(100_001)))
    assert not copies.is_one(message(b"5"), epoch=1, grant=1)
