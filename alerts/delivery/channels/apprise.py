"""Touches. The Apprise channel: the hundred services Apprise knows, each by a URL of the administrator's."""

import logging
import re
from urllib.parse import quote

import apprise
import structlog
from apprise import AppriseAsset, AppriseResultStatus, NotifyFormat, NotifyType
from apprise.manager_plugins import NotificationManager

from alerts.clean import clean
from alerts.delivery.channels.apprise_settings import AppriseSettings
from alerts.delivery.channels.channel import ChannelError, Notice, Receipt
from alerts.delivery.message import SAYS_WHO, Purpose
from rules.verdict import Class

log = structlog.get_logger("alerts.delivery.channels.apprise")

CONNECT, READ = 4.0, 5.0  # seconds: under the ten of one attempt together
SMALL = 500  # characters: a service that carries less gets the one-SMS wording
# Whose alert may be taken at once; the others ask for something else.
TAKEABLE = frozenset(SAYS_WHO | {Purpose.ESCALATE, Purpose.LAPSED, Purpose.OFFERED})
TYPES = {"alarm": NotifyType.FAILURE, "supervisory": NotifyType.WARNING, "trouble": NotifyType.WARNING}

# What it says of a failure is in its result; its own log would hold URLs and addresses besides.
logging.getLogger("apprise").addHandler(logging.NullHandler())
logging.getLogger("apprise").propagate = False
logging.getLogger("apprise").setLevel(logging.WARNING)


# No deadline of Apprise's own: it would put the call into a pool that all channels share.
_ASSET = AppriseAsset(
    async_mode=False, http_redirects=False, service_timeout=0, storage_mode="memory", app_id="Tocsin",
    app_desc="Tocsin", allow_templates=False,
    image_url_mask="", image_url_logo="",  # else every telephone fetches a picture from Apprise's own site
)  # fmt: skip
_MAYBE = re.compile(r"(?i)connection error|timed? ?out")  # all that it says of an answer that never came
_SAMPLES = ("0", "+8613800138000", "duty@example.edu", "a" * 32)  # what an address may look like


def understands(url: str) -> bool:
    """Whether with some address it is something that Apprise can send to."""
    samples = _SAMPLES if "{address}" in url else ("",)
    return any(apprise.Apprise(asset=_ASSET).add(_filled(url, one)) for one in samples)


def services() -> list[str]:
    """What the URLs that Apprise knows begin with."""
    return sorted(NotificationManager().schemas())  # type: ignore[no-untyped-call]


def _filled(url: str, address: str) -> str:
    return url.replace("{address}", quote(address, safe=""))


class Apprise:
    """One Apprise object a call: they are not made to be shared by threads, and hold an address each."""

    def __init__(self, name: str, settings: AppriseSettings) -> None:
        self.name = name
        self.workers = settings.workers
        self._url = settings.url
        if not understands(settings.url):  # asked also to load the services now, not in the first alarm
            log.error("channel is of no use: Apprise does not understand its url", channel=name)

    def send(self, notice: Notice) -> Receipt:
        """Accepted when every service behind the URL accepted; Apprise does not say whether a failure lasts,
        so all are temporary but a URL it does not understand."""
        service = self._service(notice)
        small = min((one.body_maxlen for one in service), default=0) < SMALL
        result = service.notify(
            body=notice.short if small else "\n\n".join(filter(None, (notice.body, notice.invitation))),
            title="" if small else notice.title,
            notify_type=_type(notice),
            body_format=NotifyFormat.TEXT,
        )
        if result.status == AppriseResultStatus.SUCCESS:
            return Receipt(accepted=True, detail=", ".join(str(one.service_name) for one in service))
        said = "; ".join(entry.message for entry in result.logs()) or result.status.name.lower()
        reason = self._without_secrets(said, notice.address)
        unknown = result.status in (AppriseResultStatus.PARTIAL, AppriseResultStatus.TIMEOUT)
        raise ChannelError(
            reason, False, zh=f"Apprise 报告失败：{reason}", unknown=unknown or bool(_MAYBE.search(said))
        )

    def _service(self, notice: Notice) -> apprise.Apprise:
        """Ready to send to one address. The outbox alone tries again, so retries in the URL are off."""
        service = apprise.Apprise(asset=_ASSET)
        if not service.add(_dressed(_filled(self._url, notice.address), notice)):
            raise ChannelError(
                "Apprise does not understand `url` with this address: see its page of URLs", True,
                zh="Apprise 无法识别带此地址的 `url`：请核对其 URL 说明",
            )  # fmt: skip
        for one in service:
            one.retry = 0
            one.redirects = False
            one.socket_connect_timeout, one.socket_read_timeout = CONNECT, READ
        return service

    def _without_secrets(self, said: str, address: str) -> str:
        """Every part of the URL but its scheme and host may be a key, and an address is a person's."""
        scheme, _, rest = self._url.partition("://")
        parts = re.split(
            r"[/:@?&=,{}]+", rest.partition("/")[0].rpartition("@")[0] + "/" + rest.partition("/")[2]
        )
        for part in sorted({*parts, address} - {"", "address"}, key=len, reverse=True):
            if len(part) > 3:
                said = said.replace(part, "***")
        return clean(f"{scheme}: {said}", 300)


def _dressed(url: str, notice: Notice) -> str:
    """What ntfy can do beyond Apprise's common ground (docs.ntfy.sh/publish/): an alarm that nobody has taken
    rings as loud as it can (#message-priority), and buttons stand under it (#action-buttons): one that takes
    at once, one that opens the link's page. What the administrator's URL says stays."""
    if not re.match(r"(?i)ntfys?://", url):
        return url
    asks = notice.purpose in TAKEABLE
    loud = asks and (notice.alert.get("class") == Class.ALARM or notice.alert.get("life_safety") is True)
    more = {"priority": "max"} if loud else {}
    if notice.link:
        # a header: the bytes of UTF-8, as ntfy reads them
        more |= {"actions": _buttons(notice, asks).encode().decode("latin-1"), "click": notice.link}
    added = [f"{name}={quote(said, safe='')}" for name, said in more.items() if f"{name}=" not in url]
    return url + "".join(f"{'&' if '?' in url or n else '?'}{part}" for n, part in enumerate(added))


def _buttons(notice: Notice, asks: bool) -> str:
    take, open_ = ("Take it", "Open") if notice.language == "en" else ("受理", "打开")
    form = "headers.Content-Type=application/x-www-form-urlencoded"
    press = f"http, {take}, {notice.link}, method=POST, {form}, body='act=take', clear=true; "
    alone = asks and not notice.alert.get("more")  # of several it would take the first only
    return f"{press if alone else ''}view, {open_}, {notice.link}"


def _type(notice: Notice) -> NotifyType:
    if notice.purpose == Purpose.CLEAR:
        return NotifyType.SUCCESS
    return TYPES.get(str(notice.alert.get("class")), NotifyType.INFO)
