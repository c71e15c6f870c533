"""Touches. The e-mail channel: one message a notice by SMTP, text and HTML; also letters with attachments.

RFC 5321 (SMTP), 3463 (enhanced codes), 2919 (List-Id), 3834 (Auto-Submitted).
"""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from hashlib import blake2b
from html import escape
from typing import Literal, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from alerts.clean import clean
from alerts.delivery.channels.channel import ChannelError, Notice, Receipt
from alerts.delivery.channels.unreached import unreached

_UNFOLDED = policy.default.clone(max_line_length=900)  # folded at 78 it loses spaces between Chinese words

TIMEOUT = 10.0  # seconds for each answer of the server
FAREWELL = 1.0  # seconds for its last one, to QUIT
_NOBODY = re.compile(r"5\.1\.(1|10)\b")  # "bad destination mailbox address", "recipient address has null MX"


class EmailSettings(BaseModel):
    """SMTP. `sender` is the address it comes from, with or without a name; `to` takes what is told to the
    channel itself; `ca` is a PEM file that vouches for the server; `security` none is for this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["email"]
    host: str = Field(min_length=1)
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "ssl", "none"] = "starttls"
    username: str = ""
    password: str = Field("", repr=False)
    sender: str
    to: str = ""
    ca: str | None = None
    workers: int = Field(2, ge=1, le=32)

    @field_validator("host")
    @classmethod
    def _is_a_host(cls, value: str) -> str:
        if re.search(r"[\s/@]|[^:]:\d+$", value):
            raise ValueError("must be a host alone, like smtp.example.edu: its port belongs in `port`")
        return value

    @field_validator("sender")
    @classmethod
    def _has_an_address(cls, value: str) -> str:
        if not re.fullmatch(r"[^<>@\x00-\x1f]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+", value):
            raise ValueError("must be an address like tocsin@example.edu or Tocsin <tocsin@example.edu>")
        return value

    @model_validator(mode="after")
    def _keeps_the_password(self) -> Self:
        if self.password and self.security == "none" and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("a password over an unencrypted connection: use security starttls or ssl")
        return self


class Attachment(msgspec.Struct, frozen=True):
    """`kind` is its media type, for example text/csv."""

    name: str
    kind: str
    content: bytes


class Letter(msgspec.Struct, frozen=True):
    """`key` is the same for every attempt: a mail program can tell a repeat by its Message-ID."""

    key: str
    address: str
    subject: str
    text: str
    html: str
    language: str
    attachments: tuple[Attachment, ...] = ()
    thread: str = ""  # letters with the same one stand together
    urgent: bool = False


class Email:
    """A connection for each letter: a server closes idle ones, and letters are few."""

    def __init__(self, name: str, settings: EmailSettings) -> None:
        self.name = name
        self.workers = settings.workers
        self._settings = settings

    def send(self, notice: Notice) -> Receipt:
        """Accepted when the server took it: 5xx is permanent, 4xx and the network are temporary."""
        alert = notice.alert.get("id")
        letter = Letter(
            notice.key, notice.address, notice.title, _text(notice), _page(notice), notice.language,
            thread=f"alert-{alert}" if alert else "", urgent=bool(notice.alert.get("life_safety")),
        )  # fmt: skip
        return self.post(letter)

    def post(self, letter: Letter) -> Receipt:
        """Hand one letter to the server. Raises ChannelError."""
        message = self._message(letter)
        with self._connection() as server:
            try:
                server.send_message(message)
            except smtplib.SMTPRecipientsRefused as error:
                code, said = next(iter(error.recipients.values()))
                raise _refused(code, said, recipient=True) from error
            except smtplib.SMTPResponseException as error:
                raise _refused(error.smtp_code, error.smtp_error) from error
            except smtplib.SMTPNotSupportedError as error:
                raise _permanent("the server takes no such address", "服务器不支持这样的地址") from error
            except (smtplib.SMTPException, OSError) as error:  # it may have been taken all the same
                raise _lost(error, unknown=True) from error
        return Receipt(accepted=True, id=str(message["Message-ID"]), detail=self._settings.host)

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        try:
            server = self._connect()
        except smtplib.SMTPNotSupportedError as error:
            raise _permanent(
                "the server offers no STARTTLS or no login: see `security` and `username`",
                "服务器不支持 STARTTLS 或登录：请检查 `security` 和 `username`",
            ) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise _lost(error, unknown=False) from error
        try:
            yield server
        finally:
            _hang_up(server)

    def _connect(self) -> smtplib.SMTP:
        known = self._settings
        context = ssl.create_default_context(cafile=known.ca)
        if known.security == "ssl":
            server: smtplib.SMTP = smtplib.SMTP_SSL(known.host, known.port, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(known.host, known.port, timeout=TIMEOUT)
        try:
            if known.security == "starttls":
                server.starttls(context=context)
            if known.username:
                server.login(known.username, known.password)
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, letter: Letter) -> EmailMessage:
        address, sender = letter.address or self._settings.to, self._settings.sender
        message = EmailMessage(policy=_UNFOLDED)
        try:
            message["From"] = Address(*_named(sender))
            message["To"] = Address(addr_spec=address)
        except (ValueError, IndexError) as error:  # of email's own parser
            raise _permanent("this is no e-mail address", "这不是电子邮件地址") from error
        message["Subject"] = clean(letter.subject, 200)
        mark = blake2b(f"{letter.key}/{address}".encode(), digest_size=12).hexdigest()
        domain = message["From"].addresses[0].domain
        message["Message-ID"] = f"<{mark}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"  # Exchange sends its notes of absence all the same
        message["List-Id"] = f"Tocsin <tocsin.{domain}>"
        if letter.thread:
            message["References"] = f"<{letter.thread}@{domain}>"
        if letter.urgent:
            message["Importance"] = "high"
        message["Content-Language"] = "en" if letter.language == "en" else "zh-CN"
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        for one in letter.attachments:
            main, _, sub = one.kind.partition("/")
            message.add_attachment(one.content, maintype=main, subtype=sub, filename=one.name)
        return message


def _text(notice: Notice) -> str:
    return "\n\n".join(part for part in (notice.body, notice.invitation) if part)


def _page(notice: Notice) -> str:
    """Nothing in it is fetched from anywhere."""
    lines = "<br>\n".join(escape(line) for line in notice.body.split("\n"))
    language = "en" if notice.language == "en" else "zh-CN"
    link = ""
    if notice.link:
        said, url = escape(notice.invitation.partition("\n")[0]), escape(notice.link)
        link = f'<p>{said}</p><p><a href="{url}" style="font-size:1.4em">{url}</a></p>'
    return f'<!doctype html>\n<html lang="{language}"><body><p>{lines}</p>{link}</body></html>'


def _named(sender: str) -> tuple[str, str, str]:
    name, address = parseaddr(sender)
    local, _, domain = address.rpartition("@")
    return name, local, domain


def _hang_up(server: smtplib.SMTP) -> None:
    """What became of the letter is known by now: a server that is silent after it must not change that."""
    try:
        if server.sock is not None:
            server.sock.settimeout(FAREWELL)
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def _permanent(reason: str, zh: str) -> ChannelError:
    return ChannelError(reason, True, zh=zh)


def _refused(code: int, said: bytes | str, recipient: bool = False) -> ChannelError:
    text = clean(said.decode("utf-8", "replace") if isinstance(said, bytes) else said, 160)
    dead = recipient and bool(_NOBODY.match(text))
    return ChannelError(f"answered {code}: {text}", code >= 500, zh=f"对方返回 {code}：{text}", dead=dead)


def _lost(error: Exception, unknown: bool) -> ChannelError:
    said = clean(str(error) or type(error).__name__, 160)
    if isinstance(error, ssl.SSLError):
        return ChannelError(
            f"TLS: {said} (a private CA belongs in `ca`)",
            False,
            zh=f"TLS 错误：{said}（私有 CA 请写入 `ca`）",
            unknown=unknown,
        )
    zh, reason = unreached(said)
    return ChannelError(f"cannot reach it: {reason}", False, zh=f"无法连接：{zh}", unknown=unknown)
