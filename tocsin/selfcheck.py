"""Touches. What is wrong with the campus as it is set up: each finding is a fault of Tocsin's own.

People nobody can reach, devices nobody answers for, days nobody knows, rules refused or too long on trial.
"""

from collections.abc import Sequence

from alerts.duty.routing import problems
from alerts.owners import told, unanswered
from ingest.campus.kinds import OWN_POINTS
from tocsin.house import House
from tocsin.own import SPEAK_FOR_THEMSELVES, Own

ROOM = 500  # characters of a note


class SelfCheck:
    """Looks at the house when it is changed, and now and then because time goes on."""

    def __init__(self, house: House, own: Own) -> None:
        self._house = house
        self._own = own
        self._unrouted = False

    def campus(self, now: int) -> None:
        """After a change of devices or people."""
        self.routing(now)
        self.owners()
        self.calendar(now)

    def routing(self, now: int) -> None:
        """Say so when an alert could reach nobody: an empty post, a channel that is not configured."""
        self._unrouted = False
        self._say("routing", problems(self._house.directory, self._house.registry, now), "; ")

    def committed(self, troubles: bool, owed: bool, now: int) -> None:
        """The desk found nobody to tell: that lasts until it finds somebody again."""
        if troubles:
            self._unrouted = True
        elif owed and self._unrouted:
            self.routing(now)

    def owners(self) -> None:
        """Say so when nobody answers for a device: it has no owner, or one who cannot be told."""
        found = unanswered(self._house.registry.devices, self._house.directory)
        note = f"{len(found)}: {'; '.join(told(found))}"[:ROOM] if found else ""
        self._own.report_part("owners", "registry", "fault" if found else "normal", note)

    def calendar(self, now: int) -> None:
        """Say so when a day's kind can only be guessed and anything hangs on it, or a rule waits for hours
        that nobody knows."""
        house = self._house
        found, calendar = house.rules.timeless(house.registry), house.registry.calendar
        shifts = any(post.shifts for post in house.directory.posts.values())
        if calendar.written or house.rules.timed or shifts:
            found += calendar.gaps(calendar.day_of(now))
        self._say("calendar", found, "; ")

    def undecided(self, rules: Sequence[str]) -> None:
        self._say("undecided", rules, ", ")

    def refused(self, mistakes: Sequence[str]) -> None:
        """The rule files as they are now: what keeps them from being in force."""
        self._own.report_part("files", "rules", "fault" if mistakes else "normal", "\n".join(mistakes)[:2000])

    def speak_for_the_quiet(self) -> None:
        """At a start: what nobody else speaks for is in order because it runs."""
        for point in OWN_POINTS:
            if point not in SPEAK_FOR_THEMSELVES:
                self._own.report(point, "normal")

    def _say(self, metric: str, found: Sequence[str], between: str) -> None:
        self._own.report_part("check", metric, "fault" if found else "normal", between.join(found)[:ROOM])
