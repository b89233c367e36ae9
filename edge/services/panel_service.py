"""The edge's own view of E-stop, door, coil plug and patient button.

Levels are read on every edge and a few times a second, because edges may be lost. Opening counts at
once; closing must have been stable. Compares with the controller's view of the same contacts: two
views that differ longer than contacts bounce are a defect. Runs on the loop's clock. Stops nothing
itself; tells its listener.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from edge.ports import Panel, PanelInput
from edge.services.chair_state import ChairState
from edge.services.phase import Phase

log = structlog.get_logger(__name__)

CLOSE_STABLE_S = 0.05  # contacts bounce for a few ms; the controller waits 20 ms
READ_PERIOD_S = 0.25  # a lost edge is found this late at worst
DISAGREE_S = 0.3  # [P] longer than any debounce and one status period together
NAMES = tuple(each.value for each in PanelInput)


class PanelListener(Protocol):
    """Who acts on the panel."""

    def on_panel_open(self, name: str) -> None:
        """This input opened, or can no longer be read."""

    def on_disagreement(self, name: str) -> None:
        """Edge and controller differ about this input."""


@dataclass
class _Wire:
    """One input: level is debounced, None unknown."""

    level: bool | None = None
    closing_since: float | None = None
    differs_since: float | None = None
    is_differing: bool = False


class PanelService:
    """The writer of ChairState.device.panel."""

    def __init__(
        self, panel: Panel, state: ChairState, phase: Phase, listener: PanelListener
    ) -> None:
        self._panel = panel
        self._state = state
        self._phase = phase
        self._listener = listener
        self._wires = {name: _Wire() for name in NAMES}
        self._timer: asyncio.TimerHandle | None = None
        state.device.panel = dict.fromkeys(NAMES)

    async def run(self) -> None:
        """Watch until cancelled."""
        self._panel.watch(self.sample)
        try:
            while True:
                self.sample()
                await asyncio.sleep(READ_PERIOD_S)
        finally:
            self._panel.watch(None)
            if self._timer is not None:
                self._timer.cancel()

    def sample(self) -> None:
        """Read all levels now and take in what changed."""
        now = asyncio.get_running_loop().time()
        levels = {each.value: level for each, level in self._panel.read().items()}
        for name in NAMES:
            self._take(name, levels.get(name), now)
        self.compare()

    def compare(self) -> None:
        """Hold both views against each other; call after each status of the controller."""
        now = asyncio.get_running_loop().time()
        inputs = self._state.device.inputs
        for name in NAMES:
            wire, theirs = self._wires[name], inputs.get(name)
            if wire.level is None or theirs is None or wire.level == theirs:
                wire.differs_since, wire.is_differing = None, False
                continue
            if wire.differs_since is None:
                wire.differs_since = now
            if now - wire.differs_since > DISAGREE_S and not wire.is_differing:
                wire.is_differing = True
                log.error("panel and controller differ", input=name, own_is_closed=wire.level)
                self._phase.touch()
                self._listener.on_disagreement(name)

    def is_closed(self) -> bool:
        """True when every input is known and safe on the edge's own wires."""
        return all(wire.level is True for wire in self._wires.values())

    def views(self) -> tuple[Mapping[str, bool | None], Mapping[str, bool | None]]:
        """(controller's, own) levels; a young difference shows as open on both."""
        theirs, own = dict(self._state.device.inputs), dict(self._state.device.panel)
        for name, wire in self._wires.items():
            if wire.differs_since is not None and not wire.is_differing:
                theirs[name] = own[name] = False
        return theirs, own

    def _take(self, name: str, level: bool | None, now: float) -> None:
        wire = self._wires[name]
        if level is not True:
            wire.closing_since = None
            if level != wire.level:
                self._set(name, wire, level)
        elif wire.level is not True:
            if wire.closing_since is None:
                wire.closing_since = now
            due_at = wire.closing_since + CLOSE_STABLE_S
            if now >= due_at:
                self._set(name, wire, True)
            else:
                self._sample_at(due_at)

    def _set(self, name: str, wire: _Wire, level: bool | None) -> None:
        wire.level = level
        wire.closing_since = None
        self._state.device.panel[name] = level
        log.info("panel input", input=name, is_closed=level)
        self._phase.touch()
        if level is not True:
            self._listener.on_panel_open(name)

    def _sample_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self.sample)
