"""Touches. What a form or a program sent: read once, as a dict of text, and checked against a model."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.requests import Request

M = TypeVar("M", bound=BaseModel)
R = TypeVar("R", bound=Callable[..., Any])
NUL = "\0"
LARGEST = 2**63 - 1  # what a database can count to

Number = Annotated[int, Path(ge=1, le=LARGEST)]
Many = Annotated[int, Field(ge=0, le=LARGEST)]  # in a body: a number that a database can hold
Before = Annotated[int | None, Query(ge=0, le=LARGEST)]


class BadInput(Exception):
    """What was sent cannot be used. `errors`: each mistake as pydantic tells it; else `key` names the
    sentence."""

    def __init__(self, said: str, key: str = "error_input", errors: Any = (), **values: str) -> None:
        super().__init__(said)
        self.key, self.errors, self.values = key, errors, values


class Sent(BaseModel):
    """Every form: unknown fields are refused, so that nobody sets what no page offers."""

    model_config = ConfigDict(extra="forbid", strict=True, str_max_length=2000)

    next: str = ""  # where a browser goes afterwards

    @field_validator("*", mode="before")
    @classmethod
    def _written(cls, value: Any) -> Any:
        """PostgreSQL keeps no text with a NUL in it, and an alarm is not to fail by one."""
        if isinstance(value, list):
            return [one.replace(NUL, "") if isinstance(one, str) else one for one in value]
        return value.replace(NUL, "") if isinstance(value, str) else value


async def _fields(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/json":
        try:
            found = await request.json()
        except (ValueError, RecursionError):
            raise BadInput("the body is not JSON", "input_not_json") from None
        if not isinstance(found, dict):
            raise BadInput("the body is not a JSON object", "input_not_object")
        return found
    if kind == "application/x-www-form-urlencoded":
        return {key: str(value) for key, value in (await request.form()).items()}
    if not await request.body():
        return {}
    raise BadInput(f"content type {kind or 'missing'}", "input_content_type", kind=kind or "–")


Fields = Annotated[dict[str, Any], Depends(_fields)]


def take(model: type[M], fields: dict[str, Any]) -> M:
    try:
        return model.model_validate(fields)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{where}: {first['msg']}", errors=problem.errors()) from None


def sends(model: type[BaseModel]) -> Callable[[R], R]:
    """Of a route: what is sent to it, for the documentation."""

    def marked(route: R) -> R:
        route.sends = model  # type: ignore[attr-defined]
        return route

    return marked


def own_path(path: str) -> str:
    """Only ever a path of ours, so that nobody is sent elsewhere by a forged `next`."""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe else "/"
