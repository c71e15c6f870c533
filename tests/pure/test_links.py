"""Thinks. One-tap links: what a token says, and every way in which it must say nothing."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.delivery.answers import Meant
from alerts.delivery.links import KEY, MINUTE, Flaw, Link, Links, mark, offered, read, token
from alerts.delivery.message import Purpose
from alerts.delivery.notification import Notification

OWN = bytes(range(KEY))
NOW = 1_795_337_000_000
HOURS = 60 * MINUTE
ROW = Notification(
    alert=7, occurrence=1, step=0, person="li-wei", channel="mail", address="li@example.edu", code="A7K",
    purpose=Purpose.RAISE, short="s", title="t", body="b", facts={"class": "alarm"}, owed_at=NOW, id=200,
)  # fmt: skip
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def said(row: Notification = ROW, acts: frozenset[Meant] = frozenset(Meant), lasts: int = HOURS) -> str:
    return token(OWN, row, acts, NOW + lasts)


def test_a_link_says_which_notice_it_answers_by_which_acts_and_until_when() -> None:
    found = read(OWN, said(), NOW)
    assert isinstance(found, Link)
    assert (found.notice, found.acts, found.mark) == (200, frozenset(Meant), mark(ROW))
    assert NOW + HOURS <= found.until < NOW + HOURS + MINUTE


@given(
    st.integers(1, 2**63 - 1), st.frozensets(st.sampled_from(Meant)), st.integers(MINUTE, 10**9)
)  # fmt: skip
@settings(max_examples=100)
def test_every_notice_and_every_choice_of_acts_comes_back_as_it_went(
    number: int, acts: frozenset[Meant], lasts: int
) -> None:
    found = read(OWN, said(msgspec.structs.replace(ROW, id=number), acts, lasts), NOW)
    assert isinstance(found, Link)
    assert (found.notice, found.acts) == (number, acts)


@pytest.mark.parametrize(("number", "letters"), [(1, 27), (255, 27), (65_000, 28), (16_000_000, 30)])
def test_a_link_is_no_longer_than_a_line_on_a_telephone(number: int, letters: int) -> None:
    assert len(said(msgspec.structs.replace(ROW, id=number))) == letters


def test_a_link_with_any_one_letter_changed_does_nothing() -> None:
    good = said()
    for n, letter in enumerate(good):
        for other in LETTERS.replace(letter, ""):
            assert read(OWN, good[:n] + other + good[n + 1 :], NOW) is Flaw.FORGED


@given(st.text(max_size=60) | st.text(LETTERS, max_size=60))
@settings(max_examples=200)
def test_no_text_that_we_did_not_sign_does_anything(text: str) -> None:
    assert read(OWN, text, NOW) is Flaw.FORGED


@pytest.mark.parametrize(
    "spoilt",
    [said()[:-1], said() + "A", said() + "=", said().swapcase(), " " + said(), said() + "\n", said()[4:], ""],
)
def test_a_link_that_was_cut_lengthened_or_wrapped_does_nothing(spoilt: str) -> None:
    assert read(OWN, spoilt, NOW) is Flaw.FORGED


def test_a_link_signed_with_another_key_does_nothing() -> None:
    assert read(bytes(KEY), said(), NOW) is Flaw.FORGED


def test_a_link_ends_and_a_forged_one_never_hears_that_it_has() -> None:
    late = NOW + HOURS + MINUTE
    assert read(OWN, said(), late) is Flaw.EXPIRED
    assert read(bytes(KEY), said(), late) is Flaw.FORGED


@pytest.mark.parametrize(
    "other",
    [{"alert": 8}, {"person": "wang-fang"}, {"occurrence": 2}, {"owed_at": NOW + 1},
     {"purpose": Purpose.AGAIN}, {"channel": "chat"}, {"address": "wang@example.edu"}],
    ids=lambda other: next(iter(other)),
)  # fmt: skip
def test_a_notice_that_has_the_number_of_another_has_not_its_mark(other: dict[str, object]) -> None:
    assert mark(msgspec.structs.replace(ROW, **other)) != mark(ROW)


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        ({}, True),
        ({"purpose": Purpose.ESCALATE}, True),
        ({"purpose": Purpose.OFFERED}, True),
        ({"purpose": Purpose.CLEAR}, False),
        ({"purpose": Purpose.TAKEN}, False),
        ({"purpose": Purpose.ANSWER}, False),
        ({"purpose": Purpose.TEST}, False),
        ({"person": ""}, False),  # a siren
        ({"address": ""}, False),  # the channel's own: others read it too
        ({"id": None}, False),  # not recorded
        ({"facts": {"class": "status"}}, False),
    ],
)
def test_only_a_notice_that_asks_somebody_for_something_has_a_link(
    changed: dict[str, object], asked: bool
) -> None:
    row = msgspec.structs.replace(ROW, **changed)
    assert bool(offered(row)) is asked
    assert bool(Links(OWN, "https://tocsin.example.edu", HOURS).to(row, NOW)) is asked


def test_without_an_address_of_the_dashboard_there_are_no_links() -> None:
    assert Links(OWN, "", HOURS).to(ROW, NOW) == ""
    link = Links(OWN, "https://tocsin.example.edu", HOURS).to(ROW, NOW)
    assert link.startswith("https://tocsin.example.edu/a/")
    assert len(link) < 60
