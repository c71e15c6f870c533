"""Thinks. A notification: what one person is owed by one channel; its states; when it is moot.

queued → claimed → sent → accepted → delivered → read → answered, or failed, or cancelled. What a gateway
proves may come twice, late, out of order and after a failure: it only ever leads further (COMES_FROM).
"""

from enum import StrEnum
from zlib import crc32

import msgspec

from alerts.delivery.channels.channel import Arrival, Notice, Progress, Receipt
from alerts.delivery.message import Plain, Purpose
from ingest.bilingual import both

STALE = 600_000  # ms after which a first notice of an alert that is closed is no news any more
DAY = 86_400_000  # ms for which an all-clear is tried, and a receipt is asked for
READ_FOR = 600_000  # ms after which nobody asks any more whether what was delivered was read
SELDOM = 3_600_000  # ms between two questions about one message at most
STEPS = frozenset({Purpose.ESCALATE, Purpose.LAPSED, Purpose.OVERDUE})  # wait for an act that may come first
# What starts a ladder, and says nothing new to anybody once the alert is hidden.
STARTS = frozenset({Purpose.RAISE, Purpose.AGAIN, Purpose.RELEASED, Purpose.REAL, Purpose.GONE})


class State(StrEnum):
    QUEUED = "queued"
    CLAIMED = "claimed"  # a process has it in hand, for as long as its lease lasts
    SENT = "sent"  # handed over
    ACCEPTED = "accepted"  # the gateway said yes
    DELIVERED = "delivered"  # it is on the person's device; of a call: somebody picked up
    READ = "read"
    ANSWERED = "answered"  # by the person
    FAILED = "failed"  # for good: trying again cannot help
    CANCELLED = "cancelled"


UNDECIDED = frozenset({State.QUEUED, State.CLAIMED})
HANDED_OVER = (State.SENT, State.ACCEPTED, State.DELIVERED, State.READ, State.ANSWERED)  # each proves more


def _less_proven(than: State) -> frozenset[State]:
    return frozenset(State) - frozenset(HANDED_OVER[HANDED_OVER.index(than) :])


COMES_FROM = {  # a change that is not here changes nothing
    State.QUEUED: UNDECIDED,
    State.CLAIMED: UNDECIDED,
    State.FAILED: UNDECIDED,
    State.CANCELLED: UNDECIDED,
    State.SENT: UNDECIDED | {State.CANCELLED},  # under way when it was cancelled
    State.ACCEPTED: UNDECIDED | {State.CANCELLED, State.SENT},
    State.DELIVERED: _less_proven(State.DELIVERED),  # whatever was said before: there it is
    State.READ: _less_proven(State.READ),
    State.ANSWERED: _less_proven(State.ANSWERED),
}
LOST_FROM = frozenset({State.SENT, State.ACCEPTED})  # the gateway gave up what it had taken


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """What one person (`person` id; "" for a siren) is owed by one channel, with its words already made.

    `id` is None until owe() has written it, and stays None for one that could not be written (a failing
    commit): it is sent all the same. `why` says why this person is told now. `step` and `round` count from 0.
    `patience`: ms after which the person's next contact is told too, if nothing proves that this one arrived;
    0 where none ever is.
    """

    alert: int
    occurrence: int
    step: int
    round: int = 0
    person: str
    channel: str
    address: str = ""
    language: str = "zh"
    purpose: Purpose
    code: str
    short: str
    title: str
    body: str
    facts: dict[str, Plain] = {}
    why: str = ""
    life_safety: bool = False
    patience: int = 0
    owed_at: int = 0
    attempts: int = 0
    doubtful: int = 0
    id: int | None = None

    @property
    def is_trial(self) -> bool:
        """Whether somebody only tries the channel."""
        return self.purpose is Purpose.TEST

    @property
    def key(self) -> str:
        """What makes it one and the same notice; also the Idempotency-Key a gateway sees. A person with two
        addresses on one channel is owed one at each, told apart without giving the address away. What is not
        recorded may come again in another outage: then it is another notice, told apart by its moment."""
        cause = str(self.alert) if self.alert else f"unrecorded-{self.code}/{self.owed_at}"
        door = f"{self.channel}#{crc32(self.address.encode()):08x}" if self.address else self.channel
        return f"{cause}/{self.occurrence}/{self.step}/{self.round}/{self.person}/{door}/{self.purpose}"

    def notice(self) -> Notice:
        """As a channel sees it."""
        return Notice(
            key=self.key,
            code=self.code,
            purpose=self.purpose,
            person=self.person,
            address=self.address,
            language=self.language,
            short=self.short,
            title=self.title,
            body=self.body,
            alert=self.facts,
        )


class Failed(msgspec.Struct, frozen=True):
    """An attempt that did not succeed. `retry_at` (ms) is None when trying again cannot help; `unknown`
    when the message may have gone out all the same; `dead`: there is no such number or address; `personal`:
    it says nothing of the gateway."""

    reason: str
    retry_at: int | None
    unknown: bool = False
    dead: bool = False
    personal: bool = False


class Held(msgspec.Struct, frozen=True):
    """It was not tried: not before `until` (ms), because of `reason`."""

    until: int
    reason: str


class Cancelled(msgspec.Struct, frozen=True):
    reason: str


class Answered(msgspec.Struct, frozen=True):
    """The person has answered, whatever the answer was and however it came."""

    note: str = ""


# Why one is held: none of them is a failure.
BLOCKED = both("网关中断，暂缓发送", "its gateway does not work: it waits")
GATHERED = both("短时间内消息过多，合并后发送", "many messages in a short time: it waits to go with others")
FULL = both("等候发送的通知过多", "too many wait in line")
HOLDS = frozenset({BLOCKED, GATHERED, FULL})

Outcome = Receipt | Failed | Held | Cancelled | Progress | Answered


class Lost(msgspec.Struct, frozen=True):
    """A notice that can never be delivered, and why. `dead`: there is no such number or address."""

    row: Notification
    reason: str
    dead: bool = False


def turn(outcome: Outcome) -> tuple[State, frozenset[State]]:
    """The state that an outcome leads to, and those from which it does."""
    match outcome:
        case Receipt():
            to = State.ACCEPTED if outcome.accepted else State.SENT
        case Failed():
            to = State.FAILED if outcome.retry_at is None else State.QUEUED
        case Held():
            to = State.QUEUED
        case Cancelled():
            to = State.CANCELLED
        case Answered():
            to = State.ANSWERED
        case Progress():
            if outcome.arrival is Arrival.LOST:
                return State.FAILED, LOST_FROM
            to = State(outcome.arrival.value)
    return to, COMES_FROM[to]


def after(state: State, outcome: Outcome) -> State:
    """The state once this outcome is heard."""
    to, sources = turn(outcome)
    return to if state in sources else state


def ask_again(every: int, age: int, known: Arrival | None) -> int | None:
    """ms until a gateway is asked again about a message this old; None when nothing more is to be learned.
    Less and less often: what did not arrive in the first minutes may take hours."""
    if known in (Arrival.READ, Arrival.LOST) or age > (READ_FOR if known else DAY):
        return None
    return max(every, min(age // 4, SELDOM))


def no_such_channel(name: str) -> Failed:
    return Failed(
        f"the settings name no channel {name!r}: add it under `channels`, or correct the policy", None
    )


class Moot(StrEnum):
    """Why a notice was cancelled at the moment of sending: what its `note` says."""

    CLOSED = "closed"  # the alert is closed
    TAKEN = "taken"  # somebody has acknowledged it
    MOVED = "moved"  # the person is not reached at this address any more
    INHIBITED = "inhibited"  # shelved, suppressed or out of service by now
    REPLACED = "replaced"  # it could not be delivered, and a newer notice to the same person is on its way


class Standing(msgspec.Struct, frozen=True):
    """An alert as it stands at the moment of sending. `replaced`: a newer notice of it to the same address is
    owed already, or was brought. `ended`: it was closed after this notice was owed."""

    open: bool
    taken: bool
    inhibited: bool
    replaced: bool
    ended: bool = False


def moot(row: Notification, alert: Standing, now: int) -> Moot | None:
    """Whether it has become pointless since it was owed. First notices are sent, unless the alert has ended
    since then (nobody is to run to a fire that is over, nor to hear of it after the all-clear), was closed
    long ago, or is hidden by now and no matter of life safety; an all-clear is tried for a day; a siren is
    never started for a closed alert."""
    if row.is_trial:
        return None
    if row.purpose is Purpose.CLEAR:
        return Moot.CLOSED if row.person and now - row.owed_at > DAY else None
    if not alert.open:
        first = (
            row.purpose not in STEPS
            and row.person
            and not (alert.ended and row.purpose is not Purpose.ANSWER)
        )
        return None if first and now - row.owed_at <= STALE else Moot.CLOSED
    if row.purpose not in STEPS:
        hidden = alert.inhibited and row.purpose in STARTS and not row.life_safety
        return Moot.INHIBITED if hidden else None
    if alert.taken and row.purpose is not Purpose.OVERDUE:
        return Moot.TAKEN
    if alert.inhibited:
        return Moot.INHIBITED
    return Moot.REPLACED if row.attempts and alert.replaced else None


def wants_another(row: Notification, alert: Standing) -> bool:
    """Whether it is worth telling the person's next contact, when this one did not prove to arrive. What only
    looks for somebody is not, once somebody has it."""
    if row.purpose in (Purpose.TEST, Purpose.CLEAR) or not (row.person and alert.open):
        return False
    looks = row.purpose in STARTS or row.purpose in (Purpose.ESCALATE, Purpose.LAPSED)
    return not (looks and (alert.taken or (alert.inhibited and not row.life_safety)))
