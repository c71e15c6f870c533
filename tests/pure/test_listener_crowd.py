"""Thinks. A crowd at a listener: whose connection makes room, and what is told."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.listeners.crowd import CALM, Crowd, room, spare


class Caller(msgspec.Struct):
    peer: str
    heard: int = 0
    spoken: bool = False


def test_who_opens_many_connections_pays_also_if_it_speaks_well():
    panel = Caller("panel", heard=0, spoken=True)
    many = [Caller("greedy", heard=n, spoken=True) for n in range(10)]
    assert spare([panel, *many], 16) is many[0]
    new = Caller("other panel", heard=99)
    assert spare([panel, new, *many], 16) is many[0]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(1, 200), st.integers(0, 99)), min_size=1, max_size=60))
def test_strangers_from_many_addresses_never_cost_a_panel_its_connection(crowd):
    panels = [Caller("panel", heard=0, spoken=True), Caller("panel", heard=0, spoken=True)]
    others = [Caller(f"10.0.0.{address}", heard=heard) for address, heard in crowd]
    assert spare([*panels, *others], 64) not in panels


def test_of_panels_alone_the_one_silent_longest_makes_room():
    panels = [Caller(f"p{n}", heard=10 - n, spoken=True) for n in range(8)]
    assert spare(panels, 8) is panels[-1]


def test_connections_leave_files_for_everything_else():
    assert [room(64, 1024), room(10_000, 1024), room(10_000, 65_536), room(5, 4)] == [64, 341, 10_000, 1]


def test_a_crowd_is_told_once_with_who_it_is_and_once_when_it_is_over():
    crowd = Crowd()
    assert not crowd.is_over(0)
    told = crowd.comes(1000, ["a", "b", "b"], "more than 3 connections")
    assert told == "more than 3 connections; most are of b (2), a (1)"
    assert crowd.comes(2000, ["b"], "more than 3 connections") == ""
    assert not crowd.is_over(2000 + CALM)
    assert crowd.is_over(2001 + CALM)
    assert not crowd.is_over(2002 + CALM)
    assert crowd.comes(3 * CALM, [], "again")
