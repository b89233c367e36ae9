# Serial line and safety inputs on the stand-in chip: nothing waits, everything is bounded,
# interrupts only set a flag and count.
import clock
import rig
from firmware.board.inputs import SOURCES
from firmware.board.pins import GP_COOLING, GP_DOOR, GP_ESTOP
from firmware.board.uart import BACKLOG_MAX, BYTE_US, RX_BYTES, TX_BYTES
from firmware.wire.codes import IN_COOLING, IN_DOOR, IN_ESTOP, INPUT_BITS, INPUTS_ALL
from tests.firmware.chip_bench import Parts, pass_us

try:
    from micropython import heap_lock, heap_unlock

    CAN_FORBID = True
except ImportError:  # CPython cannot forbid an allocation
    CAN_FORBID = False

    def heap_lock() -> None:
        pass

    def heap_unlock() -> None:
        pass


def _is_set(flag: object) -> bool:
    # Of either interpreter's flag, without waiting.
    return bool(getattr(flag, "_is_set", False) or getattr(flag, "state", False))


def test_bytes_come_out_as_they_came_in_and_wake_the_line() -> None:
    parts = Parts()
    assert parts.line.read() == b""
    assert not _is_set(parts.line_flag)
    rig.the().lines[0].feed(b"\x01hello")
    assert _is_set(parts.line_flag)
    assert parts.line.read() == b"\x01hello"
    assert parts.line.read() == b""


def test_burst_of_a_long_stall_fits_the_buffer() -> None:
    parts = Parts()
    line = rig.the().lines[0]
    line.feed(bytes(2304))  # 25 ms at full speed
    assert line.lost == 0
    line.feed(bytes(RX_BYTES))
    assert line.lost == 2304
    assert len(parts.line.read()) == RX_BYTES


def test_port_is_never_given_more_than_it_has_room_for() -> None:
    parts = Parts()
    line = rig.the().lines[0]
    sent = b""
    for number in range(200):
        chunk = bytes((number & 255,)) * (number * 7 % 300)
        parts.line.write(chunk)
        sent += chunk
        pass_us(number * 37 % 4000)
    while parts.line.backlog():
        pass_us(1000)
        parts.line.work()
    assert line.stalls == 0
    assert parts.line.dropped == 0
    assert line.take() == sent


def test_port_given_more_than_its_room_would_be_seen_to_stall() -> None:
    parts = Parts()
    parts.line._port.write(bytes(TX_BYTES + 1))
    assert rig.the().lines[0].stalls == 1


def test_estimate_of_the_port_is_never_too_good() -> None:
    byte_cycles = parts_byte_cycles()
    assert BYTE_US * clock.CYCLES_PER_US >= byte_cycles


def parts_byte_cycles() -> int:
    return int(Parts().line._port._byte_cycles)


def test_full_backlog_drops_whole_chunks_and_counts_them() -> None:
    parts = Parts()
    first = b"a" * TX_BYTES
    parts.line.write(first)
    parts.line.write(b"b" * BACKLOG_MAX)
    assert parts.line.backlog() == BACKLOG_MAX
    parts.line.write(b"c")
    assert parts.line.dropped == 1
    for _ in range(100):
        pass_us(1000)
        parts.line.work()
    assert rig.the().lines[0].take() == first + b"b" * BACKLOG_MAX
    parts.line.write(b"d")
    assert rig.the().lines[0].take() == b"d"


def test_mask_has_each_input_in_its_own_bit() -> None:
    parts = Parts()
    assert parts.inputs.mask() == INPUTS_ALL
    assert len(SOURCES) == len(INPUT_BITS)
    for gp, bit in SOURCES:
        rig.set_contact(gp, False)
        assert parts.inputs.mask() == INPUTS_ALL & ~bit
        rig.set_contact(gp, True)
    assert (GP_ESTOP, IN_ESTOP) in SOURCES
    assert (GP_DOOR, IN_DOOR) in SOURCES
    assert (GP_COOLING, IN_COOLING) in SOURCES


def test_every_edge_of_every_input_wakes_and_is_counted() -> None:
    parts = Parts()
    for gp, _ in SOURCES:
        for is_closed in (False, True):
            parts.input_flag.clear()
            before = parts.inputs.edges
            rig.set_contact(gp, is_closed)
            assert parts.inputs.edges == before + 1
            assert _is_set(parts.input_flag)


def test_handlers_allocate_nothing_and_never_overflow() -> None:
    parts = Parts()
    parts.inputs.edges = 1048575
    on_edge = parts.inputs.on_edge
    on_coil = parts.inputs.on_coil
    on_idle = parts.line.on_idle
    pin = parts.inputs._pins[0][0]
    port = parts.line._port
    # The flag of the WebAssembly build is an Event, which schedules: counting alone is judged.
    flag = _Flag()
    setattr(parts.inputs, "_wake", flag)  # noqa: B010
    setattr(parts.line, "_wake", flag)  # noqa: B010
    heap_lock()
    try:
        on_edge(pin)
        on_coil(pin)
        on_idle(port)
    finally:
        heap_unlock()
    assert parts.inputs.edges == 1


def test_handler_that_allocates_would_be_found() -> None:
    parts = Parts()
    wake: "list[int]" = []
    has_failed = False
    heap_lock()
    try:
        wake = [parts.inputs.edges]
    except MemoryError:
        has_failed = True
    finally:
        heap_unlock()
    assert has_failed == CAN_FORBID, wake


class _Flag:
    def __init__(self) -> None:
        self.is_set = False

    def set(self) -> None:
        self.is_set = True
