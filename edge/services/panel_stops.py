"""What an open contact does to the session: stop it, fault it, or hold it.

A contact that opens in a session ends its output with the code of its cause; the patient's button
is a person's stop. The attendance switch holds the session, so that whoever takes it up again can
go on. Whether a level may be believed is the panel service's. Runs in its callbacks on the loop.
"""

from __future__ import annotations

from collections.abc import Callable

from edge.domain.session_states import S
from edge.services.alarm_service import AlarmService
from edge.services.panel_service import ATTEND, PanelService
from edge.services.phase import Phase
from edge.services.session_runner import IN_SESSION, SessionRunner
from edge.services.stop_words import PANEL_CODES, UNREAD_CODE


class PanelStops:
    """The panel's listener; on_read hears that all wires are fresh."""

    def __init__(
        self,
        panel: PanelService,
        phase: Phase,
        runner: SessionRunner,
        alarms: AlarmService,
        on_read: Callable[[], None],
    ) -> None:
        self._panel = panel
        self._phase = phase
        self._runner = runner
        self._alarms = alarms
        self._on_read = on_read
        panel.listen(self)

    def on_panel_open(self, name: str) -> None:
        """The edge's own wire opened or cannot be read."""
        if name == ATTEND:
            self.check_attendance()
        else:
            self._stop(UNREAD_CODE if self._panel.is_unread(name) else PANEL_CODES[name])

    def on_disagreement(self, _name: str) -> None:
        """Two wires, two answers."""
        self._stop("disagree")

    def on_panel_read(self) -> None:
        """Wires and read-backs are fresh."""
        self._on_read()

    def check_attendance(self) -> None:
        """Hold when pulses are given and nobody holds the switch; call a few times a second too."""
        if self._phase.now is S.TREATING and not self._panel.is_attended():
            self._phase.say("attend_released")
            self._runner.pause("attend_released")
            self._alarms.evaluate_soon()

    def _stop(self, code: str) -> None:
        self._alarms.evaluate_soon()
        if self._phase.now not in IN_SESSION:
            return
        if code == "patient":
            self._runner.stop(code)
        else:
            self._runner.halt(code)
