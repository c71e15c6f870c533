"""Touches. The modem channel: SMS through gammu-smsd's files, with the Internet down too, and their answers.

gammu-smsd is a process of its own: a modem that hangs cannot hang us. It takes files from outbox/, moves them
to sent/ (the network took the message) or error/, and puts what it receives into inbox/: gammu-smsd-files(7).
"""

import contextlib
import errno
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from alerts.clean import clean
from alerts.delivery.channels.channel import Answer, ChannelError, Notice, Receipt
from alerts.delivery.channels.modemfile import content, file_name, pieces

WAIT = 8.0  # seconds for gammu-smsd to take a message and the network to accept it
LOOK = 0.1  # seconds between two looks into its folders
HELD = 120_000  # ms for which a file that nobody waits for any more may lie in the outbox
YOUNG = 2_000  # ms in which gammu-smsd may still be writing a file of the inbox
KEPT = 7 * 86_400_000  # ms for which sent messages are kept: they prove that a repeat need not be sent
OURS = "tocsin"
REPORTS = frozenset({"Delivered", "Failed", "Pending", "Unknown"})  # libgammu's words for a status report
_RECEIVED = re.compile(r"(IN\d{8}_\d{6}_\d+_(.*))_\d+\.(?:txt|bin)")
_NUMBER = re.compile(r"\+?\d{3,15}")


class GammuSettings(BaseModel):
    """SMS by a GSM modem. `folder` holds gammu-smsd's inbox, outbox, sent and error; a `flash` message shows
    at once on the phone and is not kept there; `workers` is how many messages may wait in the outbox."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["gammu"]
    folder: str = "/var/spool/gammu"
    flash: bool = False
    workers: int = Field(1, ge=1, le=32)

    @field_validator("folder")
    @classmethod
    def _from_the_root(cls, value: str) -> str:
        if not value.startswith("/"):
            raise ValueError("must be a path from the root, like /var/spool/gammu")
        return value


class Gammu:
    """A file's name comes from the notice's key, so an attempt finds what an earlier one has left: a message
    that was sent while we crashed is not sent again."""

    listen_every = 1_000
    local: Literal[True] = True

    def __init__(self, name: str, settings: GammuSettings, now: Callable[[], int]) -> None:
        self.name = name
        self.workers = settings.workers
        folder = Path(settings.folder)
        self._inbox, self._outbox = folder / "inbox", folder / "outbox"
        self._sent, self._error = folder / "sent", folder / "error"
        self._flash = settings.flash
        self._now = now
        self._files: dict[str, list[Path]] = {}  # of the answers that are not recorded yet

    def send(self, notice: Notice) -> Receipt:
        """Accepted when the network took it, as gammu-smsd says by moving the file to sent/."""
        number = re.sub(r"[\s()-]", "", notice.address)
        if not number:
            raise self._without_a_number()
        if not _NUMBER.fullmatch(number):
            raise ChannelError("this is no telephone number", True, zh="这不是电话号码", dead=True)
        digest = blake2b(f"{notice.key}/{number}".encode(), digest_size=8)
        since, urgent = int(notice.alert.get("since") or 0), bool(notice.alert.get("life_safety"))
        name = file_name(number, since, urgent, OURS + digest.hexdigest())
        with _in_words():
            self._tidy()
            self._put(name, content(notice.short, number, self._flash, digest.digest()[0]))
            return self._outcome(name, pieces(notice.short))

    def answers(self) -> list[Answer]:
        """What lies in inbox/: text files only, as InboxFormat = unicode writes them."""
        with _in_words():
            self._tidy()
            files = sorted(self._inbox.iterdir())
            self._files = self._whole(files)
            found = [answer for mark in self._files if (answer := self._answer(mark))]
        if not found and any(file.name.endswith(".smsbackup") for file in files):
            raise ChannelError(
                "the inbox holds .smsbackup files: set InboxFormat = unicode in gammu-smsdrc", True,
                zh="收件目录里是 .smsbackup 文件：请在 gammu-smsdrc 中设置 InboxFormat = unicode",
            )  # fmt: skip
        return found

    def heard(self, ids: Sequence[str]) -> None:
        """Their files are removed: they hold people's numbers."""
        with _in_words():
            for mark in ids:
                for file in self._files.pop(mark, ()):
                    file.unlink(missing_ok=True)

    def _without_a_number(self) -> ChannelError:
        """What can be tried without one: that we may write where gammu-smsd reads."""
        with _in_words():
            for folder in (self._inbox, self._sent, self._error):
                folder.stat()
            (draft := self._outbox / ".try.smsbackup").touch()
            draft.unlink()
        return ChannelError(
            "its folders are in order; to try the modem too, name a person who has a number on it", True,
            zh="目录正常；要连同调制解调器一起测试，请指定在此通道登记了号码的人员",
        )  # fmt: skip

    def _put(self, name: str, text: str) -> None:
        """Into the outbox in one step: gammu-smsd passes over names that begin with a dot."""
        if (self._sent / name).exists():
            return
        with contextlib.suppress(FileNotFoundError):
            os.utime(self._outbox / name)  # it waits there from an earlier attempt
            return
        (self._error / name).unlink(missing_ok=True)
        draft = self._outbox / f".{name}"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o660), "wb") as file:
                # gammu-smsd may run as another user of the folder's group
                with contextlib.suppress(PermissionError):
                    os.fchown(file.fileno(), -1, self._outbox.stat().st_gid)
                os.fchmod(file.fileno(), 0o660)
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._outbox / name)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def _outcome(self, name: str, parts: int) -> Receipt:
        until = time.monotonic() + WAIT
        detail, zh = f"{parts} message{'s' * (parts > 1)}", f"{parts} 条短信"
        while True:
            gone = not (self._outbox / name).exists()
            if (self._sent / name).exists():
                return Receipt(accepted=True, id=_mark(name), detail=detail, zh=zh)
            if (self._error / name).exists():
                raise _refused(parts)
            if gone:  # SentSMSPath is not set: then gammu-smsd deletes, and proves nothing
                return Receipt(accepted=False, id=_mark(name), detail=detail, zh=zh)
            if time.monotonic() >= until:
                raise _untouched()
            time.sleep(LOOK)

    def _tidy(self) -> None:
        """What nobody waits for any more must not go out hours later, when the modem is plugged in again."""
        for folder, age in ((self._outbox, HELD), (self._sent, KEPT), (self._error, KEPT)):
            for file in folder.glob(f"*_{OURS}*.smsbackup"):
                if self._age(file) > age:
                    file.unlink(missing_ok=True)

    def _age(self, file: Path) -> int:
        """ms since it was written; 0 for one that is gone."""
        try:
            return self._now() - file.stat().st_mtime_ns // 1_000_000
        except FileNotFoundError:
            return 0

    def _whole(self, files: Sequence[Path]) -> dict[str, list[Path]]:
        """The files of each message that is completely there, by a mark that no later message will have."""
        parts: dict[str, list[Path]] = {}
        for file in files:
            if (found := _RECEIVED.fullmatch(file.name)) and file.is_file():
                parts.setdefault(found[1], []).append(file)
        return {
            f"{stem}/{group[0].stat().st_mtime_ns}": group
            for stem, group in parts.items()
            if all(file.stat().st_size or self._age(file) > YOUNG for file in group)
        }

    def _answer(self, mark: str) -> Answer | None:
        files = self._files[mark]
        texts = [_decoded(file.read_bytes()) for file in files if file.suffix == ".txt"]
        if len(texts) == 1 and texts[0] in REPORTS:  # no person wrote it, and it names no message
            for file in files:
                file.unlink(missing_ok=True)
            return None
        stem, _, written = mark.rpartition("/")
        return Answer(mark, stem.split("_", 3)[3], clean("".join(texts), 400), int(written) // 1_000_000)


def _mark(name: str) -> str:
    """The file's name without the number in it: whoever sees an alert sees this."""
    return name.rpartition("_")[2].partition(".")[0]


def _decoded(said: bytes) -> str:
    """UTF-16 with its mark where InboxFormat is unicode; else in the daemon's locale, hopefully UTF-8."""
    coding = "utf-16" if said[:2] in (b"\xfe\xff", b"\xff\xfe") else "utf-8"
    return said.decode(coding, "replace").partition("\0")[0]  # 1.42 writes on behind the end of the text


def _refused(parts: int) -> ChannelError:
    return ChannelError(
        "the modem could not send it: see gammu-smsd's log for signal, SIM card and credit", False,
        zh="调制解调器未能发出：请查看 gammu-smsd 的日志，检查信号、SIM 卡和余额", unknown=parts > 1,
    )  # fmt: skip


def _untouched() -> ChannelError:
    return ChannelError(
        f"gammu-smsd has not sent it within {WAIT:.0f} s: see that it runs, with CommTimeout 1 and signal",
        False,
        zh=f"gammu-smsd 在 {WAIT:.0f} 秒内没有发出：请检查它是否在运行、CommTimeout 是否为 1、有无信号",
        unknown=True,
    )


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _problem(error) from error


def _problem(error: OSError) -> ChannelError:
    path = Path(str(error.filename2 or error.filename or "gammu-smsd's folder"))
    where = path.parent if path.suffix else path
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return ChannelError(
                f"no right to write {where}: put the user Tocsin runs as into the group gammu, and restart",
                True, zh=f"没有写入 {where} 的权限：请把运行警钟的用户加入 gammu 组，然后重启",
            )  # fmt: skip
        case errno.ENOENT | errno.ENOTDIR:
            return ChannelError(
                f"{where} is not there: install gammu-smsd, or correct `folder`", True,
                zh=f"{where} 不存在：请安装 gammu-smsd，或改正 `folder`",
            )  # fmt: skip
        case errno.ENOSPC | errno.EDQUOT:
            return ChannelError(f"the disk of {where} is full", False, zh=f"{where} 所在的磁盘已满")
        case errno.EROFS:
            return ChannelError(f"the disk of {where} is read-only", False, zh=f"{where} 所在的磁盘只读")
    said = clean(error.strerror or type(error).__name__, 100)
    return ChannelError(f"{where}: {said}", False, zh=f"{where}：{said}")
