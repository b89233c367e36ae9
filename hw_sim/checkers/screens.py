"""What the screens of a unit showed at any moment: looked up by several rules.

Screens are numbered; a screen that was not sent anything for a while counts as gone, as a page
greys itself out then. Owns no rule. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise

from edge.api.schema import Snapshot
from hw_sim.checkers.base import NS_PER_MS, OPEN_END_NS
from hw_sim.checkers.facts import Picture

# At least every half a second (edge/api/pacing.py), every second one is kept, and some slack.
GONE_NS = 1_100 * NS_PER_MS


NONE_CLOSED: Mapping[int, int] = {}


class Screens:
    """Pictures by screen, in order of time."""

    def __init__(
        self, pictures: Sequence[Picture], closed_ns: Mapping[int, int] = NONE_CLOSED
    ) -> None:
        self._closed_ns = closed_ns
        self._by_screen: dict[int, list[Picture]] = {}
        for picture in pictures:
            self._by_screen.setdefault(picture.screen, []).append(picture)
        self._times = {
            screen: [picture.at_ns for picture in shown]
            for screen, shown in self._by_screen.items()
        }

    def newest(self, at_ns: int) -> list[Picture]:
        """The last picture of every screen that is still sent some."""
        found = []
        for screen, times in self._times.items():
            if self._closed_ns.get(screen, OPEN_END_NS) <= at_ns:
                continue
            index = bisect_right(times, at_ns) - 1
            if index >= 0 and at_ns - times[index] <= GONE_NS:
                found.append(self._by_screen[screen][index])
        return found

    def at(self, at_ns: int) -> list[Snapshot]:
        """The same, without their times."""
        return [picture.shown for picture in self.newest(at_ns)]

    def between(self, from_ns: int, until_ns: int) -> list[Picture]:
        """Every picture in this stretch, screen by screen."""
        found = []
        for screen, times in self._times.items():
            first, beyond = bisect_right(times, from_ns), bisect_right(times, until_ns)
            found += self._by_screen[screen][first:beyond]
        return found

    def is_live_over(self, from_ns: int, until_ns: int) -> bool:
        """A screen was there all the time, and heard of a live controller."""
        stretch = [*self.newest(from_ns), *self.between(from_ns, until_ns)]
        times = [from_ns, *sorted(picture.at_ns for picture in stretch), until_ns]
        is_there = all(later - earlier <= GONE_NS for earlier, later in pairwise(times))
        return (
            bool(stretch)
            and is_there
            and all(picture.shown.unit.link == "live" for picture in stretch)
        )

    def alarms_before(self, at_ns: int) -> list[str]:
        """Names of what was shown already."""
        return [alarm.alarm_id for shown in self.at(at_ns - 1) for alarm in shown.alarms]
