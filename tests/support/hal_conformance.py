"""One suite for every HAL: what firmware/core/README.md promises, asked of the simulated unit's,
of the board's on the stand-in chip and of the one on a Pi's pins.

A bench is one HAL with hands: it lets time pass (running what the driver around the HAL has to
run), moves contacts, and says what its hardware cannot show. CHECKS is the suite; each check is one
coroutine on a fresh bench, discharged and with every contact closed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from firmware.core.bounds import BANK_LOW_MV, RESULT_GRACE_US, RESULT_LOOK_US
from firmware.wire.codes import (
    IN_COIL,
    IN_COOLING,
    IN_DOOR,
    IN_ENCLOSURE,
    IN_ESTOP,
    IN_HOST,
    IN_PATIENT,
    PULSE_CUT,
    PULSE_EMITTED,
    PULSE_REFUSED,
    SENSOR_NONE,
)
from firmware.wire.limits import (
    BANK_TOLERANCE_PM,
    CANCEL_LEAD_US,
    CHARGE_MS_MAX,
    GATE_LIFE_US,
    IPI_US_MIN,
    SENSOR_C10_MAX,
    SENSOR_C10_MIN,
    V_FULL_MV,
)

if TYPE_CHECKING:
    from firmware.core.hal import Hal

# What a bench may be unable to show.
UNASKED = "unasked"  # a pulse without a request
CUT = "cut"  # a contact opened at an exact microsecond of a pulse
FLASH = "flash"  # save_ledger can be made to fail

LOOP = (IN_ESTOP, IN_DOOR, IN_COIL, IN_PATIENT, IN_ENCLOSURE)
HALF_MV = V_FULL_MV // 2
FEED_US = 20_000
AHEAD_US = 20_000


class Bench(Protocol):
    """One HAL under test."""

    can: frozenset[str]

    @property
    def hal(self) -> Hal:
        """What is judged."""

    def now_us(self) -> int:
        """The HAL's own time."""

    async def pass_us(self, duration_us: int) -> None:
        """Let exactly so much time go by; a pulse in it is taken to its end."""

    def set_contact(self, bit: int, is_closed: bool) -> None:
        """Move one contact, without bounce."""

    def fire_unasked(self) -> None:
        """Let the switch close by itself now."""

    def break_flash(self) -> None:
        """Let nothing be stored from now on."""


Check = Callable[[Bench], Awaitable[None]]
Result = tuple[int, int, int]


async def charge(bench: Bench, target_mv: int = HALF_MV) -> None:
    """Bank to this voltage, from empty."""
    bench.hal.set_bleed(False)
    bench.hal.set_charger(target_mv)
    await bench.pass_us(CHARGE_MS_MAX * 1000 // 2)


async def collect(bench: Bench, duration_us: int, *, feeds: bool = True) -> list[Result]:
    """Results that come within this time; the gate is kept on meanwhile."""
    found: list[Result] = []
    end_us = bench.now_us() + duration_us
    while bench.now_us() < end_us:
        if feeds:
            bench.hal.feed_gate(GATE_LIFE_US)
        await bench.pass_us(min(FEED_US, end_us - bench.now_us()))
        while (result := bench.hal.take_result()) is not None:
            found.append(result)
    return found


def expected_pm(bank_mv: int) -> int:
    return bank_mv * 1000 // V_FULL_MV


def is_near(found: int, wanted: int, per_mille: int) -> bool:
    return abs(found - wanted) * 1000 <= wanted * per_mille


# --- identity ------------------------------------------------------------------------------------


async def check_facts_have_their_forms(bench: Bench) -> None:
    unit_id, epoch, cause, is_simulated, timing, serial, coil, level, fitted = bench.hal.identity()
    assert len(unit_id) == len(serial) == 8
    assert epoch >= 1
    assert cause in (1, 3)
    assert is_simulated == 1, "nothing that a test can hold is a real unit"
    assert 0 <= timing <= 3
    assert coil > 0
    assert 1 <= level <= 100
    assert fitted & sum(LOOP) == sum(LOOP)
    assert fitted & IN_HOST
    ipi_us_min, lateness_us = bench.hal.timing()
    assert ipi_us_min >= IPI_US_MIN
    assert lateness_us >= 0
    slot, hash8, is_trial = bench.hal.image()
    assert slot in (0, 1, 2)
    assert len(hash8) == 8
    assert is_trial in (0, 1)
    assert len(bench.hal.key()) in (0, 32)
    assert bench.hal.self_test() >= 0


async def check_random_numbers_fill_32_bits(bench: Bench) -> None:
    numbers = [bench.hal.random_u32() for _ in range(64)]
    assert len(set(numbers)) == 64
    assert all(0 <= number < 1 << 32 for number in numbers)
    assert max(numbers) >= 1 << 31


async def check_pulled_coil_takes_identity_and_sensors_along(bench: Bench) -> None:
    await bench.pass_us(500_000)
    assert bench.hal.identity()[6] > 0
    for reading in (bench.hal.surface_c10(), bench.hal.winding_c10()):
        assert SENSOR_C10_MIN < reading < SENSOR_C10_MAX
    bench.set_contact(IN_COIL, False)
    await bench.pass_us(500_000)
    assert bench.hal.identity()[5:7] == (bytes(8), 0)
    assert bench.hal.surface_c10() == bench.hal.winding_c10() == SENSOR_NONE


# --- bank ----------------------------------------------------------------------------------------


async def check_bank_follows_charger_and_bleed(bench: Bench) -> None:
    for target_mv in (V_FULL_MV // 10, HALF_MV, V_FULL_MV):
        await charge(bench, target_mv)
        assert is_near(bench.hal.bank_mv(), target_mv, BANK_TOLERANCE_PM)
    bench.hal.set_charger(0)
    bench.hal.set_bleed(True)
    await bench.pass_us(3_000_000)
    assert bench.hal.bank_mv() < BANK_LOW_MV


async def check_open_charger_charges_nothing(bench: Bench) -> None:
    bench.hal.set_bleed(False)
    bench.hal.set_charger(0)
    await bench.pass_us(500_000)
    assert bench.hal.bank_mv() < BANK_LOW_MV


# --- gate ----------------------------------------------------------------------------------------


async def check_gate_lives_as_long_as_it_is_fed(bench: Bench) -> None:
    hal = bench.hal
    assert not hal.gate_is_on()
    hal.feed_gate(GATE_LIFE_US)
    assert not hal.gate_is_on(), "feeding alone armed it"
    hal.arm_gate(GATE_LIFE_US)
    assert hal.gate_is_on()
    for _ in range(10):
        await bench.pass_us(GATE_LIFE_US * 8 // 10)
        hal.feed_gate(GATE_LIFE_US)
        assert hal.gate_is_on()
    await bench.pass_us(GATE_LIFE_US * 11 // 10)
    assert not hal.gate_is_on()
    hal.feed_gate(GATE_LIFE_US)
    await bench.pass_us(1_000)
    assert not hal.gate_is_on(), "feeding closed it again"
    hal.arm_gate(GATE_LIFE_US)
    assert hal.gate_is_on()
    hal.drop_gate()
    assert not hal.gate_is_on()
    hal.feed_gate(GATE_LIFE_US)
    await bench.pass_us(1_000)
    assert not hal.gate_is_on(), "feeding closed it after a drop"


async def check_each_loop_contact_drops_the_gate_and_keeps_it_open(bench: Bench) -> None:
    hal = bench.hal
    for bit in LOOP:
        hal.arm_gate(GATE_LIFE_US)
        assert hal.gate_is_on()
        bench.set_contact(bit, False)
        await bench.pass_us(1_000)
        assert not hal.gate_is_on()
        hal.arm_gate(GATE_LIFE_US)
        assert not hal.gate_is_on(), "armed with the loop open"
        bench.set_contact(bit, True)
        await bench.pass_us(1_000)
        hal.feed_gate(GATE_LIFE_US)
        await bench.pass_us(1_000)
        assert not hal.gate_is_on(), "on again without being armed"


async def check_cooling_is_no_part_of_the_loop(bench: Bench) -> None:
    bench.hal.arm_gate(GATE_LIFE_US)
    bench.set_contact(IN_COOLING, False)
    await bench.pass_us(10_000)
    assert bench.hal.gate_is_on()


# --- pulses --------------------------------------------------------------------------------------


async def check_pulses_come_in_order_with_their_amplitude(bench: Bench) -> None:
    await charge(bench)
    ipi_us = max(20_000, bench.hal.timing()[0])
    bench.hal.arm_gate(GATE_LIFE_US)
    first_us = bench.now_us() + AHEAD_US
    times = [first_us + number * ipi_us for number in range(4)]
    assert all(bench.hal.queue_pulse(at_us) for at_us in times)
    found = await collect(bench, AHEAD_US + 4 * ipi_us + RESULT_GRACE_US)
    assert [result for _, result, _ in found] == [PULSE_EMITTED] * 4
    assert all(abs(row[0] - at_us) <= 50 for row, at_us in zip(found, times, strict=True))
    assert is_near(found[0][2], expected_pm(HALF_MV), 30)
    assert all(amplitude_pm >= 400 for _, _, amplitude_pm in found)


async def check_result_is_there_in_time_and_given_once(bench: Bench) -> None:
    await charge(bench)
    bench.hal.arm_gate(GATE_LIFE_US)
    at_us = bench.now_us() + AHEAD_US
    assert bench.hal.queue_pulse(at_us)
    await bench.pass_us(AHEAD_US - 1_000)
    assert bench.hal.take_result() is None, "a result before its pulse"
    await bench.pass_us(1_000 + RESULT_LOOK_US)
    assert bench.hal.take_result() is not None
    assert bench.hal.take_result() is None


async def check_closed_gate_refuses_each_pulse(bench: Bench) -> None:
    await charge(bench)
    ipi_us = max(20_000, bench.hal.timing()[0])
    first_us = bench.now_us() + AHEAD_US
    assert all(bench.hal.queue_pulse(first_us + n * ipi_us) for n in range(3))
    found = await collect(bench, AHEAD_US + 3 * ipi_us + RESULT_GRACE_US, feeds=False)
    assert [row[1:] for row in found] == [(PULSE_REFUSED, 0)] * 3
    assert is_near(bench.hal.bank_mv(), HALF_MV, BANK_TOLERANCE_PM)


async def check_gate_that_falls_within_a_train_refuses_the_rest(bench: Bench) -> None:
    await charge(bench)
    ipi_us = max(GATE_LIFE_US * 6 // 10, bench.hal.timing()[0])
    first_us = bench.now_us() + AHEAD_US
    bench.hal.arm_gate(GATE_LIFE_US)
    assert all(bench.hal.queue_pulse(first_us + n * ipi_us) for n in range(3))
    found = await collect(bench, AHEAD_US + 3 * ipi_us + RESULT_GRACE_US, feeds=False)
    assert [row[1] for row in found][-1] == PULSE_REFUSED
    assert found[0][1] == PULSE_EMITTED


async def check_late_full_and_disordered_requests_are_refused(bench: Bench) -> None:
    hal = bench.hal
    ipi_us = max(20_000, hal.timing()[0])
    now_us = bench.now_us()
    assert not hal.queue_pulse(now_us)
    assert not hal.queue_pulse(now_us - 1_000)
    first_us = now_us + AHEAD_US
    assert hal.queue_pulse(first_us)
    assert not hal.queue_pulse(first_us), "twice the same time"
    assert not hal.queue_pulse(first_us - 5_000), "out of order"
    assert all(hal.queue_pulse(first_us + n * ipi_us) for n in (1, 2, 3))
    assert not hal.queue_pulse(first_us + 4 * ipi_us), "a fifth one"


async def check_requests_may_wait_for_seconds(bench: Bench) -> None:
    await charge(bench)
    first_us = bench.now_us() + AHEAD_US
    times = [first_us, first_us + 5_000_000]
    bench.hal.arm_gate(GATE_LIFE_US)
    assert all(bench.hal.queue_pulse(at_us) for at_us in times)
    found = await collect(bench, AHEAD_US + 5_000_000 + RESULT_GRACE_US)
    assert [row[1] for row in found] == [PULSE_EMITTED] * 2
    assert all(abs(row[0] - at_us) <= 50 for row, at_us in zip(found, times, strict=True))


async def check_cancel_forgets_what_is_far_and_lets_through_what_is_near(bench: Bench) -> None:
    hal = bench.hal
    await charge(bench)
    hal.arm_gate(GATE_LIFE_US)
    now_us = bench.now_us()
    assert hal.queue_pulse(now_us + AHEAD_US)
    assert hal.queue_pulse(now_us + 2 * AHEAD_US)
    assert hal.cancel_pulses() == 0
    assert await collect(bench, 3 * AHEAD_US + RESULT_GRACE_US) == []
    near_us = bench.now_us() + AHEAD_US
    assert hal.queue_pulse(near_us)
    assert hal.queue_pulse(near_us + AHEAD_US)
    await bench.pass_us(near_us - bench.now_us() - CANCEL_LEAD_US // 2)
    assert hal.cancel_pulses() == 1
    found = await collect(bench, 3 * AHEAD_US + RESULT_GRACE_US)
    assert [row[1] for row in found] == [PULSE_EMITTED]
    again_us = bench.now_us() + AHEAD_US
    assert hal.queue_pulse(again_us), "no new request after a cancel"
    assert [row[1] for row in await collect(bench, 2 * AHEAD_US)] == [PULSE_EMITTED]


async def check_contact_opened_in_a_pulse_cuts_it(bench: Bench) -> None:
    await charge(bench)
    bench.hal.arm_gate(GATE_LIFE_US)
    at_us = bench.now_us() + AHEAD_US
    assert bench.hal.queue_pulse(at_us)
    await bench.pass_us(at_us - bench.now_us() + 40)
    bench.set_contact(IN_DOOR, False)
    found = await collect(bench, 10_000, feeds=False)
    assert [row[1] for row in found] == [PULSE_CUT]
    assert found[0][2] < expected_pm(HALF_MV) * 9 // 10


async def check_pulse_that_nobody_asked_for_is_reported(bench: Bench) -> None:
    await charge(bench)
    bench.hal.arm_gate(GATE_LIFE_US)
    before_us = bench.now_us()
    bench.fire_unasked()
    [(at_us, result, amplitude_pm)] = await collect(bench, 10_000)
    assert result == 0
    assert abs(at_us - before_us) <= 1_000
    assert is_near(amplitude_pm, expected_pm(HALF_MV), 30)


# --- ledger --------------------------------------------------------------------------------------


async def check_ledger_comes_back(bench: Bench) -> None:
    assert bench.hal.load_ledger() == b""
    for number in range(5):
        data = bytes([number]) * 60
        assert bench.hal.save_ledger(data)
        assert bench.hal.load_ledger() == data


async def check_ledger_that_cannot_be_stored_says_so_and_keeps_the_old(bench: Bench) -> None:
    assert bench.hal.save_ledger(b"old" * 10)
    bench.break_flash()
    assert not bench.hal.save_ledger(b"new" * 10)
    assert bench.hal.load_ledger() == b"old" * 10


CHECKS: dict[str, Check] = {
    name.removeprefix("check_"): function
    for name, function in sorted(globals().items())
    if name.startswith("check_")
}
NEEDS = {
    "contact_opened_in_a_pulse_cuts_it": CUT,
    "pulse_that_nobody_asked_for_is_reported": UNASKED,
    "ledger_that_cannot_be_stored_says_so_and_keeps_the_old": FLASH,
}
