"""Touches. Tries one channel by hand, and says in words what came of it."""

import time

import msgspec

from alerts.delivery.channels.channel import Arrival, Asked, Channel, ChannelError, Notice, Tracked
from alerts.delivery.message import Purpose, Subject, facts, words
from alerts.delivery.tested import SAID, Stage
from ingest.bilingual import both, told
from rules.verdict import Class, Text

TITLE = Text("这是一条测试通知", "this is a test notice")
WHERE = Text("Tocsin 警钟", "Tocsin")
LEAST_PAUSE = 0.05  # seconds between two questions
NO_ACTION = Text("无需处置", "nothing to do")


class Tested(msgspec.Struct, frozen=True):
    """`said` is a sentence for a person, and holds no secret."""

    ok: bool
    said: str


def send_test(
    channel: Channel, person: str, address: str, language: str, now: int, patience: float = 0
) -> Tested:
    """Send one notice of purpose "test" and wait for the answer, for about ten seconds at most; then as many
    seconds as `patience` for the receipt, where the gateway can be asked."""
    began = time.monotonic()
    try:
        receipt = channel.send(trial_notice(person, address, language, now))
    except ChannelError as error:
        return Tested(False, _failure(channel.name, error, language))
    if patience and receipt.id and isinstance(channel, Tracked):
        return _followed(channel.name, channel, Asked(receipt.id, address, now), language, began + patience)
    took = int((time.monotonic() - began) * 1000)
    answer = f" ({receipt.detail})" if receipt.detail else ""
    if receipt.accepted:
        zh, en = (
            f"{channel.name}：已被接受{answer}，用时 {took} 毫秒",
            f"{channel.name}: accepted{answer} in {took} ms",
        )
    else:
        zh, en = (
            f"{channel.name}：已发出{answer}，此通道不给回执",
            f"{channel.name}: sent{answer}; it gives no receipt",
        )
    return Tested(True, en if language == "en" else zh)


def _followed(name: str, channel: Tracked, message: Asked, language: str, until: float) -> Tested:
    """Nobody else asks this gateway meanwhile: with a service running the try goes through its outbox."""
    wrong = ""
    while time.monotonic() < until:
        time.sleep(max(LEAST_PAUSE, channel.every / 1000))
        try:
            heard = [one for one in channel.ask([message]) if one.receipt == message.receipt]
        except ChannelError as error:
            wrong = error.zh if language != "en" else error.reason
            continue
        for one in heard:
            said = both(one.zh or one.detail, one.detail) if one.detail else ""
            lost = one.arrival is Arrival.LOST
            found = SAID[Stage.FAILED if lost else Stage.ARRIVED]
            return Tested(not lost, told(f"{name}: {found}" + (f": {said}" if said else ""), language))
    return Tested(False, told(f"{name}: {SAID[Stage.SILENT]}" + (f": {wrong}" if wrong else ""), language))


def trial_notice(person: str, address: str, language: str, now: int) -> Notice:
    subject = Subject(
        code="TEST", title=TITLE, alert_class=Class.STATUS, moment=now, todo=NO_ACTION, mode="test"
    )  # fmt: skip
    text = words(subject, Purpose.TEST, [WHERE], language)
    return Notice(
        key=f"test/{now}",
        code=subject.code,
        purpose=Purpose.TEST,
        person=person,
        address=address,
        language=language,
        short=text.short,
        title=text.title,
        body=text.body,
        alert=facts(subject, Purpose.TEST, [WHERE]),
    )


def _failure(name: str, error: ChannelError, language: str) -> str:
    if language != "en":
        after = "重试无济于事，请先改正" if error.permanent else "真实通知会自动重试"
        doubt = "；对方可能已经收到" if error.unknown else ""
        return f"{name}：失败。{error.zh}{doubt}。{after}。"
    after = (
        "Trying again cannot help: correct it first" if error.permanent else "A real notice is tried again"
    )
    doubt = "; it may have arrived all the same" if error.unknown else ""
    return f"{name}: failed. {error.reason}{doubt}. {after}."
