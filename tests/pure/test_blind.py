"""Thinks. When Tocsin itself could see nothing, and what was found changed afterwards."""

from ingest.blind import GRACE, LEAST, NAMED, Blind
from ingest.reading import Reading
from tests.fakes.words import english

START = 1_795_305_600_000  # 2026-11-22 08:00:00 in Shanghai
S = 1000
KNOWN = {("s1", "smoke"): "normal", ("d1", "contact"): "closed", ("d1", "temperature"): 20.0}


def own(metric, word, second):
    return Reading("tocsin", metric, word, START + second * S, START + second * S)


def said(device, metric, value, at=0):
    return Reading(device, metric, value, at, at)


def look(blind, *readings):
    blind.look(readings, lambda device, metric: KNOWN.get((device, metric)))


def after_a_stop(seconds, **more):
    return Blind("Asia/Shanghai", START - seconds * S, **more)


def test_after_a_restart_the_account_names_the_span_and_what_changed():
    blind = after_a_stop(480)
    (begun,) = blind.hear("all", START)
    assert (begun.device, begun.metric, begun.value, begun.event_time) == (
        "tocsin",
        "blind",
        "unknown",
        START - 480 * S,
    )
    look(
        blind, said("s1", "smoke", "alarm"), said("d1", "contact", "closed"), said("d1", "temperature", 99.0)
    )
    look(blind, said("s1", "smoke", "normal"), said("new", "smoke", "alarm"), own("disk", "fault", 1))
    assert not blind.due(START + GRACE - 1)
    (account,) = blind.due(START + GRACE)
    assert (account.value, account.received) == ("alarm", START + GRACE)
    assert english(account.note) == (
        "blind 2026-11-22 07:52:00 – 08:00:00; 1 changes found afterwards: s1/smoke: normal → alarm → normal"
    )
    assert not blind.open
    assert not blind.due(START + 10 * GRACE)
    assert not blind.hear("all", START + 10 * GRACE)


def test_of_many_changes_the_first_are_named_and_all_are_counted():
    blind = after_a_stop(100_000)
    blind.hear("life", START)
    many = [said(f"s{n:02}", "smoke", "alarm") for n in range(NAMED + 5)]
    blind.look(many, lambda device, metric: "normal")
    (account,) = blind.due(START + GRACE)
    assert english(account.note).startswith("blind 2026-11-21 04:13:20 – 2026-11-22 08:00:00; 25 changes")
    assert account.note.count("→") == NAMED
    assert account.note.endswith("s19/smoke: normal → alarm; +5")


def test_a_first_start_was_never_blind_and_a_quick_restart_is_not_worth_a_word():
    first = Blind("Asia/Shanghai")
    assert not first.open
    assert not first.hear("all", START)
    quick = after_a_stop((LEAST - 1) / S)
    assert not quick.hear("all", START)
    assert not quick.open
    assert not quick.due(START + 10**9)


def test_a_lost_session_makes_blind_from_its_last_message_until_all_are_back():
    blind = Blind("Asia/Shanghai")
    blind.hear("life", START)
    blind.hear("all", START + 9 * S)
    assert blind.lines([own("broker_life", "fault", 60), own("broker_all", "fault", 61)]) == []
    assert blind.lines([own("broker_all", "normal", 100), own("broker_all", "normal", 101)]) == []
    (begun,) = blind.lines([own("broker_life", "normal", 200)])
    assert begun.event_time == START
    look(blind, said("d1", "contact", "open"))
    (account,) = blind.due(START + 200 * S + GRACE)
    assert "08:00:00 – 08:03:20; 1 changes" in english(account.note)
    assert account.note.endswith("d1/contact: closed → open")


def test_a_session_lost_again_while_gathering_closes_the_first_account():
    blind = Blind("Asia/Shanghai")
    blind.lines([own("broker_all", "fault", 0)])
    blind.lines([own("broker_all", "normal", 50)])
    look(blind, said("d1", "contact", "open"))
    (account,) = blind.lines([own("broker_all", "fault", 60)])
    assert (account.value, account.note.count("→")) == ("alarm", 1)
    (begun,) = blind.lines([own("broker_all", "normal", 90)])
    assert begun.value == "unknown"
    (second,) = blind.due(START + 90 * S + GRACE)
    assert "08:01:00 – 08:01:30; 0 changes found afterwards" in english(second.note)


def test_a_session_that_is_still_away_after_a_start_keeps_us_blind():
    blind = after_a_stop(60)
    blind.lines([own("broker_life", "fault", 1)])
    assert not blind.hear("all", START + 5 * S)
    (begun,) = blind.lines([own("broker_life", "normal", 300)])
    assert begun.event_time == START - 60 * S


def test_a_restart_before_the_account_was_complete_keeps_the_first_span():
    (begun,) = after_a_stop(480).hear("all", START)
    again = Blind("Asia/Shanghai", START + 30 * S, begun)
    (begun,) = again.hear("all", START + 60 * S)
    assert begun.event_time == START - 480 * S
    complete = Reading("tocsin", "blind", "alarm", START, START - 480 * S)
    later = Blind("Asia/Shanghai", START + 30 * S, complete)
    (begun,) = later.hear("all", START + 60 * S)
    assert begun.event_time == START + 30 * S
