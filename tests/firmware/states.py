# A device brought into each state for tests, and what must hold after a fault. Portable.
from firmware.wire.codes import (
    ARMED,
    CHARGING,
    DISCHARGING,
    FAULT,
    HOLD,
    IN_DOOR,
    INPUTS_ALL,
    READY,
    SELF_TEST,
    STANDBY,
    TRAIN,
)
from firmware.wire.commands import (
    Charge,
    Discharge,
    Hello,
    Hold,
)
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Status
from tests.firmware.bench import (
    TEN_HZ_80,
    Bench,
)


def in_state(state: int) -> Bench:
    bench = Bench()
    if state == SELF_TEST:
        bench.hal.millivolts = 1000000
        bench.send(Hello(protocol=PROTOCOL_VERSION))
        return bench
    bench.configured()
    if state == STANDBY:
        return bench
    if state == CHARGING:
        bench.ask(Charge(level_pct_mso=60))
        return bench
    bench.charged()
    if state == READY:
        return bench
    if state == DISCHARGING:
        bench.ask(Discharge())
        return bench
    bench.armed(TEN_HZ_80, 1)
    if state in (TRAIN, FAULT):
        bench.fire(0, 0, 40, bench.now_us + 100000)
        bench.run_ms(350)
    if state == HOLD:
        bench.ask(Hold())
    if state == FAULT:
        bench.set_inputs(INPUTS_ALL & ~IN_DOOR)
        bench.set_inputs(INPUTS_ALL)
    return bench


REACHABLE = (SELF_TEST, STANDBY, CHARGING, READY, ARMED, TRAIN, HOLD, DISCHARGING, FAULT)
ENERGISED = (CHARGING, READY, ARMED, TRAIN, HOLD)


def is_safe(bench: Bench) -> bool:
    """Gate open, nothing queued, charger open, bleeding."""
    hal = bench.hal
    is_open = not hal.gate_is_on() and not hal.queue
    return is_open and hal.target_mv == 0 and hal.is_bleeding


def assert_fault(bench: Bench, fault: int) -> None:
    assert bench.state() == FAULT
    assert bench.faults()[0] == fault, bench.faults()
    assert is_safe(bench)
    given = len(bench.hal.pulses)
    bench.run_ms(1000)
    assert len(bench.hal.pulses) == given
    assert bench.of(Status)[-1].fault == fault
