"""Thinks. The stage: every device with its next moment in one heap, and the scenarios that happen to them.

Offsets are milliseconds since the simulation began. Nothing here waits: whoever plays it asks what is due.
"""

from heapq import heappop, heappush
from typing import NamedTuple

from tocsin.simulate import habits, speech
from tocsin.simulate.campus import Campus
from tocsin.simulate.habits import EVENTS, HABITS, Values
from tocsin.simulate.scenarios import ALL_NORMAL, Step, steps
from tocsin.simulate.site import Device
from tocsin.simulate.speech import Saying, Stamp, Topics

_REPEAT = 1500  # ms after which a device that repeats itself does so


class Voice:
    """A device that speaks. `standing`: what a scenario made it report, until that is over."""

    __slots__ = ("boot", "device", "number", "sequence", "standing")

    def __init__(self, device: Device) -> None:
        self.device = device
        self.number = 0
        self.sequence = 0
        self.boot = 0  # offset in ms at which it last started
        self.standing: Values = {}


class Heartbeat(NamedTuple):
    voice: Voice


class Announcement(NamedTuple):
    """Its state once more, outside the heartbeats: after a return, or after a passage through a door."""

    voice: Voice


class Happening(NamedTuple):
    step: Step
    generation: int  # `all-normal` begins a new one, and what was to happen in the old one does not


class Repeat(NamedTuple):
    """The same bytes again, unless the device has said something newer."""

    voice: Voice
    sequence: int
    saying: Saying


Act = Heartbeat | Announcement | Happening | Repeat


class Stage:
    """`start` (ms since 1970) is offset 0: it is in every boot number and device time, and nowhere else."""

    def __init__(
        self, campus: Campus, seed: int, start: int, rate: float = 1.0, topics: Topics | None = None
    ) -> None:
        self.campus = campus
        self.cut: set[str] = set()  # gateways that are off the network now
        self._seed = seed
        self._start = start
        self._rate = rate
        self._topics = topics or Topics()
        self._voices = {device.id: Voice(device) for device in campus.devices}
        self._heap: list[tuple[int, int, Act]] = []
        self._pushed = 0
        self._generation = 0
        self._running: dict[str, int] = {}  # scenario → offset of its last step, in the order they began
        for voice in self._voices.values():
            self._push(self._first(voice, 0), Heartbeat(voice))

    def gateways(self) -> list[Device]:
        return [device for device in self.campus.devices if device.kind == "gateway"]

    def births(self, gateway: Device, at: int) -> list[Saying]:
        return speech.births(self._topics, gateway, self._children(gateway.id), at)

    def will(self, gateway: Device) -> tuple[str, bytes]:
        return speech.will(self._topics, gateway)

    def next_due(self) -> int:
        return self._heap[0][0]

    def due(self, until: int) -> list[Saying]:
        """Everything that is said up to and including offset `until`, in order."""
        said: list[Saying] = []
        while self._heap[0][0] <= until:
            at, _, act = heappop(self._heap)
            match act:
                case Heartbeat(voice):
                    self._beat(voice, at, said)
                case Announcement(voice):
                    self._speak(voice, at, said)
                case Happening(step, generation):
                    if generation == self._generation:
                        self._happen(step, at, said)
                case Repeat(voice, sequence, saying):
                    if sequence == voice.sequence and saying.gateway not in self.cut:
                        said.append(saying._replace(offset=at))
        return said

    def play(self, name: str, at: int) -> None:
        """Let a scenario happen from offset `at` on. Raises UnknownScenario, and then nothing has changed."""
        happening = steps(name, self.campus, self._seed)
        if name == ALL_NORMAL:
            self._calm(at)
            return
        for step in happening:
            if step.device in self._voices:
                self._push(at + round(step.offset * 1000), Happening(step, self._generation))
        self._running.pop(name, None)
        self._running[name] = at + round(happening[-1].offset * 1000)

    def running(self, at: int) -> str | None:
        """Of the scenarios in which something is still to happen, the one begun last."""
        return next((name for name, end in reversed(self._running.items()) if at <= end), None)

    def returned(self, gateway: str, at: int) -> None:
        """A gateway's connection is back: it and its devices say how they are, not all at once."""
        for device in (self._voices[gateway].device, *self._children(gateway)):
            voice = self._voices[device.id]
            self._push(self._first(voice, at), Announcement(voice))

    def _children(self, gateway: str) -> list[Device]:
        return [device for device in self.campus.devices if device.gateway == gateway]

    def _first(self, voice: Voice, at: int) -> int:
        return at + round(habits.first(self._seed, voice.device, len(self._voices)) * 1000)

    def _push(self, at: int, act: Act) -> None:
        self._pushed += 1
        heappush(self._heap, (at, self._pushed, act))

    def _calm(self, at: int) -> None:
        """Everything is normal again: what was to happen does not, and who was disturbed says so at once."""
        self._generation += 1
        self._running.clear()
        for voice in self._voices.values():
            if voice.standing:
                voice.standing = {}
                self._push(at, Announcement(voice))
        for gateway in sorted(self.cut):
            self._mend(gateway, at)

    def _mend(self, gateway: str, at: int) -> None:
        self.cut.discard(gateway)
        voice = self._voices[gateway]
        voice.boot, voice.sequence = at, 0
        self.returned(gateway, at)

    def _beat(self, voice: Voice, at: int, said: list[Saying]) -> None:
        device, number = voice.device, voice.number
        stands_open = habits.passage(self._seed, device, number)
        if stands_open and not voice.standing:
            self._speak(voice, at, said, {"contact": "open"})
            self._push(at + round(stands_open * 1000), Announcement(voice))
        else:
            self._speak(voice, at, said, beat=True)
        voice.number += 1
        pause = habits.pause(self._seed, device, voice.number, self._rate)
        self._push(at + round(pause * 1000), Heartbeat(voice))

    def _happen(self, step: Step, at: int, said: list[Saying]) -> None:
        voice = self._voices[step.device]
        if step.values.get("link") == "offline":
            self.cut.add(step.device)
        elif step.values.get("link") == "online":
            self._mend(step.device, at)
        elif not step.values:
            voice.standing = {}
            self._speak(voice, at, said)
        else:
            voice.standing |= {m: v for m, v in step.values.items() if m not in EVENTS}
            before = len(said)
            self._speak(voice, at, said, step.values, partial=True)
            if len(said) > before and {"alarm", "prealarm"} & set(step.values.values()):
                self._push(at + _REPEAT, Repeat(voice, voice.sequence, said[-1]))

    def _speak(
        self,
        voice: Voice,
        at: int,
        said: list[Saying],
        now: Values | None = None,
        beat: bool = False,
        partial: bool = False,
    ) -> None:
        """One message of a device, if it can be heard. `now` is what it has to say beside its state; a device
        may send that alone (`partial`) unless the broker keeps the message as its state."""
        device = voice.device
        flaky = device.id == self.campus.flaky and habits.away(at / 1000)
        if flaky or speech.carrier(device) in self.cut:
            return
        weak = device.id == self.campus.weak
        state = habits.heartbeat(self._seed, device, voice.number, at / 1000, weak)
        values = {m: v for m, v in state.items() if beat or m not in EVENTS} | voice.standing | (now or {})
        if partial and now and device.dialect == "tocsin" and not HABITS[device.kind].retain:
            values = now
        voice.sequence += 1
        boot = (self._start + voice.boot) // 1000
        wrong = device.id == self.campus.wrong_clock
        stamp = Stamp(at, self._start + at, boot, voice.sequence, wrong)
        said.append(speech.say(self._topics, device, values, stamp))
        if beat and habits.repeated(self._seed, device, voice.number):
            self._push(at + _REPEAT, Repeat(voice, voice.sequence, said[-1]))
