"""Touches. Doors out: one file a channel, and its lines here."""

from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import Field

from alerts.delivery.channels.channel import Channel
from alerts.delivery.channels.email import Email
from alerts.delivery.channels.mqtt import Mqtt, Publish
from alerts.delivery.channels.null import Null
from alerts.delivery.channels.webhook import Webhook
from alerts.settings import AppriseSettings, EmailSettings, MqttSettings, NullSettings, WebhookSettings

ChannelSettings = Annotated[
    WebhookSettings | AppriseSettings | MqttSettings | EmailSettings | NullSettings,
    Field(discriminator="kind"),
]


def build(
    settings: Mapping[str, ChannelSettings],
    publish: Publish,
    returned: Callable[[int], None],
    now: Callable[[], int],
) -> dict[str, Channel]:
    """The channels of the settings, by name. `publish` is the broker session's; `returned` hears of the loop
    message."""
    return {name: _channel(name, one, publish, returned, now) for name, one in settings.items()}


def _channel(
    name: str,
    settings: ChannelSettings,
    publish: Publish,
    returned: Callable[[int], None],
    now: Callable[[], int],
) -> Channel:
    match settings:
        case WebhookSettings():
            return Webhook(name, settings, now)
        case AppriseSettings():
            # A hundred services: loaded only where one is used.
            from alerts.delivery.channels.apprise import Apprise

            return Apprise(name, settings)
        case MqttSettings():
            return Mqtt(name, settings, publish)
        case EmailSettings():
            return Email(name, settings)
        case NullSettings():
            return Null(name, settings, returned)
