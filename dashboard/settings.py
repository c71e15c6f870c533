"""Thinks. The dashboard's own settings: the block `dashboard:` of tocsin.yaml."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator


class DashboardSettings(BaseModel):
    """`listen` is host:port. Off loopback HTTPS is expected (`cert`, `key`: PEM files, from `tocsin cert`);
    without it nobody can sign in from another machine unless `insecure_http` is true. `language` is what a
    screen shows before anybody signed in where the browser asks for neither Chinese nor English."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: str = "127.0.0.1:8470"
    cert: str | None = None
    key: str | None = None
    insecure_http: bool = False
    language: Literal["zh", "en"] = "zh"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.cert is None) != (self.key is None):
            raise ValueError("give both `cert` and `key`, or neither (`tocsin cert` makes the pair)")
        host, _, port = self.listen.rpartition(":")
        if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
            raise ValueError(f"`listen` is host:port, for example 127.0.0.1:8470; got {self.listen!r}")
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
