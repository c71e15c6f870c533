"""Touches. The Web Push channel: encrypted messages to the browsers and telephones a person allowed it on.

RFC 8030 (the push service), 8291 (encryption: only the device can read it) and 8292 (VAPID: who sends). The
push service proves that it took a message; that it was shown, and opened, the device tells us itself.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import http_ece
from cryptography.exceptions import InvalidKey, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from alerts.clean import clean, cut
from alerts.delivery.channels.channel import (
    Arrival,
    Asked,
    ChannelError,
    Devices,
    Notice,
    Progress,
    Receipt,
    Subscription,
)
from alerts.delivery.channels.exchange import Exchange, retry_after
from alerts.delivery.channels.webpush_settings import WebpushSettings
from rules.verdict import Class

GONE = frozenset({404, 410})  # RFC 8030 §7.3
LONGEST = 900  # characters of text: even in Chinese below the 4,096 bytes of RFC 8030 §7.2, with all else
SHORT = 200  # for a push service that finds that too large
TOKEN_LASTS = 12 * 3600  # seconds; RFC 8292 §2 allows 24 hours
REMEMBERED = 5_000
ARRIVALS = {"shown": Arrival.DELIVERED, "opened": Arrival.READ}


class Webpush:
    """A contact on it needs no address: it means all devices of the person."""

    every = 5_000

    def __init__(
        self, name: str, settings: WebpushSettings, key: Path, devices: Devices | None, now: Callable[[], int]
    ) -> None:
        self.name = name
        self.workers = settings.workers
        self._settings, self._devices, self._now = settings, devices, now
        self._vapid = vapid(key)
        self._secret = hashlib.sha256(b"marks " + self._vapid.private_pem()).digest()
        self._exchange = Exchange("", settings.workers, settings.ca, inside=settings.inside)
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[Arrival, int]] = {}  # mark of a message → what its device said, when

    @property
    def public_key(self) -> str:
        """What a browser has to know to subscribe."""
        return public_key(self._vapid)

    def send(self, notice: Notice) -> Receipt:
        """Accepted when the push service of one device at least took it."""
        if self._devices is None:
            raise ChannelError("only the running service can push", False, zh="只有运行中的服务才能推送")
        devices = self._devices.of(notice.person)
        if not devices:
            raise ChannelError(
                "this person has switched notifications on on no device (page: my account)", True,
                zh="此人没有在任何设备上开启推送（见“我的账号”页）", dead=True,
            )  # fmt: skip
        mark = self._mark(secrets.token_hex(8))
        with ThreadPoolExecutor(len(devices)) as pool:
            failures = list(pool.map(lambda one: self._push(one, notice, mark), devices))
        took = failures.count(None)
        if not took:
            raise _worst([one for one in failures if one is not None])
        many = f"{took}/{len(devices)}"
        return Receipt(id=mark, detail=f"{many} devices", zh=f"{many} 台设备")

    def ask(self, messages: Sequence[Asked]) -> list[Progress]:
        """What devices have said themselves since the last question."""
        with self._lock:
            said = {one.receipt: self._seen.pop(one.receipt, None) for one in messages}
        return [Progress(receipt, *found) for receipt, found in said.items() if found is not None]

    def called_back(self, form: Mapping[str, str], signature: str) -> bool:
        """A device says that it has shown a message, or that it was opened: whoever knows its mark has it.
        A mark that is not of our making is refused: anybody can call, and what is kept here is bounded."""
        mark, arrival = form.get("mark", ""), ARRIVALS.get(form.get("what", ""))
        if arrival is None or not hmac.compare_digest(mark.encode(), self._mark(mark[:16]).encode()):
            return False
        with self._lock:
            self._seen[mark] = arrival, self._now()
            while len(self._seen) > REMEMBERED:
                del self._seen[next(iter(self._seen))]
        return True

    def _mark(self, number: str) -> str:
        return number + hmac.new(self._secret, number.encode(), hashlib.sha256).hexdigest()[:16]

    def _push(self, one: Subscription, notice: Notice, mark: str) -> ChannelError | None:
        error = self._pushed(one, notice, message(notice, mark, self.name))
        if error is None or error.status != 413:
            return error
        return self._pushed(one, notice, message(notice, mark, self.name, SHORT))

    def _pushed(self, one: Subscription, notice: Notice, body: bytes) -> ChannelError | None:
        try:
            sealed = sealed_for(one, body)
        except ValueError as error:
            return self._given_up(one, f"its keys cannot be used: {error}", f"密钥无法使用：{error}")
        try:
            response, answer = self._exchange.talk("POST", one.endpoint, self._headers(one, notice), sealed)
        except ChannelError as error:
            return error
        status = response.status
        if status in (200, 201, 202):
            return None
        if status in GONE:
            return self._given_up(one, f"answered {status}: unsubscribed", f"对方返回 {status}：已退订")
        said = clean(answer[:200].decode("utf-8", "replace"), 120)
        temporary = status == 429 or status >= 500
        return ChannelError(
            f"the push service answered {status}{': ' * bool(said)}{said}", not temporary,
            zh=f"推送服务返回 {status}{'：' * bool(said)}{said}", status=status, unknown=status >= 500,
            retry_after=retry_after(response),
        )  # fmt: skip

    def _given_up(self, one: Subscription, reason: str, zh: str) -> ChannelError:
        assert self._devices is not None
        self._devices.gone(one)
        return ChannelError(reason, True, zh=zh, dead=True)

    def _headers(self, one: Subscription, notice: Notice) -> dict[str, str]:
        where = urlsplit(one.endpoint)
        claims = {
            "aud": f"{where.scheme}://{where.netloc}", "sub": self._settings.subject,
            "exp": self._now() // 1000 + TOKEN_LASTS,
        }  # fmt: skip
        headers: dict[str, str] = self._vapid.sign(claims)
        topic = {} if "more" in notice.alert else {"Topic": _topic(notice)}
        urgency = "high" if urgent(notice) else "normal"
        encoding = {"Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream"}
        return {**headers, **encoding, "TTL": str(self._settings.ttl), "Urgency": urgency, **topic}


def urgent(notice: Notice) -> bool:
    return bool(notice.alert.get("life_safety")) or notice.alert.get("class") == Class.ALARM


def message(notice: Notice, mark: str, channel: str, longest: int = LONGEST) -> bytes:
    """What dashboard/static/js/push-worker.js reads."""
    english, alert = notice.language == "en", notice.alert.get("id")
    said = {
        "title": cut(notice.title, 200), "body": cut(notice.body, longest), "tag": notice.code,
        "url": f"/alerts/{alert}" if alert and "more" not in notice.alert else "/",
        "urgent": urgent(notice), "lang": "en" if english else "zh-CN",
        "take": "" if not alert else "Take it" if english else "受理",
        "mark": mark, "channel": channel,
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False).encode()


def sealed_for(one: Subscription, body: bytes) -> bytes:
    """Encrypted so that only this device can read it. Raises ValueError."""
    try:
        dh, auth = decoded(one.p256dh), decoded(one.auth)
        found: bytes = http_ece.encrypt(
            body, private_key=ec.generate_private_key(ec.SECP256R1()), dh=dh, auth_secret=auth,
            version="aes128gcm",
        )  # fmt: skip
    except (Error, http_ece.ECEException, InvalidKey, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from error
    return found


def decoded(text: str) -> bytes:
    """base64url, with or without its padding."""
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def vapid(path: Path) -> Vapid02:
    """The key by which push services know us, made at the first start: whoever has it can push in our name,
    and a new one would unsubscribe every device."""
    try:
        return Vapid02.from_file(str(path)) if path.exists() else _made(path)
    except OSError as error:
        raise ChannelError(f"cannot keep the key: {error}", True, zh=f"无法保存密钥：{error}") from error


def _made(path: Path) -> Vapid02:
    made = Vapid02()
    made.generate_keys()
    draft = path.with_name(path.name + ".new")  # half a key would keep every later start from its end
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(made.private_pem())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return made


def public_key(key: Vapid02) -> str:
    point = key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).rstrip(b"=").decode()


def _topic(notice: Notice) -> str:
    """A newer message of the same alert takes the place of one that a device has not fetched yet."""
    return re.sub(r"[^A-Za-z0-9_-]", "", notice.code)[:32] or "tocsin"


def _worst(failures: Sequence[ChannelError]) -> ChannelError:
    """Of all devices of a person: what may still work counts, and what is unknown."""
    rank = {failure: (not failure.permanent, failure.unknown, not failure.dead) for failure in failures}
    return max(failures, key=lambda failure: rank[failure])
