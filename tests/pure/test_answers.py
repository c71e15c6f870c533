"""Thinks. What people mean by what they answer: a table, and that nothing is ever guessed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.delivery.answers import CLOCKS, Meant, Told, decide, masked, same_address, sentence

ONE = [Told(7, "A7K", True)]
TWO = [*ONE, Told(8, "3B9Q", True)]
OVER = [Told(7, "A7K", False)]


@pytest.mark.parametrize(
    ("said", "meant", "cause"),
    [
        ("受理 A7K", Meant.TAKE, ""),
        ("受理　Ａ７Ｋ", Meant.TAKE, ""),
        ("ａ７ｋ，受理。", Meant.TAKE, ""),
        ("1 a7k", Meant.TAKE, ""),
        ("1A7K", Meant.TAKE, ""),
        ("a7k1", Meant.TAKE, ""),
        ("受理A7K", Meant.TAKE, ""),
        ("take A7K!", Meant.TAKE, ""),
        ("2", Meant.CANNOT, ""),
        ("can't come A7K", Meant.CANNOT, ""),
        ("来不了", Meant.CANNOT, ""),
        ("已到场 A7K", Meant.ARRIVED, ""),
        ("误报 油烟 A7K", Meant.FALSE, "cooking"),
        ("４", Meant.FALSE, "unknown"),
        ("确认属实", Meant.CONFIRMED, ""),
        ("受理 代码A7K", Meant.TAKE, ""),
        ("受理代码 A7K", Meant.TAKE, ""),
        ("take, code A7K", Meant.TAKE, ""),
    ],
)
def test_what_is_meant_is_understood_in_every_spelling(said: str, meant: Meant, cause: str) -> None:
    found = decide(said, ONE)
    assert (found.result, found.meant, found.cause) == ("act", meant, cause)
    assert found.told == ONE[0]


@pytest.mark.parametrize(
    ("said", "known", "result"),
    [
        ("不是误报 A7K", ONE, "unknown_words"),
        ("不受理", ONE, "unknown_words"),
        ("收到", ONE, "unknown_words"),
        ("A7K", ONE, "unknown_words"),
        ("", ONE, "unknown_words"),
        ("1 2 A7K", ONE, "unknown_words"),
        ("1", TWO, "which"),
        ("3B9Q", TWO, "unknown_words"),
        ("1 A7K 3B9Q", TWO, "unknown_words"),
        ("1 ZZZ", ONE, "wrong_code"),
        ("1", [], "nothing_open"),
        ("1", OVER, "nothing_open"),
        ("1 A7K", OVER, "late"),
    ],
)
def test_what_is_not_clear_does_nothing_and_is_answered(said: str, known: list[Told], result: str) -> None:
    found = decide(said, known)
    assert (found.result, found.told) == (result, None)
    for language in ("zh", "en"):
        assert sentence(found, language)
        assert "{" not in sentence(found, language)


def test_a_message_that_names_what_it_answers_needs_no_code() -> None:
    assert decide("1", TWO, about={8}).told == TWO[1]
    assert decide("1 A7K", TWO, about={8}).told == TWO[0]


def test_a_message_for_several_alerts_is_answered_with_a_code_unless_one_of_them_is_open() -> None:
    assert decide("1", TWO, about={7, 8}).result == "which"
    closed = [replace(TWO[0], open=False), TWO[1]]
    assert decide("1", closed, about={TWO[0].alert, TWO[1].alert}).told == TWO[1]


@settings(max_examples=200)
@given(
    st.text(max_size=60) | st.text("1２345A7KB9Q受理误报不 ,。Ａ", max_size=12),
    st.sampled_from([ONE, TWO, OVER, []]),
)
def test_nothing_crashes_and_no_act_is_without_a_known_code_or_the_only_alert(
    said: str, known: list[Told]
) -> None:
    found = decide(said, known)
    assert sentence(found, "zh")
    assert sentence(found, "en")
    if found.told:
        assert found.told.open
        assert found.told in known
        named = found.told.code in "".join(said.split()).upper().translate(str.maketrans("２Ａ", "2A"))
        assert named or len([one for one in known if one.open]) == 1 or not said.isascii()


def test_a_number_is_the_same_with_and_without_its_country_and_no_other_is() -> None:
    assert same_address("+86 138-0000-0001", "13800000001")
    assert same_address("008613800000001", "13800000001")
    assert not same_address("+1 13800000001", "13800000001")
    assert not same_address("+1 380 000 0001", "13800000001")
    assert not same_address("001 380 000 0001", "+8613800000001")
    assert not same_address("3800000001", "13800000001")
    assert not same_address("", "")


@pytest.mark.parametrize(
    ("address", "shown"),
    [("+8613800000001", "+86138****0001"), ("13800000001", "138****0001"),
     ("li.wei@example.edu", "l***@example.edu"), ("10690001", "***01"), ("", "***"), ("a\n<b>", "***b>")],
)  # fmt: skip
def test_of_a_strangers_address_only_the_ends_are_kept(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_which_alert_is_asked_in_one_sms_with_the_very_key_that_was_pressed() -> None:
    many = [Told(number, f"{number}B9Q", True) for number in range(2, 9)]
    for language, longest in (("zh", 70), ("en", 150)):
        said = sentence(decide("4", many), language)
        assert "4 8B9Q" in said
        assert len(said) <= longest


def test_the_newest_alerts_are_named_first_and_the_newest_of_all_is_the_example() -> None:
    many = [Told(number, f"K{number}", True) for number in (3, 9, 1, 7, 5, 2, 8)] + [Told(11, "X11", False)]
    assert decide("1", many).codes == ("K9", "K8", "K7", "K5", "K3", "K2")
    assert decide("1", many).code == "K9"
    assert decide("hello", many).code == "K9"
    fire = Told(4, "F1R", True, grave=True)
    assert (decide("1", [fire, *many]).codes[0], decide("hello", [fire, *many]).code) == ("F1R", "F1R")
    assert decide("hello", OVER).code == "A7K"


def test_words_without_a_code_answer_no_alert_that_the_person_was_told_of_after_they_were_written() -> None:
    known = [Told(8, "3B9", True, since=1_000_000_000)]
    late = decide("4", known, at=1_000_000_000 - CLOCKS - 1)
    assert (late.result, late.told, late.codes) == ("which", None, ("3B9",))
    assert "写在警情3B9之前" in sentence(late, "zh")
    assert decide("4", known, at=1_000_000_000 - CLOCKS).result == "act"
    assert decide("4", known).result == "act"
    assert decide("4 3B9", known, at=1).result == "act"
    assert decide("1", [Told(7, "A7K", True, since=1), *known], at=1 + CLOCKS).result == "which"
