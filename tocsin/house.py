"""Touches. What the pipeline knows, in memory, and a batch between its reading and its commit."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

import msgspec
import structlog
from sqlalchemy import Connection

from alerts.alert import Alert
from alerts.delivery.presses import Fingers, Press
from alerts.duty import roster
from alerts.duty.people import Directory
from alerts.limits import LIMITS, Limits
from ingest import pending, spool
from ingest.blind import Blind
from ingest.campus import store as campus_store
from ingest.campus.device import OWN
from ingest.campus.registry import Registry
from ingest.clocks import Clocks
from ingest.copies import Copies
from ingest.crowd import CROWD, METRIC
from ingest.decode import Decoder
from ingest.flood import Floods
from ingest.gaps import Gaps
from ingest.latest import Latest
from ingest.message import Message
from ingest.reading import Reading, Rejected
from ingest.seen import MOST, Seen
from ingest.settings import BrokerSettings
from ingest.supervision import Supervision
from ingest.tray import Tray
from ingest.unreadable import METRIC as UNREADABLE
from ingest.unreadable import Unreadable
from rules import store as memory_store
from rules import usual
from rules.baseline import Baselines
from rules.memory import Memories
from rules.ruleset import RuleSet
from rules.verdict import Verdict

log = structlog.get_logger("tocsin.house")

COMMIT = f"{OWN}/commit"


@dataclass
class House:
    """All that the pipeline knows, in memory. Owned by the writer thread."""

    registry: Registry
    directory: Directory
    decoder: Decoder
    rules: RuleSet
    memories: Memories
    supervision: Supervision
    seen: Seen
    latest: Latest
    position: int  # of the last batch in the spool
    tray: Tray = field(default_factory=Tray)
    floods: Floods = field(default_factory=Floods)
    unreadable: Unreadable = field(default_factory=Unreadable)
    gaps: Gaps = field(default_factory=Gaps)
    clocks: Clocks = field(default_factory=Clocks)
    blind: Blind = field(default_factory=lambda: Blind("UTC"))
    baselines: Baselines = field(default_factory=dict)  # how points were at these hours of the weeks before
    quarantine_rows: int = 10000
    limits: Limits = LIMITS  # of shelves and the like, as the settings have them
    desk_due: int | None = 0  # when the desk next has something to do by itself; 0: look
    copies: Copies = field(default_factory=Copies)
    renamed: Callable[[], None] = lambda: None  # topics of registered devices are others now
    fingers: Fingers = field(default_factory=Fingers)
    all_since: Callable[[], int] = lambda: 0  # when the connection of `all` was opened
    life_epoch: Callable[[], int] = lambda: 0  # of the connection of `life` that stands; 0: none does
    life_grant: Callable[[], int] = lambda: (
        0
    )  # the standing one of those it was given; 0: not all filters are

    def admit(self) -> None:
        """The strangers whose alarms are judged may have changed."""
        judged = self.tray.stand_ins
        if judged.keys() != self.registry.admitted.keys():
            self.registry = self.registry.admitting(judged)

    def see_to_strangers(self, alerts: Collection[Alert], now: int) -> None:
        """Those whose alert is closed need their place no more; those of the crowd were looked at when
        somebody verified their alert. `alerts`: all that are open."""
        for alert in alerts:
            if alert.device == CROWD.id and alert.verified_at is not None:
                self.tray.look(alert.verified_at)
        if self.tray.judged and self.tray.free({alert.device for alert in alerts}, now):
            self.admit()

    def committed(self, readings: bool) -> None:
        """What was judged and remembered is on disk. `readings`: a batch of them went to the spool."""
        self.memories.committed()
        if readings:  # else the numbers seen go with the next batch that has any
            self.seen.committed()
            self.position += 1
        self.decoder.news.clear()
        if self.tray.urgent:
            self.tray.stored()

    def is_copy(self, message: Message) -> bool:
        """Whether `life` brings this message of `all` as well, and it counts there."""
        line = message.source.name
        if line == "all" and self.decoder.owned_by_life(message.topic):
            return self.copies.is_one(message, self.life_epoch(), self.life_grant())
        if line == "life":
            self.copies.brought(message, self.life_grant())
        return False


@dataclass
class Prepared:
    """Messages that were read and not yet committed. It survives a failing commit and only grows."""

    messages: list[Message] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    devices: set[str] = field(default_factory=set)  # whose points changed
    thought: int = 0  # readings that have been judged
    verdicts: list[Verdict] = field(default_factory=list)
    shadowed: list[Verdict] = field(default_factory=list)  # of rules in shadow: for the record alone
    failed: list[str] = field(default_factory=list)  # which rules failed, and on what
    replies: list[tuple[str, bytes]] = field(default_factory=list)  # topic and payload, after the commit
    presses: list[Press] = field(default_factory=list)  # of take buttons
    moment: int = 0

    def __bool__(self) -> bool:
        return bool(self.messages or self.readings or self.verdicts)

    def to_sound(self) -> list[Verdict]:
        """What sounds although it cannot be written: life safety, and that nothing can be written."""
        return [one for one in self.verdicts if one.life_safety or one.subject == COMMIT]

    def forget_thoughts(self) -> None:
        """The commit failed and memory was rolled back: everything will be judged again."""
        self.thought = 0
        self.verdicts, self.shadowed = [], []
        self.failed = []


def load(
    tx: Connection,
    broker: BrokerSettings,
    rules: RuleSet,
    now: int,
    channels: Iterable[str],
    zone: str,
    country: str = "CN",
) -> House:
    """The house as the database has it, ready to judge: what a restart must not lose is in these tables."""
    tray = pending.load(tx)
    registry = campus_store.load(tx, zone, country).admitting(tray.stand_ins)
    latest = Latest()
    latest.load(tx)
    tray.crowd.stands = latest.value(CROWD.id, METRIC) == "alarm"
    seen, gaps, unreadable = Seen(), Gaps(), 0
    for blob in spool.seen_blobs(tx, MOST):
        try:
            gaps.restore(seen.restore(blob))
        except (
            msgspec.MsgspecError
        ):  # of another version; a redelivery may count twice: no reason not to start
            unreadable += 1
    if unreadable:
        log.warning("what earlier batches had seen is unreadable", batches=unreadable)
    last = spool.last_moment(tx)
    stated = {name: int(r.value) for name, r in latest.of("interval").items() if type(r.value) is float}
    supervision = Supervision(registry, now, latest.heard_at, last, stated)
    supervision.restore(latest.of("supervision"), latest.of("link"))
    return House(
        registry=registry,
        directory=roster.load(tx, channels, zone, registry.calendar),
        decoder=Decoder(registry, broker, learned=pending.load_learned(tx)),
        rules=rules,
        memories=memory_store.load(tx),
        supervision=supervision,
        seen=seen,
        latest=latest,
        position=spool.last(tx),
        tray=tray,
        unreadable=Unreadable(n for n, one in latest.of(UNREADABLE).items() if one.value == "fault"),
        gaps=gaps,
        clocks=Clocks(latest.of("clock_error"), now),
        floods=Floods(latest.heard_at),
        blind=Blind(zone, last, latest.of("blind").get(OWN)),
        fingers=Fingers({name: one.received for name, one in latest.of("take").items()}),
        baselines=usual.load(tx),
    )
