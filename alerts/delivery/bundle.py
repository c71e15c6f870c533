"""Thinks. Several notices to one person in one message, and how many messages a person gets.

In a storm a telephone that rings five hundred times is a telephone that is switched off. What waits for the
same person becomes one message: the place of the first, how many, and as many codes as fit. Each notice keeps
its row, and takes the outcome of the message it went in. What is about life safety is never made to wait: the
first goes at once and by itself, and only what stands in line already behind it goes together. So do alarms.
The rest waits once a person has had several messages.
"""

from collections.abc import Collection, Iterable, Sequence
from hashlib import blake2b

import msgspec

from alerts.clean import cut, size
from alerts.delivery.channels.channel import Notice
from alerts.delivery.message import (
    LEAST_TITLE,
    MODES,
    NOWHERE,
    PLAIN,
    RETURNED,
    SMS_ANY,
    SMS_ASCII,
    Plain,
    Purpose,
)
from alerts.delivery.notification import Notification
from rules.verdict import Class, Text

AT_ONCE = 3  # messages a person gets in WINDOW, each as it comes
WINDOW = 300_000  # ms
GATHER = 60_000  # ms: from then on one message in that time
MOST = 100  # notices in one message
LISTED = 40  # of these, how many a page names

Door = tuple[str, ...]

TURNS: dict[Purpose, Text] = {  # what is said alike of all; other purposes ask for an answer of their own
    Purpose.RAISE: Text("", ""),
    Purpose.AGAIN: Text("，再次发生", ", again"),
    Purpose.ESCALATE: Text("，至今无人受理", ", nobody has taken them"),
    Purpose.LAPSED: Text("，受理后超时", ", taken, overdue"),
    Purpose.OVERDUE: Text("，已受理，仍未到场或核实", ", taken, but not yet reached or verified"),
    Purpose.RELEASED: Text("，抑制已结束，仍未恢复", ", no longer inhibited and still active"),
    Purpose.GONE: Text("，责任人已离开，请重新受理", ", their owner is gone: take them"),
    Purpose.TAKEN: Text("，已有人受理", ", taken by others"),
    Purpose.CLEAR: Text("，已解除", ", all clear"),
}


def door(row: Notification) -> Door | None:
    """What two rows have in common that may go in one message; None for one that goes by itself."""
    if row.id is None or not row.person or row.purpose not in TURNS:
        return None
    kind = str(row.facts.get("mode", "real")), str(row.life_safety), str(_is_alarm(row))
    return row.channel, row.person, row.address, row.language, row.purpose.value, *kind


def bundles(rows: Iterable[Notification], apart: Collection[str] = ()) -> list[list[Notification]]:
    """Rows as messages, in the order of the first of each. `apart`: channels on which each goes by itself."""
    found: list[list[Notification]] = []
    open_: dict[Door, list[Notification]] = {}
    for row in rows:
        at = None if row.channel in apart else door(row)
        bundle = None if at is None else open_.get(at)
        if bundle is None or len(bundle) >= MOST:
            bundle = []
            found.append(bundle)
            if at is not None:
                open_[at] = bundle
        bundle.append(row)
    return found


def notice(rows: Sequence[Notification]) -> Notice:
    """The message for rows of one door, in the order of their alerts; of one alert its own words."""
    digest = blake2b("\n".join(sorted(row.key for row in rows)).encode(), digest_size=12)
    rows = sorted({row.code: row for row in rows}.values(), key=lambda row: row.alert)
    first = rows[0]
    if len(rows) == 1:
        return first.notice()
    where = f"{_prefix(first)}{_place(first)}{_many(rows)}{_colon(rows)}"
    return Notice(
        key=f"bundle/{digest.hexdigest()}",
        code=first.code,
        purpose=first.purpose,
        person=first.person,
        address=first.address,
        language=first.language,
        short=_short(rows),
        title=cut(f"{where}{_fact(first, 'title')}{_turn(rows)}", 200),
        body=_body(rows),
        alert=_facts(rows),
    )


def together(count: int) -> Text:
    """What the record of each adds to the gateway's answer; nothing where it went alone."""
    return Text(f"（{count} 条合为一条消息）", f" (one message for {count})") if count > 1 else Text("", "")


def _is_alarm(row: Notification) -> bool:
    return row.facts.get("class") == Class.ALARM


def _said(row: Notification, zh: str, en: str) -> str:
    return en if row.language == "en" else zh


def _fact(row: Notification, name: str) -> str:
    other = "zh" if row.language == "en" else "en"
    return str(row.facts.get(f"{name}_{row.language}") or row.facts.get(f"{name}_{other}") or "")


def _facts(rows: Sequence[Notification]) -> dict[str, Plain]:
    """Those of the first, but class and advice of the most serious; a taker only where all are taken, and
    `returned` only where all are back to normal."""
    ranks = [one.value for one in Class]
    worst = min(rows, key=lambda row: ranks.index(found) if (found := row.facts.get("class")) in ranks else 9)
    kept = {name: worst.facts[name] for name in ("class", "todo_zh", "todo_en") if name in worst.facts}
    found = rows[0].facts | kept | {"more": len(rows) - 1, "codes": " ".join(row.code for row in rows)}
    if _mixed(rows):
        found["mixed"] = True
    untold = set[str]() if all(_taker(row) for row in rows) else {"taken_by_zh", "taken_by_en"}
    untold |= set() if all(_returned(row) for row in rows) else {"returned"}
    return {name: value for name, value in found.items() if name not in untold}


def _taker(row: Notification) -> str:
    who = _fact(row, "taken_by")
    return _said(row, f"，{who}已受理", f", taken by {who}") if who else ""


def _returned(row: Notification) -> str:
    return _said(row, RETURNED.zh, RETURNED.en) if row.facts.get("returned") else ""


def _place(row: Notification) -> str:
    return _fact(row, "place") or _said(row, NOWHERE.zh, NOWHERE.en)


def _innermost(row: Notification) -> str:
    return _place(row).rpartition(_said(row, " ", ", "))[2]


def _prefix(row: Notification) -> str:
    mode = MODES.get(str(row.facts.get("mode")))
    return _said(row, mode.zh, mode.en) if mode else ""


def _many(rows: Sequence[Notification]) -> str:
    """Places and not alerts, so that nobody looks for a fifth room that does not burn."""
    places = len({_place(row) for row in rows})
    alerts = _said(rows[0], f"（{len(rows)}条）", f" ({len(rows)} alerts)") if places < len(rows) else ""
    more = _said(rows[0], f"等{places}处", f" and {places - 1} more") if places > 1 else ""
    return more + alerts


def _colon(rows: Sequence[Notification]) -> str:
    """Before what has happened; where it is not the same everywhere, that it is the first of them."""
    return _said(rows[0], "，首条：", ", first: ") if _mixed(rows) else _said(rows[0], "：", ": ")


def _mixed(rows: Sequence[Notification]) -> bool:
    return len({_fact(row, "title") for row in rows}) > 1


def _turn(rows: Sequence[Notification]) -> str:
    turn, taken = TURNS[rows[0].purpose], TURNS[Purpose.TAKEN]
    said = _said(rows[0], turn.zh, turn.en)
    said += _said(rows[0], taken.zh, taken.en) if all(_taker(row) for row in rows) else ""
    return said + (_returned(rows[0]) if all(_returned(row) for row in rows) else "")


def _short(rows: Sequence[Notification]) -> str:
    """One SMS: all codes where they fit, else the first ones and an ellipsis. Given up before the second
    code: the end of the title, then the outer places. What became of it (all clear!) is never cut."""
    first, many, turn = rows[0], _many(rows), _turn(rows)
    plain = PLAIN if first.language == "en" else {}
    what, prefix = _fact(first, "title").translate(plain), _prefix(first)
    places = [place.translate(plain) for place in (_place(first), _innermost(first))]
    room = SMS_ASCII if plain and f"{places[0]}{what}".isascii() else SMS_ANY
    for place in places:
        head = f"{prefix}{place}{many}{_colon(rows)}"
        left = room - size(f"{head}{turn}{_codes(rows, 2)}")
        if left >= min(LEAST_TITLE, size(what)):
            said = f"{head}{cut(what, left)}{turn}"
            break
    else:
        left = room - size(f"{prefix}{many}{turn}{_codes(rows, 1)}")
        said = f"{prefix}{cut(places[1], max(1, left))}{many}{turn}"
    fits = (count for count in range(len(rows), 1, -1) if size(f"{said}{_codes(rows, count)}") <= room)
    return f"{said}{_codes(rows, next(fits, 1))}"


def _codes(rows: Sequence[Notification], count: int) -> str:
    """The end of an SMS, with so many codes."""
    start = _said(rows[0], "。代码", ". Codes ")
    more = "" if count >= len(rows) else _said(rows[0], "…", "...")
    return f"{start}{' '.join(row.code for row in rows[:count])}{more}"


def _body(rows: Sequence[Notification]) -> str:
    first = rows[0]
    colon, code = _said(first, "：", ": "), _said(first, "代码", "code")
    lines = [
        f"{_place(row)}{colon}{_fact(row, 'title')}{_taker(row)}{_returned(row)} {code} {row.code}"
        for row in rows[:LISTED]
    ]
    left = len(rows) - LISTED
    if left > 0:
        lines.append(_said(first, f"另有 {left} 条，见值班墙", f"{left} more: see the wall"))
    turn = TURNS[first.purpose]
    told = _said(first, turn.zh.strip("，"), turn.en.strip(", "))
    return "\n".join([*lines, *([told] if told else [])])


class Firsts:
    """Whether a notice is a person's first of life safety in a while: it goes by itself, in its own words."""

    def __init__(self) -> None:
        self._told: dict[Door, int] = {}

    def first(self, row: Notification, now: int) -> bool:
        at = door(row)
        if at is None or not row.life_safety:
            return False
        self._told = {one: moment for one, moment in self._told.items() if 0 <= now - moment < WINDOW}
        if at in self._told:
            return False
        self._told[at] = now
        return True


class Limits(msgspec.Struct, frozen=True):
    """A person gets `at_once` messages in `window` (ms) on a channel, each as it comes; from then on one in
    `gather` (ms)."""

    at_once: int = AT_ONCE
    window: int = WINDOW
    gather: int = GATHER


class Pace:
    """How often each person is told of what is neither an alarm nor about life safety. For one thread at a
    time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sent: dict[Door, list[int]] = {}  # when each person's last messages began

    def wait(self, row: Notification, now: int) -> int:
        """The moment (ms) until which a message that begins with this row has to wait; 0: it goes now, and
        counts."""
        if row.life_safety or _is_alarm(row) or door(row) is None:
            return 0
        whom, most = (row.channel, row.person, row.address), self._limits.at_once
        sent = [moment for moment in self._sent.get(whom, ()) if 0 <= now - moment < self._limits.window]
        if len(sent) >= most and now - sent[-1] < self._limits.gather:
            return sent[-1] + self._limits.gather
        self._sent[whom] = [*sent, now][-most:]
        return 0
