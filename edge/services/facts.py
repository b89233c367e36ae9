"""The unit's facts as the domain judges them, built from the one picture.

Reads ChairState and the limits; a value that is stale arrives here as None already. No decision.
"""

from __future__ import annotations

from dataclasses import replace

from edge.domain.certificate import Examined
from edge.domain.device_facts import NOTHING_AHEAD, DeviceFacts, HeatAhead
from edge.services.chair_parts import ChairParts
from edge.services.device_watch import DeviceWatch
from edge.services.heat_watch import HeatWatch
from edge.services.panel_service import PanelService


class Facts:
    """Builds DeviceFacts on demand."""

    def __init__(
        self,
        parts: ChairParts,
        watch: DeviceWatch,
        panel: PanelService,
        heat: HeatWatch,
    ) -> None:
        self._parts = parts
        self._state = parts.state
        self._limits = parts.limits
        self._watch = watch
        self._panel = panel
        self._heat = heat

    def device(self) -> DeviceFacts:
        """The unit now."""
        device = self._state.device
        inputs, panel = self._panel.views()
        own_c10, own_doubt = self._heat.reading()
        return DeviceFacts(
            link=device.link,
            is_heard=device.link == "live" and device.heard_at is not None,
            self_test=self._state.self_test,
            fault=device.fault,
            faults=device.faults,
            mcu_state=device.mcu_state,
            inputs=inputs,
            panel=panel,
            chattering=device.chattering,
            unproved=device.unproved,
            inputs_fitted=self._watch.inputs_fitted,
            surface_c10=device.surface_c10,
            surface_own_c10=own_c10,
            surface_own_doubt=own_doubt,
            is_surface_own_hot=device.is_surface_own_hot,
            surface_c10_warn=self._limits.surface_c10_warn,
            surface_c10_max=self._limits.surface_c10_max,
            winding_c10=device.winding_c10,
            winding_c10_max=self._limits.winding_c10_max,
            coil_type=device.coil_type,
            settings_match=device.settings_match,
            clock_uncertainty_us=device.clock_uncertainty_us,
            host_back=device.host_back,
            gate_back=device.gate_back,
            enable_fault=device.enable_fault,
            sounder=self._state.sounder,
            certificate=self._parts.certificates.judge(self.tested()),
            ahead=self._ahead(),
            is_session_held=self._state.is_held,
        )

    def tested(self) -> Examined | None:
        """The unit as a certificate names it; None until its controller has been heard."""
        device = self._state.device
        if not device.unit_id or device.boot_epoch is None:
            return None
        return Examined(
            unit_id=device.unit_id,
            firmware_version=device.firmware_version,
            image_hash=device.image_hash,
            boot_epoch=device.boot_epoch,
            lifetime_pulses=device.lifetime_pulses,
            coil_serial=device.coil_serial,
            settings_hash=self._parts.settings_hash,
            software_version=self._parts.software_version,
        )

    def _ahead(self) -> HeatAhead:
        """Unknown while a visit is open and nothing can be foreseen."""
        forecast = self._state.heat
        if forecast is not None:
            return forecast.ahead
        start = "none" if self._state.visit is None else "unknown"
        return replace(NOTHING_AHEAD, start=start)
