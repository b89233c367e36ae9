"""The two enables of the unit as the edge sees them: its own kept, both read back and compared.

Joins the keeper of the edge's enable to what must keep it alive and to everything that ends it, and
holds both enables against what was asked of them, by the controller's state only while that was
heard lately. Runs on the loop's clock. The judgement is edge/domain/enables.py; a difference that
has lasted is told once, as a stop code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from edge.domain.enables import DIFFERENCES, EnableFacts, EnableJudge
from edge.mcu.client import McuClient
from edge.mcu.liveness import SILENT_S
from edge.ports import HostEnable
from edge.services.chair_state import ChairState
from edge.services.host_enable import BEAT, CARE, PANEL, STATUS, HostKeeper
from edge.services.phase import Phase

log = structlog.get_logger(__name__)


class EnableWatch:
    """The writer of ChairState.device.enable_fault, and a Watcher of the device."""

    def __init__(
        self,
        port: HostEnable,
        state: ChairState,
        client: McuClient,
        phase: Phase,
        on_stop: Callable[[str], None],
    ) -> None:
        self.host = HostKeeper(port, on_stop)
        self._state = state
        self._phase = phase
        self._on_stop = on_stop
        self._judge = EnableJudge()
        client.listen_beat(lambda: self.host.check_in(BEAT))
        client.listen_stop(self.host.drop)

    # What the device does.

    def on_lost(self, _reason: str) -> None:
        """The line went."""
        self.host.drop()

    def on_fault(self, _fault: int) -> None:
        """The controller latched a fault."""
        self.host.drop()

    def on_identity(self) -> None:
        """Changes nothing."""

    def on_status(self) -> None:
        """A whole state was heard."""
        self.host.check_in(STATUS)
        self.host.on_state(self._state.device.mcu_state)
        self._look()

    # What the edge's own parts do.

    def wires_read(self) -> None:
        """The panel was read, and with it both read-backs."""
        self.host.check_in(PANEL)
        self._look()

    def cared(self) -> None:
        """Alarms, page and machine have been looked at."""
        self.host.check_in(CARE)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        device = self._state.device
        facts = EnableFacts(
            is_beating=self.host.is_wanted,
            host_back=device.host_back,
            gate_back=device.gate_back,
            mcu_state=device.mcu_state if self._is_fresh(now) else "",
        )
        fault = self._judge.look(now, facts)
        if fault == device.enable_fault:
            return
        device.enable_fault = fault
        self._phase.touch()
        if fault:
            log.error("enable differs from what was asked", difference=fault)
            self._on_stop(DIFFERENCES[fault][0])

    def _is_fresh(self, now: float) -> bool:
        heard_at = self._state.device.heard_at
        return heard_at is not None and now - heard_at <= SILENT_S
