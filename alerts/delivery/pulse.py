"""Thinks. Whether Tocsin may tell the outside that it lives. Its silence there is what alarms somebody.

A process that runs proves nothing: one that runs and no longer escalates, hears or sends is worse than a dead
one. So the pulse goes only while each of these was seen to work, and lately.
"""

from collections.abc import Iterator

import msgspec

from ingest.bilingual import both

AUDITED = 60_000  # ms: the escalation audit passes every 15 s
STUCK = 60_000  # ms after its time at which a notice that nobody has tried says that nothing is sent
DEAF = 120_000  # ms without the broker: a reconnection is no outage


class Vitals(msgspec.Struct, frozen=True):
    """What was seen of ourselves. `audited_at`: when the escalation audit last passed. `broken`: what it
    found since. `failing`: why nothing can be written, "" while it can. `deaf_since`: since when a session
    with the broker is missing. `overdue`: when the most overdue notice was to be tried. Moments are ms."""

    audited_at: int
    broken: str = ""
    failing: str = ""
    deaf_since: int | None = None
    overdue: int | None = None


def ailments(seen: Vitals, now: int) -> list[str]:
    """Why the pulse must not go; empty while all is well."""
    return list(_ailments(seen, now))


def _ailments(seen: Vitals, now: int) -> Iterator[str]:
    if seen.failing:
        yield both(f"无法写入：{seen.failing}", f"nothing can be written: {seen.failing}")
    if seen.broken:
        yield both(f"升级审计未通过：{seen.broken}", f"the escalation audit fails: {seen.broken}")
    elif now - seen.audited_at > AUDITED:
        late = (now - seen.audited_at) // 1000
        yield both(f"升级审计已 {late} 秒没有通过", f"the escalation audit has not passed for {late} s")
    if seen.deaf_since is not None and now - seen.deaf_since > DEAF:
        since = (now - seen.deaf_since) // 1000
        yield both(f"与消息服务器断开 {since} 秒", f"without the broker for {since} s")
    if seen.overdue is not None and now - seen.overdue > STUCK:
        late = (now - seen.overdue) // 1000
        yield both(f"有通知逾期 {late} 秒未发送", f"a notice is {late} s late and nobody has tried it")
