"""Thinks. What a panel is answered over SIA DC-09, and what its lines become on their way to the decoder."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ingest.listeners.siadc09 import speech
from ingest.settings import SiaSettings
from tests.fakes.siadc09 import ACCOUNT, KEY, answers, contact, framed, line, opened, sealed, stamp

NOW = 1_795_305_600_000


def made(**keys):
    return speech(SiaSettings(port=0, allow=["127.0.0.1"], keys=keys))


def heard(data, **keys):
    [piece] = made(**keys).last(data, NOW)
    return piece


def answer(data, **keys):
    [(word, number, rest)] = answers(heard(data, **keys).answer)
    return word, number, rest


@pytest.mark.parametrize("data", [line("NFA3", 7), contact("1110 00 003", 7), line("", 7, token="NULL")])
def test_what_is_understood_is_acknowledged_with_its_number_receiver_line_and_account(data):
    assert answer(data) == ("ACK", 7, "R1L0#1234[]")
    assert (heard(data).who, heard(data).payload, heard(data).good) == (ACCOUNT, data.strip(), True)


def test_an_account_within_the_brackets_only_is_who_speaks():
    data = framed('"SIA-DCS"0007L0[#1234|NFA3]')
    assert (heard(data).who, answer(data)) == (ACCOUNT, ("ACK", 7, "L0[]"))


@pytest.mark.parametrize(
    "data",
    [
        line("NQZ3", 7),
        line("hello", 7),
        line("NFA3", 7, token="SIA-PUL"),
        line("NFA3", 7, inner="5678"),
        sealed("NFA3", NOW, 7),
    ],
)
def test_what_is_not_understood_is_answered_with_duh(data):
    assert answer(data)[:2] == ("DUH", 7)


@pytest.mark.parametrize("data", [line("NFA3", 7, error=1), line("NFA3", 7, longer=9)])
def test_a_wrong_sum_or_length_is_denied_with_our_time(data):
    assert answer(data) == ("NAK", 0, f"R0L0A0[]{stamp(NOW)}")


def test_a_heartbeat_of_another_age_is_acknowledged():
    piece = heard(b"SR0001L0001    1234XX    [ID00000000]\r")
    assert (piece.who, piece.answer, piece.good) == (ACCOUNT, b'"ACK"', True)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 40, b'"ACK"0001L0#1[]\r'])
def test_what_is_no_line_is_not_answered(data):
    assert [(piece.answer, piece.good) for piece in made().last(data, NOW)] == [(b"", False)]


@pytest.mark.parametrize("key", [KEY, KEY + "01234567", KEY * 2])
@pytest.mark.parametrize("data", ["NFA3", ""])
def test_an_encrypted_line_is_opened_and_its_ack_is_encrypted(key, data):
    piece = heard(sealed(data, NOW, 7, key=key, token="SIA-DCS" if data else "NULL"), **{ACCOUNT: key})
    assert (piece.who, piece.good) == (ACCOUNT, True)
    token, inside = ("SIA-DCS", f"#1234|{data}") if data else ("NULL", "")
    assert piece.payload == framed(f'"{token}"0007R1L0#1234[{inside}]{stamp(NOW)}')
    [(word, number, rest)] = answers(piece.answer)
    assert (word, number, rest.partition("[")[0]) == ("*ACK", 7, "R1L0#1234")
    padding, bar, inside = opened(rest, key).partition("|")
    assert (bool(padding), bar, inside) == (True, "|", f"]{stamp(NOW)}")


def test_a_null_line_of_nothing_but_padding_is_opened():
    data = sealed("", NOW, 0, token="NULL", key="A" * 16)
    assert heard(data, **{ACCOUNT: "A" * 16}).good


def test_a_key_in_hex_is_the_same_key():
    data = sealed("NFA3", NOW)
    assert answer(data, **{ACCOUNT: f"hex:{KEY.encode().hex()}"})[0] == "*ACK"


@pytest.mark.parametrize("off", [-40_000, 20_000, 0])
def test_the_time_of_an_encrypted_line_may_be_off_by_so_much(off):
    assert answer(sealed("NFA3", NOW + off), **{ACCOUNT: KEY})[0] == "*ACK"


@pytest.mark.parametrize("off", [-41_000, 21_000, -86_400_000])
def test_and_by_no_more(off):
    piece = heard(sealed("NFA3", NOW + off), **{ACCOUNT: KEY})
    assert answers(piece.answer) == [("NAK", 0, f"R0L0A0[]{stamp(NOW)}")]
    assert not piece.good
    assert b'"*SIA-DCS"' in piece.payload


@pytest.mark.parametrize(
    "data",
    [
        sealed("NFA3", NOW, key="another key, 16b"),
        framed('"*SIA-DCS"0001R1L0#1234[ABC'),
        framed('"*SIA-DCS"0001R1L0#1234[ABCD'),
        sealed("NFA3", NOW, inner="5678"),
    ],
)
def test_what_the_key_does_not_open_is_answered_in_clear(data):
    piece = heard(data, **{ACCOUNT: KEY})
    assert (answers(piece.answer)[0][0], piece.good) == ("DUH", False)


@pytest.mark.parametrize("data", [line("NFR3"), framed('"*SIA-DCS"0001R1L0#1234[x|#1234|NFR3]')])
def test_a_line_in_clear_of_an_account_with_a_key_has_no_name(data):
    piece = heard(data, **{ACCOUNT: KEY})
    assert (piece.who, answers(piece.answer)[0][0], piece.good) == ("", "DUH", False)


def test_two_acks_of_one_line_are_padded_differently():
    data = sealed("NFA3", NOW)
    [one], [other] = (made(**{ACCOUNT: KEY}).last(data, NOW + more) for more in (0, 1))
    assert one.answer != other.answer


def test_a_key_and_an_account_that_cannot_be_are_refused_in_words():
    for keys, part in (
        ({"1234": "short"}, "16, 24 or 32 characters"),
        ({"1234": "hex:00"}, "32, 48 or 64 digits"),
        ({1234: KEY}, 'write the account in quotes, as in "1234"'),
        ({"1234": 1234567890123456}, "write the key in quotes"),
        ({"panel": KEY}, "digits or letters A to F"),
    ):
        with pytest.raises(ValidationError, match=part):
            SiaSettings.model_validate({"port": 0, "allow": ["10.0.0.0/8"], "keys": keys})
    assert KEY not in repr(SiaSettings(port=0, allow=["10.0.0.0/8"], keys={"12aB": KEY}))
    assert list(SiaSettings(port=0, allow=["10.0.0.0/8"], keys={"12aB": KEY}).keys) == ["12AB"]


@given(st.binary(max_size=200), st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_the_listener_fail(data, inside):
    stream = framed(b'"*SIA-DCS"0001R1L0#1234[' + data.hex().encode()) if inside else data
    for piece in made(**{ACCOUNT: KEY}).last(stream, NOW):
        assert not piece.answer or answers(piece.answer) or piece.answer == b'"ACK"'
