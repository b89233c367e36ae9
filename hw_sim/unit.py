"""One simulated unit: plant, panel, patient, controller with the real firmware, line, truth.

The object that scenarios, the bench page and the whole-system simulation hold. Works unchanged on a
virtual and on a real loop: it only uses the loop's time() and call_at(), and everything inside runs
at its nominal time. Must be made on the running loop. Decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from edge.ports import Lamp, PanelInput
from hw_sim.kernel import Event, Kernel, McuClock, Streams
from hw_sim.link import LinkPlan, SimLink
from hw_sim.mcu import CoreFactory, McuState, SimMcu, real_core
from hw_sim.plant.coil import SensorFault
from hw_sim.plant.panel import BIT_BY_NAME, Wire
from hw_sim.plant.plant import Plant
from hw_sim.recorder import TruthRecorder
from hw_sim.sim_hal import SIM_LINK_KEY, SimHal
from hw_sim.wire_watch import WireWatch

PPB_PER_PPM = 1_000
LAMPS = tuple(Lamp)


class SimUnit:
    """Powered on when made. close() leaves the loop alone again."""

    def __init__(
        self,
        *,
        seed: int,
        ppm: float = 0.0,
        coil: str = "figure8_cooled",
        unit_id: str = "SIM-0001",
        is_simulated: bool = True,
        threshold_pct: float | None = None,
        core_factory: CoreFactory = real_core,
        link_key: bytes = SIM_LINK_KEY,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.kernel = Kernel()
        self.kernel.attach(loop)
        self.streams = Streams(seed)
        self.recorder = TruthRecorder()
        self.plant = Plant(
            self.kernel, self.streams, self.recorder, coil=coil, threshold_pct=threshold_pct
        )
        clock = McuClock(round(ppm * PPB_PER_PPM), self.kernel.now_ns)
        self.hal = SimHal(
            self.kernel,
            clock,
            self.plant,
            unit_id=unit_id,
            is_simulated=is_simulated,
            noise=self.streams.get("current_sense"),
            tokens=self.streams.get("tokens"),
            link_key=link_key,
        )
        self.link = SimLink(self.kernel, self.streams.get("link"), self._to_mcu)
        self.mcu = SimMcu(
            self.kernel,
            clock,
            self.hal,
            self.plant.panel,
            self.recorder,
            self.link.from_mcu,
            core_factory,
        )
        self.unit_id = unit_id
        self._is_simulated = is_simulated
        self._watch = WireWatch(self.kernel, self.recorder)
        self._watched_boot = 0
        self._bounces: dict[str, list[Event]] = {}
        self._edge_panel = EdgePanel(self, loop)
        self._indicators = SimIndicators(self)
        self.mcu.power_on()

    def close(self) -> None:
        """Stand still for good."""
        self.kernel.detach()

    # --- doors for the edge ---------------------------------------------------------------------

    def edge_panel(self) -> EdgePanel:
        """The edge's own wires on the same contacts (edge.ports.Panel)."""
        return self._edge_panel

    def edge_indicators(self) -> SimIndicators:
        """The unit's lamp and sounder (edge.ports.Indicators)."""
        return self._indicators

    def link_opener(self) -> SimLink:
        """The serial device (edge.ports.LinkOpener)."""
        return self.link

    def attach_bytes(self, write: Callable[[bytes], None] | None) -> None:
        """Send what the controller says to this callback instead of to an opened link; a pty."""
        self.link.tap = write

    def feed(self, data: bytes) -> None:
        """Bytes from the pty towards the controller."""
        self.link.from_edge(data)

    # --- hands at the bench ---------------------------------------------------------------------

    def press_estop(self) -> None:
        """Push the mushroom button; it stays pushed."""
        self._move("estop", is_closed=False)

    def release_estop(self) -> None:
        """Turn it free again."""
        self._move("estop", is_closed=True)

    def set_door(self, is_open: bool) -> None:
        self._move("door", is_closed=not is_open)

    def plug_coil(self, is_plugged: bool) -> None:
        self._move("coil", is_closed=is_plugged)

    def press_patient_button(self, is_pressed: bool) -> None:
        """Hold or let go of the patient's stop button."""
        self._move("patient", is_closed=not is_pressed)

    def set_fan(self, on: bool) -> None:
        """Block or free the coil's cooling; the tacho tells."""
        self.kernel.sync()
        if self.plant.set_fan(on):
            self._wires_changed()

    def set_coil_on_head(self, on: bool) -> None:
        self.kernel.sync()
        self.plant.coil.set_on_head(self.kernel.now_ns, on)

    def set_sensor_fault(self, sensor: str, fault: str, offset_c: float = 0.0) -> None:
        """sensor: surface or winding; fault: none, open, short, frozen or offset."""
        self.kernel.sync()
        coil = self.plant.coil
        channels = {"surface": coil.surface_sensor, "winding": coil.winding_sensor}
        channels[sensor].set_fault(SensorFault(fault), offset_c)
        self.mark(f"sensor {sensor} {fault}")

    def stick_input(self, name: str, side: str, level: bool | None) -> None:
        """Hold one wire of a contact: side mcu or edge; level None mends it."""
        self.kernel.sync()
        self.plant.panel.stick(Wire(side), BIT_BY_NAME[name], level)
        self.mark(f"wire {side} {name} {'mended' if level is None else int(level)}")
        self._wires_changed()

    def set_link_plan(self, plan: LinkPlan) -> None:
        """How the line misbehaves from now on."""
        self.link.set_plan(plan)

    def cut_link(self, *, is_silent: bool = False) -> None:
        """Pull the serial plug, or with is_silent let bytes vanish unnoticed."""
        self.link.cut(is_silent=is_silent)
        self.mark("link silent" if is_silent else "link cut")

    def restore_link(self) -> None:
        self.link.restore()
        self.mark("link restored")

    def reboot_mcu(self) -> None:
        """Reset the controller, as its watchdog would."""
        self.kernel.sync()
        self.mcu.reboot()

    def hang_mcu(self, *, has_watchdog: bool = True) -> None:
        """Python on the controller stops; without a watchdog for good."""
        self.kernel.sync()
        self.mcu.has_watchdog = has_watchdog
        self.mcu.hang()

    def power_off(self) -> None:
        """Mains gone for controller and charger."""
        self.kernel.sync()
        self.mcu.power_off()

    def power_on(self) -> None:
        self.kernel.sync()
        self.mcu.power_on()

    def fire_unasked(self) -> bool:
        """The switch closes by itself now; False when the hardware chain prevented it."""
        self.kernel.sync()
        return self.hal.fire_unasked()

    def set_gate_stuck(self, stuck: bool | None) -> None:
        """Weld the controller's enable output on or off; None mends it."""
        self.kernel.sync()
        self.hal.set_gate_stuck(stuck)

    def mark(self, text: str) -> None:
        """Note in the truth record that a scenario did something now."""
        self.kernel.sync()
        self.recorder.mark(self.kernel.now_ns, text)

    # --- eyes at the bench ----------------------------------------------------------------------

    def state(self) -> dict[str, object]:
        """Plain snapshot of the truth, for a page."""
        self.kernel.sync()
        plant, hal, coil = self.plant, self.hal, self.plant.coil
        surface_c, winding_c = plant.temperatures_c()
        return {
            "at_ns": self.kernel.now_ns,
            "unit_id": self.unit_id,
            "is_simulated": self._is_simulated,
            "mcu": self.mcu.state.value,
            "boot_epoch": hal.boot_epoch,
            "coil": coil.kind.name,
            "contacts": {
                name: bool(plant.panel.contacts & bit) for name, bit in BIT_BY_NAME.items()
            },
            "has_cooling": coil.kind.is_cooled,
            "is_cooling": coil.is_cooling,
            "is_on_head": coil.is_on_head,
            "surface_c": surface_c,
            "winding_c": winding_c,
            "surface_fault": coil.surface_sensor.fault.value,
            "winding_fault": coil.winding_sensor.fault.value,
            "bank_v": plant.bank_mv() / 1000,
            "bank_target_v": plant.power.target_v,
            "is_bleeding": plant.power.is_bleeding,
            "gate_on": hal.gate_is_on(),
            "pulses": plant.pulses_given,
            "last_pulse": self._last_pulse(),
            "threshold_pct": plant.patient.threshold_pct,
            "last_twitch": self._last_twitch(),
            "link_cut": self.link.is_cut or self.link.up.is_dead,
            "lamp": self._indicators.lamp.value,
            "sounder": self._indicators.is_sounding,
        }

    def _last_pulse(self) -> dict[str, object] | None:
        if not self.recorder.pulses:
            return None
        pulse = self.recorder.pulses[-1]
        return {
            "at_ns": pulse.at_ns,
            "peak_a": pulse.peak_da / 10,
            "amplitude_pct": pulse.amplitude_pm / 10,
        }

    def _last_twitch(self) -> dict[str, object] | None:
        twitch = self.plant.patient.last
        if twitch is None:
            return None
        return {
            "at_ns": twitch.at_ns,
            "level_pct": twitch.level_pct,
            "probability": twitch.probability,
            "is_seen": twitch.is_seen,
        }

    # --- inside ---------------------------------------------------------------------------------

    def _to_mcu(self, data: bytes) -> None:
        if self.mcu.state is McuState.RUNNING:
            if self.hal.boot_epoch != self._watched_boot:
                self._watched_boot = self.hal.boot_epoch
                self._watch.restart()
            self._watch.feed(data)
            self.mcu.feed(data)

    def _move(self, name: str, *, is_closed: bool) -> None:
        """Move a contact, with its bounce; a bounce still going on is over."""
        self.kernel.sync()
        for event in self._bounces.pop(name, []):
            event.cancel()
        is_now_closed = bool(self.plant.panel.contacts & BIT_BY_NAME[name])
        if is_now_closed == is_closed:
            return
        self.mark(f"{name} {'closed' if is_closed else 'opened'}")
        moments = self.plant.panel.bounce(self.kernel.now_ns)
        self._bounces[name] = [
            self.kernel.at(moment, partial(self._contact, name, is_closed == is_new))
            for moment, is_new in moments[1:]
        ]
        self._contact(name, is_closed)

    def _contact(self, name: str, is_closed: bool) -> None:
        if self.plant.set_contact(name, is_closed):
            self.hal.on_contacts()
            self._wires_changed()

    def _wires_changed(self) -> None:
        if self.mcu.state is McuState.RUNNING:
            self.mcu.on_inputs()
        self._edge_panel.notify()


class EdgePanel:
    """edge.ports.Panel on the unit's contacts."""

    def __init__(self, unit: SimUnit, loop: asyncio.AbstractEventLoop) -> None:
        self._unit = unit
        self._loop = loop
        self._callback: Callable[[], None] | None = None
        self._lost: tuple[PanelInput, ...] = ()

    def read(self) -> Mapping[PanelInput, bool]:
        """Levels now; lost inputs are missing."""
        self._unit.kernel.sync()
        levels = self._unit.plant.panel.levels(Wire.EDGE)
        return {
            name: bool(levels & BIT_BY_NAME[name.value])
            for name in PanelInput
            if name not in self._lost
        }

    def watch(self, callback: Callable[[], None] | None) -> None:
        """Call back on the loop after any edge."""
        self._callback = callback

    def set_lost(self, *names: PanelInput) -> None:
        """These lines cannot be read from now on; none mends all."""
        self._lost = names
        self.notify()

    def notify(self) -> None:
        """A wire changed."""
        if self._callback is not None:
            self._loop.call_soon(self._callback)


class SimIndicators:
    """edge.ports.Indicators; what is lit and heard goes into the truth record."""

    def __init__(self, unit: SimUnit) -> None:
        self._unit = unit
        self.lamp = Lamp.OFF
        self.is_sounding = False

    def set_lamp(self, lamp: Lamp) -> None:
        if lamp is not self.lamp:
            self.lamp = lamp
            self._record("lamp", LAMPS.index(lamp))

    def set_sounder(self, on: bool) -> None:
        if on != self.is_sounding:
            self.is_sounding = on
            self._record("sounder", on)

    def _record(self, name: str, value: int) -> None:
        self._unit.kernel.sync()
        self._unit.recorder.wire(self._unit.kernel.now_ns, name, value)
