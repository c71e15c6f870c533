"""Touches. The HTTP answer that carries a live stream, with a time-out on every write."""

import asyncio
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dashboard.live import Client, Live

_WRITE_WITHIN = 10.0  # seconds; a screen that takes longer has gone
_HEADERS = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"))  # fmt: skip


class LiveResponse(Response):
    """Sends what a client of Live is offered until one side ends it. `join` is called when it starts."""

    media_type = "text/event-stream"

    def __init__(self, live: Live, join: Callable[[], Client]) -> None:
        super().__init__()
        self._live = live
        self._join = join

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = self._join()
        gone = asyncio.create_task(_disconnected(receive))
        sending = asyncio.create_task(_pump(client, send))
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._live.leave(client)
            for task in (gone, sending):
                task.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _pump(client: Client, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
    while (chunk := await client.next()) is not None:
        body = {"type": "http.response.body", "body": chunk, "more_body": True}
        await asyncio.wait_for(send(body), _WRITE_WITHIN)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
