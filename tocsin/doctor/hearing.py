"""Touches. Whether Tocsin's account may read what it subscribes to: a broker grants the subscription and then
delivers nothing. Only a message that arrives proves it, so one is published beside each filter, on a topic
that means nothing to Tocsin and to no device; or one of its devices is heard."""

from collections.abc import Iterable, Iterator, Sequence

from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.filters import Filters
from ingest.message import Message
from ingest.reading import Ignored
from ingest.settings import BrokerSettings
from tocsin.doctor import judge
from tocsin.doctor.finding import Finding, found
from tocsin.doctor.ground import Ground
from tocsin.doctor.link import Link, Login, NoLink

ARRIVES = 2.0  # seconds
MOST = 300  # filters: mappings may have thousands
_ENDS = ("command", "set", "get", "probe", "down", "log")
_SAID = "to be read by Tocsin"


def look_at_hearing(
    ground: Ground, registry: Registry | None, settings: BrokerSettings, other: Login | None
) -> list[Finding]:
    """`other`: the account of a device, which may write where ours may not."""
    wanted = probes(registry or Registry.build(), settings, ground.mark, ground.payload(_SAID))
    heard, taken = _published(ground, wanted, other)
    left = [one for one in wanted if one not in heard]
    heard |= _overheard(ground, left) if left else set()
    deaf = sorted(taken - heard)
    unproven = sorted(wanted.keys() - heard - taken)
    findings = [found("own_deaf", filters=judge.some(deaf), first=deaf[0])] if deaf else []
    if unproven:
        findings.append(found("own_hearing_unproven", filters=judge.some(unproven), count=len(unproven)))
    return findings or [found("own_hears", count=len(heard))]


def probes(registry: Registry, settings: BrokerSettings, mark: str, said: bytes) -> dict[str, str]:
    """Filter -> a topic beside it that means nothing; "" where every one that we try would mean something."""
    decoder = Decoder(registry, settings)
    filters = sorted(set(decoder.all_filters()))[:MOST]
    return {one: next(_harmless(one, decoder, f"doctor-probe-{mark}", said), "") for one in filters}


def _harmless(one: str, decoder: Decoder, name: str, said: bytes) -> Iterator[str]:
    """Rights are given by bases: what may be read beside a filter may be read under it. What none of our
    filters matches reaches no Tocsin; the rest must be talk that no dialect listens to."""
    heard = Filters(decoder.all_filters())
    beside = one.replace("+", name).rpartition("/")[0]
    stem = f"{beside}/" if beside else ""
    if stem and name not in stem:
        stem += f"{name}/"
    base = one[: one.index("+")] if "+" in one else one.removesuffix("#")
    near = [f"{stem}{end}" for end in _ENDS if stem]
    for topic in [*near, *(f"{base}{name}/{end}" for end in _ENDS), f"{base}{name}"]:
        means = decoder.decode(Message(_Nobody(), topic, said, 0))
        if not heard.match(topic) or isinstance(means, Ignored):
            yield topic


class _Nobody:
    name = "doctor"

    def settle(self, messages: Sequence[Message]) -> None: ...


def _published(ground: Ground, wanted: dict[str, str], other: Login | None) -> tuple[set[str], set[str]]:
    """The filters beside which a probe arrived, and those where the broker said that it took one."""
    said, taken = ground.payload(_SAID), set[str]()
    with ground.link("h") as link:
        topics = {topic for topic in wanted.values() if topic}
        for topic in topics:
            link.subscribe(topic, old=False)
        for login in dict.fromkeys((ground.own, other or ground.own)):
            missing = topics - _arrived(link, said)
            done = _publish(ground, login, missing, said)
            taken |= done if ground.door.mqtt5 else set()  # 3.1.1 does not tell a refusal
            link.wait(lambda: done <= _arrived(link, said), ARRIVES)  # noqa: B023
        came = _arrived(link, said)
    return {one for one in wanted if wanted[one] in came}, {one for one in wanted if wanted[one] in taken}


def _arrived(link: Link, said: bytes) -> set[str]:
    return {topic for topic, payload in link.topics() if payload == said}


def _publish(ground: Ground, login: Login, topics: Iterable[str], said: bytes) -> set[str]:
    """Where it was taken; some brokers hang up on whoever tries what is forbidden."""
    taken: set[str] = set()
    for topic in sorted(topics):
        try:
            with Link(ground.door, ground.name("u"), login) as link:
                taken |= {topic} if link.publish(topic, [said])[0] else set()
        except NoLink:
            continue
    return taken


def _overheard(ground: Ground, filters: Iterable[str]) -> set[str]:
    """The filters under which something is retained or said just now."""
    alone = {one: Filters([one]) for one in filters}
    with ground.link("h") as link:
        for one in alone:
            link.subscribe(one, 0)
        link.quiet(ARRIVES, ARRIVES)
        topics = {topic for topic, _ in link.topics()}
    return {one for one, match in alone.items() if any(match.match(topic) for topic in topics)}
