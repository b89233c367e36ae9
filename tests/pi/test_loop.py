"""Way b as a whole on a clock of steps: the real core, the real HAL, the production protocol."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from edge.mcu.outcome import Refused
from firmware.pi.loop import ARMED_TURN_NS, CoreLoop
from firmware.wire.codes import (
    ARMED,
    DISCHARGING,
    ENDED_COMPLETE,
    ENDED_FAULT,
    F_COUNT,
    F_ESTOP,
    F_PULSE_UNASKED,
    F_SELF_TEST,
    FAULT,
    IN_ESTOP,
    IN_HOST,
    PULSE_EMITTED,
    PULSE_REFUSED,
    STANDBY,
    TIMING_BEST_EFFORT,
    TIMING_RT_PROCESS,
    TRAIN,
)
from firmware.wire.commands import Hello, Stop, UpdateBegin
from firmware.wire.limits import GATE_LIFE_US
from firmware.wire.protocol import PROTOCOL_VERSION
from tests.firmware.bench import arm_of
from tests.pi.edge_side import EdgeSide
from tests.pi.unit import FakeSystem, Unit

MS = 1_000_000
TEN_HZ_20 = ((20, 100_000), (1, 0), (1, 0), (1, 0))
THETA = ((3, 20_000), (10, 200_000), (1, 0), (1, 0))
ONE_HZ_4 = ((4, 1_000_000), (1, 0), (1, 0), (1, 0))


class StepLine:
    """firmware.pi.loop.Line without a system behind it."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self.to_core = b""
        self.to_edge = b""

    def read(self) -> bytes:
        data, self.to_core = self.to_core, b""
        return data

    def write(self, data: bytes) -> None:
        self.to_edge += data

    def wait_until(self, at_ns: int) -> None:
        if not self.to_core:
            self._unit.clock.sleep_until_ns(at_ns)


class Whole:
    """Unit, loop and edge."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.line = StepLine(unit)
        self.rests = 0
        self.loop = CoreLoop(unit.clock, unit.hal, self.line, self._rest)
        self.edge = EdgeSide(self._exchange)

    def _rest(self) -> None:
        self.rests += 1

    def _exchange(self, data: bytes) -> tuple[float, bytes]:
        self.line.to_core += data
        self.loop.turn()
        received, self.line.to_edge = self.line.to_edge, b""
        return self.unit.clock.peek_ns() / 1e9, received


@pytest.fixture
def whole(unit: Unit) -> Whole:
    return Whole(unit)


def test_train_comes_whole_and_in_time(whole: Whole) -> None:
    whole.edge.ready()
    token = whole.edge.armed(THETA, 2)
    start_us = whole.edge.fire(token, 30)

    result = whole.edge.result(5.0)

    assert (result.emitted, result.refused, result.ended) == (30, 0, ENDED_COMPLETE)
    wanted = [start_us + 200_000 * burst + 20_000 * n for burst in range(10) for n in range(3)]
    edges = [pulse.at_ns // 1000 for pulse in whole.unit.plant.pulses]
    assert all(0 <= e - w <= 3 for e, w in zip(edges, wanted, strict=True))
    assert {report.result for report in whole.edge.pulses()} == {PULSE_EMITTED}


def test_inputs_are_looked_at_every_millisecond_while_armed(whole: Whole) -> None:
    whole.edge.ready()
    token = whole.edge.armed(THETA, 2)
    whole.edge.fire(token, 30)
    whole.edge.result(5.0)

    assert ARMED_TURN_NS // 1000 <= whole.loop.gap_worst_us <= 1000


def test_stall_that_lets_the_enable_go_is_in_the_figures(whole: Whole) -> None:
    """Catches figures of a calm machine beside a fault that a stall has brought about."""
    whole.edge.ready()
    whole.edge.armed(TEN_HZ_20, 1)
    whole.edge.run_s(0.05)
    assert whole.loop.gap_worst_us <= 1000

    whole.unit.clock.stall(GATE_LIFE_US * 1000)
    whole.edge.run_s(0.05)

    assert whole.unit.settings.pins.enable not in whole.unit.plant.high
    assert whole.loop.gap_worst_us >= GATE_LIFE_US
    worst_us = whole.loop.gap_worst_us
    whole.edge.run_s(0.5)
    assert whole.loop.gap_worst_us == worst_us  # at rest nobody is in a hurry


def test_estop_in_a_train_ends_it_within_a_turn(whole: Whole) -> None:
    unit = whole.unit
    whole.edge.ready()
    token = whole.edge.armed(TEN_HZ_20, 1)
    start_us = whole.edge.fire(token, 20)
    opened_ns = start_us * 1000 + 450 * MS
    unit.clock.at(opened_ns, lambda: unit.set_input(IN_ESTOP, False))

    result = whole.edge.result(3.0)

    assert 0 <= unit.plant.fell_ns[unit.settings.pins.enable] - opened_ns <= MS
    assert (result.emitted, result.ended, result.fault) == (5, ENDED_FAULT, F_ESTOP)
    assert len(unit.plant.pulses) == 5


def test_stop_in_a_train_opens_everything(whole: Whole) -> None:
    whole.edge.ready()
    token = whole.edge.armed(TEN_HZ_20, 1)
    whole.edge.fire(token, 20)
    whole.edge.until_state(TRAIN)
    whole.edge.run_s(1.0)
    count = len(whole.unit.plant.pulses)

    whole.edge.done(Stop())
    whole.edge.until_state(DISCHARGING)
    whole.edge.run_s(1.0)

    assert 0 < count < 20
    assert len(whole.unit.plant.pulses) <= count + 1
    assert whole.unit.plant.high <= {
        whole.unit.settings.pins.enable_beat,
        whole.unit.settings.pins.alive_beat,
    }


def test_stalled_pulse_ends_the_train_and_nothing_is_caught_up(whole: Whole) -> None:
    whole.edge.ready()
    token = whole.edge.armed(TEN_HZ_20, 1)
    start_us = whole.edge.fire(token, 20)
    stall_ns = start_us * 1000 + 495 * MS
    whole.unit.clock.at(stall_ns, lambda: whole.unit.clock.stall(9 * MS))

    result = whole.edge.result(5.0)

    assert (result.emitted, result.fault) == (5, F_COUNT)
    assert PULSE_REFUSED in {report.result for report in whole.edge.pulses()}
    assert len(whole.unit.plant.pulses) == 5


def test_hang_in_a_train_gives_no_pulse_and_is_found_afterwards(whole: Whole) -> None:
    whole.edge.ready()
    token = whole.edge.armed(TEN_HZ_20, 1)
    whole.edge.fire(token, 20)
    whole.edge.until_state(TRAIN)
    whole.edge.run_s(1.0)
    count = len(whole.unit.plant.pulses)

    whole.unit.clock.stall(2000 * MS)
    whole.edge.pump()
    whole.edge.run_s(0.2)

    assert len(whole.unit.plant.pulses) == count
    assert whole.edge.status().state == FAULT


def test_dead_edge_disarms_within_half_a_second(whole: Whole) -> None:
    whole.edge.ready()
    whole.edge.armed(TEN_HZ_20, 1)
    whole.edge.is_beating = False

    whole.edge.run_s(0.5)

    assert whole.unit.settings.pins.enable not in whole.unit.plant.high


def test_pulse_that_nobody_asked_for_stops_the_unit(whole: Whole) -> None:
    whole.edge.ready()
    whole.edge.armed(TEN_HZ_20, 1)

    whole.unit.plant.fire_unasked()
    whole.edge.run_s(0.05)

    assert whole.edge.status().fault == F_PULSE_UNASKED
    assert whole.edge.status().session_pulses == 1


def slow_unit(folder: Path) -> Unit:
    """Best effort on a machine whose sleeps are late by up to 3 ms."""
    unit = Unit(folder, system=FakeSystem("fifo"))
    unit.clock.stalls_ns = [0] * 300 + [3 * MS]
    return unit


def test_fast_protocol_on_a_slow_clock_is_refused_and_a_slow_one_given(tmp_path: Path) -> None:
    with slow_unit(tmp_path) as unit:
        whole = Whole(unit)
        identity = whole.edge.ready()
        assert identity.timing_class == TIMING_BEST_EFFORT
        assert 250_000 <= identity.ipi_us_min <= 300_000
        assert identity.lateness_us * 100 == identity.ipi_us_min

        for levels, train_levels in ((TEN_HZ_20, 1), (THETA, 2)):
            outcome = whole.edge.outcome(arm_of(levels, train_levels, 30))
            assert outcome == Refused("timing", identity.ipi_us_min)
        token = whole.edge.armed(ONE_HZ_4, 1)
        whole.edge.fire(token, 4)

        assert whole.edge.result(6.0).emitted == 4


def test_identity_of_a_granted_process_says_real_time(whole: Whole) -> None:
    identity = whole.edge.done(Hello(protocol=PROTOCOL_VERSION))

    assert identity.timing_class == TIMING_RT_PROCESS
    assert identity.is_simulated == 1
    assert (identity.slot, identity.image_hash, identity.is_trial) == (0, bytes(8), 0)


def test_unit_without_a_key_arms_nothing(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    (tmp_path / "link.key").unlink()
    with unit:
        whole = Whole(unit)
        whole.edge.done(Hello(protocol=PROTOCOL_VERSION))
        whole.edge.until_state(FAULT)

        assert whole.edge.status().fault == F_SELF_TEST


def test_update_over_the_line_is_refused(whole: Whole) -> None:
    whole.edge.done(Hello(protocol=PROTOCOL_VERSION))
    whole.edge.until_state(STANDBY)

    outcome = whole.edge.outcome(UpdateBegin())

    assert isinstance(outcome, Refused)
    assert outcome.code == "store"


def test_ledger_survives_a_restart(tmp_path: Path) -> None:
    with Unit(tmp_path) as unit:
        whole = Whole(unit)
        whole.edge.ready()
        token = whole.edge.armed(TEN_HZ_20, 1)
        whole.edge.fire(token, 20)
        whole.edge.result(5.0)
        whole.edge.done(Stop())
        whole.edge.until_state(STANDBY)
        epoch = whole.edge.status().boot_epoch
    with Unit(tmp_path) as unit:
        whole = Whole(unit)
        whole.edge.run_s(0.3)

        assert whole.edge.status().lifetime_pulses == 20
        assert whole.edge.status().boot_epoch == epoch + 1


def test_rest_comes_only_while_nothing_is_armed(whole: Whole) -> None:
    whole.unit.set_input(IN_HOST, False)  # an edge that treats nobody
    whole.edge.pump()
    whole.edge.run_s(21.0)
    assert whole.rests == 2
    whole.unit.set_input(IN_HOST, True)
    whole.edge.ready()
    whole.edge.armed(TEN_HZ_20, 1)
    before = whole.rests

    whole.edge.run_s(15.0)

    assert whole.edge.status().state == ARMED
    assert whole.rests == before


def test_run_ends_when_told_or_asked_for_a_restart_and_opens_everything(whole: Whole) -> None:
    turns = iter([False] * 50 + [True])
    whole.loop.run(lambda: next(turns))
    assert gc.isenabled()

    whole.unit.hal.restart()
    whole.loop.run(lambda: False)

    assert whole.unit.settings.pins.charger_on not in whole.unit.plant.high


def test_run_opens_everything_when_the_core_fails(
    whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole.edge.ready()
    whole.edge.armed(TEN_HZ_20, 1)
    assert whole.unit.settings.pins.enable in whole.unit.plant.high

    def fail(now_us: int) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(whole.loop._device, "poll", fail)

    with pytest.raises(ZeroDivisionError):
        whole.loop.run(lambda: False)

    high = whole.unit.plant.high
    pins = whole.unit.settings.pins
    assert high.isdisjoint({pins.enable, pins.trigger, pins.charger_on, pins.bleed_open})
    assert gc.isenabled()
