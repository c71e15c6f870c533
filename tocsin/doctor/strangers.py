"""Touches. What somebody may do at the broker who should not: nobody at all, an invented account, a device's
account, and Tocsin's own account where it has no business."""

from dataclasses import dataclass, field

from tocsin.doctor.finding import Finding, found
from tocsin.doctor.ground import Ground
from tocsin.doctor.link import Link, Login, NoLink

SOON = 1.0  # seconds for what must come at once, if it comes at all
SYS = 1.5


@dataclass(frozen=True)
class Stranger:
    """`who`: nobody, invented or device. `speaks_for`: the device it may speak for, "" for none. `only_in`:
    nothing but whether it is let in is asked."""

    who: str
    login: Login = field(default_factory=Login)
    speaks_for: str = ""
    only_in: bool = False


def look_at(ground: Ground, stranger: Stranger) -> list[Finding]:
    """Whether the broker lets a stranger in, and what it may do then."""
    who = stranger.who
    try:
        with Link(ground.door, ground.name("s"), stranger.login) as link:
            admitted = [found(f"{who}_accepted", device=stranger.speaks_for)]
            if stranger.only_in:
                return admitted
            try:
                return [*admitted, *_liberties(ground, stranger, link)]
            except NoLink as error:  # some brokers hang up on whoever tries what is forbidden
                return [*admitted, found("stranger_cut", who=who, why=error.why)]
    except NoLink as error:
        if error.kind == "refused":
            return [found(f"{who}_refused", why=error.why, device=stranger.speaks_for)]
        return [found("stranger_unclear", who=who, why=error.why or error.kind)]


def _liberties(ground: Ground, stranger: Stranger, link: Link) -> list[Finding]:
    who = stranger.who
    with _observer(ground, stranger.login) as observer:
        observer.subscribe(ground.topic, old=False)
        observer.subscribe(ground.own_link, old=False)
        taken = {
            "reads_all": _reads_all(ground, link, observer),
            "commands": _writes(link, ground.topic, ground.payload(f"written by {who}"), observer),
            "speaks": _writes(link, ground.own_link, b"", observer),
            "reads_sys": _reads_sys(link),
        }
    about = {"who": who, "topic": ground.topic, "base": ground.base}
    findings = [Finding(f"stranger_{what}", about) for what, yes in taken.items() if yes]
    return findings or [found("stranger_harmless", who=who)]


def _observer(ground: Ground, otherwise: Login) -> Link:
    """Tocsin's own account sees what a stranger does; where that is refused, the stranger itself must."""
    return ground.link("o") if ground.admitted else Link(ground.door, ground.name("o"), otherwise)


def _reads_all(ground: Ground, link: Link, observer: Link) -> bool:
    """A broker may grant `#` and then deliver nothing: only what arrives counts."""
    said = ground.payload("to be read by nobody")
    for everything in ("#", f"{ground.base}/#"):
        link.subscribe(everything, 0, old=False)
    observer.publish(ground.topic, [said])
    came = link.wait(lambda: said in link.payloads(), SOON)
    link.unsubscribe(["#", f"{ground.base}/#"])
    return came


def _reads_sys(link: Link) -> bool:
    link.subscribe("$SYS/#", 0)
    return link.wait(lambda: any(each.topic.startswith("$SYS/") for each in link.came), SYS)


def _writes(link: Link, topic: str, payload: bytes, observer: Link) -> bool:
    """Whether a publish is let through. MQTT 5 says so; on 3.1.1 a refusal looks like success, so it is
    believed only when somebody else has received it."""
    taken = link.publish(topic, [payload])[0]
    if link.mqtt5:
        return taken
    return observer.wait(lambda: (topic, payload) in observer.topics(), SOON)


def look_at_own(ground: Ground, device: str) -> list[Finding]:
    """Whether Tocsin's own account could do what it need not. `device`: a registered address, or ""."""
    if ground.own.username is None:
        return []
    outside = f"doctor-probe-{ground.mark}/outside"
    with ground.link("s") as link, ground.link("o") as observer:
        topics = [outside, f"{ground.base}/{device}/link"] if device else [outside]
        for topic in topics:
            observer.subscribe(topic, old=False)
        anywhere = _writes(link, outside, ground.payload("outside"), observer)
        as_device = bool(device) and _writes(link, topics[-1], b"", observer)
    if anywhere:
        return [found("own_writes_anywhere", username=ground.own.username)]
    if as_device:
        return [found("own_speaks_as_device", username=ground.own.username, device=device, base=ground.base)]
    return [found("own_contained", username=ground.own.username)]
