"""What the screens were shown: kept where something changed, and twice a second.

A person at the screen sees every picture; for the rules it is enough to have the first one of each
story. Bounded. Must be used on the running loop; owns no rule and no screen.
"""

from __future__ import annotations

import asyncio
from collections import deque

from edge.api.schema import Snapshot
from hw_sim.checkers.base import NS_PER_MS, NS_PER_S
from hw_sim.checkers.facts import Picture

KEPT_EACH_NS = 450 * NS_PER_MS  # the hub sends at least two a second
PICTURES_MAX = 50_000  # five hours of one screen that nothing happens on


class PictureLog:
    """Of one unit; a screen that is opened anew is another screen."""

    def __init__(self) -> None:
        self.pictures: deque[Picture] = deque(maxlen=PICTURES_MAX)
        self.closed_ns: dict[int, int] = {}  # by screen
        self._screens = 0

    def screen(self) -> SeenScreen:
        """For a new screen to tell what it is shown."""
        self._screens += 1
        return SeenScreen(self, self._screens)


class SeenScreen:
    """hw_sim.kiosk_robot.Watch."""

    def __init__(self, log: PictureLog, number: int) -> None:
        self._log = log
        self._number = number
        self._told: tuple[object, ...] = ()
        self._kept_ns = -KEPT_EACH_NS

    def see(self, shown: Snapshot) -> None:
        """One picture."""
        at_ns, says = _now_ns(), _story(shown)
        if says != self._told or at_ns - self._kept_ns >= KEPT_EACH_NS:
            self._told, self._kept_ns = says, at_ns
            self._log.pictures.append(Picture(at_ns, self._number, shown))

    def close(self) -> None:
        """Nobody looks at it any more."""
        self._log.closed_ns[self._number] = _now_ns()


def _now_ns() -> int:
    return round(asyncio.get_running_loop().time() * NS_PER_S)


def _story(shown: Snapshot) -> tuple[object, ...]:
    """What a person would act on. The pulses of a running train count up without a word."""
    visit = shown.visit
    session = None if visit is None else visit.session
    is_train = session is not None and session.stage == "train"
    return (
        shown.phase,
        shown.control,
        shown.unit.link,
        shown.unit.mcu_state,
        shown.audio_paused_ms > 0,
        tuple((alarm.alarm_id, alarm.is_active, alarm.is_acknowledged) for alarm in shown.alarms),
        None if visit is None else visit.record_state,
        None if session is None or is_train else (session.delivered, session.uncertain),
    )
