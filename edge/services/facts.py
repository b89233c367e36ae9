"""The unit's facts as the domain judges them, built from the one picture.

Reads ChairState and the limits; a value that is stale arrives here as None already. No decision.
"""

from __future__ import annotations

from edge.config import LimitsConfig
from edge.domain.device_facts import DeviceFacts
from edge.services.chair_state import ChairState
from edge.services.device_watch import DeviceWatch
from edge.services.panel_service import PanelService


class Facts:
    """Builds DeviceFacts on demand."""

    def __init__(
        self, state: ChairState, limits: LimitsConfig, watch: DeviceWatch, panel: PanelService
    ) -> None:
        self._state = state
        self._limits = limits
        self._watch = watch
        self._panel = panel

    def device(self) -> DeviceFacts:
        """The unit now."""
        device = self._state.device
        inputs, panel = self._panel.views()
        return DeviceFacts(
            link=device.link,
            is_heard=device.link == "live" and device.heard_at is not None,
            self_test=self._state.self_test,
            fault=device.fault,
            faults=device.faults,
            mcu_state=device.mcu_state,
            inputs=inputs,
            panel=panel,
            inputs_fitted=self._watch.inputs_fitted,
            surface_c10=device.surface_c10,
            surface_c10_warn=self._limits.surface_c10_warn,
            surface_c10_max=self._limits.surface_c10_max,
            winding_c10=device.winding_c10,
            winding_c10_max=self._limits.winding_c10_max,
            coil_type=device.coil_type,
            settings_match=device.settings_match,
            clock_uncertainty_us=device.clock_uncertainty_us,
        )
