"""Thinks. What a provider's error code means for a notice, in words: whether trying again can help."""

import re

import msgspec

from alerts.clean import clean
from alerts.delivery.channels.channel import ChannelError

MINUTE, HOUR = 60_000, 3_600_000
# Carriers' own codes for a number that does not exist. Only where that is all a code says: many also stand
# for a phone that is switched off, and such a number is not dead.
NO_SUCH_NUMBER = frozenset({"CB:0001", "CB:0053", "DB:0101", "MI:0073", "MI:0210"})
_ALSO = re.compile("停机|关机|欠费|服务区|无法接通|暂停")


class Meaning(msgspec.Struct, frozen=True):
    zh: str
    en: str
    permanent: bool = True
    unknown: bool = False
    retry_after: int | None = None
    dead: bool = False
    personal: bool = False

    def error(self, code: str, said: str) -> ChannelError:
        """With the provider's own code and words behind ours."""
        behind = f"({clean(code, 80)}: {clean(said, 120)})"
        return ChannelError(
            f"{self.en} {behind}", self.permanent, zh=f"{self.zh}{behind}", unknown=self.unknown,
            retry_after=self.retry_after, dead=self.dead, personal=self.personal,
        )  # fmt: skip


def does_not_exist(code: str, said: str) -> bool:
    """Whether a receipt says that nobody has this number."""
    return code in NO_SUCH_NUMBER or ("空号" in said and not _ALSO.search(said))
