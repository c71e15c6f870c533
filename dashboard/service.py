"""Touches. What the roof hands to the dashboard: the doors it sees the rest of the house through."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from alerts.delivery.answers import Meant
from alerts.delivery.emergency import UnrecordedAlert
from alerts.delivery.linked import Pressed
from alerts.delivery.links import Flaw, Link, Links
from alerts.delivery.notification import Notification
from alerts.delivery.rungs import Rung
from alerts.desk import AnyFact
from alerts.duty.people import Directory
from alerts.incidents.photos import Photos
from alerts.limits import Limits
from dashboard.live import Live
from dashboard.settings import DashboardSettings
from ingest.campus.registry import Registry
from ingest.history.figures import Figures
from ingest.latest import Latest
from rules.load import Loaded
from rules.replay import Answer
from rules.ruleset import RuleSet

T = TypeVar("T")
Within = Callable[[Connection, Callable[[], Any]], Any]
Point = tuple[int, float, float, float]  # moment ms, low, mean, high
WAIT = 10.0  # seconds that a person waits for a commit


class Transact(Protocol):
    """Run a function in the writer's next transaction; the future holds what it returned or raised."""

    def __call__(self, act: Callable[[Connection], T], /) -> Future[T]: ...


class Apply(Protocol):
    """Takes facts through alerts.desk. `within` is run in the transaction, around the desk: it is given the
    connection and what to call for the outcome, and returns that."""

    def __call__(self, facts: Sequence[AnyFact], within: Within | None = None, /) -> Future[Any]: ...


class ChangePeople(Protocol):
    """Change people or rosters in a transaction, in somebody's name, and load them. Waits for the commit;
    gives what the function returned, raises what it raised."""

    def __call__(self, act: Callable[[Connection], T], by: str, /) -> T: ...


class CalledBack(Protocol):
    """Tell a channel what its gateway has called back: by name, with the signature. False when no such
    channel believes it."""

    def __call__(self, channel: str, form: Mapping[str, str], signature: str, /) -> bool: ...


class Press(Protocol):
    """Do by a one-tap link what its page offers. Waits for the commit."""

    def __call__(self, link: Link, meant: Meant, /) -> Pressed | Flaw: ...


class SeriesSource(Protocol):
    """The embedded history. Each may raise when it is being mended; the page then says so."""

    def series(
        self, device: str, metric: str, start: int, end: int, points: int = 600
    ) -> Sequence[Point]: ...
    def words(self, device: str, metric: str, start: int, end: int) -> Sequence[tuple[int, str]]: ...
    def figures(self, now: int, standing: Sequence[tuple[str, str]]) -> Figures | None: ...


@dataclass(frozen=True)
class RulesInfo:
    """Which rules judge now. `refused`: why a newer rule set could not be loaded, one mistake a line; empty
    when all is well. `loaded`: the rules themselves, and what their files say."""

    version: str = ""
    count: int = 0
    refused: str = ""
    loaded: Loaded = field(default_factory=lambda: Loaded(RuleSet(), {}))


@dataclass(frozen=True)
class Backtest:
    """The backtest that runs or ran last: of which rule, how far it is (0 to 1), and what came of it."""

    rule: str
    begun: int
    share: float = 0.0
    answer: Answer | None = None
    problem: str = ""

    @property
    def running(self) -> bool:
        return self.answer is None and not self.problem


class Backtests(Protocol):
    """One at a time, outside this process."""

    def start(self, rule: str) -> bool: ...  # False: one is running
    @property
    def last(self) -> Backtest | None: ...


class Promote(Protocol):
    """Puts a version of a rule in shadow into service. Raises rules.shadow.NotPromoted."""

    def __call__(self, name: str, version: str, by: str, reason: str, /) -> None: ...


@dataclass(frozen=True)
class Push:
    """Web Push: the channel, and the public `key` that a browser needs to subscribe."""

    channel: str
    key: str


@dataclass(frozen=True)
class Service:
    """`apply` takes facts through alerts.desk and wakes delivery and the live stream; its future raises
    alerts.refusal.Refused. `status` is a dict of health: name → word, number or sentence. `demo` starts a
    scenario by name (None: not in demo mode); `scenarios` are (name, zh, en). `zone`: time zone of the
    campus. `rung`: what is left to reach people (alerts/delivery/rungs.py)."""

    read: Callable[[], AbstractContextManager[Connection]]
    transact: Transact
    apply: Apply
    change_people: ChangePeople
    now: Callable[[], int]
    registry: Callable[[], Registry]
    directory: Callable[[], Directory]
    latest: Latest
    history: SeriesSource
    rules: Callable[[], RulesInfo]
    emergency_open: Callable[[], Iterable[UnrecordedAlert]]
    live: Live
    settings: DashboardSettings
    status: Callable[[], Mapping[str, Any]]
    limits: Callable[[], Limits] = Limits
    zone: str = "Asia/Shanghai"
    version: str = ""
    demo: Callable[[str], None] | None = None
    scenarios: Sequence[tuple[str, str, str]] = field(default_factory=tuple)
    backtests: Backtests | None = None
    promote: Promote | None = None
    photos: Photos | None = None
    rung: Callable[[], Rung] = lambda: Rung.GATEWAYS
    push: Callable[[], Push | None] = lambda: None
    called_back: CalledBack = lambda *_: False
    links: Links = Links(b"", "", 0)  # noqa: RUF009 (frozen)
    press: Press = lambda *_: Flaw.FORGED
    send: Callable[[Sequence[Notification]], None] = lambda rows: None  # notices that were just committed
