"""Touches. `python -m tests.crash.doomed POINT N run -c …`: Tocsin, which dies at a point of a notice's way.

SIGKILL at the N-th time that it comes there. The points are wrapped around the product's own functions here,
so nothing of this is in the product.
"""

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from alerts.delivery import outbox
from alerts.delivery.channels.webhook import Webhook
from alerts.delivery.deliver import Delivery
from alerts.delivery.recording import Recorder
from tocsin.cli import main

ON_THE_WIRE = 0.1  # seconds after which a request is at the webhook, which takes longer to answer


class Point(NamedTuple):
    """Where a function begins or has ended; `about` says of its arguments and result whether this counts.
    `once`: no process comes here often."""

    owner: Any
    name: str
    ended: bool
    about: Callable[[tuple[Any, ...], Any], bool] = lambda arguments, result: True
    once: bool = False


def _hooks(rows: Iterable[Any]) -> bool:
    return any(row.channel == "hook" for row in rows)


POINTS = {
    "owed, not committed": Point(outbox, "owe", True, lambda a, result: _hooks(result)),
    "committed, not handed on": Point(Delivery, "send", False, lambda a, result: _hooks(a[1])),
    "in a sender's hand": Point(Webhook, "send", False),
    "on the wire": Point(Webhook, "send", False),
    "answered, not heard": Point(Webhook, "send", True),
    "heard, not recorded": Point(Recorder, "add", False),
    "recorded, not committed": Point(outbox, "settle", True),
    "committed, not forgotten": Point(Delivery, "_recorded", False),
    "void at the start, not committed": Point(
        outbox, "release_all", True, lambda a, result: result > 0, True
    ),
    "claimed again, not committed": Point(outbox, "claim", True, lambda a, result: bool(result), True),
}


def doom(name: str, times: int) -> None:
    """From now on this process dies at the `times`-th pass of the point."""
    point = POINTS[name]
    whole = getattr(point.owner, point.name)
    left, lock = [times], threading.Lock()

    def passed(arguments: tuple[Any, ...], result: Any) -> None:
        if not point.about(arguments, result):
            return
        with lock:
            left[0] -= 1
            now = left[0] == 0
        if now and name == "on the wire":
            threading.Timer(ON_THE_WIRE, _die).start()
        elif now:
            _die()

    @functools.wraps(whole)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        if not point.ended:
            passed(arguments, None)
        result = whole(*arguments, **named)
        if point.ended:
            passed(arguments, result)
        return result

    setattr(point.owner, point.name, wrapped)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    doom(sys.argv[1], int(sys.argv[2]))
    sys.argv[1:] = sys.argv[3:]
    sys.exit(main())
