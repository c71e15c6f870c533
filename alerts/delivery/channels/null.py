"""Touches. The null channel: a notice ends here, and whoever sent the loop message hears of it."""

from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from alerts.delivery.channels.channel import Notice, Receipt


class NullSettings(BaseModel):
    """Goes nowhere: closes the circle of the loop message, and stands in where no channel is wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["null"]
    workers: int = Field(1, ge=1, le=32)


class Null:
    """`returned` is called with the moment (ms) at which what the notice tells of began."""

    def __init__(self, name: str, settings: NullSettings, returned: Callable[[int], None]) -> None:
        self.name = name
        self.workers = settings.workers
        self._returned = returned

    def send(self, notice: Notice) -> Receipt:
        self._returned(int(notice.alert.get("since") or 0))
        return Receipt(accepted=False, detail="went nowhere, as asked", zh="按设置不发往任何地方")
