"""How faults of the controller, of power and of the line are brought about on the whole system.

Verbs that make strikes for the catalogue: restarts, hangs, slow Python, another firmware, a bank
that stands wrong, and a line that loses, delays, repeats or invents bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from firmware.wire.commands import Charge, ClearFault, Confirm, FireTrain, Heartbeat
from firmware.wire.framing import Decoder, encode
from firmware.wire.reports import Identity, Status
from firmware.wire.seal import SEAL_BYTES
from hw_sim.faults.bench import FaultBench
from hw_sim.faults.strikes import Strike, act, both, on_unit
from hw_sim.link import Direction, LinkPlan
from hw_sim.mcu import Core, real_core
from hw_sim.sim_hal import SimHal
from hw_sim.unit import SimUnit

NS_PER_MS = 1_000_000
NOISE_NS = 5 * NS_PER_MS  # of a pulse, on the line


# Controller and power.


def hal(**faults: object) -> Strike:
    """Something between the firmware and the metal is broken."""

    def work(unit: SimUnit) -> None:
        unit.kernel.sync()
        for name, value in faults.items():
            assert hasattr(unit.hal.faults, name), name
            setattr(unit.hal.faults, name, value)

    return on_unit(work)


def rebooted(*before: Strike) -> Strike:
    """Something is wrong that shows when the controller starts, and it starts."""

    def work(bench: FaultBench) -> None:
        bench.must_restart = True
        bench.system.unit.reboot_mcu()

    return both(*before, act(work))


def pause_python(milliseconds: int) -> Strike:
    """Python on the controller stands still; its hardware goes on."""

    def work(unit: SimUnit) -> None:
        unit.kernel.sync()
        unit.hal.stalled_until_ns = unit.kernel.now_ns + milliseconds * NS_PER_MS

    return on_unit(work)


def pauses_of_python(milliseconds: int) -> Strike:
    """The same ten times a second, for as long as the fault lasts."""

    async def run(bench: FaultBench) -> None:
        while True:
            await pause_python(milliseconds)(bench)
            await asyncio.sleep(0.1)

    return act(lambda bench: bench.later(lambda: run(bench)))


def drift(ppm: int) -> Strike:
    """The controller's crystal runs at another rate from now on."""
    return act(lambda bench: bench.system.unit.hal.clock.drift(ppm * 1000, bench.now_ns))


async def brown_out(bench: FaultBench) -> None:
    """Supply gone for a fifth of a second."""
    bench.system.unit.power_off()
    await asyncio.sleep(0.2)
    bench.system.unit.power_on()


async def fire_unasked(bench: FaultBench) -> None:
    """The switch closes by itself."""
    bench.system.unit.fire_unasked()


def raise_bank(bench: FaultBench) -> None:
    """The charger's regulation is off: the bank goes 10 % above each set point."""
    stage = bench.system.unit.plant.power

    async def run() -> None:
        raised_v = 0.0
        while True:
            if stage.target_v and stage.target_v != raised_v:
                raised_v = stage.target_v * 1.1
                stage.set_target_v(bench.now_ns, raised_v)
            await asyncio.sleep(0.01)

    bench.later(run)


def power(**flags: object) -> Strike:
    """A fault of bank, charger or bleed."""

    def work(bench: FaultBench) -> None:
        stage = bench.system.unit.plant.power
        stage.advance(bench.now_ns)
        for name, value in flags.items():
            assert hasattr(stage, name), name
            setattr(stage, name, value)

    return act(work)


def foreign_core(hal_: SimHal, now_us: int) -> Core:
    """Firmware of another protocol version: only its introduction says so."""
    return _Foreign(real_core(hal_, now_us))


class _Foreign:
    """The real core, with one field of its Identity changed."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._decoder = Decoder()

    def on_bytes(self, now_us: int, data: bytes) -> object:
        return self._core.on_bytes(now_us, data)

    def on_input(self, now_us: int, mask: int) -> object:
        return self._core.on_input(now_us, mask)

    def poll(self, now_us: int) -> int:
        return self._core.poll(now_us)

    def take_output(self) -> bytes:
        out = b""
        for kind, seq, payload in self._decoder.feed(self._core.take_output()):
            if kind == Identity.TYPE:
                identity = Identity.unpack(payload)
                assert isinstance(identity, Identity)
                identity.protocol ^= 1
                payload = identity.pack()
            out += encode(kind, seq, payload)
        return out


def fit_core(unit: SimUnit) -> None:
    unit.mcu.core_factory = foreign_core


# The line.


def line(*, ways: tuple[str, ...] = ("down", "up"), **plan: float | int) -> Strike:
    """How the line misbehaves from now on, in these directions."""

    def work(unit: SimUnit) -> None:
        for way in ways:
            _direction(unit, way).plan = replace(LinkPlan(), **plan)  # type: ignore[arg-type]

    return on_unit(work)


def sieve(way: str, change: Callable[[bytes], bytes]) -> Strike:
    """What is sent this way is changed before it leaves."""

    def work(unit: SimUnit) -> None:
        _direction(unit, way).sieve = change

    return on_unit(work)


def without(kind: int) -> Callable[[bytes], bytes]:
    """Frames of one kind are never sent."""
    decoder = Decoder()

    def change(data: bytes) -> bytes:
        return b"".join(encode(*frame) for frame in decoder.feed(data) if frame[0] != kind)

    return change


NO_HEARTBEATS = without(Heartbeat.TYPE)
NO_STATUS = without(Status.TYPE)


def garbage_first(data: bytes) -> bytes:
    """Boot chatter before every chunk."""
    return b"\r\nMicroPython v1.2x on rp2\r\n>>> \x00" + data


def dead(way: str) -> Strike:
    """One direction falls silent and the other does not know."""

    def work(unit: SimUnit) -> None:
        _direction(unit, way).is_dead = True

    return on_unit(work)


def echo_own(bench: FaultBench) -> None:
    """What the edge sends comes back to it."""
    unit = bench.system.unit

    def change(data: bytes) -> bytes:
        unit.link.up.inject(data)
        return data

    unit.link.down.sieve = change


def replay_commands(bench: FaultBench) -> None:
    """Everything the edge sends is sent once more, a second later."""
    unit = bench.system.unit

    def change(data: bytes) -> bytes:
        unit.kernel.after(1000 * NS_PER_MS, lambda: unit.link.down.inject(data))
        return data

    unit.link.down.sieve = change


def stale_frames(bench: FaultBench) -> None:
    """Commands with a right check sum, an old count and a seal of another boot."""
    unit = bench.system.unit
    old = (
        Charge(level_pct_mso=100),
        Confirm(token=1),
        FireTrain(token=1, train_index=0, first_pulse=0, pulse_count=10, start_us=1_000_000),
        ClearFault(fault=0),
    )
    for message in old:
        seal = bytes(SEAL_BYTES) if message.IS_SEALED else b""
        unit.link.down.inject(encode(message.TYPE, 1, message.pack() + seal))


def babble(way: str) -> Strike:
    """Valid frames at the line's full rate."""
    frames = {
        "down": encode(Heartbeat.TYPE, 1, Heartbeat(beat=1).pack()) * 20,
        "up": encode(Status.TYPE, 1, bytes(Status.size())) * 20,
    }

    async def run(bench: FaultBench) -> None:
        while True:
            _direction(bench.system.unit, way).inject(frames[way])
            await asyncio.sleep(0.02)

    return act(lambda bench: bench.later(lambda: run(bench)))


def noise_at_pulses(bench: FaultBench) -> None:
    """The line is disturbed for some milliseconds after each pulse."""
    unit = bench.system.unit

    def change(data: bytes) -> bytes:
        pulses = unit.recorder.pulses
        is_near = bool(pulses) and unit.kernel.now_ns - pulses[-1].at_ns < NOISE_NS
        return bytes([data[0] ^ 0x55]) + data[1:] if is_near and data else data

    unit.link.up.sieve = unit.link.down.sieve = change


def unplug(seconds: float) -> Strike:
    """The serial plug is pulled, and put in again."""

    async def run(bench: FaultBench) -> None:
        await asyncio.sleep(seconds)
        bench.system.unit.restore_link()

    async def strike(bench: FaultBench) -> None:
        bench.system.unit.cut_link()
        bench.later(lambda: run(bench))

    return strike


def _direction(unit: SimUnit, way: str) -> Direction:
    unit.kernel.sync()
    return unit.link.down if way == "down" else unit.link.up
