"""Touches. Schemathesis at the whole API: whatever is sent, nothing breaks, and refusals are problems."""

from typing import Any

import hypothesis
import pytest
import schemathesis
from starlette.testclient import TestClient

from alerts.alert import Acknowledged
from dashboard.app import ROUTES
from dashboard.rest.document import document
from tests.fakes.machine import machine
from tests.fakes.service import FakeHouse

NOT_ASKED = ("/api/v1/events",)  # a stream that ends with its client
EXAMPLES = 4  # an operation and mode: half a minute in all
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)


def _operations() -> list[Any]:
    made = document(ROUTES, "0")
    schema = schemathesis.openapi.from_dict(made)
    found = [result.ok() for result in schema.get_all_operations()]
    return [one for one in found if one.path not in NOT_ASKED]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    house = FakeHouse(tmp_path_factory.mktemp("fuzz"))
    house.apply([Acknowledged(house.fires("dorm-2-305-smoke"), "wang-fang")]).result()
    house.fires("lab-101-smoke")
    with machine(house, role="administrator", person="li-wei") as made:
        yield made


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", _operations(), ids=lambda one: f"{one.method} {one.path}")
def test_nothing_that_is_sent_breaks_the_api(operation: Any, mode: Any, client: TestClient) -> None:
    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url="http://wall.test")
        sent.pop("cookies", None)
        answer = client.request(
            **{key: value for key, value in sent.items() if key in KEYS and value is not None}
        )
        assert answer.status_code < 500, f"{sent}: {answer.text}"
        documented = operation.definition.raw["responses"]
        assert str(answer.status_code) in documented or answer.status_code in (303, 400), (
            sent,
            answer.status_code,
        )
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["detail"]

    send()


KEYS = ("method", "url", "headers", "params", "json", "data", "content")
