"""Everything that looks at the unit and may end or hold its output: line, contacts, heat, alarms.

Wires the watchers of one unit to its session runner: who hears a status, who stops what, what the
alarms are judged by. Runs on the loop's clock. Decides nothing itself; each watcher's judgement is
the domain's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog

from edge.services.alarm_log import AlarmLog
from edge.services.alarm_service import AlarmService, AlarmSources
from edge.services.chair_parts import ChairParts
from edge.services.coil_memory import CoilMemory
from edge.services.contact_proofs import ContactProofs
from edge.services.device_watch import DeviceWatch
from edge.services.enable_watch import EnableWatch
from edge.services.facts import Facts
from edge.services.heat_watch import HeatWatch
from edge.services.loop_watch import LoopWatch
from edge.services.panel_service import PanelService
from edge.services.panel_stops import PanelStops
from edge.services.phase import Phase
from edge.services.session_runner import SessionRunner
from edge.services.thermal_watch import ThermalWatch

log = structlog.get_logger(__name__)


class UnitWatch:
    """The watchers of one unit; itself a Watcher of the device."""

    def __init__(self, parts: ChairParts, phase: Phase) -> None:
        state, limits = parts.state, parts.limits
        self.device = DeviceWatch(state, parts.client, phase)
        self.enables = EnableWatch(
            parts.host_enable, state, parts.client, phase, self._stop_for_enable
        )
        self.device.add(self.enables)
        self.proofs = ContactProofs(parts.panel, parts.store, state, parts.wall_clock, phase)
        self.panel = PanelService(
            parts.panel, state, phase, self.proofs, lambda: self.device.inputs_fitted
        )
        self.runner = SessionRunner(
            state,
            limits,
            parts.client,
            self.device,
            phase,
            self.enables.host,
            parts.sentence,
        )
        self.heat = HeatWatch(parts.thermometer, state, limits, phase, self.runner.halt)
        self.thermal = ThermalWatch(
            state, limits, phase, CoilMemory(parts.store, parts.wall_clock), self.runner.pause
        )
        self.facts = Facts(parts, self.device, self.panel, self.heat)
        self._loop = LoopWatch()
        self.alarms = self._made_alarms(parts, phase)
        self._wires = PanelStops(
            self.panel, phase, self.runner, self.alarms, self.enables.wires_read
        )
        self.device.add(self)
        parts.client.listen(self.heat.take_report)
        parts.client.listen(self.thermal.take_report)
        phase.on_move(lambda *_: self.alarms.evaluate_soon())

    def _made_alarms(self, parts: ChairParts, phase: Phase) -> AlarmService:
        return AlarmService(
            parts.state,
            self.facts,
            phase,
            parts.indicators,
            parts.wall_clock,
            AlarmLog(parts.audit),
            AlarmSources(
                bad_frames=lambda: parts.client.bad_frames,
                repeats=lambda: parts.client.repeats,
                page_silent_s=self.runner.page_silent_s,
                loop_late_ms=lambda: self._loop.worst_ms,
                disk=parts.disk,
                store=parts.store,
                is_recorded=parts.tracks.is_recorded,
                sentence=parts.sentence,
            ),
        )

    def tasks(self, each_period: Callable[[], None]) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """To be kept running; each_period is called a few times a second, before the alarms."""

        def look() -> None:
            self.enables.cared()
            each_period()
            self.runner.check_page()
            self._wires.check_attendance()
            self.proofs.look()

        return {
            "session": self.runner.run,
            "enable": self.enables.host.run,
            "panel": self.panel.run,
            "heat": self.heat.run,
            "alarms": lambda: self.alarms.run(look),
            "alarm tests": self.alarms.run_tests,
            "lateness": self._loop.run,
        }

    # What the device does; the runner has acted already.

    def on_lost(self, reason: str) -> None:
        """The line went."""
        log.warning("controller lost", reason=reason)
        self.thermal.on_lost()
        self.alarms.evaluate_soon()

    def on_fault(self, _fault: int) -> None:
        """The controller latched a fault."""
        self.alarms.evaluate_soon()

    def on_identity(self) -> None:
        """Changes nothing here."""

    def on_status(self) -> None:
        """A whole state was heard."""
        self.panel.compare()
        self.heat.take_status()
        self.thermal.take_status()

    def _stop_for_enable(self, code: str) -> None:
        """An enable is not as it was asked to be, or had to be let go."""
        self.alarms.evaluate_soon()
        self.runner.halt(code)
