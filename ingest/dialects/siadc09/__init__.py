"""Thinks. SIA DC-09 and Contact ID: the lines of alarm panels, over MQTT or by our own listener.

A gateway copies the line to a topic unchanged, so any topic under the base may carry any panel's: the line
says whose it is. The panel is `<account>`, a point `<account>/<zone>` or `<account>/<area>/<zone>`. Only a
listener has keys; what it could not open, or would not, reaches us as a line that is refused here in words.
"""

from collections.abc import Mapping

from ingest.dialects.dialect import (
    IGNORED,
    MANY,
    SAMPLE_BYTES,
    Known,
    Result,
    Said,
    link,
    malformed,
    no_definitions,
)
from ingest.dialects.siadc09.codes import CODES, Meaning
from ingest.dialects.siadc09.contact import contact
from ingest.dialects.siadc09.heard import Hearing, Told
from ingest.dialects.siadc09.line import (
    CONTACT_ID,
    HEARTBEAT,
    SIA,
    SUPERVISION,
    Event,
    Line,
    events,
    pieces,
    read,
)
from ingest.guard import check_size
from ingest.reading import Parts, Reason, Rejected

NAME = "siadc09"
BASES = ("siadc09",)
INTERVAL: Mapping[str, int] = {"": 0, "fire_panel": 90_000}  # the daily test, and an hour
define = no_definitions

MOST_EVENTS = 100  # of one line
MOST_LINES = 500  # of one payload

_LISTENER = "listen:"  # how the base begins where the line came by our own listener
_LINK = ("/link", "/status")
_ALARMING = frozenset(("alarm", "prealarm", "fault", "low", "battery", "tamper"))


def topics(known: Known) -> list[str]:
    return ["#"]


def filters(address: str, known: Known) -> list[str]:
    return ["#"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    if rest.endswith(_LINK):
        return (rest.rpartition("/")[0],)
    return MANY


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    return check_size(payload)


def told(line: Line) -> Told:
    if line.token == HEARTBEAT:
        return Told(line.account)
    if line.encrypted:
        why = "encrypted, and the checksum is wrong" if not line.good_sum else _sealed(line.account)
        return Told(line.account, why=why)
    inside = line.data
    if inside is None:
        return Told(line.account, why="the line is cut off: its data have no end")
    if line.token not in (SIA, CONTACT_ID, SUPERVISION):
        return Told(line.account, why=f"{line.token} is not read: set the panel to SIA-DCS or ADM-CID")
    data, moment = inside
    inner, found = events(line.token, data)
    if line.account and inner and inner != line.account:
        why = f"the line is of the account {line.account}, its data of {inner}"
        return Told(line.account, why=why, reason=Reason.IDENTITY)
    account = line.account or inner
    if not account:
        return Told(why="no account in it: set one in the panel")
    if not found and line.token != SUPERVISION:
        return Told(account, why=f"no event in it: {data[:60]!r}")
    if len(found) > MOST_EVENTS:
        return Told(account, why=f"{len(found)} events in one line; the most is {MOST_EVENTS}")
    known = tuple((event, _meaning(event, line.token)) for event in found)
    return Told(account, known, moment, data=data)


def _sealed(account: str) -> str:
    why = f"encrypted, and there is no key for {account or 'it'} that fits: let the panel connect to the"
    return f"{why} listener, and give its key in listeners.{NAME}.keys"


def _meaning(event: Event, token: str) -> Meaning | None:
    return contact(event.code) if token == CONTACT_ID else CODES.get(event.code)


def decode(said: Said) -> Result:
    if said.rest.endswith(_LINK):
        return link(said) if said.payload else IGNORED
    if not said.payload.strip():
        return IGNORED if said.retained else malformed("empty payload", said)
    found, rest = pieces(said.payload)
    parts = Parts()
    every = [*found, rest] if rest else found
    if not every:
        return malformed("blanks only", said)
    for raw in every[:MOST_LINES]:
        _hear(raw, said, parts)
    if len(every) > MOST_LINES:
        parts.rejected.append(malformed(f"{len(every)} lines in one payload; {MOST_LINES} were read", said))
    return parts if parts.heard or len(parts.rejected) != 1 else parts.rejected[0]


def _hear(raw: bytes, said: Said, parts: Parts) -> None:
    line = read(raw)
    if isinstance(line, str):
        parts.rejected.append(_because(Reason.MALFORMED, line, raw, said))
        return
    what = told(line)
    listening = said.known.base.startswith(_LISTENER)
    reason, why = (what.reason, what.why) if what.why else _refused(line, what, listening, said)
    if why:
        parts.rejected.append(_because(reason, why, raw, said))
        return
    only = None if line.good_sum else _ALARMING
    if only and not any(effect.word in only for _, one in what.events if one for effect in one.effects):
        why = "the checksum is wrong, so only an alarm or a fault would count"
        parts.rejected.append(_because(Reason.MALFORMED, why, raw, said))
        return
    hearing = Hearing(said, what, only, parts)
    if listening and what.events and hearing.repeated(line):
        return
    for event, meaning in what.events:
        if meaning is None:
            parts.rejected.append(_because(Reason.MALFORMED, _unknown(event), raw, said))
        else:
            hearing.take(event, meaning)


def _refused(line: Line, what: Told, listening: bool, said: Said) -> tuple[Reason, str]:
    """Why a line that can be read must not be; "" mostly."""
    if not listening:
        return Reason.MALFORMED, ""
    if what.account != said.rest.upper():
        why = (
            f"in clear, although {what.account} has a key in listeners.{NAME}.keys or the line says encrypted"
        )
        return Reason.IDENTITY, why
    if line.starred:  # the listener has opened it, and found its time wrong
        return Reason.IDENTITY, _late(what.moment, said.received)
    return Reason.MALFORMED, "" if line.good_sum else "the checksum is wrong: the panel is asked for it again"


def _late(moment: int | None, received: int) -> str:
    off = "it has none" if not moment or moment < 0 else f"it is {(moment - received) / 1000:+.0f} s off ours"
    return f"the time of an encrypted line must be right, or it may be a copy of an old one: {off}"


def _unknown(event: Event) -> str:
    return f"the code {event.code} is not known (area {event.area or '-'}, zone {event.zone or '-'})"


def _because(reason: Reason, detail: str, raw: bytes, said: Said) -> Rejected:
    return Rejected(reason, detail, said.topic, raw[:SAMPLE_BYTES], said.received)
