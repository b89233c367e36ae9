# The edge's enable as the controller sees it: demanded while energised, suspicious at rest. Each
# safety test says which planted bug it would catch; the last ones plant them.
from firmware.core import supervision
from firmware.core.bounds import HOST_STUCK_US
from firmware.core.watchdogs import HostWatch
from firmware.wire.codes import (
    DISCHARGING,
    F_DOOR,
    F_HOST_ENABLE,
    F_HOST_STUCK,
    FAULT,
    IN_DOOR,
    IN_HOST,
    INPUTS_ALL,
    OK,
    READY,
    REJ_CAUSE,
    REJ_INTERLOCK,
    STANDBY,
)
from firmware.wire.commands import Charge, ClearFault, Confirm, FireTrain
from tests.firmware.bench import TEN_HZ_80, Bench, arm_of
from tests.firmware.marks import control
from tests.firmware.states import ENERGISED, REACHABLE, assert_fault, in_state

pytestmark = control("host-enable")

WITHOUT_HOST = INPUTS_ALL & ~IN_HOST
STUCK_MS = HOST_STUCK_US // 1000


def test_watch_counts_only_the_time_on_at_rest() -> None:
    watch = HostWatch()
    assert not watch.is_stuck(0, False)
    assert not watch.is_stuck(10, True)
    assert not watch.is_stuck(10 + HOST_STUCK_US, True)
    assert watch.is_stuck(11 + HOST_STUCK_US, True)
    assert not watch.is_stuck(12 + HOST_STUCK_US, False)
    assert not watch.is_stuck(13 + HOST_STUCK_US, True)


def test_enable_lost_in_any_energised_state_acts_in_the_same_call() -> None:
    for state in ENERGISED:
        bench = in_state(state)
        bench.device.on_input(bench.now_us, WITHOUT_HOST)
        assert bench.faults() == [F_HOST_ENABLE]
        bench.hal.set_inputs(WITHOUT_HOST)
        bench.poll()
        assert_fault(bench, F_HOST_ENABLE)


def test_enable_off_at_rest_is_no_fault() -> None:
    # Catches: demanding it always, so that a unit nobody uses is in FAULT.
    for state in REACHABLE:
        if state not in ENERGISED and state != FAULT:
            bench = in_state(state)
            bench.set_inputs(WITHOUT_HOST)
            bench.run_ms(STUCK_MS + 200)
            assert F_HOST_ENABLE not in bench.faults()


def test_charge_without_the_enable_is_refused() -> None:
    bench = in_state(STANDBY)
    bench.set_inputs(WITHOUT_HOST)
    bench.run_ms(100)
    answer = bench.ask(Charge(level_pct_mso=60))
    assert (answer.code, answer.detail) == (REJ_INTERLOCK, IN_HOST)
    bench.set_inputs(INPUTS_ALL)
    bench.run_ms(100)
    assert bench.ask(Charge(level_pct_mso=60)).code == OK


def test_arming_and_firing_need_the_enable() -> None:
    # Catches: a permissive left out of one step. The fault comes first; nothing is armed either.
    for state in ENERGISED:
        bench = in_state(state)
        bench.set_inputs(WITHOUT_HOST)
        for command in (
            arm_of(TEN_HZ_80, 1),
            Confirm(token=1),
            FireTrain(token=1, train_index=0, first_pulse=0, pulse_count=1, start_us=0),
        ):
            answer = bench.ask(command)
            assert answer is None or answer.code != OK
        assert bench.state() == FAULT


def test_lost_enable_clears_without_it_and_the_next_charge_demands_it() -> None:
    bench = in_state(READY)
    bench.set_inputs(WITHOUT_HOST)
    bench.run_ms(100)
    assert bench.ask(ClearFault(fault=F_HOST_ENABLE)).code == OK
    bench.run_to_state(STANDBY)
    assert bench.ask(Charge(level_pct_mso=60)).code == REJ_INTERLOCK


def test_enable_that_stays_on_is_a_fault_in_every_state_of_rest() -> None:
    for state in (STANDBY, FAULT):
        bench = in_state(state)
        bench.hal.is_host_stuck = True
        bench.run_ms(STUCK_MS + 200)
        assert F_HOST_STUCK in bench.faults()
        assert bench.ask(ClearFault(fault=F_HOST_STUCK)).code == REJ_CAUSE
        bench.set_inputs(WITHOUT_HOST)
        assert bench.ask(ClearFault(fault=F_HOST_STUCK)).code == OK


def test_enable_that_stays_on_while_the_bank_will_not_fall_is_a_fault() -> None:
    bench = in_state(READY)
    bench.hal.bleed_rate = 0
    bench.hal.is_host_stuck = True
    bench.device._unit.discharge(bench.now_us)
    bench.run_ms(STUCK_MS + 200)
    assert bench.faults()[0] == F_HOST_STUCK


def test_enable_that_goes_in_time_is_no_fault() -> None:
    bench = in_state(STANDBY)
    bench.run_ms(3 * STUCK_MS)  # the bench holds it for 4 s at a time
    assert bench.state() == STANDBY


def test_enable_nobody_samples_keeps_its_fault() -> None:
    # Catches: taking an unknown level for the good one.
    bench = in_state(STANDBY)
    bench.hal.is_host_stuck = True
    bench.run_ms(STUCK_MS + 200)
    bench.is_sampling = False
    bench.run_ms(200)
    assert bench.ask(ClearFault(fault=F_HOST_STUCK)).code == REJ_CAUSE


def test_second_fault_is_added_to_the_first() -> None:
    bench = in_state(READY)
    bench.set_inputs(INPUTS_ALL & ~IN_DOOR)
    bench.hal.is_host_stuck = True
    bench.run_ms(STUCK_MS + 200)
    assert bench.faults() == [F_DOOR, F_HOST_STUCK]


def _is_stopped_without_the_enable(bench: Bench) -> bool:
    bench.hal.inputs = WITHOUT_HOST
    bench.device.on_input(bench.now_us, WITHOUT_HOST)
    bench.run_ms(500)
    return bench.state() in (FAULT, DISCHARGING)


def test_planted_table_without_the_enable_is_caught() -> None:
    assert _is_stopped_without_the_enable(in_state(READY))
    whole = supervision.FAULT_OF_INPUT
    without = tuple([row for row in whole if row[0] != IN_HOST])
    supervision.FAULT_OF_INPUT = without  # type: ignore[assignment]
    try:
        assert not _is_stopped_without_the_enable(in_state(READY))
    finally:
        supervision.FAULT_OF_INPUT = whole


def test_planted_watch_that_never_tells_is_caught() -> None:
    real = HostWatch.is_stuck
    HostWatch.is_stuck = lambda self, now_us, is_high: False  # type: ignore[method-assign]
    try:
        bench = in_state(STANDBY)
        bench.hal.is_host_stuck = True
        bench.run_ms(STUCK_MS + 200)
        assert bench.state() == STANDBY
    finally:
        HostWatch.is_stuck = real  # type: ignore[method-assign]
