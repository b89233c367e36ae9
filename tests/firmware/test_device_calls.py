# The four calls of the device: what is overdue is done first, what has changed is told, and when
# to come again.
from firmware.core.bounds import OVERDUE_US, STATUS_GAP_US
from firmware.core.device import Device
from firmware.core.outbox import RANK_STATUS
from firmware.wire.codes import (
    F_DOOR,
    F_ESTOP,
    FAULT,
    IN_DOOR,
    IN_ESTOP,
    INPUTS_ALL,
    READY,
    STANDBY,
)
from firmware.wire.framing import Decoder
from firmware.wire.protocol import decode
from firmware.wire.reports import Status
from tests.firmware.fake_hal import FakeHal
from tests.firmware.marks import control
from tests.firmware.states import in_state

pytestmark = control("continuous-time")


def _told(device: Device) -> "list[Status]":
    found = []
    for kind, _, payload in Decoder().feed(device.take_output()):
        message = decode(kind, payload)[0]
        if isinstance(message, Status):
            found.append(message)
    return found


def test_overdue_work_is_done_before_bytes_and_levels_and_only_then() -> None:
    # Catches: new levels looked at before the work that they could hide.
    for late_us, polls in ((0, 0), (OVERDUE_US, 0), (OVERDUE_US + 1, 1)):
        for is_input in (False, True):
            bench = in_state(STANDBY)
            device = bench.device
            wake_us = device.poll(bench.now_us)
            fed = bench.hal.watchdog_feeds
            bench.hal.now_us = wake_us + late_us
            if is_input:
                device.on_input(wake_us + late_us, INPUTS_ALL)
            else:
                device.on_bytes(wake_us + late_us, b"")
            assert bench.hal.watchdog_feeds - fed == polls, (late_us, is_input)


def test_calls_follow_each_other_without_a_poll_between_them() -> None:
    for is_input in (False, True):
        bench = in_state(STANDBY)
        now_us = bench.now_us
        for step in range(3):
            if is_input:
                bench.device.on_input(now_us + step, INPUTS_ALL)
            else:
                bench.device.on_bytes(now_us + step, b"")
        fed = bench.hal.watchdog_feeds
        late_us = now_us + 2 + OVERDUE_US
        bench.device.on_bytes(late_us, b"")
        assert bench.hal.watchdog_feeds == fed
        bench.device.on_bytes(late_us + OVERDUE_US + 1, b"")
        assert bench.hal.watchdog_feeds == fed + 1


def test_changes_of_state_and_fault_are_told_at_once_and_once() -> None:
    bench = in_state(READY)
    device, now_us = bench.device, bench.now_us
    _told(device)
    device.on_input(now_us, INPUTS_ALL & ~IN_DOOR)
    assert set(device._outbox._ranks) == {RANK_STATUS}
    told = _told(device)
    assert [(status.state, status.fault) for status in told] == [(FAULT, F_DOOR)]
    device._unit.latch(F_ESTOP, now_us + 1)
    device.on_bytes(now_us + 1, b"")
    assert [status.echo_beat for status in _told(device)] == [0]
    device.on_bytes(now_us + 2, b"")
    assert _told(device) == []


def test_changes_of_inputs_are_told_after_the_gap_and_the_wake_says_so() -> None:
    bench = in_state(STANDBY)
    bench.run_ms(100)
    device, now_us = bench.device, bench.now_us
    device.poll(now_us)
    _told(device)
    device.on_input(now_us, INPUTS_ALL & ~IN_DOOR)
    assert len(_told(device)) == 1
    device.on_input(now_us + 1, INPUTS_ALL & ~IN_DOOR & ~IN_ESTOP)
    assert _told(device) == []
    for passed_us in (2, STATUS_GAP_US - 1):
        assert device.poll(now_us + passed_us) == now_us + STATUS_GAP_US
    device.on_input(now_us + STATUS_GAP_US - 1, INPUTS_ALL & ~IN_DOOR & ~IN_ESTOP)
    assert _told(device) == []
    device.on_input(now_us + STATUS_GAP_US, INPUTS_ALL & ~IN_DOOR & ~IN_ESTOP)
    told = _told(device)
    assert [status.inputs for status in told] == [INPUTS_ALL & ~IN_DOOR & ~IN_ESTOP]


def test_status_holds_closed_and_known_apart() -> None:
    device = Device(FakeHal(), 0)
    device._unit.inputs.closed, device._unit.inputs.known = 0x25, 0x67
    assert device._inputs() == 0x2567
    assert device.state() == device._unit.machine.state
