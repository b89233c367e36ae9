"""The stand-in board: its circuit does what the simulated unit's plant does, and what is drawn."""

from __future__ import annotations

import pytest

import clock
import rig
import rig_plant
from firmware.board import pins, pio_programs
from firmware.wire.codes import SENSOR_NONE
from firmware.wire.limits import V_FULL_MV
from hw_sim.plant.power_stage import REF_BI, PowerStage, Supply
from machine import WDT, ChipReset, Pin, reset
from rig_nets import Net
from tests.firmware.chip_bench import new_rig, pass_us

pytestmark = pytest.mark.control("estop-chain")

CYCLES_PER_S = 125_000_000


def trigger(high_cycles: int, *, ahead_cycles: int = 1_000) -> rig.Pulse | None:
    """Close the chain by hand, drive one trigger, let it end; the pulse it made."""
    board = rig.the()
    rig.net(pins.GP_ENABLE).drive(rig.now_cycles(), 1)
    start = rig.now_cycles() + ahead_cycles
    rig.net(pins.GP_TRIGGER).drive(start, 1)
    board.nets[pins.GP_TRIGGER].changes.append((start + high_cycles, 0))
    pass_us(2_000)
    return board.pulses[-1] if board.pulses else None


def test_bank_charges_and_bleeds_as_the_simulated_plant_does() -> None:
    new_rig()
    stage = PowerStage()
    board = rig.the()
    Pin(pins.GP_BLEED_OPEN, Pin.OUT, value=1)
    board.set_duty(pins.GP_CHARGER_LEVEL, 65535 * 9 // 10)
    Pin(pins.GP_CHARGER_ON, Pin.OUT, value=1)
    stage.set_target_v(0, 1800.0)
    for step in range(1, 60):
        pass_us(1_000)
        assert rig.bank_mv() == pytest.approx(stage.voltage_v(step * 1_000_000) * 1000, rel=0.01)
    Pin(pins.GP_CHARGER_ON, Pin.OUT, value=0)
    Pin(pins.GP_BLEED_OPEN, Pin.OUT, value=0)
    now_ns = 60_000_000
    stage.advance(now_ns)
    stage.set_target_v(now_ns, 0.0)
    stage.set_bleed(now_ns, True)
    for step in range(1, 15):
        pass_us(100_000)
        truth_v = stage.voltage_v(now_ns + step * 100_000_000)
        assert rig.bank_mv() == pytest.approx(truth_v * 1000, rel=0.02, abs=3_000)


def test_numbers_of_the_discharge_are_those_of_the_simulated_plant() -> None:
    assert REF_BI.full_v * 1000 == V_FULL_MV == rig_plant.FULL_MV
    assert pytest.approx(REF_BI.period_s * CYCLES_PER_S, rel=1e-3) == rig_plant.PERIOD_CYCLES
    assert pytest.approx(REF_BI.peak_s * CYCLES_PER_S, rel=0.02) == rig_plant.CREST_CYCLES
    left = (REF_BI.voltage_v(1.0, REF_BI.period_s)) ** 2
    assert pytest.approx(left * 10_000, rel=1e-3) == rig_plant.LEFT_PER_10000
    supply = Supply()
    assert supply.charger_w * 1e6 == rig_plant.CHARGER_UJ_PER_CYCLE * CYCLES_PER_S
    tau_s = supply.bleed_ohm * REF_BI.capacitance_f / 2
    assert pytest.approx(tau_s * CYCLES_PER_S) == rig_plant.BLEED_TAU_CYCLES
    leak_s = supply.leak_ohm * REF_BI.capacitance_f / 2
    assert pytest.approx(leak_s * CYCLES_PER_S, rel=1e-3) == rig_plant.LEAK_TAU_CYCLES
    for cycles in range(500, rig_plant.CREST_CYCLES, 500):
        truth = REF_BI.current_a(1800.0, cycles / CYCLES_PER_S) / (1800 * REF_BI.peak_a_per_v)
        assert rig_plant.crest_pm(1_800_000, cycles) == pytest.approx(truth * 1000, abs=15)


def test_complete_pulse_takes_its_energy_and_shows_on_every_sense() -> None:
    new_rig()
    Pin(pins.GP_BLEED_OPEN, Pin.OUT, value=1)
    rig.set_bank_mv(900_000)
    pulse = trigger(300 * 125)
    assert pulse is not None
    assert pulse.is_complete
    assert pulse.is_asked
    assert pulse.amplitude_pm == rig.the().peak_pm == 499  # the bank leaks a little meanwhile
    assert rig.bank_mv() == pytest.approx(900_000 * 0.6103**0.5, rel=2e-3)
    back = rig.net(pins.GP_TRIGGER_BACK)
    assert back.rises() == rig.net(pins.GP_TRIGGER).rises() == [pulse.at_cycle]
    [seen] = rig.net(pins.GP_PULSE_SEEN).rises()
    assert 20 < seen - pulse.at_cycle < 2_000


@pytest.mark.parametrize("high_us", [10, 70, 150, 295])
def test_short_trigger_cuts_the_pulse(high_us: int) -> None:
    new_rig()
    rig.set_bank_mv(900_000)
    pulse = trigger(high_us * 125)
    assert pulse is not None
    assert not pulse.is_complete
    assert pulse.end_cycle - pulse.at_cycle == high_us * 125


@pytest.mark.control("one-shot")
def test_one_shot_bounds_a_trigger_that_stays() -> None:
    new_rig()
    board = rig.the()
    rig.net(pins.GP_ENABLE).drive(rig.now_cycles(), 1)
    rig.net(pins.GP_TRIGGER).drive(rig.now_cycles() + 100, 1)
    pass_us(5_000)
    [(rise, _), (fall, _)] = rig.net(pins.GP_TRIGGER_BACK).changes
    assert fall - rise == rig.ONE_SHOT_CYCLES
    assert len(board.pulses) == 1


@pytest.mark.parametrize("opens", [*rig.LOOP_CONTACTS, "host", "enable"])
def test_chain_is_closed_only_while_everything_in_it_is(opens: object) -> None:
    new_rig()
    rig.net(pins.GP_ENABLE).drive(rig.now_cycles(), 1)
    assert Pin(pins.GP_CHAIN).value() == 1
    if isinstance(opens, int):
        rig.set_contact(opens, False)
    elif opens == "host":
        rig.set_host_enable(False)
    else:
        rig.net(pins.GP_ENABLE).drive(rig.now_cycles(), 0)
    assert Pin(pins.GP_CHAIN).value() == 0
    assert Pin(pins.GP_LOOP).value() == int(not isinstance(opens, int))
    rig.set_bank_mv(900_000)
    rig.net(pins.GP_TRIGGER).drive(rig.now_cycles(), 1)
    pass_us(1_000)
    assert rig.the().pulses == []
    assert rig.net(pins.GP_TRIGGER_BACK).rises() == []


def test_nothing_flows_without_a_coil_or_with_a_dead_switch() -> None:
    new_rig()
    rig.set_bank_mv(900_000)
    rig.the().faults.has_current = False
    assert trigger(300 * 125) is None
    assert rig.net(pins.GP_TRIGGER_BACK).rises() != []
    assert rig.net(pins.GP_PULSE_SEEN).rises() == []
    assert not rig.fire_unasked()


def test_current_below_the_threshold_has_no_edge() -> None:
    new_rig()
    rig.set_bank_mv(5_000)
    pulse = trigger(300 * 125)
    assert pulse is not None
    assert rig.net(pins.GP_PULSE_SEEN).rises() == []


def test_net_keeps_its_history_bounded_and_in_order() -> None:
    net = Net()
    for cycle in range(10_000):
        net.drive(cycle, cycle & 1)
    assert len(net.changes) <= 4_096
    assert net.level_at(9_999) == 1
    assert net.level_at(9_998) == 0
    assert net.next_change(9_990) == 9_991
    assert net.next_change(9_999) == -1
    net.drive(9_995, 1)
    assert net.next_change(9_995) == -1


def test_reset_lets_every_output_fall_and_the_bank_bleed() -> None:
    new_rig()
    rig.set_bank_mv(1_800_000)
    for gp in pins.OUTPUTS_LOW:
        Pin(gp, Pin.OUT, value=1)
    with pytest.raises(ChipReset):
        reset()
    for gp in pins.OUTPUTS_LOW:
        assert rig.net(gp).level_at(rig.now_cycles()) == 0
    pass_us(2_000_000)
    assert rig.bank_mv() < 90_000


def test_watchdog_bites_when_it_is_not_fed_and_cannot_be_longer_than_the_chips() -> None:
    new_rig()
    dog = WDT(timeout=8388)
    pass_us(8_000_000)
    dog.feed()
    pass_us(8_387_000)
    assert not rig.the().has_watchdog_bitten()
    pass_us(1_000)
    assert rig.the().has_watchdog_bitten()
    with pytest.raises(ValueError, match="timeout"):
        WDT(timeout=8389)


def test_pins_are_one_table() -> None:
    numbers = [row[0] for row in pins.ROWS]
    names = [row[1] for row in pins.ROWS]
    assert len(set(numbers)) == len(set(names)) == len(pins.ROWS)
    constants = {
        name.removeprefix("GP_"): value for name, value in vars(pins).items() if name[:3] == "GP_"
    }
    assert constants == dict(zip(names, numbers, strict=True))
    outputs = {row[0] for row in pins.ROWS if row[2] in ("out", "pwm") and row[3] == 0}
    assert outputs == set(pins.OUTPUTS_LOW)


def test_clock_is_the_one_that_the_programs_count_in() -> None:
    assert pins.CLOCK_HZ == pio_programs.CLOCK_HZ == clock.CYCLES_PER_US * 1_000_000


def test_uart_and_adc_pins_are_those_that_the_chip_has_there() -> None:
    assert (pins.GP_UART_TX, pins.GP_UART_RX) == (0, 1)
    assert {pins.GP_BANK, pins.GP_PEAK, pins.GP_NTC} == {26, 27, 28}
    assert SENSOR_NONE < -1_000
