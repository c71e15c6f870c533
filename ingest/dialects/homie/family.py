"""Thinks. The tree of Homie devices: who is lost when the root of it is lost."""

from ingest.dialects.dialect import Known, Said
from ingest.dialects.held import key_of
from ingest.reading import Decoded, Reading

# $state → the word of `link`, and a note
LINKS = {
    "ready": ("online", ""),
    "init": ("online", "init: connected, not ready yet"),
    "sleeping": ("online", "sleeping"),
    "alert": ("online", "alert"),
    "disconnected": ("offline", "disconnected"),
    "lost": ("offline", "lost"),
    "": ("offline", "removed from the broker"),
}
_MOST = 1_000


def family(said: Said, device: str, state: str) -> list[Decoded]:
    """The link of a device, of its nodes that are registered by themselves, and of all its children.

    A child has no connection of its own: it is lost with its parent, and has its own state again after it.
    """
    made: list[Decoded] = []
    waiting, seen = [(device, _inherited_by(said.known, device, state))], {device}
    while waiting and len(made) < _MOST:
        name, state = waiting.pop(0)
        about = said.known.learned.get(key_of("about", name)) or {}
        for address in (name, *(f"{name}/{node}" for node in about.get("nodes", ()))):
            known = said.known.registered(address)
            if known is not None or address == device:
                id_ = said.device.id if address == device else known.id if known is not None else ""
                made.append(_link(said, id_, state, "" if name == device else f"with {device}"))
        for child in about.get("children", ()):
            if child not in seen:
                seen.add(child)
                waiting.append((child, _inherited(said.known, child, state)))
    return made


def _inherited(known: Known, child: str, state: str) -> str:
    own = known.learned.get(key_of("state", child)) or "ready"
    return state if LINKS[state][0] == "offline" or own not in LINKS else own


def _inherited_by(known: Known, device: str, state: str) -> str:
    """Its own state, or that of the root while that is gone: what the broker kept of a child may be older."""
    about = known.learned.get(key_of("about", device)) or {}
    for above in (about.get("root", device), about.get("parent", device)):
        word = known.learned.get(key_of("state", above))
        if above != device and word in LINKS and LINKS[word][0] == "offline":
            return str(word)
    return state


def _link(said: Said, device: str, state: str, note: str) -> Decoded:
    word, why = LINKS[state]
    text = f"{why} {note}".strip() if why and note else why
    reading = Reading(device, "link", word, said.received, said.received, retained=said.retained, note=text)
    return Decoded(device, [reading], alive=False)


def ended(known: Known, address: str) -> bool:
    """Whether an alert of `$state` was told and stands."""
    return "$state" in (known.learned.get(key_of("fault", address)) or {})
