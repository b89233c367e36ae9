"""A booted, charged unit whose firmware is a stub that does nothing, for tests of the hardware."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hw_sim import vtime
from hw_sim.sim_hal import SimHal
from hw_sim.unit import SimUnit

MS = 1_000_000


class IdleCore:
    """Samples and waits; keeps what it was told."""

    def __init__(self, hal: SimHal, now_us: int) -> None:
        self.hal = hal
        self.masks: list[tuple[int, int]] = []
        self.heard = b""
        self.output = b""
        self.feeds_watchdog = True
        self.started_us = now_us

    def on_bytes(self, now_us: int, data: bytes) -> None:
        self.heard += data

    def on_input(self, now_us: int, mask: int) -> None:
        self.masks.append((now_us, mask))

    def poll(self, now_us: int) -> int:
        if self.feeds_watchdog:
            self.hal.feed_watchdog()
        return now_us + 50_000

    def take_output(self) -> bytes:
        data, self.output = self.output, b""
        return data


def core_of(unit: SimUnit) -> IdleCore:
    core = unit.mcu.core
    assert isinstance(core, IdleCore)
    return core


def on_unit(
    story: Callable[[SimUnit], Awaitable[None]], *, ppm: float = 0.0, coil: str = "figure8_cooled"
) -> SimUnit:
    """Run a story on a booted, charged unit in virtual time."""

    async def main() -> SimUnit:
        unit = SimUnit(seed=5, ppm=ppm, coil=coil, core_factory=IdleCore)
        unit.stick_host_output(True)  # there is no edge to hold it
        await asyncio.sleep(0.5)
        unit.hal.set_bleed(False)
        unit.hal.set_charger(1_260_000)
        await asyncio.sleep(0.5)
        await story(unit)
        unit.close()
        return unit

    return vtime.run(main())


def mcu_now_us(unit: SimUnit) -> int:
    unit.kernel.sync()
    return unit.hal.clock.mcu_us(unit.kernel.now_ns)


def fire_at(unit: SimUnit, *delays_us: int, life_us: int = 100_000) -> int:
    """Arm and queue; returns the MCU time of now."""
    now_us = mcu_now_us(unit)
    unit.hal.arm_gate(life_us)
    assert all(unit.hal.queue_pulse(now_us + delay_us) for delay_us in delays_us)
    return now_us


async def results_after(unit: SimUnit, seconds: float) -> list[tuple[int, int, int]]:
    await asyncio.sleep(seconds)
    found = []
    while (result := unit.hal.take_result()) is not None:
        found.append(result)
    return found
