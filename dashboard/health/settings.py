"""Thinks. The settings of the weekly report: the block `health:` of tocsin.yaml."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from dashboard.health.schedule import parse


class HealthSettings(BaseModel):
    """Every owner gets the devices they own; `to` are persons and teams who get the whole campus."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weekly: str = Field("Mon 08:00", description="day and time at the campus, for example Mon 08:00")
    to: list[str] = Field(default_factory=list, description="persons and teams who get the whole campus")

    @field_validator("weekly")
    @classmethod
    def _is_a_moment(cls, value: str) -> str:
        parse(value)
        return value
