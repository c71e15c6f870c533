"""Thinks. A radio frame is sent several times and heard by several receivers: it counts once."""

from typing import Any

from ingest.dialects.dialect import Known
from ingest.dialects.held import key_of

PRESS = 5_000  # ms: frames of one press; who presses again later presses again
ONE_SHOT = 60_000  # an alarm whose end nobody tells is repeated while it lasts
_MOST = 10_000


def repeated(
    known: Known, address: str, what: str, moment: int, window: int, news: dict[str, Any], mark: object = ""
) -> bool:
    """Whether this was heard already. `moment` is by whatever clock numbers the messages of this address.

    A press counts from the first frame of it, an alarm from the last: who leans on a button for an hour
    presses often, and an alarm that sounds for an hour is one. A packet number (`mark`) tells two apart.
    """
    key = key_of("heard", address)
    before: dict[str, list[Any]] = (news[key] if key in news else known.learned.get(key)) or {}
    last = before.get(what)
    same = last is not None and last[1] == mark and abs(moment - last[0]) <= window
    if same and window == PRESS:
        return True
    if key in known.learned or len(known.learned) < _MOST or known.registered(address) is not None:
        news[key] = {**before, what: [moment, mark]}
    return same
