"""The circuit breaker of a gateway."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.breaker import FIRST_PAUSE, LAST_PAUSE, LIFE_PAUSE, OPENS_AFTER, PATIENCE, Breaker

NOW = 1_795_337_000_000


def opened(asked: int = 0) -> Breaker:
    breaker = Breaker()
    turns = [breaker.failed(f"m{number}", NOW, asked) for number in range(OPENS_AFTER)]
    assert turns[-1] or asked
    return breaker


def test_it_is_closed_while_a_gateway_works_and_opens_after_failures_of_several_messages_in_a_row() -> None:
    breaker = Breaker()
    assert [breaker.failed(message, NOW) for message in ("a", "b")] == [False, False]
    assert not breaker.answered()
    assert [breaker.failed(message, NOW) for message in ("a", "b", "c")] == [False, False, True]
    assert not breaker.lets(True, NOW)


def test_one_message_that_always_fails_closes_the_door_to_no_other() -> None:
    breaker = Breaker()
    assert not any(breaker.failed("poison", NOW) for _ in range(100))
    assert breaker.lets(False, NOW)
    assert breaker.failed("another", NOW)


def test_while_it_is_open_one_message_after_each_pause_tries_and_the_pause_doubles() -> None:
    breaker, now, pauses = opened(), NOW, []
    for _ in range(6):
        at = breaker.tries_at()
        assert at is not None
        assert not breaker.lets(False, at - 1)
        assert [breaker.lets(False, at), breaker.lets(False, at)] == [True, False]
        pauses.append(at - now)
        now = at + 8_000
        assert not breaker.failed("m", now)
    assert pauses == [FIRST_PAUSE, 10_000, 20_000, 40_000, LAST_PAUSE, LAST_PAUSE]


def test_where_life_safety_waits_it_is_tried_every_ten_seconds_whatever_the_gateway_asked() -> None:
    breaker = opened(asked=3_600_000)
    assert breaker.tries_at() == NOW + PATIENCE
    assert not breaker.lets(True, NOW)
    assert breaker.tries_at() == NOW + LIFE_PAUSE
    assert breaker.lets(True, NOW + LIFE_PAUSE)
    breaker.failed("m", NOW + LIFE_PAUSE)
    assert breaker.tries_at() == NOW + 2 * LIFE_PAUSE


def test_a_gateway_that_asks_to_be_left_alone_is_obeyed_at_once() -> None:
    breaker = Breaker()
    assert breaker.failed("a", NOW, 30_000)
    assert breaker.tries_at() == NOW + 30_000


def test_an_answer_closes_it_and_all_is_let_through() -> None:
    breaker = opened()
    assert breaker.lets(False, NOW + FIRST_PAUSE)
    assert breaker.answered()
    assert breaker.room(1000, NOW + FIRST_PAUSE) == 1000
    assert not breaker.failed("a", NOW)


def test_a_try_that_was_owed_no_more_leaves_it_to_the_next_message() -> None:
    breaker = opened()
    assert breaker.lets(False, NOW + FIRST_PAUSE)
    breaker.unused()
    assert breaker.lets(False, NOW + FIRST_PAUSE)


def test_what_was_under_way_when_it_opened_moves_no_pause() -> None:
    breaker = opened()
    breaker.failed("late", NOW + 4_000)
    assert breaker.tries_at() == NOW + FIRST_PAUSE


EVENT = st.tuples(st.sampled_from(["failed", "answered", "lets", "vital", "unused"]), st.integers(0, 90_000))


@given(st.lists(EVENT, max_size=60))
def test_whatever_happens_somebody_is_let_through_within_a_minute_or_as_long_as_was_asked(
    events: list[tuple[str, int]],
) -> None:
    breaker, now, trying = Breaker(), NOW, False
    for number, (event, passes) in enumerate(events):
        now += passes
        match event:
            case "failed":
                breaker.failed(f"m{number}", now)
                trying = False
            case "answered":
                breaker.answered()
                trying = False
            case "unused":
                breaker.unused()
                trying = False
            case _:
                trying = breaker.lets(event == "vital", now) or trying
    at = breaker.tries_at()
    assert at is None or at <= now + LAST_PAUSE
    assert trying or breaker.lets(True, now + LAST_PAUSE)


def test_a_clock_that_is_set_back_keeps_nobody_waiting_for_the_hour() -> None:
    breaker = Breaker()
    for number in range(OPENS_AFTER):
        breaker.failed(f"m{number}", NOW + 3_600_000)
    assert not breaker.lets(True, NOW)
    assert breaker.tries_at() == NOW + FIRST_PAUSE
    assert breaker.lets(True, NOW + FIRST_PAUSE)
