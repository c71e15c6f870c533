"""Thinks. The dashboard's own settings: the block `dashboard:` of tocsin.yaml."""

import re
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class DashboardSettings(BaseModel):
    """`listen` is host:port. Off loopback HTTPS is expected (`cert`, `key`: PEM files, from `tocsin cert`);
    without it nobody can sign in from another machine unless `insecure_http` is true. `language` is what a
    screen shows before anybody signed in where the browser asks for neither Chinese nor English. `address` is
    how people's telephones reach it, like https://tocsin.example.edu: with it notices hold a one-tap link,
    which lasts `link_hours`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: str = "127.0.0.1:8470"
    cert: str | None = None
    key: str | None = None
    insecure_http: bool = False
    language: Literal["zh", "en"] = "zh"
    address: str = ""
    link_hours: float = Field(2, ge=0.1, le=48)

    @field_validator("address")
    @classmethod
    def _is_an_origin(cls, value: str) -> str:
        value = value.rstrip("/")
        if value and not re.fullmatch(r"https?://[^\s/?#@]+", value):
            raise ValueError(
                "must be how telephones reach the dashboard, like https://tocsin.example.edu:8470"
            )
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.cert is None) != (self.key is None):
            raise ValueError("give both `cert` and `key`, or neither (`tocsin cert` makes the pair)")
        host, _, port = self.listen.rpartition(":")
        if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
            raise ValueError(f"`listen` is host:port, for example 127.0.0.1:8470; got {self.listen!r}")
        if self.address.startswith("http://") and not self.insecure_http and not _here(self.address):
            raise ValueError(
                "`address` is not encrypted: whoever listens in could answer alerts with the links. Write https://"
                " (`tocsin cert`), or allow it with insecure_http: true"
            )
        return self

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def https(self) -> bool:
        return self.cert is not None


def _here(address: str) -> bool:
    return urlsplit(address).hostname in ("127.0.0.1", "::1", "localhost")
