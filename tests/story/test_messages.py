"""Thinks. Redelivery, retained state, batches and restarts: what a message may and may not do."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.campus.device import OWN
from ingest.copies import MARGIN
from ingest.message import Message
from tests.story.school import School
from tocsin.database import Database

PRESS = json.dumps({"values": {"press": True}}).encode()
TOPIC = "campus/panic-1/reading"


def test_two_real_presses_are_two_occurrences(school: School) -> None:
    school.publish(TOPIC, PRESS)
    school.forward(2)
    school.publish(TOPIC, PRESS)
    (alert,) = school.open()
    assert alert.activations == 2


def test_a_press_after_the_acknowledgement_sounds_again(school: School) -> None:
    from alerts.alert import Acknowledged

    school.publish(TOPIC, PRESS)
    school.act(lambda alert: Acknowledged(alert, "warden", "wall", ""))
    school.forget()
    school.publish(TOPIC, PRESS)
    assert school.told("warden")


def test_a_redelivery_after_a_kill_between_commit_and_acknowledgement_raises_nothing_new(
    school: School,
) -> None:
    settle = school.life.settle
    school.life.settle = lambda message: None  # type: ignore[method-assign]
    school.publish(TOPIC, PRESS)
    school.restart()
    school.life.settle = settle  # type: ignore[method-assign]
    school.epoch += 1
    school.publish(TOPIC, PRESS, dup=True)
    (alert,) = school.open()
    assert (alert.activations, len(school.told("warden"))) == (1, 1)


def test_a_retained_alarm_replayed_at_reconnect_notifies_nobody_again(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forget()
    for _ in range(3):
        school.epoch += 1
        school.say("smoke-305", retain=True, smoke="alarm")
        school.restart()
        school.say("smoke-305", retain=True, smoke="alarm")
    assert not school.texts
    assert len(school.open()) == 1


def test_a_retained_alarm_that_nobody_knew_of_is_raised(school: School) -> None:
    school.say("smoke-305", retain=True, smoke="alarm")
    assert len(school.told("warden")) == 1


def test_a_cached_alarm_of_zigbee2mqtt_repeated_for_days_is_one_notice(school: School) -> None:
    for _ in range(50):
        school.publish("zigbee2mqtt/lib/smoke", b'{"smoke":true,"battery":100,"linkquality":81}', qos=0)
        school.forward(1)
    assert len(school.told("warden")) == 1


def stand(school: School) -> None:
    """`life` is connected and granted."""
    school.house.life_epoch = lambda: school.epoch
    school.house.life_grant = lambda: 1


def passes_the_marker(school: School) -> None:
    """`all` has brought what was published after `life` was granted."""
    marker = b'{"boot":1,"seq":1,"values":{"loop":"alarm"}}'
    school.house.copies.mark(1, marker)
    school.publish(f"campus/{OWN}/reading", marker, lane="all")
    school.forward(MARGIN / 1000)


def test_a_press_that_waited_in_the_long_queue_of_all_before_life_had_subscribed_rings(
    school: School,
) -> None:
    stand(school)
    school.forward(60)
    school.publish(TOPIC, PRESS, lane="all")
    assert school.told("warden")


def test_what_life_owns_is_judged_once(school: School) -> None:
    stand(school)
    passes_the_marker(school)
    payload = b'{"values":{"press":true}}'
    school.publish(TOPIC, payload, lane="life")
    skipped = school.publish(TOPIC, payload, lane="all")
    assert skipped.acked, "a message that the other session owns is settled all the same"
    (alert,) = [one for one in school.open() if one.device == "panic-1"]
    assert alert.activations == 1


def test_a_backlog_that_both_sessions_bring_after_a_restart_counts_once_and_ends_as_it_ended(
    school: School,
) -> None:
    """The cut between hearing both and hearing `life` alone must not let an old word follow a newer one."""
    stand(school)
    words = [b'{"values":{"smoke":"normal"}}', PRESS, PRESS, b'{"values":{"smoke":"alarm"}}']
    topics = ["campus/smoke-305/reading", TOPIC, TOPIC, "campus/smoke-305/reading"]
    for topic, payload in zip(topics, words, strict=True):
        school.publish(topic, payload, lane="life")
    for topic, payload in zip(topics[:3], words[:3], strict=True):
        assert school.publish(topic, payload, lane="all").acked
    passes_the_marker(school)
    assert school.publish(topics[3], words[3], lane="all").acked
    alerts = {alert.device: alert for alert in school.open()}
    assert alerts["smoke-305"].activity == "active"
    assert alerts["panic-1"].activations == 2


def test_unreadable_messages_are_settled_and_shown_with_their_reason(school: School) -> None:
    sent = [
        school.publish("campus/nobody/reading", b'{"values":{"smoke":"alarm"}}', lane="all"),
        school.publish("campus/smoke-305/reading", b'{"values":'),
        school.publish("campus/smoke-305/reading", b"x" * 70_000),
        school.publish("campus/b\xc3\xa4d/+/reading".encode().decode("latin-1"), b"{}", lane="all"),
    ]
    assert all(message.acked for message in sent)
    from ingest import quarantine

    with school.database.read() as conn:
        reasons = {row.reason for row in quarantine.listing(conn, 10)}
    assert reasons == {"malformed", "oversize", "bad_topic"}


QUERY = "SELECT rule, subject, activity, occurrence, activations, raised_at FROM alert ORDER BY rule, subject"


def _history(school: School) -> list[tuple[object, ...]]:
    with school.database.read() as conn:
        from sqlalchemy import text

        rows = conn.execute(text(QUERY))
        return [tuple(row) for row in rows]


WORDS = st.sampled_from(["normal", "alarm", "prealarm", "fault", "test"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["smoke-305", "smoke-306"]), WORDS, st.integers(0, 20)), min_size=1, max_size=12
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, cuts=st.lists(st.booleans(), min_size=12, max_size=12), restarts=st.booleans())
def test_the_verdict_is_the_same_in_any_batch_split_and_across_a_restart(
    tmp_path_factory: object, steps: list[tuple[str, str, int]], cuts: list[bool], restarts: bool
) -> None:
    one = _play(tmp_path_factory, steps, [True] * 12, False)
    other = _play(tmp_path_factory, steps, cuts, restarts)
    assert one == other


def _play(
    folders: object, steps: list[tuple[str, str, int]], cuts: list[bool], restarts: bool
) -> list[tuple[object, ...]]:
    folder = folders.mktemp("split")  # type: ignore[attr-defined]
    database = Database.open(f"sqlite:///{folder / 'state.db'}")
    database.create_all()
    school = School(database)
    waiting: list[Message] = []
    for number, (device, word, pause) in enumerate(steps):
        school.moment += pause * 1000
        payload = json.dumps({"values": {"smoke": word}}).encode()
        waiting.append(Message(school.life, f"campus/{device}/reading", payload, school.moment, mid=number))
        if cuts[number] or number == len(steps) - 1:
            school.writer.deliver_life(waiting)
            school.turn()
            waiting = []
            if restarts:
                school.restart()
    school.forward(60)
    found = _history(school)
    database.close()
    return found
