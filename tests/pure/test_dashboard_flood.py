"""A flood on the wall: life safety one by one, the rest by building, the first cause first."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.flood import CALM, MANY, WITHIN, Flood, flood, flooded

MINUTE = 60_000


def card(number: int, raised_at: int, place: str = "dorm", **fields: Any) -> dict[str, Any]:
    usual = {"class": "trouble", "mode": "real", "life_safety": False, "incident": 0}
    return {"id": number, "place": place, "raised_at": raised_at, **usual, **fields}


def shown(cards: list[dict[str, Any]], now: int) -> Flood | None:
    raised = {"duty": sorted(one["raised_at"] for one in cards)}
    return flood(
        raised, cards, {one["id"]: one["place"] for one in cards}, {n["id"]: "duty" for n in cards}, now
    )


def test_ten_new_alerts_in_ten_minutes_are_no_flood_and_eleven_are() -> None:
    assert flooded([n * 1000 for n in range(MANY)], MANY * 1000) is None
    assert flooded([n * 1000 for n in range(MANY + 1)], MANY * 1000) == (MANY * 1000, MANY + 1)
    assert flooded([n * MINUTE * 2 for n in range(30)], 60 * MINUTE) is None


def test_a_flood_is_over_when_few_are_new_and_does_not_flicker_before() -> None:
    moments = [n * 1000 for n in range(MANY + 1)]
    last = moments[-1]
    assert flooded(moments, last + WITHIN - 6 * 1000) is not None
    assert flooded(moments, last + WITHIN - (CALM - 1) * 1000) is None


def test_by_building_the_first_cause_first_and_counted() -> None:
    cards = [card(n, n * 1000, "lab" if n % 3 == 0 else "dorm") for n in range(1, 13)]
    cards[4]["class"] = "supervisory"
    found = shown(cards, 13_000)
    assert found is not None
    assert [(group.place, group.first) for group in found.groups] == [("dorm", 1), ("lab", 3)]
    assert found.groups[0].alerts == (1, 2, 4, 5, 7, 8, 10, 11)
    assert found.groups[0].classes == {"trouble": 7, "supervisory": 1}
    assert found.posts == {"duty": 12}


def test_another_post_is_not_flooded() -> None:
    cards = [card(n, n * 1000) for n in range(12)]
    posts = {n: "gate" if n == 3 else "duty" for n in range(12)}
    found = flood({"duty": [n * 1000 for n in range(12)], "gate": [3000]}, cards, {}, posts, 13_000)
    assert found is not None
    assert 3 not in found.groups[0].alerts


RAISED = st.tuples(st.integers(11 * MINUTE, 20 * MINUTE), st.booleans(), st.sampled_from(["real", "drill"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(RAISED, min_size=MANY + 1, max_size=40))
def test_life_safety_and_what_is_of_a_drill_are_never_in_a_group(raised: list[tuple[int, bool, str]]) -> None:
    cards = [card(n, at, life_safety=life, mode=mode) for n, (at, life, mode) in enumerate(raised)]
    found = shown(cards, 20 * MINUTE)
    assert found is not None
    grouped = {number for group in found.groups for number in group.alerts}
    assert grouped == {one["id"] for one in cards if one["mode"] == "real" and not one["life_safety"]}
