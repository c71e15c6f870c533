"""Touches. Tencent Cloud voice message: a call that reads a template out.

https://cloud.tencent.com/document/api/1128/51558 (SendTtsVoice). What became of a call, and keys pressed in
it, Tencent only pushes to a public address: its API 2020-09-02 has no call that asks. So this channel proves
no more than that Tencent took the call.
"""

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from alerts.clean import clean
from alerts.delivery.channels.channel import ChannelError, Notice, Receipt
from alerts.delivery.channels.mainland import international
from alerts.delivery.channels.tencent_api import Api, Endpoint, TencentAccount
from alerts.delivery.template_values import spoken_values
from alerts.delivery.templates import VOICE, Approved, Kind, kind_of, no_template, slots

VERSION = "2020-09-02"


class TencentVoiceSettings(TencentAccount):
    """Calls by Tencent Cloud. `app_id` is the VoiceSdkAppid; `variable_length` the most that the account
    allows for one variable."""

    kind: Literal["tencent-voice"]
    templates: Approved
    play_times: int = Field(2, ge=1, le=3)
    variable_length: int = Field(60, ge=20, le=240)
    url: Endpoint = "https://vms.tencentcloudapi.com"
    workers: int = Field(4, ge=1, le=32)


class TencentVoice:
    def __init__(self, name: str, settings: TencentVoiceSettings, now: Callable[[], int]) -> None:
        self.name = name
        self.workers = settings.workers
        self._settings = settings
        self._api = Api(settings, settings.url, "vms", VERSION, now, settings.workers)

    def send(self, notice: Notice) -> Receipt:
        settings = self._settings
        wanted = Kind.ALARM if kind_of(notice) is Kind.ESCALATION else kind_of(notice)
        kind, template = settings.templates.chosen(wanted)
        if not template:
            why = no_template(self.name, wanted)
            raise ChannelError(why.en, True, zh=why.zh)
        filling = spoken_values(notice, kind, settings.variable_length)
        answer = self._api.call(
            "SendTtsVoice",
            {
                "TemplateId": template,
                "CalledNumber": international(notice.address),
                "VoiceSdkAppid": settings.app_id,
                "TemplateParamSet": [filling[name] for name in slots(VOICE[kind])],
                "PlayTimes": settings.play_times,
            },
        )
        status = answer.get("SendStatus")
        number = str(status.get("CallId") or "") if isinstance(status, dict) else ""
        if not number:
            raise ChannelError(
                "Tencent Cloud gave no CallId", False, zh="腾讯云没有给出 CallId", unknown=True
            )
        return Receipt(accepted=True, id=clean(number, 100))
