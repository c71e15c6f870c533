"""Thinks. Durations in files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.duration import parse, text


@pytest.mark.parametrize(
    ("said", "ms"),
    [("0s", 0), ("90s", 90_000), ("5m", 300_000), ("1h30m", 5_400_000), ("1.5h", 5_400_000), ("20ms", 20)],
)
def test_a_duration_is_read_in_ms(said: str, ms: int) -> None:
    assert parse(said) == ms


@pytest.mark.parametrize("said", ["", "5", "s", "5 m", "-5m", "5x", "5m!", 5, None])
def test_what_is_no_duration_is_none(said: object) -> None:
    assert parse(said) is None


@given(st.integers(0, 10**12))
def test_what_is_written_is_read_back(ms: int) -> None:
    assert parse(text(ms)) == ms
