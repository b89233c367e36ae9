"""One simulated unit: plant, panel, patient, controller with the real firmware, line, truth.

The object that scenarios, the bench page and the whole-system simulation hold. Works unchanged on a
virtual and on a real loop: it only uses the loop's time() and call_at(), and everything inside runs
at its nominal time. Must be made on the running loop. Decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hw_sim.contact_hand import ContactHand
from hw_sim.edge_doors import EdgeHostEnable, EdgePanel, SimIndicators
from hw_sim.kernel import Kernel, McuClock, Streams
from hw_sim.line_log import LineLog
from hw_sim.link import LinkPlan, SimLink
from hw_sim.mcu import CoreFactory, McuState, SimMcu, real_core
from hw_sim.plant.panel import BIT_BY_NAME, Wire
from hw_sim.plant.plant import Plant
from hw_sim.plant.sensor import SensorFault
from hw_sim.recorder import TruthRecorder
from hw_sim.sim_hal import SIM_LINK_KEY, SimHal
from hw_sim.thermometer import SimThermometer
from hw_sim.wire_watch import WireWatch

PPB_PER_PPM = 1_000


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
        has_attend: bool = False,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.kernel = Kernel()
        self.kernel.attach(loop)
        self.streams = Streams(seed)
        self.recorder = TruthRecorder()
        self.line_log = LineLog()
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
            self._from_mcu,
            core_factory,
        )
        self.unit_id = unit_id
        self._is_simulated = is_simulated
        self._watch = WireWatch(self.kernel, self.recorder)
        self._watched_boot = 0
        self._is_mcu_deaf = False
        self.hand = ContactHand(self.kernel, self.plant, self._path_changed, self.mark)
        self._edge_panel = EdgePanel(self.kernel, self.plant, self.hal, has_attend=has_attend)
        self._edge_host_enable = EdgeHostEnable(self.kernel, self.plant)
        self._thermometer = SimThermometer(self.kernel, self.plant)
        self.plant.on_host = self._path_changed
        self.hal.on_gate = self._edge_panel.notify
        self._indicators = SimIndicators(self.kernel, self.recorder)
        self.mcu.power_on()

    def close(self) -> None:
        """Stand still for good."""
        self.kernel.detach()

    # --- doors for the edge ---------------------------------------------------------------------

    def edge_panel(self) -> EdgePanel:
        """The edge's own wires on the same contacts (edge.ports.Panel)."""
        return self._edge_panel

    def edge_host_enable(self) -> EdgeHostEnable:
        """The edge's pin to the one-shot (edge.ports.HostEnable)."""
        return self._edge_host_enable

    def edge_thermometer(self) -> SimThermometer:
        """The converter behind the edge's own contact-face sensor (edge.ports.Thermometer)."""
        return self._thermometer

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
        self.hand.move("estop", is_closed=False)

    def release_estop(self) -> None:
        """Turn it free again."""
        self.hand.move("estop", is_closed=True)

    def set_door(self, is_open: bool) -> None:
        self.hand.move("door", is_closed=not is_open)

    def plug_coil(self, is_plugged: bool) -> None:
        self.hand.move("coil", is_closed=is_plugged)

    def press_patient_button(self, is_pressed: bool) -> None:
        """Hold or let go of the patient's stop button."""
        self.hand.move("patient", is_closed=not is_pressed)

    def set_cover(self, is_open: bool) -> None:
        """Take the cover off the power stage, or put it back."""
        self.hand.move("enclosure", is_closed=not is_open)

    def hold_attend(self, is_held: bool) -> None:
        """Step on the foot switch, or off it."""
        self.hand.move("attend", is_closed=is_held)

    def set_fan(self, on: bool) -> None:
        """Block or free the coil's cooling; tacho and flow switch tell."""
        self.kernel.sync()
        if self.plant.set_fan(on):
            self._wires_changed()

    def set_coil_on_head(self, on: bool) -> None:
        self.kernel.sync()
        self.plant.coil.set_on_head(self.kernel.now_ns, on)

    def set_sensor_fault(self, sensor: str, fault: str, offset_c: float = 0.0) -> None:
        """sensor: surface, winding or face (the edge's own); fault: a word of SensorFault."""
        self.kernel.sync()
        coil = self.plant.coil
        channels = {
            "surface": coil.surface_sensor,
            "winding": coil.winding_sensor,
            "face": coil.face_sensor,
        }
        channels[sensor].set_fault(SensorFault(fault), offset_c)
        self.mark(f"sensor {sensor} {fault}")

    def stick_input(self, name: str, side: str, level: bool | None) -> None:
        """Hold one wire of a contact: side mcu or edge; level None mends it."""
        self.kernel.sync()
        self.plant.panel.stick(Wire(side), BIT_BY_NAME[name], level)
        self.mark(f"wire {side} {name} {'mended' if level is None else int(level)}")
        self._wires_changed()

    def cut_wire(self, name: str, side: str) -> None:
        """Break one wire of a contact; its input is pulled down and reads open."""
        self.stick_input(name, side, False)

    def lose_edges(self, side: str, *, is_lost: bool) -> None:
        """This side is not told of changes; its levels can still be read."""
        if Wire(side) is Wire.EDGE:
            self._edge_panel.is_deaf = is_lost
        else:
            self._is_mcu_deaf = is_lost
        self.mark(f"edges {side} {'lost' if is_lost else 'mended'}")

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

    def stick_host_pin(self, level: bool | None) -> None:
        """Hold the edge's enable pin at a level; None mends it."""
        self.kernel.sync()
        self.plant.host.stick_pin(level)
        self.mark(f"host pin {'mended' if level is None else int(level)}")

    def stick_host_output(self, level: bool | None) -> None:
        """Weld the output of its one-shot on or off; None mends it."""
        self.kernel.sync()
        self.plant.host.stick_output(level)
        self.mark(f"host output {'mended' if level is None else int(level)}")

    def stick_gate_back(self, level: bool | None) -> None:
        """Hold the wire that tells the edge of the controller's enable; None mends it."""
        self._edge_panel.stick_gate_back(level)
        self.mark(f"gate back {'mended' if level is None else int(level)}")

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
            "face_fault": coil.face_sensor.fault.value,
            "bank_v": plant.bank_mv() / 1000,
            "bank_target_v": plant.power.target_v,
            "is_bleeding": plant.power.is_bleeding,
            "gate_on": hal.gate_is_on(),
            "host_enable": plant.host.is_on(self.kernel.now_ns),
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

    def _from_mcu(self, data: bytes) -> None:
        self.line_log.note(self.kernel.now_ns, self.hal.boot_epoch, data, is_up=True)
        self.link.from_mcu(data)

    def _to_mcu(self, data: bytes) -> None:
        if self.mcu.state is McuState.RUNNING:
            if self.hal.boot_epoch != self._watched_boot:
                self._watched_boot = self.hal.boot_epoch
                self._watch.restart()
            self.line_log.note(self.kernel.now_ns, self.hal.boot_epoch, data, is_up=False)
            self._watch.feed(data)
            self.mcu.feed(data)

    def _path_changed(self) -> None:
        """A contact or the one-shot's output moved: the chain sees it, both sides can read it."""
        self.hal.on_contacts()
        self._wires_changed()

    def _wires_changed(self) -> None:
        if self.mcu.state is McuState.RUNNING and not self._is_mcu_deaf:
            self.mcu.on_inputs()
        self._edge_panel.notify()
