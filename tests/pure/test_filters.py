"""Thinks. Sets of MQTT filters: matched as the broker matches, and without what others cover."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.filters import Filters, sound


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        (["a/b", "a/+"], ["a/+"]),
        (["a/b", "a/c"], ["a/b", "a/c"]),
        (["a/#", "a/b/c", "a", "a/+"], ["a/#"]),
        (["+/x/up", "app/+/up", "app/x/up"], ["+/x/up", "app/+/up"]),
        (["#", "a/#", "+/+"], ["#"]),
        (["/a", "+/a"], ["+/a"]),
        (["a/+/c", "a/+/c"], ["a/+/c"]),
        ([], []),
    ],
)
def test_a_filter_that_another_covers_is_left_out(filters, kept):
    assert Filters(filters).narrowest() == kept


levels = st.lists(st.sampled_from(["a", "b", "", "+"]), min_size=1, max_size=4)
filters = st.lists(
    st.tuples(levels, st.booleans()).map(lambda f: "/".join([*f[0], *["#"] * f[1]])), max_size=6
)
topics = st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=4).map("/".join)


def matches(pattern, topic):
    """MQTT 4.7, written out on its own."""
    if not pattern or not topic:
        return pattern == topic or pattern == ["#"]
    return pattern[0] == "#" or (pattern[0] in ("+", topic[0]) and matches(pattern[1:], topic[1:]))


@given(filters, topics)
def test_what_is_kept_matches_what_all_matched_as_the_broker_does(some, topic):
    expected = any(matches(one.split("/"), topic.split("/")) for one in some)
    assert Filters(some).match(topic) is expected
    assert Filters(Filters(some).narrowest()).match(topic) is expected


@given(filters)
def test_no_filter_that_is_kept_covers_another(some):
    kept = Filters(some).narrowest()
    for one in kept:
        others = Filters([other for other in kept if other != one])
        assert len(Filters([*others.narrowest(), one]).narrowest()) == len(others.narrowest()) + 1


@pytest.mark.parametrize(
    ("one", "taken"),
    [("a/b", True), ("a/+/#", True), ("/a", True), ("", False), ("a\0", False), ("a/#/b", False),
     ("a+/b", False), ("a/b#", False), ("\ud800", False), ("x" * 70_000, False), ("楼/烟感", True)],
)  # fmt: skip
def test_a_filter_that_a_broker_would_refuse_is_known(one, taken):
    assert sound(one) is taken
