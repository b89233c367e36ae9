"""How faults of contacts, wires and sensors are brought about on the whole system.

Small verbs that make strikes, the verbs that put strikes together, and the moments at which some
begin to matter. A strike may take time; from bench.cause() on the reaction is due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from edge.ports import PanelInput
from firmware.wire.limits import AMPLITUDE_STOP_PM
from hw_sim.faults.bench import FaultBench
from hw_sim.plant.coil import FIGURE8_COOLED, CoilKind
from hw_sim.recorder import TruthRecorder
from hw_sim.system import STORE_FAILED
from hw_sim.unit import SimUnit

Strike = Callable[[FaultBench], Awaitable[None]]
OWN_PARTNER_S = 0.02  # a person's hand follows a stuck wire
PRESSED_S = 0.5
CHATTER_S = 2.0
# A plug that fits, and says nothing that anybody knows.
UNKNOWN_COIL = replace(FIGURE8_COOLED, name="unknown", coil_type=77, serial="")


def act(work: Callable[[FaultBench], object]) -> Strike:
    """A strike of one instant."""

    async def strike(bench: FaultBench) -> None:
        work(bench)

    return strike


def on_unit(work: Callable[[SimUnit], object]) -> Strike:
    """The same on the unit alone."""
    return act(lambda bench: work(bench.system.unit))


def both(*strikes: Strike) -> Strike:
    """One after the other; the last makes it matter."""

    async def strike(bench: FaultBench) -> None:
        for each in strikes[:-1]:
            await each(bench)
        bench.cause()
        await strikes[-1](bench)

    return strike


def wait(seconds: float) -> Strike:
    async def strike(_bench: FaultBench) -> None:
        await asyncio.sleep(seconds)

    return strike


# Contacts and wires.


def open_contact(name: str) -> Strike:
    """The contact itself opens and stays open."""
    moves: dict[str, Callable[[SimUnit], None]] = {
        "estop": lambda unit: unit.press_estop(),
        "door": lambda unit: unit.set_door(is_open=True),
        "coil": lambda unit: unit.plug_coil(is_plugged=False),
        "patient": lambda unit: unit.press_patient_button(is_pressed=True),
        "cooling": lambda unit: unit.set_fan(on=False),
        "flow": lambda unit: unit.set_fan(on=False),
        "enclosure": lambda unit: unit.set_cover(is_open=True),
        "attend": lambda unit: unit.hold_attend(is_held=False),
    }
    return on_unit(moves[name])


def stick(name: str, side: str, level: bool) -> Strike:
    """One wire of a contact is held at a level."""
    return on_unit(lambda unit: unit.stick_input(name, side, level))


def stick_then_open(name: str, side: str) -> Strike:
    """A wire is bridged, and then its contact is needed."""
    return both(stick(name, side, level=True), wait(OWN_PARTNER_S), open_contact(name))


def chatter(name: str, side: str, period_s: float) -> Strike:
    """A wire that goes on and off for two seconds."""

    async def run(bench: FaultBench) -> None:
        unit = bench.system.unit
        for number in range(round(CHATTER_S / period_s)):
            unit.stick_input(name, side, level=False if number % 2 == 0 else None)
            await asyncio.sleep(period_s)
        unit.stick_input(name, side, None)

    return act(lambda bench: bench.later(lambda: run(bench)))


def lose_input(*names: str) -> Strike:
    """The edge's lines can no longer be read."""
    inputs = [PanelInput(name) for name in names]
    return on_unit(lambda unit: unit.edge_panel().set_lost(*inputs))


def deafen(side: str) -> Strike:
    """This side hears of no change; levels can still be read."""
    return on_unit(lambda unit: unit.lose_edges(side, is_lost=True))


def worn(name: str, period_ms: float) -> Strike:
    """The contact itself opens and closes without end."""
    return on_unit(lambda unit: unit.hand.chatter(name, period_ms))


# Sensors and heat.


def sensor(name: str, fault: str, offset_c: float = 0.0) -> Strike:
    return on_unit(lambda unit: unit.set_sensor_fault(name, fault, offset_c))


def heat(*, surface_c: float | None = None, winding_c: float | None = None) -> Strike:
    """True temperatures, at once."""

    def work(bench: FaultBench) -> None:
        plant = bench.system.unit.plant
        coil = plant.coil
        coil.advance(bench.now_ns)
        coil.surface_c = coil.surface_c if surface_c is None else surface_c
        coil.winding_c = coil.winding_c if winding_c is None else winding_c
        plant.write_down_heat()

    return act(work)


def converter(*, is_lost: bool = False, reference_scale: float = 1.0) -> Strike:
    """The converter of the edge's own sensor is gone, or its reference is wrong."""

    def work(unit: SimUnit) -> None:
        channel = unit.edge_thermometer()
        channel.is_lost, channel.reference_scale = is_lost, reference_scale

    return on_unit(work)


def stop_cooling_unseen(bench: FaultBench) -> None:
    """Pump or fan stands, and its tacho goes on telling that it runs."""
    bench.system.unit.plant.coil.set_cooling(bench.now_ns, on=False)


def ambient(air_c: float) -> Strike:
    """The room is far outside what the unit is made for."""

    def work(bench: FaultBench) -> None:
        coil = bench.system.unit.plant.coil
        coil.set_kind(bench.now_ns, replace(coil.kind, air_c=air_c))

    return act(work)


def other_coil(kind: CoilKind) -> Strike:
    """Unplugged, and another coil plugged in."""

    async def strike(bench: FaultBench) -> None:
        unit = bench.system.unit
        unit.plug_coil(is_plugged=False)
        await asyncio.sleep(PRESSED_S)
        unit.plant.coil.set_kind(bench.now_ns, kind)
        unit.plug_coil(is_plugged=True)

    return strike


def sudden_coil(kind: CoilKind) -> Strike:
    """The coil that is plugged in says that it is another one."""
    return act(lambda bench: bench.system.unit.plant.coil.set_kind(bench.now_ns, kind))


# Moments.


def first_pulse(truth: TruthRecorder, since_ns: int) -> int | None:
    """The first pulse after the strike is the bad one."""
    return next((p.at_ns for p in truth.pulses if p.at_ns >= since_ns), None)


def first_weak(truth: TruthRecorder, since_ns: int) -> int | None:
    """The first pulse that is off by more than the stop's band from those before the strike."""
    before = [p.amplitude_pm for p in truth.pulses if p.at_ns < since_ns]
    if not before:
        return None
    low = before[-1] * (1000 - AMPLITUDE_STOP_PM) // 1000
    return next(
        (p.at_ns for p in truth.pulses if p.at_ns >= since_ns and p.amplitude_pm < low), None
    )


def first_misfire(truth: TruthRecorder, since_ns: int) -> int | None:
    """The first trigger that gave no pulse."""
    return _first_mark(truth, "misfire", since_ns)


def first_failed_write(truth: TruthRecorder, since_ns: int) -> int | None:
    """The card refused something for the first time."""
    return _first_mark(truth, STORE_FAILED, since_ns)


def _first_mark(truth: TruthRecorder, text: str, since_ns: int) -> int | None:
    found = (m.at_ns for m in truth.marks if m.text == text and m.at_ns >= since_ns)
    return next(found, None)


def never(truth: TruthRecorder, since_ns: int) -> int | None:
    """It does not act at one moment: no reaction time can be told."""
    del truth, since_ns
    return None
