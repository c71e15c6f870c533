"""Touches. The documentation of the API: OpenAPI 3.1 made of the routes themselves, and a page of it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard.gate import Viewer, declared
from dashboard.once import API, HEADER
from dashboard.page import render
from dashboard.permissions import LEAST, Permission
from dashboard.problem import MEDIA
from dashboard.rest import shapes

router = APIRouter(include_in_schema=False)
Plain = dict[str, Any]
ABOUT = """Moments are milliseconds since 1970 UTC. Texts that people read come in `zh` and `en`, or in the
caller's language (the account's; of a token: `Accept-Language`). Every refusal is `application/problem+json`.

Send `Authorization: Bearer TOKEN`. A token has a role, perhaps places and a person, and an end. Send an
`Idempotency-Key` with every POST: the same key and body are done once and answered the same for 24 hours.

What is outside your places is answered as if it were not there. An open alarm of life safety is seen by
everybody who may look, and whom Tocsin has told of an alert may act on it."""
ERRORS = {
    401: "Nobody is signed in, or the token is wrong, expired or revoked.",
    403: "The role may not do this, or not there.",
    404: "There is none, or it is outside your places.",
    409: "Not possible now; the sentence says why. Nothing has changed.",
    413: "The body is too large.",
    422: "What was sent has a mistake: `errors` says where.",
    429: "Too many wrong tokens from this network; `Retry-After` says for how long.",
    503: "The database or the history is away: try again. An act was not kept.",
}
_OF_ACTS = (409, 413)
_KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "A random UUID: the same act sent again is done once.",
}  # fmt: skip


def public(routes: Iterable[APIRoute]) -> list[APIRoute]:
    return [route for route in routes if route.path.startswith(API) and route.include_in_schema]


def document(routes: Iterable[APIRoute], version: str) -> Plain:
    """The OpenAPI document of these routes."""
    found = public(routes)
    made = get_openapi(
        title="Tocsin",
        version=version,
        summary="Alarm monitoring for a campus",
        description=ABOUT,
        routes=found,
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for shape in (shapes.Problem, shapes.Changed):
        _add(schemas, shape)
    for route in found:
        for method in route.methods or ():
            _complete(made["paths"][route.path_format][method.lower()], route, schemas)
    made["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "tocsin"},
    }
    made["security"] = [{"token": []}, {"session": []}]
    return made


def _complete(operation: Plain, route: APIRoute, schemas: Plain) -> None:
    """What the routes cannot say to FastAPI themselves."""
    least = LEAST.get(declared(route) or Permission.ADMINISTER)
    operation["x-least-role"] = str(least)
    operation.setdefault("tags", [route.path.split("/")[3]])
    acts = "POST" in (route.methods or ())
    for status, said in ERRORS.items():
        if (acts or status not in _OF_ACTS) and (status != 404 or operation.get("parameters")):
            operation["responses"][str(status)] = {
                "description": said,
                "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
    if acts:
        operation.setdefault("parameters", []).append(_KEY)
        operation.setdefault("requestBody", _body(route, schemas))
        if route.path.startswith(f"{API}alerts/") and (shown := operation["responses"].get("200")):
            shown["content"] = {"application/json": {"schema": {"$ref": "#/components/schemas/Changed"}}}


def _body(route: APIRoute, schemas: Plain) -> Plain:
    """`sends` of the function is the model of its body; without one nothing need be sent."""
    model: type[BaseModel] | None = getattr(route.endpoint, "sends", None)
    if model is None:
        return {"content": {"application/json": {"schema": {"type": "object"}}}}
    _add(schemas, model)
    shape = {"$ref": f"#/components/schemas/{model.__name__}"}
    needed = bool(schemas[model.__name__].get("required"))
    return {"required": needed, "content": {"application/json": {"schema": shape}}}


def _add(schemas: Plain, model: type[BaseModel]) -> None:
    """Raises ValueError where two models have one name: one would be documented as the other."""
    made = model.model_json_schema(ref_template="#/components/schemas/{model}", by_alias=True)
    for name, shape in {**made.pop("$defs", {}), model.__name__: made}.items():
        if schemas.setdefault(name, shape) != shape:
            raise ValueError(f"two different models of the API are called {name}")


def _of_app(app: Any) -> Plain:
    """Made when somebody first asks."""
    if not hasattr(app.state, "document"):
        app.state.document = document(app.state.routes, app.version)
    made: Plain = app.state.document
    return made


@router.get("/api/v1/openapi.json")
def openapi(request: Request, who: Viewer) -> Response:
    return JSONResponse(_of_app(request.app))


@router.get("/api/v1/docs")
def docs(request: Request, who: Viewer) -> Response:
    made = _of_app(request.app)
    return render(request, "api.html", about=ABOUT.split("\n\n"), groups=dict(_groups(made)), header=HEADER)


def _groups(made: Plain) -> Iterator[tuple[str, list[Plain]]]:
    """tag → its operations, each with what the page shows of it."""
    groups: dict[str, list[Plain]] = {}
    schemas = made["components"]["schemas"]
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation["tags"][0], []).append(_shown(path, method, operation, schemas))
    yield from groups.items()


def _shown(path: str, method: str, operation: Plain, schemas: Mapping[str, Plain]) -> Plain:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    sent = schemas.get(body.get("$ref", "").rpartition("/")[2], {})
    fields = [
        {"name": name, "where": "body", "needed": name in sent.get("required", ()), "shape": _shape(one)}
        for name, one in sent.get("properties", {}).items()
        if name not in ("next", "q")
    ]
    asked = [
        {
            "name": one["name"],
            "where": one["in"],
            "needed": one.get("required", False),
            "shape": _shape(one["schema"]),
            "said": one.get("description", ""),
        }
        for one in operation.get("parameters", ())
    ]
    return {
        "path": path, "method": method.upper(), "said": operation.get("description", ""),
        "least": operation["x-least-role"], "fields": [*asked, *fields],
    }  # fmt: skip


def _shape(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_shape(one) for one in schema["anyOf"] if one.get("type") != "null")
    return str(schema.get("const", schema.get("type", "")))
