"""The metal of one chair put together: bank, coil, contacts, patient, and the record of the truth.

Owns the order in which they act on each other: a pulse drains the bank, heats the coil, moves a
hand and is written down. Knows nothing of firmware, gates or permissions except the hardware chain,
which is metal too. All times are nominal true nanoseconds of the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from firmware.wire.codes import IN_COIL, IN_COOLING
from hw_sim.kernel import NS_PER_S, Kernel, Streams
from hw_sim.plant.coil import COIL_KINDS, Coil
from hw_sim.plant.host_enable import HostOneShot
from hw_sim.plant.panel import BIT_BY_NAME, ContactPanel
from hw_sim.plant.patient import SimPatient
from hw_sim.plant.power_stage import Discharge, PowerStage
from hw_sim.recorder import Pulse, TruthRecorder

TRUTH_PERIOD_NS = NS_PER_S  # temperatures and bank are written down once a second


@dataclass
class PulseFacts:
    """What the controller's side knows of a pulse that is flowing."""

    mcu_us: int
    boot_epoch: int
    is_asked: bool
    was_gate_on: bool


class Plant:
    """One chair's hardware."""

    def __init__(
        self,
        kernel: Kernel,
        streams: Streams,
        recorder: TruthRecorder,
        *,
        coil: str,
        threshold_pct: float | None = None,
    ) -> None:
        self.kernel = kernel
        self.recorder = recorder
        kind = COIL_KINDS[coil]
        self.power = PowerStage(now_ns=kernel.now_ns)
        self.coil = Coil(
            kind, streams.get("sensors"), kernel.now_ns, face_noise=streams.get("face_sensor")
        )
        self.panel = ContactPanel(streams.get("bounce"), has_cooling=kind.is_cooled)
        self.patient = SimPatient(streams.get("patient"), threshold_pct)
        self.current_scale = 1.0  # true current per bank voltage; another value is a fault
        self.pulses_given = 0
        self._flowing: PulseFacts | None = None
        self._flowing_gain = 1.0
        self._bank_mv = -1
        recorder.wire(kernel.now_ns, "contacts", self.panel.contacts)
        self.on_host: Callable[[], None] | None = None  # the one-shot's output has changed
        self.host = HostOneShot(kernel, recorder, self._host_changed)
        self._write_down()

    def begin_pulse(self, facts: PulseFacts) -> bool:
        """Let current flow from now; False when the hardware chain is open or one is flowing."""
        if not self.is_path_closed or self._flowing is not None:
            return False
        self.power.begin_pulse(self.kernel.now_ns)
        self._flowing, self._flowing_gain = facts, self.current_scale
        return True

    def end_pulse(self, end_ns: int) -> Discharge:
        """The current ends, complete or cut; writes the pulse down."""
        facts, self._flowing = self._flowing, None
        assert facts is not None
        done = self.power.end_pulse(end_ns)
        gain = self._flowing_gain
        self.coil.add_pulse(done.end_ns, done.coil_heat_j * gain * gain)
        amplitude = self.amplitude(done)
        self.recorder.pulse(
            Pulse(
                at_ns=done.start_ns,
                mcu_us=facts.mcu_us,
                boot_epoch=facts.boot_epoch,
                peak_da=round(done.peak_a * gain * 10),
                amplitude_pm=round(amplitude * 1000),
                bank_mv=round(done.start_v * 1000),
                is_asked=facts.is_asked,
                is_complete=done.is_complete,
                was_gate_on=facts.was_gate_on,
                surface_mc=round(self.coil.surface_c * 1000),
            )
        )
        self.pulses_given += 1
        self.patient.on_pulse(done.start_ns, amplitude * 100)
        return done

    def amplitude(self, done: Discharge) -> float:
        """True amplitude of a discharge as a fraction of full output."""
        circuit = self.power.circuit
        return done.peak_a * self._flowing_gain / (circuit.peak_a_per_v * circuit.full_v)

    @property
    def is_path_closed(self) -> bool:
        """Contacts and the edge's enable, as metal: without either no current, whoever asks."""
        return self.panel.is_chain_closed and self.host.is_on(self.kernel.now_ns)

    @property
    def is_pulse_flowing(self) -> bool:
        return self._flowing is not None

    def set_charger(self, target_mv: int) -> None:
        """Charger set point; 0 opens it."""
        if target_mv != round(self.power.target_v * 1000):
            self.power.set_target_v(self.kernel.now_ns, target_mv / 1000)
            self.recorder.wire(self.kernel.now_ns, "target_mv", target_mv)

    def set_bleed(self, on: bool) -> None:
        """Resistor across the bank."""
        if on != self.power.is_bleeding:
            self.power.set_bleed(self.kernel.now_ns, on)
            self.recorder.wire(self.kernel.now_ns, "bleed", on)

    def bank_mv(self) -> int:
        return round(self.power.voltage_v(self.kernel.now_ns) * 1000)

    def temperatures_c(self) -> tuple[float, float]:
        """True surface and winding now."""
        coil = self.coil_now()
        return coil.surface_c, coil.winding_c

    def coil_now(self) -> Coil:
        """The coil, its heat advanced to this moment."""
        self.coil.advance(self.kernel.now_ns)
        return self.coil

    def set_contact(self, name: str, is_closed: bool) -> bool:
        """Move one contact at this instant; True when it changed."""
        before = self.panel.contacts
        self.panel.set_contact(BIT_BY_NAME[name], is_closed)
        if self.panel.contacts == before:
            return False
        self.recorder.wire(self.kernel.now_ns, "contacts", self.panel.contacts)
        return True

    def set_fan(self, on: bool) -> bool:
        """Cooling runs or not; tacho and flow switch follow. True when one of them changed."""
        self.coil.set_cooling(self.kernel.now_ns, on)
        self.recorder.wire(self.kernel.now_ns, "fan", self.coil.is_cooling)
        has_tacho_moved = self.set_contact("cooling", self.coil.is_cooling)
        return self.set_contact("flow", self.coil.is_cooling) or has_tacho_moved

    def _host_changed(self, is_on: bool) -> None:
        """The output is a wire to the controller and to the edge, like those of the contacts."""
        self.set_contact("host", is_on)
        if self.on_host is not None:
            self.on_host()

    @property
    def is_coil_plugged(self) -> bool:
        return bool(self.panel.contacts & IN_COIL)

    @property
    def is_cooling_sensed(self) -> bool:
        return bool(self.panel.contacts & IN_COOLING)

    def write_down_heat(self) -> None:
        """The true temperatures; each second, and when somebody has changed them."""
        self.recorder.temperature(self.kernel.now_ns, *self.temperatures_c())

    def _write_down(self) -> None:
        self.write_down_heat()
        now_ns = self.kernel.now_ns
        bank_mv = self.bank_mv()
        if bank_mv != self._bank_mv:
            self._bank_mv = bank_mv
            self.recorder.wire(now_ns, "bank_mv", bank_mv)
        self.kernel.after(TRUTH_PERIOD_NS, self._write_down)
