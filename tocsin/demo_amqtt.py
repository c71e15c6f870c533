"""Touches. The embedded broker of `tocsin demo`, as a program: `python -m tocsin.demo_amqtt PORT PASSWORDS`.

It runs until its standard input closes. It keeps the session of a client that signed in with a password
while that client is away, but in memory: when it ends, sessions and retained messages are gone. Three faults
of amqtt 0.12 are mended here; one is not: a message that is not acknowledged within 5 s is forgotten.
"""

import asyncio
import contextlib
import logging
import os
import sys

from amqtt.broker import Broker, RetainedApplicationMessage
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import Session

HOST = "127.0.0.1"


class DemoAmqtt(Broker):  # type: ignore[misc]  # amqtt has no types
    """amqtt, but no message is lost with its connection, and retained is only what is retained."""

    async def _stop_handler(self, handler: BrokerProtocolHandler) -> None:
        """A connection ends: what was not acknowledged on it waits for the next one, first in line."""
        session = handler.session
        unsure = list(session.inflight_out.values()) if session else []
        await super()._stop_handler(handler)
        if session is None or session.clean_session:
            return
        waiting = session.retained_messages
        later = [waiting.get_nowait() for _ in range(waiting.qsize())]
        for message in unsure:
            waiting.put_nowait(RetainedApplicationMessage(None, message.topic, message.data, message.qos))
        for message in later:
            waiting.put_nowait(message)

    async def _publish_session_retained_messages(self, session: Session) -> None:
        """A client is back: it gets what waited for it, as the news it is and not as retained messages."""
        handler = self._get_handler(session)
        sent = []
        while handler and not session.retained_messages.empty():
            kept = session.retained_messages.get_nowait()
            publishing = handler.mqtt_publish(kept.topic, kept.data, kept.qos, retain=False)
            sent.append(asyncio.ensure_future(publishing))
        if sent:
            await asyncio.wait(sent)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Retained messages go to who subscribed to them; amqtt sends everybody everybody's."""
        if any(subscriber == session for subscriber, _ in self._subscriptions.get(subscription[0], ())):
            await super()._publish_retained_messages_for_subscription(subscription, session)


async def _serve(port: int, passwords: str) -> None:
    broker = DemoAmqtt(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}},
            "plugins": {"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": passwords}},
        }
    )
    await broker.start()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)  # a polite end would take seconds, and everything is forgotten anyway


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2]))
