"""Touches. A real gammu-smsd with the modem that gammu brings for tests: it pretends, in a folder.

    with running(Modem()) as modem:
        …                                          # something puts a file into modem.spool / "outbox"
        modem.sent()                               # [Sms("+8613800000001", "…", coding=1, parts=1, flash=-1)]
        modem.receive("+8613800000001", "1 A7K")   # a person writes back

Its modem (libgammu/phone/dummy) keeps no text of what it sends: that is read from gammu-smsd's log.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tests import packages
from tests.servers import Server, hand_over

FOLDERS = ("inbox", "outbox", "sent", "error")
UNICODE, SEVEN_BITS = 1, 3  # libgammu's SMS_Coding_…
_FOUND = re.compile(r'Found (\d+) sms to "([^"]*)" with text "(.*?)" cod (\d+) .* fls: (-?\d+)')


@dataclass(frozen=True)
class Sms:
    """As gammu-smsd read it from the outbox: `text` is the first part's."""

    number: str
    text: str
    coding: int
    parts: int
    flash: int


class Modem(Server):
    """`settings` are further lines of gammu-smsdrc's [smsd]."""

    def __init__(self, *settings: str) -> None:
        super().__init__(packages.gammu_smsd(), "gammu-smsd")
        self.settings = settings
        self.spool, self.phone = self.folder / "spool", self.folder / "phone"
        for folder in (self.spool, self.phone, *(self.spool / name for name in FOLDERS)):
            folder.mkdir()
            hand_over(folder)
            folder.chmod(0o2775)  # as Debian's package does: what we write belongs to the daemon's group

    def arguments(self) -> list[str]:
        rc = self.folder / "gammu-smsdrc"
        lines = [
            "[gammu]", "model = dummy", "connection = none", f"device = {self.phone}",
            *documented(self.spool, self.folder / "smsd.log"),
            "debuglevel = 1", "checksecurity = 0", "checkbattery = 0", "checksignal = 0", *self.settings, "",
        ]  # fmt: skip
        rc.write_text("\n".join(lines))
        hand_over(rc)
        return ["-c", str(rc)]

    def ready(self) -> bool:
        return "Starting phone communication" in self.log()

    def log(self) -> str:
        """All that it has said so far: on its output it would come late."""
        log = self.folder / "smsd.log"
        return super().log() + (log.read_text(errors="replace") if log.exists() else "")

    def sent(self) -> list[Sms]:
        """In the order in which the modem took them."""
        return [
            Sms(number, text, int(coding), int(parts), int(flash))
            for parts, number, text, coding, flash in _FOUND.findall(self.log())
        ]

    def receive(self, number: str, text: str) -> None:
        """Into the modem's memory, whence gammu-smsd fetches it."""
        folder = self.phone / "sms" / "1"
        place = next(str(place) for place in range(1, 100) if not (folder / str(place)).exists())
        lines = [
            "[SMSBackup000]", "PDU = Submit", "DateTime = 20261122T164320Z", "State = UnRead",
            f'Number = "{number}"', f"NumberUnicode = {_hex(number)}", 'Name = ""', "NameUnicode = ",
            f"Text00 = {_hex(text)}", "Coding = Unicode_No_Compression", "Folder = 1",
            f"Length = {len(text)}", "Class = -1", "ReplySMSC = False", "RejectDuplicates = False",
            "ReplaceMessage = 0", "MessageReference = 0", "",
        ]  # fmt: skip
        draft = self.phone / "draft"
        draft.write_text("\n".join(lines))
        hand_over(draft)
        draft.rename(folder / place)

    def spooled(self, name: str) -> list[Path]:
        return sorted((self.spool / name).iterdir())


def documented(spool: Path, log: Path) -> list[str]:
    """The lines of [smsd] that docs/channels/gammu.md tells people to write."""
    page = (packages.ROOT / "docs" / "channels" / "gammu.md").read_text("utf-8")
    block = page.split("```ini\n", 1)[1].split("```", 1)[0]
    lines = [line.strip() for line in block[block.index("[smsd]") :].splitlines()]
    return [line.replace("/var/spool/gammu", str(spool)).replace("syslog", str(log)) for line in lines]


def _hex(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


def put(folder: Path, name: str, content: bytes, age: float = 60.0) -> Path:
    """A file that has lain there for `age` seconds."""
    path = folder / name
    path.write_bytes(content)
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))
    return path
