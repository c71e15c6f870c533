"""Thinks. The settings of the Apprise channel; beside it, since its library takes half a second to load."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class AppriseSettings(BaseModel):
    """Any service Apprise knows. `{address}` in `url` stands for the person's address on this channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["apprise"]
    url: str = Field(repr=False)
    workers: int = Field(4, ge=1, le=32)

    @field_validator("url")
    @classmethod
    def _has_scheme(cls, value: str) -> str:
        if not re.match(r"[A-Za-z][A-Za-z0-9]*://", value):
            raise ValueError("must be an Apprise URL like ntfy://ntfy.example.edu/{address}")
        if re.search(r"[\s,;]+[A-Za-z][A-Za-z0-9]*://", value):
            raise ValueError("must be one URL: make a channel of each service, so each has its own outcome")
        if unknown := re.search(r"\{(?!address\})[^}]*\}", value):
            raise ValueError(f"stands for nothing: {unknown[0]}; write {{address}} for the person's address")
        return value
