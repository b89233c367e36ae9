"""The suite that every HAL passes, on the HAL of a Pi's pins."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware.pi.edge_wait import TAKE_OVER_NS
from firmware.pi.hal import PiHal
from tests.pi.unit import Unit
from tests.support.hal_conformance import CHECKS, FLASH, NEEDS, UNASKED

TURN_NS = 500_000


class PiBench:
    """A unit with the part of the loop that the HAL counts on: beats, and pulses at their time."""

    can = frozenset({UNASKED, FLASH})  # a pulse is made in one call: nothing moves within it here

    def __init__(self, unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
        self._unit = unit
        self._monkeypatch = monkeypatch

    @property
    def hal(self) -> PiHal:
        return self._unit.hal

    def now_us(self) -> int:
        return self._unit.now_us

    async def pass_us(self, duration_us: int) -> None:
        clock, hal = self._unit.clock, self._unit.hal
        end_ns = clock.peek_ns() + duration_us * 1000
        while clock.peek_ns() < end_ns:
            hal.beat()
            hal.bank_mv()
            pulse_ns = hal.next_pulse_ns()
            until_ns = min(end_ns, clock.peek_ns() + TURN_NS)
            if pulse_ns is not None and pulse_ns <= end_ns:
                until_ns = min(until_ns, pulse_ns - TAKE_OVER_NS)
                if until_ns <= clock.peek_ns():
                    hal.fire_next()
            clock.stall(max(0, until_ns - clock.peek_ns()))

    def set_contact(self, bit: int, is_closed: bool) -> None:
        self._unit.set_input(bit, is_closed)

    def fire_unasked(self) -> None:
        self._unit.plant.fire_unasked()

    def break_flash(self) -> None:
        files = self._unit.parts.memory._ledger._files
        self._monkeypatch.setattr(files, "write", lambda path, data: False)


@pytest.mark.parametrize("name", CHECKS)
async def test_hal_keeps_the_promise(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Unit(tmp_path) as unit:
        bench = PiBench(unit, monkeypatch)
        if name in NEEDS and NEEDS[name] not in bench.can:
            pytest.skip(f"the bench cannot show: {NEEDS[name]}")
        await CHECKS[name](bench)
