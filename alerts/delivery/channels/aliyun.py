"""Touches. Aliyun SMS: sent by template, its receipts polled, replies taken from a queue where one is set.

https://help.aliyun.com/document_detail/55284.html (SendSms)
https://help.aliyun.com/document_detail/419277.html (QuerySendDetails)
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from pydantic import Field

from alerts.clean import clean
from alerts.delivery.channels.aliyun_api import BEIJING, AliyunAccount, Api, Endpoint, moment
from alerts.delivery.channels.aliyun_codes import RECEIPTS
from alerts.delivery.channels.aliyun_queue import ReplyQueue, ReplySettings
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
from alerts.delivery.channels.mainland import national
from alerts.delivery.channels.meaning import does_not_exist
from alerts.delivery.channels.rounds import Rounds
from alerts.delivery.template_values import values
from alerts.delivery.templates import Approved, kind_of, no_template

VERSION = "2017-05-25"
FAILED, ARRIVED = 2, 3  # SendStatus; 1 is still waiting for its receipt
AROUND = 60_000  # ms by which their clock and ours may differ at midnight


class AliyunSettings(AliyunAccount):
    """SMS by Aliyun. `sign` is the approved signature without 【】; `templates` the ids of the approved ones;
    `variable_length` what the account allows; `reply_queue` where people may answer."""

    kind: Literal["aliyun"]
    sign: str = Field(
        pattern=r"^[^\s【】\[\]()（）]{2,20}$",
        description="the signature alone: 2 to 20 characters without 【】, brackets and spaces",
    )
    templates: Approved
    variable_length: int = Field(20, ge=6, le=35)
    url: Endpoint = "https://dysmsapi.aliyuncs.com"
    reply_queue: ReplySettings | None = None
    workers: int = Field(4, ge=1, le=32)


class Aliyun:
    """An address is a mobile number, with or without +86."""

    every = 5_000
    listen_every = 5_000

    def __init__(self, name: str, settings: AliyunSettings, now: Callable[[], int]) -> None:
        self.name = name
        self.workers = settings.workers
        self._settings = settings
        self._now = now
        self._api = Api(settings, settings.url, VERSION, now, settings.workers + 1)
        self._rounds = Rounds(self._progress)
        queue = settings.reply_queue
        self._queue = ReplyQueue(settings, queue, now) if queue else None

    def send(self, notice: Notice) -> Receipt:
        """Accepted when Aliyun took it and gave it a number. A repeat is a second SMS."""
        settings = self._settings
        wanted = kind_of(notice)
        kind, template = settings.templates.chosen(wanted)
        if not template:
            why = no_template(self.name, wanted)
            raise ChannelError(why.en, True, zh=why.zh)
        filling = values(notice, kind, settings.sign, settings.variable_length, self._now())
        answer = self._api.call(
            "SendSms",
            {
                "PhoneNumbers": national(notice.address),
                "SignName": settings.sign,
                "TemplateCode": template,
                "TemplateParam": msgspec.json.encode(filling).decode(),
                "OutId": clean(notice.code, 16),
            },
        )
        number = str(answer.get("BizId") or "")
        if not number:
            raise ChannelError("Aliyun gave no BizId for it", False, zh="阿里云没有给出 BizId", unknown=True)
        return Receipt(accepted=True, id=clean(number, 100))

    def ask(self, messages: Sequence[Asked]) -> list[Progress]:
        return self._rounds.ask(messages)

    def _progress(self, asked: Asked) -> Progress | None:
        """Aliyun files by the day in Beijing: a message sent at midnight may lie in either."""
        days = sorted({_day(asked.sent_at - AROUND), _day(asked.sent_at + AROUND)})
        for day in days:
            query = {"PhoneNumber": national(asked.address), "BizId": asked.receipt, "SendDate": day}
            answer = self._api.call("QuerySendDetails", {**query, "PageSize": "10", "CurrentPage": "1"})
            details = answer.get("SmsSendDetailDTOs")
            found = details.get("SmsSendDetailDTO") if isinstance(details, dict) else None
            for one in found if isinstance(found, list) else ():
                if isinstance(one, dict):
                    return _told(asked.receipt, one)
        return None

    def answers(self) -> list[Answer]:
        """Nothing without `reply_queue`: Aliyun has no call that lists replies."""
        return self._queue.answers() if self._queue else []

    def heard(self, ids: Sequence[str]) -> None:
        if self._queue:
            self._queue.heard(ids)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, BEIJING).strftime("%Y%m%d")


def _told(receipt: str, said: Json) -> Progress | None:
    status, code = said.get("SendStatus"), clean(str(said.get("ErrCode") or ""), 60)
    at = moment(said.get("ReceiveDate"))
    if status == ARRIVED:
        return Progress(receipt, Arrival.DELIVERED, at)
    if status != FAILED:
        return None
    words = RECEIPTS.get(code)
    zh, en = (f"{words.zh}（{code}）", f"{words.en} ({code})") if words else (code, code)
    return Progress(receipt, Arrival.LOST, at, en, zh, does_not_exist(code, ""))
