"""Touches. The quarantine: every unreadable message counted and sampled, and never more rows than allowed."""

from ingest import quarantine
from ingest.reading import Reason, Rejected


def bad(topic="campus/x/reading", moment=1, reason=Reason.MALFORMED, detail="why", sample=b"{"):
    return Rejected(reason, detail, topic, sample, moment)


def keep(database, *batch, limit=100):
    with database.transaction() as tx:
        quarantine.keep_all(tx, batch, limit)


def rows(database, limit=200):
    with database.read() as conn:
        return quarantine.listing(conn, limit)


def test_a_repeated_message_is_one_row_with_its_count_and_the_latest_sample(database):
    keep(database, bad(moment=5, detail="first", sample=b"1"), bad(moment=7, detail="second", sample=b"2"))
    keep(database, bad(moment=9, detail="third", sample=b"3"))
    [row] = rows(database)
    assert (row.count, row.first, row.last, row.detail, row.sample) == (3, 5, 9, "third", b"3")
    assert (row.reason, row.topic) == ("malformed", "campus/x/reading")


def test_each_other_kind_of_mistake_keeps_its_own_sample_and_the_latest_eight_of_them(database):
    keep(database, *(bad(moment=n, detail=f"kind {chr(97 + n)}", sample=b"%d" % n) for n in range(6)))
    keep(database, *(bad(moment=n, detail=f"kind {chr(97 + n)}", sample=b"%d" % n) for n in range(6, 12)))
    keep(database, bad(moment=20, detail="kind k", sample=b"again"), bad(moment=21, detail="kind l"))
    [row] = rows(database)
    assert row.count == 14
    assert [one.detail[-1] for one in row.samples] == list("lkjihgfe")
    assert row.samples[1].sample == b"again"


def test_a_mistake_in_which_only_a_number_is_another_is_the_same(database):
    keep(database, *(bad(moment=n, detail=f"breaks at byte {n}", sample=b"%d" % n) for n in range(5)))
    [row] = rows(database)
    assert (row.count, row.sample, row.earlier) == (5, b"4", ())


def test_each_reason_and_each_topic_has_its_own_row_the_latest_first(database):
    keep(database, bad(moment=1), bad(moment=2, reason=Reason.IDENTITY), bad("campus/y/reading", moment=3))
    assert [(row.reason, row.topic) for row in rows(database)] == [
        ("malformed", "campus/y/reading"),
        ("identity", "campus/x/reading"),
        ("malformed", "campus/x/reading"),
    ]
    assert len(rows(database, limit=2)) == 2


def test_a_flood_of_invented_topics_stays_within_the_limit_and_the_newest_stay(database):
    for batch in range(20):
        keep(database, *(bad(f"t/{batch}/{n}", moment=batch * 100 + n) for n in range(30)), limit=50)
        assert len(rows(database)) <= 50
    assert rows(database)[0].topic == "t/19/29"
    assert len(rows(database)) >= 40


def test_a_flood_within_one_millisecond_stays_within_the_limit(database):
    keep(database, *(bad(f"t/{n}") for n in range(500)), limit=50)
    assert 40 <= len(rows(database)) <= 50


def test_topics_and_details_of_any_letters_and_length_can_be_stored(database):
    strange = [
        "",
        "\0",
        "\ud800/x",
        "烟感 1",
        "a\u202eb",
        "'; DROP TABLE quarantine; --",
        "x" * 65_535,
        "y" * 300,
    ]
    keep(database, *(bad(topic, detail=f"got {topic}", sample=b"\0\xff" * 1000) for topic in strange))
    found = rows(database)
    assert len(found) == len(strange)
    assert all(len(row.topic) <= 240 and len(row.detail) <= 500 and len(row.sample) == 512 for row in found)


def test_long_topics_that_begin_alike_are_told_apart(database):
    keep(database, bad("x" * 1000 + "a"), bad("x" * 1000 + "b"))
    assert len(rows(database)) == 2
