"""Touches. Tries one channel by hand, and says in words what came of it."""

import time

import msgspec

from alerts.delivery.channels.channel import Channel, ChannelError, Notice
from alerts.delivery.message import Purpose, Subject, facts, words
from rules.verdict import Class, Text

TITLE = Text("这是一条测试通知", "this is a test notice")
WHERE = Text("Tocsin 警钟", "Tocsin")
NO_ACTION = Text("无需处置", "nothing to do")


class Tested(msgspec.Struct, frozen=True):
    """`said` is a sentence for a person, and holds no secret."""

    ok: bool
    said: str


def send_test(channel: Channel, person: str, address: str, language: str, now: int) -> Tested:
    """Send one notice of purpose "test" and wait for the answer, for about ten seconds at most."""
    began = time.monotonic()
    try:
        receipt = channel.send(_notice(person, address, language, now))
    except ChannelError as error:
        return Tested(False, _failure(channel.name, error, language))
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


def _notice(person: str, address: str, language: str, now: int) -> Notice:
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
