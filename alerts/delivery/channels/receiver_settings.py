"""Thinks. Whom we POST to: what the webhook channel and the receivers of our events have in common."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

SHORTEST = 32  # characters of a secret


def http_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", value):
        raise ValueError("must be http://host/… or https://host/…, without user or password (use `headers`)")
    return value


class ReceiverSettings(BaseModel):
    """Whom we POST to. `secret` signs it (see docs/channels/webhook.md); `ca` is a PEM file that vouches for
    them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, AfterValidator(http_url)]
    secret: str = Field("", repr=False)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    ca: str | None = None

    @field_validator("secret")
    @classmethod
    def _hard_to_guess(cls, value: str) -> str:
        if 0 < len(value) < SHORTEST:
            raise ValueError(
                f"has {len(value)} characters, fewer than {SHORTEST}: make one with `openssl rand -hex 32`"
            )
        return value

    @field_validator("headers")
    @classmethod
    def _plain_headers(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if not re.fullmatch(r"[A-Za-z0-9-]+", name) or not re.fullmatch(r"[\x20-\x7e]*", text):
                raise ValueError(f"{name!r} is not a header of letters, digits and - with a plain text value")
        return value
