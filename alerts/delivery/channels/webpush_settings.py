"""Thinks. The settings of the Web Push channel, apart from what sends: that is loaded where it is used."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class WebpushSettings(BaseModel):
    """`subject` is where a push service may reach whoever runs this one (mailto: or https:); `ttl`: the
    seconds for which a push service keeps a message for a device that is off; `inside`: also to push
    services in our own network."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["webpush"]
    subject: str
    ttl: int = Field(3600, ge=60, le=86_400)
    inside: bool = False
    ca: str | None = None
    workers: int = Field(4, ge=1, le=32)

    @field_validator("subject")
    @classmethod
    def _reachable(cls, value: str) -> str:
        if not re.fullmatch(r"mailto:[^@\s]+@[^@\s]+|https://\S+", value):
            raise ValueError("must be like mailto:it@example.edu.cn or https://example.edu.cn/contact")
        return value
