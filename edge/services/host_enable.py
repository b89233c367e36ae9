"""Keeps the edge's enable toggling while it is wanted and every part of the edge is alive.

Wanted from a person's arming until the bank is bled or anything stops; any doubt lets it go at
once, and only the next arming takes it up again. A timer alone cannot keep it: each edge needs the
roll call of the parts that carry a treatment. An edge that comes later than the one-shot lives is
not made. Runs on the loop's clock as a task of the chair; judges no session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from edge.domain.roll_call import RollCall
from edge.ports import HostEnable

log = structlog.get_logger(__name__)

TOGGLE_S = 0.04  # [P] six edges in the life of the one-shot
HOST_LIFE_S = 0.25  # [P] of the one-shot: later than this it has fallen
RISE_S = 2.0  # [P] from wanted to a charging controller; far below its 5 s for a stuck enable
# A part's window: three of its periods or more, so that one late turn of a loaded machine passes.
BEAT, STATUS, PANEL, CARE = "heartbeat", "status", "panel", "care"
WINDOWS_S = {
    BEAT: 0.35,  # sent every 100 ms
    STATUS: 0.6,  # answers it; after 0.4 s at most the line is called silent, which says it better
    PANEL: 0.5,  # wires read every 100 ms
    CARE: 1.6,  # alarms, page and machine looked at every 500 ms
}
AT_REST = "STANDBY"
ENERGISED = ("CHARGING", "READY", "ARMED", "TRAIN", "HOLD")

OnLost = Callable[[str], None]


class HostKeeper:
    """The only one who moves the pin. on_lost hears a stop code when it had to let go itself."""

    def __init__(self, port: HostEnable, on_lost: OnLost) -> None:
        self._port = port
        self._on_lost = on_lost
        self._roll = RollCall(WINDOWS_S)
        self._wanted = asyncio.Event()
        self._wanted_at = 0.0
        self._beat_at = 0.0
        self._was_energised = False

    @property
    def is_wanted(self) -> bool:
        """Asked for and not let go since."""
        return self._wanted.is_set()

    def check_in(self, part: str) -> None:
        """A part of WINDOWS_S has done a whole turn of its work."""
        self._roll.check_in(part, asyncio.get_running_loop().time())

    def want(self) -> bool:
        """A person is arming. False when a part is missing; then nothing moves."""
        now = asyncio.get_running_loop().time()
        missing = self._roll.missing(now)
        if missing:
            log.error("no host enable", missing=missing)
            self.drop()
            return False
        if not self.is_wanted:
            self._wanted_at = self._beat_at = now
            self._was_energised = False
            self._wanted.set()
        return True

    def drop(self) -> None:
        """Let go now, in every state."""
        self._wanted.clear()
        self._port.drop()

    def on_state(self, mcu_state: str) -> None:
        """The controller's state was heard: whatever bleeds the bank ends the enable as well."""
        if not self.is_wanted:
            return
        if mcu_state in ENERGISED:
            self._was_energised = True
            return
        waited_s = asyncio.get_running_loop().time() - self._wanted_at
        if mcu_state != AT_REST or self._was_energised or waited_s > RISE_S:
            self.drop()

    async def run(self) -> None:
        """Make the edges, until cancelled; whatever ends this lets go."""
        try:
            while True:
                await self._wanted.wait()
                self._turn()
                await asyncio.sleep(TOGGLE_S)
        finally:
            self.drop()

    def _turn(self) -> None:
        now = asyncio.get_running_loop().time()
        missing = self._roll.missing(now)
        if now - self._beat_at > HOST_LIFE_S:
            self._give_up("host_lost", late_s=round(now - self._beat_at, 3))
        elif missing:
            self._give_up("edge_internal", missing=missing)
        else:
            self._port.beat()
            self._beat_at = now

    def _give_up(self, code: str, **why: str | float) -> None:
        log.error("host enable let go", code=code, **why)
        self.drop()
        self._on_lost(code)
