"""Thinks. Messages that a device numbered and that never came."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.gaps import AGAIN, LATE, MOST, Gaps
from ingest.reading import Decoded
from tests.fakes.words import english


def heard(gaps, *sequences, boot=1, moment=1, device="a"):
    """What is told of each of these messages, as numbers."""
    told = []
    for sequence in sequences:
        told += [(r.metric, r.value) for r in gaps.hear(Decoded(device, [], boot, sequence), moment)]
    return told


def test_messages_in_order_miss_nothing_wherever_the_count_begins():
    gaps = Gaps()
    assert heard(gaps, 7, 8, 9, 10) == []
    assert heard(gaps, 900, device="b") == []


def test_a_gap_is_told_at_once_with_how_many_are_missed():
    gaps = Gaps()
    assert heard(gaps, 1, 2, 6) == [("sequence_gap", 3.0)]
    (reading,) = gaps.hear(Decoded("a", [], 1, 8), AGAIN + 2)
    assert (reading.value, english(reading.note), reading.received) == (
        1.0,
        "numbered up to 8, boot 1",
        AGAIN + 2,
    )


def test_further_gaps_within_a_minute_are_told_as_one_sum():
    gaps = Gaps()
    assert heard(gaps, 1, 3, moment=1000) == [("sequence_gap", 1.0)]
    assert heard(gaps, 5, 8, 9, moment=2000) == []
    assert heard(gaps, 10, moment=1000 + AGAIN - 1) == []
    assert heard(gaps, 11, moment=1000 + AGAIN) == [("sequence_gap", 3.0)]


def test_what_comes_late_is_not_missed_any_more():
    gaps = Gaps()
    heard(gaps, 1, 3)
    assert heard(gaps, 6, 4, 5, 7, moment=AGAIN - 1) == []
    assert heard(gaps, 8, moment=AGAIN + 1) == []


@pytest.mark.parametrize("again", [(2, 0), (1, 10_000 - LATE - 1), (1, 10_000 + MOST + 1), (0, 10_000)])
def test_a_new_boot_a_count_that_starts_again_and_one_that_leaps_are_no_gaps(again):
    gaps = Gaps()
    heard(gaps, 10_000)
    boot, sequence = again
    assert heard(gaps, sequence, sequence + 1, boot=boot) == []


def test_a_count_of_a_byte_that_wraps_round_is_no_gap():
    gaps = Gaps()
    assert heard(gaps, *range(250, 256), *range(5)) == []


def test_a_device_that_does_not_number_its_messages_misses_none():
    assert not Gaps().hear(Decoded("a", []), 1)


def test_what_was_lost_while_we_were_down_is_found_after_a_restart():
    gaps = Gaps()
    gaps.restore([("a", 1, 5, 0), ("a", 1, 7, 0), ("a", 1, 6, 0), ("b", 3, 1, 0), ("b", 4, 9, 0)])
    assert heard(gaps, 10) == [("sequence_gap", 2.0)]
    assert heard(gaps, 10, device="b", boot=4) == []


@settings(max_examples=100)
@given(st.lists(st.booleans(), min_size=2, max_size=60), st.integers(0, 10**9))
def test_what_is_told_adds_up_to_what_was_lost_between_the_first_and_the_last(came, first):
    gaps, told = Gaps(), []
    arrived = [first + n for n, here in enumerate(came) if here]
    for n, sequence in enumerate(arrived):
        told += heard(gaps, sequence, moment=n * AGAIN)
    lost = arrived[-1] - arrived[0] + 1 - len(arrived) if arrived else 0
    assert sum(value for _, value in told) == lost
