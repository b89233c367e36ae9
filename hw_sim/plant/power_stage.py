"""Capacitor bank, charger, bleed resistor and one biphasic discharge, in closed form.

Owns the stored energy and what a pulse makes of it: peak current, loss, coil heat. Does not know
whether a pulse is allowed. True nanoseconds come in as integers; between two calls the energy
follows an exponential (or a ramp), never a step. Numbers: sources.md domain 3.3 (REF-BI) and 3.4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class PulseCircuit:
    """Capacitor discharged into the coil through a switch: one damped full period."""

    # REF-BI [C], from typical values [K]: 185 uF at 1800 V into 12 uH with 20 mohm, 12 of it coil.
    capacitance_f: float = 185e-6
    full_v: float = 1800.0
    inductance_h: float = 12.0e-6
    resistance_ohm: float = 20e-3
    coil_resistance_ohm: float = 12e-3

    @cached_property
    def alpha(self) -> float:
        return self.resistance_ohm / (2 * self.inductance_h)

    @cached_property
    def wd(self) -> float:
        return math.sqrt(1 / (self.inductance_h * self.capacitance_f) - self.alpha**2)

    @cached_property
    def period_s(self) -> float:
        return 2 * math.pi / self.wd

    @cached_property
    def period_ns(self) -> int:
        return round(self.period_s * NS_PER_S)

    @cached_property
    def peak_s(self) -> float:
        """Time of the first current maximum."""
        return math.atan(self.wd / self.alpha) / self.wd

    def current_a(self, start_v: float, t_s: float) -> float:
        """Coil current so long after the switch closed."""
        swing = math.exp(-self.alpha * t_s) * math.sin(self.wd * t_s)
        return start_v / (self.wd * self.inductance_h) * swing

    def voltage_v(self, start_v: float, t_s: float) -> float:
        """Capacitor voltage so long after the switch closed."""
        phase = self.wd * t_s
        ring = math.cos(phase) + self.alpha / self.wd * math.sin(phase)
        return start_v * math.exp(-self.alpha * t_s) * ring

    @cached_property
    def peak_a_per_v(self) -> float:
        return self.current_a(1.0, self.peak_s)

    def energy_j(self, v: float) -> float:
        return self.capacitance_f * v * v / 2

    def volts(self, energy_j: float) -> float:
        return math.sqrt(2 * energy_j / self.capacitance_f) if energy_j > 0 else 0.0


REF_BI = PulseCircuit()


@dataclass(frozen=True)
class Supply:
    """Charger and resistors."""

    # [P] 6 kW into the bank, from an intermediate store on the mains side: restores the 116.8 J of
    # a full-output pulse in the 19.7 ms left of a 50 Hz interval (sources.md domain 3.4 [C]: 70 %
    # needs 2.86 kW). A smaller machine would have to refuse theta burst above its level.
    charger_w: float = 6000.0
    # [P] 100 % to under 60 V in about 1.3 s; lowering is slower than raising, as in the field [V].
    bleed_ohm: float = 2000.0
    # [P] Balancing resistors and leakage: half the voltage in about 100 s with the charger open.
    leak_ohm: float = 780e3


@dataclass(frozen=True)
class Discharge:
    """What one pulse did, truly."""

    start_ns: int
    end_ns: int
    start_v: float
    end_v: float
    peak_a: float
    loss_j: float
    coil_heat_j: float
    is_complete: bool


@dataclass
class PowerStage:
    """The bank's energy at a time. Calls must come in order of time."""

    circuit: PulseCircuit = REF_BI
    supply: Supply = field(default_factory=Supply)
    now_ns: int = 0
    target_v: float = 0.0
    is_bleeding: bool = False
    is_charger_dead: bool = False
    is_bleed_open: bool = False
    _energy_j: float = 0.0
    _pulse_ns: int | None = None
    _pulse_v: float = 0.0

    def voltage_v(self, now_ns: int) -> float:
        """Capacitor voltage; within a pulse the value it began with."""
        self.advance(now_ns)
        return self.circuit.volts(self._energy_j)

    def set_target_v(self, now_ns: int, target_v: float) -> None:
        """Charger regulates up to this voltage; 0 opens it."""
        self.advance(now_ns)
        self.target_v = target_v

    def set_bleed(self, now_ns: int, on: bool) -> None:
        self.advance(now_ns)
        self.is_bleeding = on

    def lose(self, share_left: float) -> None:
        """A fault takes energy out of the bank; so much of it is left."""
        self._energy_j *= share_left

    def begin_pulse(self, start_ns: int) -> float:
        """Close the switch from the voltage of this instant, and return that voltage."""
        self._pulse_v = self.voltage_v(start_ns)
        self._pulse_ns = start_ns
        return self._pulse_v

    def end_pulse(self, end_ns: int) -> Discharge:
        """Open the switch: a cut within the period, after it the thyristor has closed."""
        assert self._pulse_ns is not None
        start_ns, start_v, self._pulse_ns = self._pulse_ns, self._pulse_v, None
        circuit = self.circuit
        is_complete = end_ns - start_ns >= circuit.period_ns
        t_s = circuit.period_s if is_complete else (end_ns - start_ns) / NS_PER_S
        end_v = abs(circuit.voltage_v(start_v, t_s))
        left_a = 0.0 if is_complete else circuit.current_a(start_v, t_s)
        # What the coil still holds when the switch opens goes into the snubber, not the bank.
        snubber_j = circuit.inductance_h * left_a * left_a / 2
        loss_j = circuit.energy_j(start_v) - circuit.energy_j(end_v)
        self._energy_j = circuit.energy_j(end_v)
        self.now_ns = start_ns + circuit.period_ns if is_complete else end_ns
        ohmic_j = max(0.0, loss_j - snubber_j)
        return Discharge(
            start_ns=start_ns,
            end_ns=self.now_ns,
            start_v=start_v,
            end_v=end_v,
            peak_a=circuit.current_a(start_v, min(t_s, circuit.peak_s)),
            loss_j=loss_j,
            coil_heat_j=ohmic_j * circuit.coil_resistance_ohm / circuit.resistance_ohm,
            is_complete=is_complete,
        )

    def advance(self, now_ns: int) -> None:
        """Let charger, bleed and leak act up to this time."""
        if now_ns <= self.now_ns or self._pulse_ns is not None:
            return  # the charger is inhibited while a pulse lasts
        left_s = (now_ns - self.now_ns) / NS_PER_S
        self.now_ns = now_ns
        target_j = 0.0 if self.is_charger_dead else self.circuit.energy_j(self.target_v)
        tau_s = self._tau_s()
        if self._energy_j > target_j:
            fallen_j = self._energy_j * math.exp(-left_s / tau_s)
            # A charger that is closed catches the falling voltage at its set point.
            self._energy_j = max(fallen_j, target_j)
            return
        # dE/dt = P - E / tau: towards P * tau, as far as the set point.
        reach_j = self.supply.charger_w * tau_s
        risen_j = reach_j + (self._energy_j - reach_j) * math.exp(-left_s / tau_s)
        self._energy_j = min(risen_j, target_j)

    def _tau_s(self) -> float:
        """Time constant of the energy, half that of the voltage."""
        is_bleeding = self.is_bleeding and not self.is_bleed_open
        ohm = self.supply.bleed_ohm if is_bleeding else self.supply.leak_ohm
        return ohm * self.circuit.capacitance_f / 2
