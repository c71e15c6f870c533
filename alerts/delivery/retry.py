"""Thinks. When an attempt that failed is made again: after twice as long each time, up to a minute."""

from alerts.delivery.channels.channel import ChannelError
from alerts.delivery.notification import Failed

FIRST_RETRY = 1_000  # ms; doubles with each failure
LAST_RETRY = 60_000  # ms
PATIENCE = 300_000  # ms: a gateway's Retry-After is respected up to this


def failed(error: ChannelError, reason: str, attempts: int, now: int, chance: float) -> Failed:
    """What is recorded of it. `attempts` ended before this one; `chance` is from 0.5 to 1, so that not all
    who failed together come back together. What the gateway asked for is waited for in any case."""
    if error.permanent:
        return Failed(reason, None, error.unknown, error.dead)
    doubled = min(LAST_RETRY, FIRST_RETRY << min(attempts, 10))
    wait = max(int(doubled * chance), min(error.retry_after or 0, PATIENCE))
    return Failed(reason, now + wait, error.unknown, personal=error.personal)
