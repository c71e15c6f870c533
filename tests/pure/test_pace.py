"""How fast a group chat is written to."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.delivery.channels.pace import MINUTE, Pace

MOST, RESERVED = 6, 2


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 20_000), st.booleans()), max_size=60))
def test_no_minute_ever_holds_more_than_the_provider_takes_and_the_last_are_kept_for_alarms(
    asked: Sequence[tuple[int, bool]],
) -> None:
    pace, now = Pace(MOST, RESERVED), 0
    sent: list[tuple[int, bool]] = []
    for step, urgent in asked:
        now += step
        wait = pace.wait(now, urgent)
        assert 0 <= wait <= MINUTE
        if wait == 0:
            sent.append((now, urgent))
        minute = [one for one in sent if one[0] > now - MINUTE]
        assert len(minute) <= MOST
        assert wait == 0 or len(minute) >= (MOST if urgent else MOST - RESERVED)


def test_what_waited_as_long_as_it_was_told_may_go() -> None:
    pace = Pace(MOST, RESERVED)
    for second in range(4):
        assert pace.wait(second * 1000, False) == 0
    wait = pace.wait(4_000, False)
    assert wait == MINUTE - 4_000
    assert pace.wait(4_000, True) == 0
    assert pace.wait(4_000 + wait, False) > 0  # the alarm took its place
    assert pace.wait(5_000 + wait, False) == 0


def test_a_clock_that_was_set_back_blocks_nobody() -> None:
    pace = Pace(1, 0)
    assert pace.wait(10 * MINUTE, True) == 0
    assert pace.wait(0, True) == 0
