"""Thinks. A channel: one way to reach a person. What it is given, what it answers, how it fails."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

import msgspec

from alerts.delivery.message import Plain
from rules.verdict import Text

INVITED = Text("一键回复（仅限本人，请勿转发）：", "Answer with one tap (yours alone, do not forward):")


class Notice(msgspec.Struct, frozen=True):
    """What a channel is asked to bring to one person.

    `key` is the same for every attempt, so a gateway can tell a repeat. `address` is the person's address on
    this channel ("" takes the channel's own). `short` fits one SMS; `title` and `body` are for channels with
    room. `alert` holds plain values for machines: see alerts/delivery/message.py facts(). `link` answers it
    with one tap, in the person's name: it belongs only where nobody but this person reads.
    """

    key: str
    code: str
    purpose: str
    person: str
    address: str
    language: str
    short: str
    title: str
    body: str
    alert: dict[str, Plain] = {}
    link: str = ""

    @property
    def invitation(self) -> str:
        """The link, with what it is; "" without one."""
        return f"{INVITED.en if self.language == 'en' else INVITED.zh}\n{self.link}" if self.link else ""


class Receipt(msgspec.Struct, frozen=True):
    """What came back. `accepted`: the gateway said yes, not only that it was handed over. `id` is the
    gateway's own number for the message, where it gives one; `detail` its answer in a few words, and `zh` the
    same in Chinese where they are our words."""

    accepted: bool = True
    id: str = ""
    detail: str = ""
    zh: str = ""


class Arrival(StrEnum):
    """What a gateway can prove of a message after it took it."""

    DELIVERED = "delivered"  # it is on the person's device; of a call: somebody picked up
    READ = "read"  # it was opened; of a call: heard to its end
    LOST = "lost"  # the gateway gave up: the message never arrived


class Asked(msgspec.Struct, frozen=True):
    """A message whose fate is asked for: the gateway's `receipt`, the address it went to, when it was sent
    (ms), and how far it is known to have come."""

    receipt: str
    address: str
    sent_at: int
    known: Arrival | None = None


class Progress(msgspec.Struct, frozen=True):
    """What a gateway says of a message: of which `receipt`, what, when (ms; 0 where it gives no time), and in
    which words. `dead`: the number or address does not exist, so trying it again never helps."""

    receipt: str
    arrival: Arrival
    at: int = 0
    detail: str = ""
    zh: str = ""
    dead: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What a person sent back: from which address, which words or key, when (ms), under the gateway's own
    number `id` (one answer that is fetched twice counts once). `receipt`: the message it answers, where the
    gateway tells; else the words must hold the code."""

    id: str
    address: str
    text: str
    at: int
    receipt: str = ""


class ChannelError(Exception):
    """The channel could not bring it. `reason` is a sentence for a person and holds no secret; `zh` is the
    same in Chinese.

    `permanent`: trying again cannot help. `unknown`: it may have gone out all the same. `retry_after`: ms
    the gateway asked us to wait. `status`: what HTTP called it, 0 for nothing. `dead`: it is permanent
    because the number or address does not exist. `personal`: it is about this message or number alone, like a
    limit for each number, and says nothing of the gateway.
    """

    def __init__(
        self,
        reason: str,
        permanent: bool,
        *,
        zh: str = "",
        unknown: bool = False,
        retry_after: int | None = None,
        status: int = 0,
        dead: bool = False,
        personal: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.zh = zh or reason
        self.permanent = permanent
        self.unknown = unknown
        self.retry_after = retry_after
        self.status = status
        self.dead = dead
        self.personal = personal


class Subscription(msgspec.Struct, frozen=True):
    """A device on which a person has switched notifications on. `endpoint` is where its push service takes
    messages for it; `p256dh` is its public key and `auth` its secret, as browsers write them (base64url)."""

    person: str
    endpoint: str
    p256dh: str
    auth: str
    device: str = ""
    since: int = 0
    id: int = 0


class Devices(Protocol):
    """Where subscriptions are kept."""

    def of(self, person: str) -> Sequence[Subscription]:
        """Those of a person."""

    def gone(self, one: Subscription) -> None:
        """Its push service says that it takes nothing for it any more."""


class Channel(Protocol):
    """One way to reach a person. `workers` is how many notices it may carry at once."""

    name: str
    workers: int

    def send(self, notice: Notice) -> Receipt:
        """Bring one notice; blocks for ten seconds at most, raises ChannelError. Used by several threads."""


@runtime_checkable
class Tracked(Protocol):
    """A channel whose gateway can be asked what became of a message. A campus has no public address, so it is
    asked, never waited for to call. `every`: ms between two questions about a message that is still young."""

    every: int

    def ask(self, messages: Sequence[Asked]) -> list[Progress]:
        """What is new; nothing for those of which nothing is known yet. Blocks for ten seconds at most,
        raises ChannelError. One thread."""


@runtime_checkable
class Answering(Protocol):
    """A channel on which people answer. `listen_every`: ms between two looks."""

    listen_every: int

    def answers(self) -> list[Answer]:
        """What came since `heard` was last called; the same again until then. Blocks for ten seconds at most,
        raises ChannelError. One thread."""

    def heard(self, ids: Sequence[str]) -> None:
        """These are recorded, and need not come again."""


@runtime_checkable
class CalledBack(Protocol):
    """A channel whose gateway also calls us, where there is a public address for it."""

    def called_back(self, form: Mapping[str, str], signature: str) -> bool:
        """What it says is kept for the next ask() or answers(). False when it is not the gateway that says
        so; used by several threads."""


@runtime_checkable
class OneByOne(Protocol):
    """A channel on which a program reads: each notice is a message of its own."""

    one_by_one: Literal[True]


@runtime_checkable
class Local(Protocol):
    """A channel that needs no Internet: a modem of our own."""

    local: Literal[True]


@runtime_checkable
class Standing(Protocol):
    """A channel whose notices leave a lasting state behind: a siren that sounds until the all-clear."""

    def restore(self, notices: list[Notice]) -> None:
        """At start: the last notice of each alert that is still open, oldest first."""
