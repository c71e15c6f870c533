"""Touches. What the broker keeps for a session that is away, and does for one that is there."""

import time

from ingest.broker import SESSION_EXPIRY
from tocsin.doctor import judge
from tocsin.doctor.finding import Finding, found
from tocsin.doctor.ground import Ground
from tocsin.doctor.link import NoLink

PROBE_EXPIRY = 600  # seconds the broker keeps a probe's session if we are killed
IDLE = 0.7  # seconds without a message after which no more is expected
MOST = 20.0
SYS = 1.5
_VERSION, _DROPPED = "$SYS/broker/version", "$SYS/broker/publish/messages/dropped"


def look_at_promises(ground: Ground) -> list[Finding]:
    """What the broker says of itself in CONNACK; MQTT 3.1.1 has no place for it."""
    if not ground.door.mqtt5:
        return [found("promises_unknown")]
    with ground.link("p", SESSION_EXPIRY) as link:
        findings = judge.promises(link.properties, SESSION_EXPIRY)
        link.leave(forget=True)
    ground.sessions.discard(ground.name("p"))
    return findings


def look_at_counters(ground: Ground) -> list[Finding]:
    """What Mosquitto counts under $SYS; other brokers say nothing there."""
    with ground.link("y") as link:
        for topic in (_VERSION, _DROPPED):
            link.subscribe(topic, 0)
        link.wait(lambda: len({each.topic for each in link.came}) == 2, SYS)
        said = {each.topic: each.payload.decode("utf-8", "replace")[:80] for each in link.came}
    findings = [found("software", version=said[_VERSION])] if _VERSION in said else []
    if not said:
        return [found("counters_hidden")]
    dropped = said.get(_DROPPED, "")
    if not dropped.isdigit():  # Mosquitto shows a figure for 60 s after it has changed, and no longer
        return [*findings, found("dropped_quiet")]
    return [*findings, found("dropped_some" if int(dropped) else "dropped_none", count=int(dropped))]


def look_at_live(ground: Ground) -> list[Finding]:
    """There and back, a reading of the largest size, and whether QoS 0 is raised."""
    with ground.link("l") as link:
        if not link.subscribe(ground.topic):
            return [found("own_subscription_refused", topic=ground.topic, base=ground.base)]
        began = time.monotonic()
        first = ground.payload("there and back")
        link.publish(ground.topic, [first])
        if not link.wait(lambda: first in link.payloads()):
            return [found("own_probe_lost", topic=ground.topic, base=ground.base)]
        findings = [judge.round_trip((time.monotonic() - began) * 1000)]
        findings.append(_largest(ground))
    return findings


def _largest(ground: Ground) -> Finding:
    """A connection of its own: a broker that finds it too large hangs up."""
    large = ground.payload("largest").ljust(judge.READING, b".")
    try:
        with ground.link("g") as link:
            link.subscribe(ground.topic, old=False)
            link.publish(ground.topic, [large])
            came = link.wait(lambda: large in link.payloads())
    except NoLink:
        came = False
    return found("largest_good" if came else "largest_lost", bytes=judge.READING)


def look_at_retained(ground: Ground) -> list[Finding]:
    """A state that is retained must be there for whoever connects later, and go when it is taken back."""
    said = ground.payload("retained")
    with ground.link("r") as link:
        if not link.properties.get("RetainAvailable", 1):
            return [found("retained_absent")]
        ground.retained.add(ground.topic)
        link.publish(ground.topic, [said], retain=True)
        with ground.link("t") as later:
            later.subscribe(ground.topic)
            kept = later.wait(lambda: any(m.retain and m.payload == said for m in later.came))
        link.publish(ground.topic, [b""], retain=True)
        ground.retained.discard(ground.topic)
    return [found("retained_good" if kept else "retained_absent")]


def look_at_same_id(ground: Ground) -> list[Finding]:
    """Two clients of one id: the second must take over, or a service that restarts is locked out."""
    with ground.link("d") as first:
        try:
            with ground.link("d"):
                first.wait(lambda: False, 1.0)
        except NoLink as error:
            return [found("same_id_takes_over" if error.kind == "lost" else "same_id_refused", why=error.why)]
    return [found("same_id_both")]


def look_at_absence(ground: Ground, count: int) -> list[Finding]:
    """A session goes away while one message is published at QoS 0 and `count` at QoS 1, and comes back."""
    with ground.link("q", PROBE_EXPIRY) as link:
        if not link.subscribe(ground.topic):
            return [found("own_subscription_refused", topic=ground.topic, base=ground.base)]
        live = ground.payload("live at qos 0")
        link.publish(ground.topic, [live], qos=0)
        link.wait(lambda: live in link.payloads())
        raised = any(each.payload == live and each.qos == 1 for each in link.came)
    absent = ground.payload("absent at qos 0")
    numbered = [ground.payload(str(number)) for number in range(count)]
    try:
        with ground.link("w") as writer:
            writer.publish(ground.topic, [absent], qos=0)
            taken = sum(writer.publish(ground.topic, numbered))
        return _fetch(ground, absent, set(numbered), taken, raised)
    finally:
        _forget(ground)


def _fetch(ground: Ground, absent: bytes, numbered: set[bytes], taken: int, raised: bool) -> list[Finding]:
    with ground.link("q", PROBE_EXPIRY, holding=True) as link:
        if not link.session_present:
            return [found("session_lost")]
        link.quiet(IDLE, MOST)
        ahead = len(link.came)
        while True:
            before = len(link.came)
            link.let_go()
            link.quiet(IDLE, MOST)
            if len(link.came) == before:
                break
        came = set(link.payloads())
    kept = len(came & numbered)
    findings = [found("session_kept"), judge.queue(len(numbered), kept)]
    if taken < len(numbered):
        findings.append(found("queue_refuses", refused=len(numbered) - taken, sent=len(numbered)))
    findings += [judge.ahead(kept, ahead)] if kept else []
    return [*findings, *judge.absent_qos0(raised, absent in came)]


def _forget(ground: Ground) -> None:
    if not ground.door.stop.is_set():
        ground.clean()
