"""Touches. Aliyun voice notification: a call that reads a template out; what became of it is polled.

https://help.aliyun.com/document_detail/393519.html (SingleCallByTts)
https://help.aliyun.com/document_detail/393529.html (QueryCallDetailByCallId: 3 to 5 minutes late)
A key pressed in such a call is not asked for: only IVR calls take keys, and tell of them by push or queue.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from pydantic import Field

from alerts.clean import clean
from alerts.delivery.channels.aliyun_api import BEIJING, AliyunAccount, Api, Endpoint, moment
from alerts.delivery.channels.aliyun_codes import CALLS, DEAD_CALLS
from alerts.delivery.channels.channel import Asked, ChannelError, Notice, Progress, Receipt
from alerts.delivery.channels.exchange import Json
from alerts.delivery.channels.mainland import national
from alerts.delivery.channels.rounds import Rounds
from alerts.delivery.template_values import SPOKEN_TOGETHER, spoken_values
from alerts.delivery.templates import Approved, Kind, kind_of, no_template

VERSION = "2017-05-25"
NOTIFICATION = "11000000300006"  # ProdId of voice notification


class AliyunVoiceSettings(AliyunAccount):
    """Calls by Aliyun. `templates` are TTS_… ids; without `shown_number` it calls from the public pool."""

    kind: Literal["aliyun-voice"]
    templates: Approved
    shown_number: str = Field(
        "",
        pattern=r"^[0-9A-Za-z]{0,32}$",
        description="a number that was bought at Aliyun: digits, and no more than 32",
    )
    play_times: int = Field(2, ge=1, le=3)
    url: Endpoint = "https://dyvmsapi.aliyuncs.com"
    workers: int = Field(4, ge=1, le=32)


class AliyunVoice:
    every = 30_000

    def __init__(self, name: str, settings: AliyunVoiceSettings, now: Callable[[], int]) -> None:
        self.name = name
        self.workers = settings.workers
        self._settings = settings
        self._api = Api(settings, settings.url, VERSION, now, settings.workers + 1)
        self._rounds = Rounds(self._progress)

    def send(self, notice: Notice) -> Receipt:
        """Accepted when Aliyun took the call and gave it a number."""
        settings = self._settings
        wanted = Kind.ALARM if kind_of(notice) is Kind.ESCALATION else kind_of(notice)
        kind, template = settings.templates.chosen(wanted)
        if not template:
            why = no_template(self.name, wanted)
            raise ChannelError(why.en, True, zh=why.zh)
        query = {
            "CalledNumber": national(notice.address),
            "TtsCode": template,
            "TtsParam": msgspec.json.encode(spoken_values(notice, kind, SPOKEN_TOGETHER)).decode(),
            "PlayTimes": str(settings.play_times),
        }
        if settings.shown_number:
            query["CalledShowNumber"] = settings.shown_number
        number = str(self._api.call("SingleCallByTts", query).get("CallId") or "")
        if not number:
            raise ChannelError("Aliyun gave no CallId", False, zh="阿里云没有给出 CallId", unknown=True)
        return Receipt(accepted=True, id=clean(number, 100))

    def ask(self, messages: Sequence[Asked]) -> list[Progress]:
        return self._rounds.ask(messages)

    def _progress(self, asked: Asked) -> Progress | None:
        """QueryDate must be of the call's day, and the 24 hours from it on are searched: the day's start."""
        day = datetime.fromtimestamp(asked.sent_at / 1000, BEIJING).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        query = {
            "CallId": asked.receipt,
            "ProdId": NOTIFICATION,
            "QueryDate": str(int(day.timestamp() * 1000)),
        }
        try:
            data = self._api.call("QueryCallDetailByCallId", query).get("Data")
            said = msgspec.json.decode(str(data or "{}"), type=dict[str, object])
        except msgspec.MsgspecError:
            return None
        return _told(asked.receipt, said)


def _told(receipt: str, said: Json) -> Progress | None:
    code = str(said.get("state") or "")
    if code not in CALLS:
        return None
    arrival, words = CALLS[code]
    at = moment(said.get("startDate")) or moment(said.get("endDate"))
    detail = (f"{words.en} ({code})", f"{words.zh}（{code}）")
    return Progress(receipt, arrival, at, *detail, dead=code in DEAD_CALLS)
