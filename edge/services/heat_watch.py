"""Reads the edge's own contact-face sensor and holds all temperatures against each other.

Samples about four times a second, at uneven steps, so that no rhythm of pulses is met again and
again. Keeps DeviceState's own temperature; stops the session when it is too high, when it is not to
be believed, or when the winding does not warm as the pulses' energy says. The judgements are
edge/domain/heat_channel.py and warming.py. Runs on the loop's clock; a reading blocks for 2 ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import cycle

import structlog

from edge.config import LimitsConfig
from edge.domain.heat_channel import Agreement, FaceChannel
from edge.domain.warming import Warming
from edge.ports import Thermometer
from edge.services.chair_state import ChairState
from edge.services.phase import Phase
from edge.services.session_runner import IN_SESSION
from firmware.wire.codes import PULSE_CUT, PULSE_EMITTED
from firmware.wire.message import Message
from firmware.wire.reports import PulseReport

log = structlog.get_logger(__name__)

# [C] Four a second, so uneven that no steady rhythm of pulses meets three of any five readings.
STEPS_S = (0.257, 0.262, 0.225, 0.248, 0.217)
STIMULATING_S = 30.0  # [P] as the controller: pauses between trains reach 26 s
PROVE_BELOW_C10 = 10  # [P] as the controller: above the noise of a reading
CLEAR_C10 = 60  # [P] sources.md domain 2.8: 41 degrees trips, 35 clears
SENSED = (PULSE_EMITTED, PULSE_CUT)
HOT, DOUBT = "surface_hot_own", "sensor_own"


class HeatWatch:
    """The writer of DeviceState's surface_own fields. halt ends a session with a stop code."""

    def __init__(
        self,
        thermometer: Thermometer,
        state: ChairState,
        limits: LimitsConfig,
        phase: Phase,
        halt: Callable[[str], None],
    ) -> None:
        self._thermometer = thermometer
        self._state = state
        self._limits = limits
        self._phase = phase
        self._halt = halt
        self._channel = FaceChannel()
        self._agreement = Agreement()
        self._warming = Warming()
        self._pulse_at: float | None = None
        self._has_coil = False
        self._proof_c10: int | None = None  # limit of a safety test, below what is read

    async def run(self) -> None:
        """Until cancelled."""
        for step_s in cycle(STEPS_S):
            self.sample()
            await asyncio.sleep(step_s)

    def sample(self) -> None:
        """One reading, and what follows from it."""
        now = asyncio.get_running_loop().time()
        self._look_at_plug()
        raw = self._thermometer.read()
        self._channel.take(now, raw, is_stimulating=self._is_stimulating(now))
        value_c10, doubt = self._channel.at(now)
        self._agreement.take(now, value_c10, self._state.device.surface_c10)
        if not doubt and self._agreement.differs:
            doubt = "differs"
        if not doubt and self._warming.is_doubtful:
            doubt = "warming"
        self._keep(value_c10, doubt if self._has_coil else "")
        self._judge()

    def reading(self) -> tuple[int | None, str]:
        """(tenths of a degree or None, doubt) as they may be believed at this moment."""
        value_c10, doubt = self._channel.at(asyncio.get_running_loop().time())
        return value_c10, self._state.device.surface_own_doubt or (doubt if self._has_coil else "")

    def prove(self, *, is_on: bool) -> None:
        """For the safety test: from now on the limit lies just below what is read, or no longer."""
        value_c10 = self._state.device.surface_own_c10
        is_known = is_on and value_c10 is not None
        self._proof_c10 = (value_c10 or 0) - PROVE_BELOW_C10 if is_known else None

    def is_still(self) -> bool:
        """The sensor has no noise: it is frozen, or none."""
        return self._channel.is_still(asyncio.get_running_loop().time())

    def take_report(self, report: Message, at_s: float) -> None:
        """A pulse brings energy."""
        if isinstance(report, PulseReport) and report.result in SENSED:
            self._pulse_at = at_s
            self._warming.take_pulse(at_s, report.amplitude_pm)

    def take_status(self) -> None:
        """The controller has read its sensors."""
        now = asyncio.get_running_loop().time()
        self._warming.take_winding(now, self._state.device.winding_c10)

    def _judge(self) -> None:
        """Nothing is armed before the sensor has been heard; a plug that opens stops by itself."""
        device = self._state.device
        if self._phase.now not in IN_SESSION:
            return
        if device.is_surface_own_hot:
            self._halt(HOT)
        elif device.surface_own_doubt not in ("", "starting"):
            self._halt(DOUBT)

    def _is_stimulating(self, now: float) -> bool:
        return self._pulse_at is not None and now - self._pulse_at < STIMULATING_S

    def _look_at_plug(self) -> None:
        """A coil that was plugged in is another one until its sensor has been heard."""
        has_coil = self._state.device.panel.get("coil") is True
        if has_coil and not self._has_coil:
            self._channel.restart()
            self._warming.restart()
        self._has_coil = has_coil

    def _keep(self, value_c10: int | None, doubt: str) -> None:
        device = self._state.device
        is_hot = device.is_surface_own_hot
        if value_c10 is not None:
            line_c10 = self._limits.surface_c10_max - (CLEAR_C10 if is_hot else 0)
            if self._proof_c10 is not None:
                line_c10 = min(line_c10, self._proof_c10)
            is_hot = value_c10 > line_c10 if is_hot else value_c10 >= line_c10
        shown = (value_c10, doubt, is_hot)
        if shown == (
            device.surface_own_c10,
            device.surface_own_doubt,
            device.is_surface_own_hot,
        ):
            return
        if doubt != device.surface_own_doubt or is_hot != device.is_surface_own_hot:
            log.warning("own contact-face sensor", value_c10=value_c10, doubt=doubt, is_hot=is_hot)
        device.surface_own_c10, device.surface_own_doubt, device.is_surface_own_hot = shown
        self._phase.touch()
