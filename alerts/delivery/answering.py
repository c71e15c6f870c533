"""Touches. People's answers: fetched from each channel that brings any, recorded once, and heard by the desk.

The record, the act and the sentence that is owed back are one transaction; the channel hears that an answer
is recorded only after the commit, so a crash between the two brings it again, and the second is a repeat.
Whoever wrote is known only by the address that is registered for that person on that channel.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future

import msgspec
import structlog
from sqlalchemy import Connection, func, insert, select, update

from alerts import store
from alerts.clean import clean
from alerts.delivery import answers, outbox, unheard
from alerts.delivery.answered import answer as answer
from alerts.delivery.answers import Decided, Meant, Told
from alerts.delivery.channels.channel import Answer, Answering, ChannelError, Receipt
from alerts.delivery.health import Health
from alerts.delivery.message import Purpose
from alerts.delivery.notification import HANDED_OVER, Answered, Failed, Notification
from alerts.delivery.outbox import notification
from alerts.delivery.recording import in_both
from alerts.delivery.rungs import with_own_lines
from alerts.desk import AnyFact, Outcome
from alerts.duty.canary import is_canary
from alerts.duty.people import Directory, Person
from alerts.refusal import Refused
from alerts.tables import alert as alert_table
from rules.verdict import Class

log = structlog.get_logger("alerts.delivery.answering")

KEPT = 90 * 86_400_000  # ms for which the words of an answer are kept
KNOWN = 30 * 86_400_000  # ms for which a code that a person was told can be answered
IDLE_FOR = 600_000  # ms in which
IDLE_REPLIES = 3  # words of one person that led to nothing are replied to
LONGEST = 60.0  # seconds between two looks at a channel that fails
COMMIT = 30.0  # seconds that are waited for the record

Apply = Callable[[Connection, Sequence[AnyFact]], Outcome]


class Ear:
    """Hears answers. `apply` is the desk's door inside a transaction. `wordless` channels carry no sentence
    of ours (approved templates, calls, sirens): a reply there would read like another alarm."""

    def __init__(
        self,
        directory: Callable[[], Directory],
        apply: Apply,
        now: Callable[[], int],
        wordless: Collection[str] = (),
    ) -> None:
        self.directory, self._apply, self._now = directory, apply, now
        self._wordless = wordless

    def hear(self, tx: Connection, channel: str, said: Answer) -> Outcome:
        """Record one answer and do what it means. A repeat does nothing."""
        gateway_id = clean(said.id, 200)
        once = answer.c.channel == channel, answer.c.gateway_id == gateway_id
        if tx.execute(select(answer.c.id).where(*once)).first():
            return Outcome()
        now = self._now()
        tx.execute(update(answer).where(answer.c.at < now - KEPT, answer.c.words != "").values(words=""))
        persons, words = self._senders(channel, said.address, now), clean(said.text, 200)
        values = {"channel": channel, "gateway_id": gateway_id, "at": now, "alert": None}
        if len(persons) != 1:
            unheard.keep(tx, channel, gateway_id, said.address, words, now, shared=bool(persons))
            return Outcome()
        (person,) = persons
        values |= {"person": person.id, "words": words, "result": "heard"}
        number = tx.execute(insert(answer).values(**values).returning(answer.c.id)).scalar_one()
        about = _about(tx, channel, person.id, said.receipt) if said.receipt else set()
        decided = answers.decide(said.text, _told(tx, person.id, now), about, said.at)
        outcome, sentence, result = self.do(tx, decided, person, channel, words)
        alert = decided.told.alert if decided.told else None
        tx.execute(update(answer).where(answer.c.id == number).values(alert=alert, result=result))
        if alert is not None:
            _mark_answered(tx, alert, person.id, channel, said.receipt, words, now)
        door = self._door_back(person, channel, said.address, now)
        if door and not (result in answers.IDLE and _idle(tx, channel, person.id, now) > IDLE_REPLIES):
            outcome.owed += outbox.owe(tx, [_reply(decided, person, *door, sentence, number, now)], now)
        return outcome

    def _senders(self, channel: str, address: str, now: int) -> list[Person]:
        """Where two people share the address it says nothing about who wrote. A telephone number that nobody
        has on this channel is known from the others: each is also told over a modem of our own."""
        directory, there, elsewhere = self.directory(), list[Person](), list[Person]()
        for person in directory.persons.values():
            contacts = directory.contacts(person, now)
            for door in with_own_lines(contacts, [channel]):
                if door.channel == channel and answers.same_address(door.address, address):
                    (there if door in contacts else elsewhere).append(person)
                    break
        return there or elsewhere

    def _door_back(self, person: Person, channel: str, address: str, now: int) -> tuple[str, str] | None:
        """Where the reply goes: the way the answer came, else the person's first contact that takes words."""
        if channel not in self._wordless:
            return channel, address
        contacts = self.directory().contacts(person, now)
        others = ((one.channel, one.address) for one in contacts if one.channel not in self._wordless)
        return next(others, None)

    def do(
        self, tx: Connection, decided: Decided, person: Person, channel: str, words: str
    ) -> tuple[Outcome, str, str]:
        """What came of it, the sentence that is said back, and the result for the record."""
        language, code = person.language, decided.code
        alert = store.read(tx, decided.told.alert) if decided.told else None
        if alert is None or decided.meant is None:
            return Outcome(), answers.sentence(decided, language), decided.result
        if decided.meant is Meant.TAKE and alert.owner == person.id and alert.offered_to != person.id:
            return Outcome(), answers.again(Meant.TAKE, code, language), "repeat"
        said = msgspec.structs.replace(decided, text=answers.TRIED) if is_canary(alert) else decided
        try:
            with tx.begin_nested():
                act = answers.fact(decided.meant, alert, person.id, channel, decided.cause, words)
                outcome = self._apply(tx, [act])
                if decided.meant is Meant.CANNOT and _keeps(tx, alert.id, person.id):
                    said = msgspec.structs.replace(decided, text=answers.KEEPS)
                return outcome, answers.sentence(said, language), decided.meant.value
        except Refused as refusal:
            directory = self.directory()
            reason = refusal.sentence(language, lambda one: directory.name(one, language))
            return Outcome(), answers.refused(code, reason, language), "refused"


def _keeps(tx: Connection, number: int, person: str) -> bool:
    """Whether it is theirs all the same, and no step is due that calls others."""
    alert = store.read(tx, number)
    theirs = alert is not None and alert.open and alert.acknowledged and alert.owner == person
    return bool(theirs and alert and alert.step_due_at is None)


def _told(tx: Connection, person: str, now: int) -> list[Told]:
    """Every alert this person was told of in the last month, with its code."""
    grave = (alert_table.c.life_safety | (alert_table.c.alert_class == Class.ALARM)).label("grave")
    what = notification.c.alert, notification.c.code, alert_table.c.open, grave
    told = select(*what, func.min(notification.c.owed_at).label("since")).group_by(*what)
    joined = told.join(alert_table, alert_table.c.id == notification.c.alert)
    rows = joined.where(notification.c.owed_at > now - KNOWN, notification.c.person == person)
    return [Told(row.alert, row.code, bool(row.open), row.since, bool(row.grave)) for row in tx.execute(rows)]


def _idle(tx: Connection, channel: str, person: str, now: int) -> int:
    """How often this person's words led to nothing lately: two machines would answer each other for ever."""
    lately = answer.c.channel == channel, answer.c.person == person, answer.c.at > now - IDLE_FOR
    idle = select(func.count()).where(*lately, answer.c.result.in_(sorted(answers.IDLE)))
    return int(tx.execute(idle).scalar_one())


def _about(tx: Connection, channel: str, person: str, receipt: str) -> set[int]:
    """The alerts that the message spoke of: several where it was one for many."""
    wanted = select(notification.c.alert).where(
        notification.c.channel == channel,
        notification.c.person == person,
        notification.c.receipt == receipt,
    )
    return set(tx.execute(wanted).scalars())


def _mark_answered(
    tx: Connection, alert: int, person: str, channel: str, receipt: str, words: str, now: int
) -> None:
    """An answer is a receipt: of the message it names, else of the last one on that channel."""
    rows = select(notification.c.id).where(
        notification.c.alert == alert,
        notification.c.person == person,
        notification.c.channel == channel,
        notification.c.purpose != Purpose.ANSWER,
        notification.c.state.in_(HANDED_OVER),
    )
    if receipt:
        rows = rows.where(notification.c.receipt == receipt)
    row = tx.execute(rows.order_by(notification.c.id.desc()).limit(1)).scalar()
    if row is not None:
        outbox.settle(tx, row, Answered(words), now)


def _reply(
    decided: Decided, person: Person, channel: str, address: str, said: str, number: int, now: int
) -> Notification:
    """The answer's number is in its key: a repeat owes nothing twice."""
    return Notification(
        alert=decided.told.alert if decided.told else 0, occurrence=0, step=number, person=person.id,
        channel=channel, address=address, language=person.language, purpose=Purpose.ANSWER,
        code=decided.code, short=said, title=said, body=said, owed_at=now,
        why=in_both("回复其答复", "in reply to their answer"),
    )  # fmt: skip


class Listener:
    """Asks one channel again and again, on a thread of its own. `act` runs one answer in a transaction."""

    def __init__(
        self,
        name: str,
        channel: Answering,
        hear: Callable[[Connection, str, Answer], Outcome],
        act: Callable[[Callable[[Connection], Outcome]], "Future[Outcome]"],
        health: Health,
        now: Callable[[], int],
    ) -> None:
        self._name, self._channel, self._hear, self._act = name, channel, hear, act
        self._health, self._now = health, now
        self._failures = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"answers-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
                self._failures = 0
            except ChannelError as error:
                self._failed(error.zh, error.reason)
            except Exception as error:
                log.exception("answers not recorded yet", channel=self._name)
                self._failed("答复尚未记录", f"answers are not recorded yet ({type(error).__name__})")
            pause = self._channel.listen_every / 1000
            self._stopping.wait(min(LONGEST, pause * (1 << min(self._failures, 10))))

    def look(self) -> None:
        """Fetch, record, and only then say so. One that cannot be recorded holds up no other."""
        wrong: Exception | None = None
        said = self._channel.answers()
        self._health.note(f"{self._name} (answers)", Receipt())
        for one in said:
            try:
                self._act(lambda tx, one=one: self._hear(tx, self._name, one)).result(COMMIT)  # type: ignore[misc]
                self._channel.heard([one.id])
            except Exception as error:
                wrong = error
        if wrong is not None:
            raise wrong

    def _failed(self, zh: str, en: str) -> None:
        self._failures += 1
        self._health.note(f"{self._name} (answers)", Failed(in_both(zh, en), self._now()))


class Listeners:
    """Every channel on which people answer."""

    def __init__(
        self,
        channels: Mapping[str, object],
        ear: Ear,
        act: Callable[[Callable[[Connection], Outcome]], "Future[Outcome]"],
        report: Callable[[str, str, str], None],
        now: Callable[[], int],
    ) -> None:
        health = Health(report)
        self._all = [
            Listener(name, channel, ear.hear, act, health, now)
            for name, channel in channels.items()
            if isinstance(channel, Answering)
        ]

    def start(self) -> None:
        for one in self._all:
            one.start()

    def stop(self) -> None:
        for one in self._all:
            one.stop()
