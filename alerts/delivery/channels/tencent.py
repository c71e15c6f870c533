"""Touches. Tencent Cloud SMS: sent by template; receipts and replies polled, number by number.

https://cloud.tencent.com/document/api/382/55981 (SendSms)
https://www.tencentcloud.com/document/product/382/40518 (PullSmsSendStatusByPhoneNumber), …/40520
(PullSmsReplyStatusByPhoneNumber), …/40521 (PullSmsReplyStatus: only after Tencent has opened it)
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Literal
from zlib import crc32

from pydantic import Field

from alerts.clean import clean
from alerts.delivery.channels.channel import (
    Answer,
    Arrival,
    Asked,
    ChannelError,
    Notice,
    Progress,
    Receipt,
)
from alerts.delivery.channels.exchange import Json
from alerts.delivery.channels.mainland import international
from alerts.delivery.channels.meaning import does_not_exist
from alerts.delivery.channels.rounds import ROUND, Rounds
from alerts.delivery.channels.tencent_api import Api, Endpoint, TencentAccount
from alerts.delivery.channels.tencent_codes import meaning
from alerts.delivery.channels.twilio_status import REMEMBERED
from alerts.delivery.template_values import values
from alerts.delivery.templates import SMS as TEXTS
from alerts.delivery.templates import Approved, kind_of, no_template, slots

VERSION = "2021-01-11"
BEFORE = 300  # seconds before it was sent from which on it is looked for: their clock may differ
ANSWERED = 7_200_000  # ms after a notice for which its number is asked for replies
AT_ONCE = 10  # numbers asked for replies in one look; Tencent allows 20 a second
PAGE = 100


class TencentSettings(TencentAccount):
    """SMS by Tencent Cloud. `sign` is the approved signature; `variable_length` is what the console shows for
    the account (6 for those opened since 2024); `reply_queue` once Tencent has opened PullSmsReplyStatus."""

    kind: Literal["tencent"]
    sign: str = Field(
        pattern=r"^[^\s【】\[\]()（）]{2,20}$",
        description="the signature alone: 2 to 20 characters without 【】, brackets and spaces",
    )
    templates: Approved
    variable_length: int = Field(6, ge=6, le=35)
    reply_queue: bool = False
    url: Endpoint = "https://sms.tencentcloudapi.com"
    workers: int = Field(4, ge=1, le=32)


class Tencent:
    """An address is a mobile number, with or without +86."""

    every = 5_000
    listen_every = 5_000

    def __init__(self, name: str, settings: TencentSettings, now: Callable[[], int]) -> None:
        self.name = name
        self.workers = settings.workers
        self._settings = settings
        self._now = now
        self._api = Api(settings, settings.url, "sms", VERSION, now, settings.workers + 2)
        self._rounds = Rounds(self._progress)
        self._lock = threading.Lock()
        self._told: dict[str, int] = {}  # numbers that may answer: when they were last written to
        self._waiting: dict[str, Answer] = {}
        self._heard: dict[str, None] = {}

    def send(self, notice: Notice) -> Receipt:
        """Accepted when Tencent took it and gave it a number. A repeat is a second SMS."""
        settings = self._settings
        wanted = kind_of(notice)
        kind, template = settings.templates.chosen(wanted)
        if not template:
            why = no_template(self.name, wanted)
            raise ChannelError(why.en, True, zh=why.zh)
        number = international(notice.address)
        filling = values(notice, kind, settings.sign, settings.variable_length, self._now())
        answer = self._api.call(
            "SendSms",
            {
                "PhoneNumberSet": [number],
                "SmsSdkAppId": settings.app_id,
                "TemplateId": template,
                "SignName": settings.sign,
                "TemplateParamSet": [filling[name] for name in slots(TEXTS[kind])],
            },
        )
        receipt = _accepted(answer)
        self._may_answer(number, self._now())
        return receipt

    def ask(self, messages: Sequence[Asked]) -> list[Progress]:
        return self._rounds.ask(messages)

    def _progress(self, asked: Asked) -> Progress | None:
        number = international(asked.address)
        self._may_answer(number, asked.sent_at)  # after a restart too
        query = self._of(number, asked.sent_at // 1000 - BEFORE)
        said = self._api.call("PullSmsSendStatusByPhoneNumber", query).get("PullSmsSendStatusSet")
        for one in said if isinstance(said, list) else ():
            if isinstance(one, dict) and one.get("SerialNo") == asked.receipt:
                return _told(asked.receipt, one)
        return None

    def _of(self, number: str, since: int) -> Json:
        oldest = self._now() // 1000 - 7 * 86_400 + 60  # Tencent keeps a week
        return {
            "BeginTime": max(since, oldest),
            "Offset": 0,
            "Limit": PAGE,
            "PhoneNumber": number,
            "SmsSdkAppId": self._settings.app_id,
        }

    def _may_answer(self, number: str, at: int) -> None:
        with self._lock:
            self._told[number] = max(at, self._told.get(number, 0))

    def answers(self) -> list[Answer]:
        """From the queue where Tencent has opened it; it gives each reply once, so what is not heard yet is
        kept here. And of the numbers that were written to lately, a few in turn: that can be asked again."""
        until = time.monotonic() + ROUND
        if self._settings.reply_queue:
            query = {"Limit": PAGE, "SmsSdkAppId": self._settings.app_id}
            self._keep(_listed(self._api.call("PullSmsReplyStatus", query)))
        for _ in range(min(AT_ONCE, len(self._told))):
            turn = self._turn()
            if turn is None or time.monotonic() >= until:
                break
            number, at = turn
            query = self._of(number, at // 1000 - BEFORE)
            self._keep(_listed(self._api.call("PullSmsReplyStatusByPhoneNumber", query)))
        return list(self._waiting.values())

    def _turn(self) -> tuple[str, int] | None:
        """Whose turn it is; who had it goes to the end of the line."""
        with self._lock:
            self._told = {n: at for n, at in self._told.items() if self._now() - at < ANSWERED}
            number = next(iter(self._told), None)
            if number is None:
                return None
            at = self._told[number] = self._told.pop(number)
        return number, at

    def _keep(self, replies: Sequence[object]) -> None:
        for said in replies:
            answer = _answer(said)
            if answer and answer.id not in self._heard:
                self._waiting[answer.id] = answer

    def heard(self, ids: Sequence[str]) -> None:
        self._heard |= dict.fromkeys(ids)
        while len(self._heard) > REMEMBERED:
            del self._heard[next(iter(self._heard))]
        for one in ids:
            self._waiting.pop(one, None)


def _accepted(answer: Json) -> Receipt:
    statuses = answer.get("SendStatusSet")
    status = statuses[0] if isinstance(statuses, list) and statuses else {}
    said = status if isinstance(status, dict) else {}
    code, number = str(said.get("Code", "")), str(said.get("SerialNo") or "")
    if code == "Ok" and number:
        return Receipt(accepted=True, id=clean(number, 100))
    if code and code != "Ok":
        raise meaning(code).error(code, str(said.get("Message", "")))
    raise ChannelError(
        "Tencent Cloud gave no SerialNo for it", False, zh="腾讯云没有给出 SerialNo", unknown=True
    )


def _told(receipt: str, said: Json) -> Progress | None:
    status, words = said.get("ReportStatus"), clean(str(said.get("Description") or ""), 120)
    at = said.get("UserReceiveTime")
    moment = at * 1000 if isinstance(at, int) else 0
    if status == "SUCCESS":
        return Progress(receipt, Arrival.DELIVERED, moment)
    if status == "FAIL":
        return Progress(receipt, Arrival.LOST, moment, words, words, does_not_exist(words, words))
    return None


def _listed(answer: Json) -> list[object]:
    found = answer.get("PullSmsReplyStatusSet")
    return found if isinstance(found, list) else []


def _answer(said: object) -> Answer | None:
    """Tencent gives a reply no number: who, when and what make one."""
    if not isinstance(said, dict):
        return None
    at, text = said.get("ReplyTime"), clean(str(said.get("ReplyContent", "")), 400)
    try:
        address = international(str(said.get("PhoneNumber", "")))
    except ChannelError:
        return None
    seconds = at if isinstance(at, int) else 0
    return Answer(f"{address}/{seconds}/{crc32(text.encode()):08x}", address, text, seconds * 1000)
