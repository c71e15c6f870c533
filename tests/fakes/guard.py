"""Touches. The guard at the wall of a running service: over real HTTP, as the pages themselves do it."""

from collections.abc import Sequence
from typing import Any

import httpx

Card = dict[str, Any]
PASSWORD = "correct horse battery"


class Guard:
    """Somebody with a browser. httpx.HTTPError comes out of everything when the service is gone meanwhile."""

    def __init__(self, url: str, name: str = "li-wei") -> None:
        self.name = name
        self._client = httpx.Client(base_url=url, headers={"origin": url, "accept": "application/json"})

    def makes_the_first_account(self, token: str) -> None:
        fields = {"token": token, "name": self.name, "password": PASSWORD, "again": PASSWORD}
        self._enters("/setup", fields)

    def signs_in(self) -> None:
        self._client.cookies.clear()
        self._enters("/login", {"name": self.name, "password": PASSWORD})

    def _enters(self, door: str, fields: dict[str, str]) -> None:
        answer = self._client.post(door, data=fields)
        assert answer.status_code == 303, f"{door} answered {answer.status_code}: {answer.text}"

    def wall(self) -> list[Card]:
        """The open alerts as the wall shows them."""
        answer = self._client.get("/api/v1/snapshot")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["alerts"])

    def reads(self, path: str) -> str:
        answer = self._client.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return answer.text

    def takes(self, numbers: Sequence[int]) -> list[int]:
        """What the button "take all" does; those that were taken by it, as the answer says."""
        answer = self._client.post("/api/v1/acknowledge", json={"alerts": list(numbers)})
        assert answer.status_code == 200, answer.text
        return [number for number in numbers if str(number) not in answer.json()["problems"]]

    def close(self) -> None:
        self._client.close()
