"""Touches. Doors out: one file a channel, and its lines here."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from alerts.delivery.channels.acknowledged import Acknowledged
from alerts.delivery.channels.aliyun import Aliyun, AliyunSettings
from alerts.delivery.channels.aliyun_voice import AliyunVoice, AliyunVoiceSettings
from alerts.delivery.channels.apprise_settings import AppriseSettings
from alerts.delivery.channels.channel import Channel, Devices
from alerts.delivery.channels.dingtalk import Dingtalk, DingtalkSettings
from alerts.delivery.channels.email import Email, EmailSettings
from alerts.delivery.channels.feishu import Feishu, FeishuSettings
from alerts.delivery.channels.gammu import Gammu, GammuSettings
from alerts.delivery.channels.mqtt import Mqtt, MqttSettings, Publish
from alerts.delivery.channels.null import Null, NullSettings
from alerts.delivery.channels.tencent import Tencent, TencentSettings
from alerts.delivery.channels.tencent_voice import TencentVoice, TencentVoiceSettings
from alerts.delivery.channels.twilio import Twilio, TwilioSettings
from alerts.delivery.channels.twilio_voice import TwilioVoice, TwilioVoiceSettings
from alerts.delivery.channels.webhook import Webhook, WebhookSettings
from alerts.delivery.channels.webpush_settings import WebpushSettings
from alerts.delivery.channels.wecom import Wecom, WecomSettings

ChannelSettings = Annotated[
    WebhookSettings
    | AppriseSettings
    | MqttSettings
    | EmailSettings
    | WecomSettings
    | DingtalkSettings
    | FeishuSettings
    | GammuSettings
    | AliyunSettings
    | AliyunVoiceSettings
    | TencentSettings
    | TencentVoiceSettings
    | TwilioSettings
    | TwilioVoiceSettings
    | WebpushSettings
    | NullSettings,
    Field(discriminator="kind"),
]


def build(
    settings: Mapping[str, ChannelSettings],
    publish: Publish,
    returned: Callable[[int], None],
    now: Callable[[], int],
    folder: Path = Path(),
    devices: Devices | None = None,
) -> dict[str, Channel]:
    """The channels of the settings, by name. `publish` is the broker session's; `returned` hears of the loop
    message; `folder` keeps the key of Web Push, and `devices` are those that people have subscribed."""
    return {
        name: _channel(name, one, publish, returned, now, folder, devices) for name, one in settings.items()
    }


def _channel(
    name: str,
    settings: ChannelSettings,
    publish: Publish,
    returned: Callable[[int], None],
    now: Callable[[], int],
    folder: Path,
    devices: Devices | None,
) -> Channel:
    match settings:
        case WebhookSettings():
            return Webhook(name, settings, now)
        case AppriseSettings():
            # A hundred services: loaded only where one is used.
            from alerts.delivery.channels.apprise import Apprise

            return Apprise(name, settings)
        case MqttSettings():
            return (
                Acknowledged(name, settings, publish, now)
                if settings.acknowledge
                else Mqtt(name, settings, publish)
            )
        case EmailSettings():
            return Email(name, settings)
        case WecomSettings():
            return Wecom(name, settings, now)
        case DingtalkSettings():
            return Dingtalk(name, settings, now)
        case FeishuSettings():
            return Feishu(name, settings, now)
        case GammuSettings():
            return Gammu(name, settings, now)
        case AliyunSettings():
            return Aliyun(name, settings, now)
        case AliyunVoiceSettings():
            return AliyunVoice(name, settings, now)
        case TencentSettings():
            return Tencent(name, settings, now)
        case TencentVoiceSettings():
            return TencentVoice(name, settings, now)
        case TwilioSettings():
            return Twilio(name, settings, now)
        case TwilioVoiceSettings():
            return TwilioVoice(name, settings, now)
        case WebpushSettings():
            from alerts.delivery.channels.webpush import Webpush  # cryptography, only where it is used

            return Webpush(name, settings, folder / "webpush.pem", devices, now)
        case NullSettings():
            return Null(name, settings, returned)
