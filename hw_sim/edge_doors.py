"""The unit's doors for the edge: panel wires, host enable, lamp and sounder.

Ports of edge/ports.py on the simulated plant. Each has the faults of its own wires: lines that are
lost, edges that are not told, read-backs that are stuck, a sounder that is dead. Decide nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from edge.domain.alarm_sounds import Tone
from edge.ports import Lamp, PanelInput
from firmware.wire.codes import IN_HOST
from hw_sim.kernel import Kernel
from hw_sim.plant.panel import BIT_BY_NAME, Wire
from hw_sim.plant.plant import Plant
from hw_sim.recorder import TruthRecorder
from hw_sim.sim_hal import SimHal

LAMPS = tuple(Lamp)


class EdgePanel:
    """edge.ports.Panel on the unit's contacts. Must be made on the running loop."""

    def __init__(self, kernel: Kernel, plant: Plant, hal: SimHal, *, has_attend: bool) -> None:
        self._kernel = kernel
        self._plant = plant
        self._hal = hal
        self._loop = asyncio.get_running_loop()
        self._callback: Callable[[], None] | None = None
        self._fitted = tuple(
            name for name in PanelInput if has_attend or name is not PanelInput.ATTEND
        )
        self._lost: tuple[PanelInput, ...] = ()
        self.is_deaf = False  # edges are lost, levels can still be read
        self.is_broken = False  # the driver fails with an error that is none of a line's
        self._gate_back_stuck: bool | None = None

    def fitted(self) -> tuple[PanelInput, ...]:
        return self._fitted

    def read(self) -> Mapping[PanelInput, bool]:
        """Levels now; lost inputs are missing."""
        self._kernel.sync()
        if self.is_broken:
            raise RuntimeError("the driver of the inputs failed")
        levels = self._plant.panel.levels(Wire.EDGE)
        found = {
            name: bool(levels & BIT_BY_NAME[name.value])
            for name in self._fitted
            if name.value in BIT_BY_NAME
        }
        found[PanelInput.HOST_BACK] = bool(levels & IN_HOST)
        found[PanelInput.GATE_BACK] = self._gate_back()
        return {name: level for name, level in found.items() if name not in self._lost}

    def watch(self, callback: Callable[[], None] | None) -> None:
        """Call back on the loop after any edge."""
        self._callback = callback

    def set_lost(self, *names: PanelInput) -> None:
        """These lines cannot be read from now on; none mends all."""
        self._lost = names
        self.notify()

    def stick_gate_back(self, level: bool | None) -> None:
        """Hold this read-back at a level; None mends it."""
        self._gate_back_stuck = level
        self.notify()

    def notify(self) -> None:
        """A wire changed."""
        if self._callback is not None and not self.is_deaf:
            self._loop.call_soon(self._callback)

    def _gate_back(self) -> bool:
        stuck = self._gate_back_stuck
        return self._hal.gate_is_on() if stuck is None else stuck


class EdgeHostEnable:
    """edge.ports.HostEnable on the unit's one-shot."""

    def __init__(self, kernel: Kernel, plant: Plant) -> None:
        self._kernel = kernel
        self._host = plant.host

    def beat(self) -> None:
        """One edge."""
        self._kernel.sync()
        self._host.drive(not self._host.level)

    def drop(self) -> None:
        """Level low, and no edge any more."""
        self._kernel.sync()
        self._host.drive(False)


class SimIndicators:
    """edge.ports.Indicators; what is lit and heard goes into the truth record."""

    def __init__(self, kernel: Kernel, recorder: TruthRecorder) -> None:
        self._kernel = kernel
        self._recorder = recorder
        self.lamp = Lamp.OFF
        self.tone: Tone | None = None
        self._is_dead = False
        self._is_stuck = False

    @property
    def is_sounding(self) -> bool:
        """Whether a person would hear it."""
        return self.tone is not None and not self._is_dead

    def set_lamp(self, lamp: Lamp) -> None:
        if lamp is not self.lamp:
            self.lamp = lamp
            self._record("lamp", LAMPS.index(lamp))

    def set_sounder(self, tone: Tone | None) -> None:
        if tone != self.tone:
            self.tone = tone
            heard = tone if self.is_sounding else None
            self._record("sounder", 0 if heard is None else heard.frequency_hz)

    def sounder_current(self) -> bool | None:
        return self.is_sounding or self._is_stuck

    def break_sounder(self, *, is_dead: bool = False, is_stuck: bool = False) -> None:
        """No sound and no current from now on, or a current that never ends; neither mends it."""
        self._is_dead, self._is_stuck = is_dead, is_stuck

    def _record(self, name: str, value: int) -> None:
        self._kernel.sync()
        self._recorder.wire(self._kernel.now_ns, name, value)
