"""Touches. Twilio SMS: sent; status and answers polled; callbacks only where there is a public address.

https://www.twilio.com/docs/messaging/api/message-resource
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from alerts.clean import clean
from alerts.delivery.channels.channel import Answer, Arrival, Asked, Notice, Progress, Receipt
from alerts.delivery.channels.exchange import Json
from alerts.delivery.channels.rounds import Rounds
from alerts.delivery.channels.twilio_api import Api, TwilioAccount, called, integer, moment, receipt
from alerts.delivery.channels.twilio_codes import DEAD, told
from alerts.delivery.channels.twilio_status import REMEMBERED, Told

BACK = 86_400_000  # ms: answers are looked for this far back, so none is missed while Tocsin is down
PAGE = "50"
PAGES = 10  # of one look: a flood of replies is taken up over several
ARRIVED = {"delivered": Arrival.DELIVERED, "read": Arrival.READ}
LOST = frozenset({"failed", "undelivered", "canceled"})


class TwilioSettings(TwilioAccount):
    """SMS by Twilio. `sender` is one of the account's numbers, an alphanumeric name or a Messaging Service
    (MG…); `replies_to` is the number people answer to, where `sender` is none."""

    kind: Literal["twilio"]
    sender: str = Field(
        pattern=r"^(\+\d{6,15}|MG[0-9a-fA-F]{32}|\d{3,8}|[A-Za-z0-9 ]{1,11})$",
        description="a number with +, MG…, a short code, or a name of at most 11 letters",
    )
    replies_to: str = Field(
        "", pattern=r"^(\+\d{6,15})?$", description="a number with + and the country's code"
    )
    workers: int = Field(4, ge=1, le=32)


class Twilio:
    """`now` tells from which day on answers are looked for."""

    every = 5_000
    listen_every = 5_000

    def __init__(self, name: str, settings: TwilioSettings, now: Callable[[], int]) -> None:
        self.name = name
        self.workers = settings.workers
        self._settings = settings
        self._now = now
        self._api = Api(settings, settings.workers + 2)
        self._told = Told(settings, name)
        self._rounds = Rounds(self._progress)
        self._heard: dict[str, None] = {}

    def send(self, notice: Notice) -> Receipt:
        """Accepted when Twilio has queued it and given it a number."""
        sender = self._settings.sender
        by = "MessagingServiceSid" if sender.startswith("MG") and len(sender) == 34 else "From"
        form = {"To": called(notice.address), by: sender, "Body": notice.short}
        if self._told.url:
            form["StatusCallback"] = self._told.url
        return receipt(self._api.create("Messages", form), "(?:SM|MM)")

    def ask(self, messages: Sequence[Asked]) -> list[Progress]:
        return self._rounds.ask(messages)

    def _progress(self, asked: Asked) -> Progress | None:
        said = self._told.of(asked.receipt) or self._api.fetch(f"Messages/{asked.receipt}")
        status, code, at = (
            str(said.get("status")),
            integer(said.get("error_code")),
            moment(said.get("date_updated")),
        )
        if status in LOST:
            words = told(code, clean(str(said.get("error_message") or status), 120))
            return Progress(asked.receipt, Arrival.LOST, at, words.en, words.zh, code in DEAD)
        arrival = ARRIVED.get(status)
        return Progress(asked.receipt, arrival, at) if arrival else None

    def answers(self) -> list[Answer]:
        """Messages to our number, oldest first. Twilio filters by whole days of UTC and gives the newest
        first."""
        to = self._settings.replies_to or self._settings.sender
        if not to.startswith("+"):
            return []
        day = datetime.fromtimestamp((self._now() - BACK) / 1000, UTC).strftime("%Y-%m-%d")
        page: Json | None = self._api.fetch("Messages", {"To": to, "DateSent>": day, "PageSize": PAGE})
        found: list[Answer] = []
        for _ in range(PAGES):
            if page is None:
                break
            messages = page.get("messages")
            new = (
                [one for said in messages if (one := self._answer(said))]
                if isinstance(messages, list)
                else []
            )
            found += new
            page = self._api.more(page.get("next_page_uri")) if new else None
        return found[::-1]

    def heard(self, ids: Sequence[str]) -> None:
        """Twilio keeps them all: we remember which ones we had."""
        self._heard |= dict.fromkeys(ids)
        while len(self._heard) > REMEMBERED:
            del self._heard[next(iter(self._heard))]

    def called_back(self, form: Mapping[str, str], signature: str) -> bool:
        """A status callback; False when it is not Twilio who says so."""
        return self._told.take(form, signature)

    def _answer(self, said: object) -> Answer | None:
        if not isinstance(said, dict) or said.get("direction") != "inbound":
            return None
        sid = str(said.get("sid", ""))
        if not sid or sid in self._heard:
            return None
        at = moment(said.get("date_sent")) or moment(said.get("date_created"))
        return Answer(sid, str(said.get("from", "")), clean(str(said.get("body", "")), 400), at)
